"""団体の名簿: typed as lines, asked for by the town's rules, kept here."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from reservations.db import write_transaction
from reservations.models import (
    CatalogueVersion,
    GroupMember,
    GroupRoster,
    Party,
    PartyResidency,
    TownRulesVersion,
)
from tests.support.forms import Person
from tests.support.site import Site

ROSTER = "隣野　一、トナリノ　ハジメ、在住\n隣野　二\tとなりの　ふたば\t在勤\n山野　三,やまの　みつ"
ADDRESS = "/people/party-resident/roster?town=172014"


def asks(site: Site, **rules: Any) -> None:
    with site.database.session() as session, write_transaction(session):
        session.execute(update(TownRulesVersion).values(body=rules))
        session.execute(update(CatalogueVersion).values(version=CatalogueVersion.version + 1))


@pytest.fixture
def group(counter: Site) -> Site:
    with counter.database.session() as session, write_transaction(session):
        session.execute(update(Party).values(kind="group"))
    return counter


def clerk(site: Site) -> Person:
    return site.signed_in("staff")


def saves(site: Site, lines: str = ROSTER, name: str = "resident") -> Person:
    page = clerk(site).opens(f"/people/party-{name}/roster?town=172014")
    return page.presses("名簿を保存する", lines=lines)


def test_lines_with_commas_or_tabs_become_members(group: Site):
    person = saves(group)

    with group.database.session() as session:
        found = [(m.name, m.kana, m.residency) for m in session.scalars(select(GroupMember))]
        roster = session.scalars(select(GroupRoster)).one()
    assert found == [
        ("隣野　一", "となりの はじめ", "resident"),
        ("隣野　二", "となりの ふたば", "works"),
        ("山野　三", "やまの みつ", "outside"),
    ]
    assert (roster.members, roster.local, len(roster.marks)) == (3, 2, 3)
    assert "名簿：3人（うち在住・在勤・在学 2人）" in person.text
    assert "隣野　一、となりの はじめ、在住" in person.follows("名簿を開く").html


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("隣野 一", "1行目：「氏名、ふりがな、区分」"),
        ("隣野 一、となりの\n隣野 二、隣野", "2行目：ふりがなは"),
        ("隣野 一、となりの、町民", "1行目：区分は"),
        ("隣野 一、となりの\n隣野 一、トナリノ", "2行目：同じ人が2回"),
        ("\n".join(f"隣野{n}、となりの" for n in range(201)), "200人まで"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_by_its_number(group: Site, lines: str, words: str):
    person = saves(group, lines)

    assert person.status == 422 and words in person.text
    assert "隣野" in person.html


def test_a_group_is_local_only_with_the_roster_that_the_town_asks_for(group: Site):
    asks(group, members_min=5, local_percent_min=100)
    saves(group)
    page = clerk(group).opens("/people/party-resident/residency?town=172014")

    person = page.presses("この区分にする")

    assert person.status == 422
    assert "あと2人を名簿に足して" in person.text and "あと1人足りません" in person.text
    asks(group, members_min=3)
    assert "区分を変えました" in person.presses("この区分にする").text


def test_two_groups_of_the_same_people_are_told_apart_without_a_name(group: Site):
    asks(group, overlap_percent_max=50)
    saves(group)
    saves(group, ROSTER, name="neighbour")
    page = clerk(group).opens("/people/party-neighbour/residency?town=172014")

    person = page.presses("この区分にする", residency="works")

    assert person.status == 422
    assert "2人多く重なっています" in person.text and "隣野" not in person.text


def test_a_new_group_goes_on_to_its_roster_where_the_town_asks_for_one(counter: Site):
    asks(counter, members_min=3)
    person = clerk(counter).opens("/people/new")

    person.presses("登録する", kind="group", name="あおぞら会", kana="あおぞらかい")

    assert "/roster?town=172014" in person.address
    with counter.database.session() as session:
        made = session.scalars(select(Party.id).where(Party.name == "あおぞら会")).one()
        towns = select(PartyResidency).where(PartyResidency.party_id == made)
        assert session.scalars(towns).all() == []
    person.presses("名簿を保存する", lines=ROSTER).presses("この区分にする")
    assert "区分を変えました" in person.text


def test_a_roster_that_was_changed_meanwhile_is_shown_beside_what_was_typed(group: Site):
    person = clerk(group).opens(ADDRESS)
    saves(group, "山野 花、やまの はな")

    person.presses("名簿を保存する", lines=ROSTER)

    assert person.status == 422
    assert "山野 花" in person.text and "隣野　一" in person.html
    assert person.presses("名簿を保存する").status == 200


def test_a_person_has_no_roster(counter: Site):
    assert clerk(counter).opens(ADDRESS).status == 404
