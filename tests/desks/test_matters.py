"""食い違い after a rejoin: who lost, a room that was not closed, paper that says two things."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from reservations.actions.closing import ClosureRequest, close
from reservations.queries import matters
from reservations.rules.availability import Kind
from tests.desks.test_closing import closes
from tests.desks.test_letters import lost_at_the_rejoin
from tests.desks.test_pages import clerk_of
from tests.desks.test_paper import a_contradiction, chooses
from tests.support.desks import Office, Offices
from tests.support.lending import a_period, refreshed
from tests.town import NOW, SATURDAY, TODAY

# The gyms of the region.
ALL = range(100)


def page_of(office: Office) -> str:
    return read_by(clerk_of(office))


def read_by(clerk: FlaskClient) -> str:
    html = clerk.get("/matters").get_data(as_text=True)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def keys(office: Office) -> list[str]:
    known = refreshed(office.session)
    found = [each.key for each in matters.lost(office.session, known, today=TODAY, facilities=ALL)]
    found += [
        each.key
        for each in matters.unclosed(
            office.session, known, office.number, today=TODAY, facilities=ALL
        )
    ]
    office.session.rollback()
    return found


def test_who_lost_at_the_rejoin_stands_at_the_desk_where_they_asked(offices: Offices):
    lost_at_the_rejoin(offices)

    hub, gym = page_of(offices.hub), page_of(offices.gym)

    assert "場所を失った方 1件" in hub
    assert "お約束: 仮受付" in hub
    assert "その時間には、ほかの方の予約が先に入っていました。" in hub
    assert "かなた体育館 全面" in hub
    assert "残っている食い違いはありません" in gym


def test_a_room_that_its_holder_did_not_close_stands_where_it_was_asked(offices: Offices):
    offices.give(SATURDAY)
    offices.link.is_cut = True
    offices.gym.books(offices.gym.region.here.whole, "party-rival")
    closes(offices.hub)
    offices.link.is_cut = False
    offices.meet()

    page = page_of(offices.hub)

    assert "閉められなかった部屋 1件" in page
    assert "もう一度閉める" in page
    assert (len(keys(offices.hub)), keys(offices.gym)) == (1, [])
    count = matters.count(offices.hub.session, 1, now=NOW, facilities=ALL)
    assert count == 1


def test_what_paper_contradicts_stands_there_until_somebody_has_chosen(offices: Offices):
    _pad, one, _other = a_contradiction(offices)
    clerk = clerk_of(offices.hub)
    before = read_by(clerk)

    chooses(offices.hub, one)

    assert "紙の食い違い 1件" in before
    assert "同じ番号に、違う内容が入力されています" in before
    assert "紙の食い違い" not in read_by(clerk)


def test_the_page_of_a_closure_says_that_another_desk_closes(offices: Offices):
    offices.give(SATURDAY)
    hub = offices.hub
    clerk = clerk_of(hub)
    plan = f"facility={hub.region.here.facility_id}&room=all&first={SATURDAY}"

    page = clerk.get(f"/board/close/check?{plan}").get_data(as_text=True)

    assert "ほかの拠点が持っています。閉める求めを送り" in page


def test_a_closure_that_waits_for_its_answer_is_listed_as_that(offices: Offices):
    offices.give(SATURDAY)
    hub = offices.hub
    offices.link.is_cut = True
    asked = ClosureRequest(
        hub.region.here.whole,
        SATURDAY,
        a_period("09:00-21:00"),
        Kind.OFFICIAL,
        "選挙",
        frozenset(),
    )
    close(hub.session, asked, hub.context())

    place = hub.region.here.facility_id
    page = clerk_of(hub).get(f"/board/closures?facility={place}").get_data(as_text=True)

    assert "選挙" in page
    assert "返事を待っています" in page
