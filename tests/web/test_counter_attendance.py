"""来館 and 無断不使用 at the counter, with links and forms alone."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from reservations.actions import answering
from reservations.clock import LOCAL
from reservations.db import write_transaction
from reservations.models import AuditLine, CatalogueVersion, CheckIn, Strike, TownRulesVersion
from reservations.sheets import milliseconds
from reservations.web.services import EXTENSION
from tests.support.forms import Person
from tests.support.site import Site
from tests.town import SATURDAY

AFTERNOON = datetime.combine(SATURDAY, time(17, 50), LOCAL)
NIGHT = datetime.combine(SATURDAY, time(21, 30), LOCAL)
STRIKES = {
    "half_points": {"no_show": 2, "late_cancel": 1},
    "limit_half_points": 2,
    "ban_months": 6,
    "excuses": {"no_show": ["台風"]},
}


@pytest.fixture
def booking_id(counter: Site) -> str:
    """Tonight's booking of the hall, in a town that counts no-shows."""
    with counter.database.session() as session, write_transaction(session):
        session.execute(update(TownRulesVersion).values(body={"strikes": STRIKES}))
        session.execute(update(CatalogueVersion).values(version=CatalogueVersion.version + 1))
    return counter.books(counter.region.here.whole, name="resident")


def clerk_at(site: Site, moment: datetime) -> Person:
    site.now = moment
    return site.signed_in("staff")


def board_of(site: Site) -> str:
    return f"/board?facility={site.region.here.facility_id}&date={SATURDAY}"


def tend(site: Site) -> None:
    answering.tend(site.app.extensions[EXTENSION].desk, at=milliseconds(site.now))


def is_missed(site: Site, booking_id: str, **more: str) -> Person:
    person = clerk_at(site, NIGHT).opens(f"/board/bookings/{booking_id}")
    person.presses("違反として届ける", kind="no_show", **more)
    tend(site)
    return person.opens(f"/board/bookings/{booking_id}")


def test_the_board_takes_an_arrival_and_shows_it(counter: Site, booking_id: str):
    person = clerk_at(counter, AFTERNOON).opens(board_of(counter))
    assert f'data-check-in="/board/bookings/{booking_id}/check-in?board=1"' in person.html

    person.presses("18:00〜21:00 全面 resident 来館")

    assert person.address.startswith("/board?")
    assert "全面、18:00〜21:00、来館ずみ、resident" in person.text
    assert "data-check-in" not in person.html


def test_another_day_s_board_takes_no_arrival(counter: Site, booking_id: str):
    person = clerk_at(counter, AFTERNOON - timedelta(days=1)).opens(board_of(counter))

    assert "data-check-in" not in person.html


def test_a_booking_s_page_takes_an_arrival_and_takes_it_back(counter: Site, booking_id: str):
    person = clerk_at(counter, AFTERNOON).opens(f"/board/bookings/{booking_id}")

    person.presses("来館を記録する")
    came = person.text
    person.presses("来館を取り消す")

    assert "来館ずみ 6月13日（土） 17:50" in came
    assert "来館ずみ" not in person.text
    with counter.database.session() as session:
        assert session.scalar(select(CheckIn.undone_at)) is not None
        acts = session.scalars(select(AuditLine.action).where(AuditLine.subject == booking_id))
        assert {"check_in", "undo_check_in"} <= set(acts)


def test_an_old_page_s_button_is_refused_in_words(counter: Site, booking_id: str):
    before_midnight = datetime.combine(SATURDAY, time(23, 50), LOCAL)
    person = clerk_at(counter, before_midnight).opens(f"/board/bookings/{booking_id}")
    counter.now = before_midnight + timedelta(minutes=20)

    person.presses("来館を記録する")

    assert person.status == 422
    assert "この手続きは、利用日（6月13日（土））の当日だけ" in person.text


def test_whoever_did_not_come_is_struck_and_books_no_more(counter: Site, booking_id: str):
    person = is_missed(counter, booking_id)

    assert "無断不使用決定" in person.text
    assert "この町での違反1点 利用停止 6月13日（土）から12月12日（土）まで" in person.text
    later = f"/board?unit={counter.region.here.whole}&date=2026-06-20&start=18:00&end=21:00"
    person.opens(later).presses("次へ", who="resident")
    assert "この方は、この町で12月12日（土）まで利用停止中です。" in person.text
    person.presses("予約する", reason="町長杯のため課長が認めた")
    assert "予約できました" in person.text


def test_a_typhoon_is_written_down_and_counts_nothing(counter: Site, booking_id: str):
    person = is_missed(counter, booking_id, excuse="台風")

    assert "無断不使用決定 台風" in person.text
    assert "利用停止" not in person.text
    assert "来なかった" not in person.text


def test_who_came_cannot_be_missed(counter: Site, booking_id: str):
    person = clerk_at(counter, NIGHT).opens(f"/board/bookings/{booking_id}")
    other = counter.signed_in("staff").opens(f"/board/bookings/{booking_id}")
    other.presses("来館を記録する")

    person.presses("違反として届ける", kind="no_show")

    assert person.status == 422
    assert "来館の記録があります" in person.text
    with counter.database.session() as session:
        assert session.scalar(select(Strike.id)) is None


def test_before_the_end_nobody_can_be_missed(counter: Site, booking_id: str):
    page = clerk_at(counter, AFTERNOON).opens(f"/board/bookings/{booking_id}")

    assert "来なかった" not in page.text
