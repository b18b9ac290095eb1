"""Invented people: groups that fill the calendar, two residents, two at the counter."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions.bulk import insert_rows
from reservations.demo.regions import Story
from reservations.models import Account, Facility, Party, PartyResidency, RoleGrant
from reservations.rules.rights import GIVEN, Role

RESIDENT = "demo-resident"
STAFF = "demo-staff"
# Who works at the gym of the story only, and only at its counter.
CLERK = "demo-clerk"
RESIDENT_NAME = ("隣野 はるか", "トナリノ ハルカ")
# Who stands at the gym's counter when the line is cut, and wants the same court.
NEIGHBOUR = "demo-neighbour"
NEIGHBOUR_NAME = ("向井 つかさ", "ムカイ ツカサ")
# No password fits it: these accounts are entered by a one-time link only.
NO_PASSWORD = "-"
GROUP_PREFIX = "demo-group-"
RESIDENCY_DAYS = 3 * 365

_FIRST = (
    "あおぞら", "わかば", "さくら", "みどり", "ひまわり", "こだま", "つばさ", "あさひ",
    "すずらん", "しらさぎ", "フェニックス", "ウイングス", "オリーブ", "ポプラ", "カトレア",
    "スマイル", "レインボー", "なごみ", "かがやき", "のびのび", "若葉台", "松風", "清流", "白雲",
    "花水木", "銀杏", "南風", "北斗", "東雲", "夕凪",
)  # fmt: skip
_SECOND = (
    "クラブ", "サークル", "の会", "同好会", "ファミリー", "フレンズ", "チーム", "グループ",
    "友の会", "愛好会", "ジュニア", "シニア", "レディース", "スポーツ少年団", "教室",
)  # fmt: skip


def group_id(code: str, number: int) -> str:
    """The id of a town's n-th group."""
    return f"{GROUP_PREFIX}{code}-{number:04}"


def group_name(number: int) -> str:
    """An invented name; after 450 they get a number."""
    first = _FIRST[number % len(_FIRST)]
    second = _SECOND[number // len(_FIRST) % len(_SECOND)]
    again = number // (len(_FIRST) * len(_SECOND))
    return f"{first}{second}" + (f" {again + 1}" if again else "")


def add_groups(session: Session, counts: dict[str, int], *, now: datetime, today: date) -> None:
    """`counts[code]` groups at home in each town."""
    groups: list[dict[str, Any]] = [
        {"id": group_id(code, n), "kind": "group", "name": group_name(n), "kana": "", "phone": "",
         "email": "", "home_code": code, "created_at": now}
        for code, count in counts.items()
        for n in range(count)
    ]  # fmt: skip
    insert_rows(session, Party, groups)
    insert_rows(
        session,
        PartyResidency,
        (_residency(g["id"], g["home_code"], today) for g in groups),
    )


def add_accounts(session: Session, story: Story, *, now: datetime, today: date) -> None:
    """The resident whose link is printed, a neighbour, and those who work at the counter."""
    town = story.town
    residents: list[dict[str, Any]] = [
        {"id": party_id, "kind": "person", "name": name, "kana": kana, "phone": "", "email": "",
         "home_code": town, "created_at": now}
        for party_id, (name, kana) in ((RESIDENT, RESIDENT_NAME), (NEIGHBOUR, NEIGHBOUR_NAME))
    ]  # fmt: skip
    insert_rows(session, Party, residents)
    insert_rows(
        session, PartyResidency, [_residency(each["id"], town, today) for each in residents]
    )
    accounts = [
        {"id": account_id, "party_id": party_id, "login": account_id, "password_hash": NO_PASSWORD,
         "role": role, "locale": "ja", "created_at": now}
        for account_id, party_id, role in (
            (RESIDENT, RESIDENT, "resident"),
            (NEIGHBOUR, NEIGHBOUR, "resident"),
            (STAFF, None, "staff"),
            (CLERK, None, "staff"),
        )
    ]  # fmt: skip
    insert_rows(session, Account, accounts)
    _give_roles(session, story, now=now, today=today)


def _give_roles(session: Session, story: Story, *, now: datetime, today: date) -> None:
    """STAFF does everything in the towns of the story; CLERK stands at one gym's counter."""
    code, name = story.full[0]
    gym = select(Facility.id).where(Facility.municipality_code == code, Facility.name == name)
    given = {"since": today, "given_by": "system", "given_at": now}
    towns = sorted({story.town, story.free[0], *(town for town, _ in story.full)})
    grants: list[dict[str, Any]] = [
        {"id": f"{STAFF}/{role.value}/{town}", "account_id": STAFF, "role": role.value,
         "town": town, "facility_id": None, **given}
        for role in GIVEN
        for town in towns
    ]  # fmt: skip
    at_the_gym = {"town": None, "facility_id": session.scalars(gym).first()}
    clerk = {"id": f"{CLERK}/counter", "account_id": CLERK, "role": Role.COUNTER.value}
    insert_rows(session, RoleGrant, [*grants, {**clerk, **at_the_gym, **given}])


def _residency(party_id: str, code: str, today: date) -> dict[str, Any]:
    return {
        "party_id": party_id,
        "municipality_code": code,
        "residency": "resident",
        "valid_until": today + timedelta(days=RESIDENCY_DAYS),
    }
