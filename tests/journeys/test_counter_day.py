"""窓口の一日, on a node whose line is cut and by the keyboard alone; then the line is mended, and
the hub agrees to the yen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from reservations.app import create_app
from reservations.config import Settings
from reservations.db import write_transaction
from reservations.models import Account, Party
from reservations.queries import money
from reservations.web.auth import hasher
from tests.support.browser import desk, open_context
from tests.support.desks import Offices, two_offices
from tests.support.house import House, serving
from tests.support.lending import a_period
from tests.support.site import MEMORY_KIB, PASSWORD, Site
from tests.town import NOW, SATURDAY, TODAY, a_resident, every_role

pytestmark = pytest.mark.timeout(180)

SUNDAY = SATURDAY + timedelta(days=1)
FOCUSED = """() => {
  const e = document.activeElement;
  return e === document.body ? '' : e.innerText || e.name || '';
}"""
FUND_YEN = 10_000
MORNING_YEN, EVENING_YEN = 1_200, 1_800


@dataclass
class Day:
    """The gym's counter in a browser, and both desks."""

    offices: Offices
    house: House
    page: Any

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.insert_text(text)

    def reach(self, words: str, *, exact: bool = False) -> None:
        """Tab until something with these words, or of this name, has the focus."""
        for _ in range(90):
            focused = self.page.evaluate(FOCUSED).strip()
            if focused == words or (words in focused and not exact):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way to {words!r} by Tab")

    def choose(self, words: str, *, exact: bool = False) -> None:
        self.reach(words, exact=exact)
        with self.page.expect_navigation():
            self.press("Enter")

    def fill(self, field: str, text: str) -> None:
        self.reach(field, exact=True)
        self.press("Control+A")
        self.type(text)

    def heading(self, words: str, *, exact: bool = False) -> None:
        self.page.get_by_role("heading", name=words, exact=exact).wait_for()

    def opens_pdf(self, words: str) -> None:
        """The link is there for the keyboard, and what it leads to is a paper."""
        self.reach(words)
        address = self.page.evaluate("() => document.activeElement.href")
        answer = self.page.context.request.get(address)
        assert answer.status == 200
        assert answer.body().startswith(b"%PDF-")


@pytest.fixture
def day(browser: Any, tmp_path: Path) -> Iterator[Day]:
    """The gym holds next weekend, three people have booked its Sunday, and the line is cut."""
    offices = two_offices(
        tmp_path, f"sqlite:///{tmp_path / 'hub.db'}", f"sqlite:///{tmp_path / 'gym.db'}"
    )
    for each in (SATURDAY, SUNDAY):
        offices.give(each)
    gym = offices.gym
    for start, who in (("09:00-12:00", "resident"), ("13:00-17:00", "rival"), ("", "third")):
        period = {"period": a_period(start)} if start else {}
        gym.books(gym.region.here.whole, f"party-{who}", date=SUNDAY, **period)
    _staff(offices)
    gym.session.close()
    app = create_app(
        Settings(
            data_dir=tmp_path / "gym", node_name="gym", node_no=2, argon2_memory_kib=MEMORY_KIB
        ),
        audience="counter",
        now=lambda: NOW,
        database=gym.database,
    )
    with (
        serving(Site(app, gym.database, gym.region, NOW, "counter")) as house,
        open_context(browser, **desk()) as context,
    ):
        yield Day(offices, house, context.new_page())
    for office in (offices.hub, offices.gym):
        office.session.close()
        office.database.dispose()


def _staff(offices: Offices) -> None:
    """A clerk in every role at the gym's own desk, and a group with a telephone."""
    session = offices.gym.session
    session.rollback()
    with write_transaction(session):
        a_resident(session, "staff", home=None)
        staff = session.get_one(Account, "account-staff")
        staff.role, staff.party_id = "staff", None
        staff.password_hash = hasher(MEMORY_KIB).hash(PASSWORD)
        every_role(session, staff.id)
        group = update(Party).where(Party.id == "party-resident")
        values = {"kind": "group", "kana": "となりくらぶ", "phone": "076-200-0000"}
        session.execute(group.values(**values))


def test_a_new_clerk_works_a_day_without_a_line_and_the_hub_agrees_to_the_yen(day: Day):
    _signs_in(day)
    _lends_to_a_walk_in(day)
    _takes_cash_and_hands_out_papers(day, MORNING_YEN, given="2000", change="800円")
    _books_for_a_group_on_the_telephone(day)
    _takes_cash_and_hands_out_papers(day, EVENING_YEN, given="", change="")
    _cancels_and_gives_the_money_back(day)
    _closes_a_room_over_three_people(day)
    _closes_the_day(day)

    _the_line_is_mended(day)


def _signs_in(day: Day) -> None:
    day.page.goto(f"{day.house.url}/")
    day.fill("login", "staff@example.jp")
    day.fill("password", PASSWORD)
    day.press("Enter")
    day.heading("となり体育館")
    assert "回線なし" in day.page.content()


def _lends_to_a_walk_in(day: Day) -> None:
    for step in range(1, (SATURDAY - TODAY).days + 1):
        day.press("n")
        day.page.wait_for_url(f"**date={TODAY + timedelta(days=step)}*")
    day.press("Enter")
    day.page.locator("#field-who").wait_for()
    day.type("0762009999")
    day.press("Tab")
    day.type("山田")
    day.press("Enter")
    day.heading("予約できました")


def _takes_cash_and_hands_out_papers(day: Day, yen: int, *, given: str, change: str) -> None:
    day.opens_pdf("使用許可書を開く")
    day.choose("料金と領収書")
    day.heading("料金", exact=True)
    if given:
        day.fill("given", given)
    day.choose("お金を受け取る")
    day.page.get_by_text(f"{yen:,}円を受け取りました。").wait_for()
    if change:
        assert day.page.get_by_text(f"おつり {change}").count() == 1
    day.opens_pdf("領収書を開く")


def _books_for_a_group_on_the_telephone(day: Day) -> None:
    gym = day.house.site.region.here.facility_id
    day.choose("窓口")
    day.heading("となり体育館")
    day.page.goto(f"{day.house.url}/board?facility={gym}&date={SATURDAY}")
    day.press("f", "Enter")
    day.page.locator("#field-who").wait_for()
    day.type("0762000000")
    day.press("Enter")
    day.page.get_by_text("となりくらぶ").wait_for()
    day.press("Enter")
    day.heading("予約できました")


def _cancels_and_gives_the_money_back(day: Day) -> None:
    """The walk-in telephones: they cannot come."""
    gym = day.house.site.region.here.facility_id
    day.page.goto(f"{day.house.url}/board?facility={gym}&date={SATURDAY}")
    day.page.locator("a.cell:focus").wait_for()
    day.press("ArrowLeft", "ArrowLeft")
    day.choose("山田")
    day.heading("予約ずみ")
    day.choose("取り消す", exact=True)
    day.heading("この予約を取り消しますか")
    day.choose("取り消す", exact=True)
    day.heading("取消ずみ")
    day.choose("料金と領収書")
    day.heading("料金", exact=True)
    day.choose("還付を決める")
    day.choose("現金を渡した")
    day.page.get_by_text("に渡しました").wait_for()


def _closes_a_room_over_three_people(day: Day) -> None:
    gym = day.house.site.region.here.facility_id
    day.page.goto(f"{day.house.url}/board?facility={gym}&date={SUNDAY}")
    day.press("c")
    day.heading("部屋を閉める")
    day.fill("note", "床の張替え")
    day.press("Enter")
    day.heading("3件の予約を取り消して閉めます")
    assert day.page.locator("ol").filter(has_text="かなた体育館").count() == 3
    day.choose("3件を取り消して閉める")
    day.heading("閉めました", exact=True)
    assert day.page.get_by_role("link", name="取消通知書（PDF）").count() == 3


def _closes_the_day(day: Day) -> None:
    """What lies in the drawer: the fund, and the group's money."""
    day.choose("料金")
    day.choose("1日の締め")
    day.heading("1日の締め")
    day.fill("fund", str(FUND_YEN))
    for face, count in ((10_000, 1), (1_000, 1), (500, 1), (100, 3)):
        day.fill(f"coin_{face}", str(count))
    day.choose("この日を締める")
    day.page.get_by_text("に締めました。").wait_for()
    assert "過不足" in day.page.content()
    day.opens_pdf("日計表を開く")


def _the_line_is_mended(day: Day) -> None:
    day.offices.meet()
    hub, gym = day.offices.hub, day.offices.gym
    sums = []
    for office in (hub, gym):
        office.session.rollback()
        lines = money.of_day(office.session, TODAY)
        sums.append(sorted((each.is_refund, each.node_no, each.yen) for each in lines))
    assert sums[0] == sums[1]
    assert sums[0] == [(False, 2, MORNING_YEN + EVENING_YEN), (True, 2, MORNING_YEN)]
    closed = money.closed(gym.session, 2, TODAY)
    assert closed is not None and closed.difference_yen == 0
