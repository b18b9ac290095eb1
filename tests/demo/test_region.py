"""The demonstration: real lists, invented units that say so, and a story that is always true."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from reservations import demo
from reservations.actions.bookings import BookingRequest, book
from reservations.actions.step import Context
from reservations.clock import LOCAL
from reservations.db import Database
from reservations.demo import days, people, prepare, prepared, seeding
from reservations.demo.regions import REGIONS
from reservations.demo.tariffs import GYMS, HAMASEN, NISHIWAKI
from reservations.demo.units import NOTE, PURPOSES
from reservations.models import Booking, Facility, Party, Unit
from reservations.queries import approval, audit, memory, nearby, parties
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.rules.fees import Price, quote
from reservations.rules.period import EVERY_DAY, Period
from reservations.rules.town import Residency, TownRules
from tests import town

# A Wednesday; the Saturday of the story is three days ahead.
TODAY = date(2026, 6, 10)
NOON = datetime(2026, 6, 10, 12, 0, tzinfo=LOCAL)
SATURDAY = date(2026, 6, 13)
EVENING = Period(72, 84)

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def ishikawa(tmp_path_factory):
    """Ishikawa as it is shown on TODAY; tests that change it make their own."""
    database = Database(
        f"sqlite:///{tmp_path_factory.mktemp('demo')}/ishikawa.db", is_durable=False
    )
    demo.seed(database, region="ishikawa", today=TODAY)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def known(ishikawa) -> Memory:
    with ishikawa.session() as session:
        return memory.current(session)


def units_of(known: Memory, place: tuple[str, str]) -> list[LentUnit]:
    return [
        unit
        for unit in known.catalogue.units.values()
        if (unit.town.code, unit.place.name) == place
    ]


# What is shown


def test_every_real_facility_is_there_and_every_town_lends(ishikawa, known):
    with ishikawa.session() as session:
        facilities = session.scalar(select(func.count()).select_from(Facility))

    # 3,486 records: two are blank, one is twice in the list and waits for a clerk.
    assert facilities == 3483
    assert {unit.town.code for unit in known.catalogue.units.values()} == set(known.catalogue.towns)


def test_what_is_invented_says_so(ishikawa):
    with ishikawa.session() as session:
        units = session.execute(select(Unit.is_invented, Unit.note)).all()
        facilities = session.scalars(select(Facility.is_invented).distinct()).all()

    assert {tuple(unit) for unit in units} == {(True, NOTE)}
    assert facilities == [False]


ADDRESS = r"[\w.]+@[\w.]+"


def test_no_published_mail_address_is_where_a_screen_could_show_it(ishikawa):
    assert re.search(ADDRESS, "office@example.jp")

    with ishikawa.session() as session:
        shown = [str(row) for row in session.execute(select(Facility.__table__))]
        shown += [str(row) for row in session.execute(select(Party.__table__))]
    assert [row for row in shown if re.search(ADDRESS, row)] == []


def test_there_are_about_twenty_purposes_in_both_languages():
    assert 15 <= len(PURPOSES) <= 20
    assert all(name and name_en.isascii() for _, name, name_en in PURPOSES)


def test_courts_are_cut_in_halves_thirds_and_diagonals(known):
    names = {unit.name for unit in known.catalogue.units.values()}

    assert {
        "アリーナ A面(1/2)",
        "アリーナ 1/3面",
        "アリーナ 対角A(北西・南東)",
        "アリーナ 全面",
    } <= names


def test_combined_prices_are_cheaper_dearer_and_equal():
    def whole_day_against_frames(table) -> int:
        prices = [
            Price(row.label, Period(row.start, row.end), row.yen, row.days, row.per_minutes)
            for row in table.prices
        ]
        first, last = table.frames[0].start, table.frames[-1].end
        rules = TownRules(1, TODAY)
        fee = quote(
            prices,
            Period(first, last),
            day_bit=EVERY_DAY,
            residency=Residency.RESIDENT,
            rules=rules,
        )
        assert fee is not None
        frames_yen: int = sum(row.yen for row in table.prices[: len(table.frames)])
        return fee.table_yen - frames_yen

    assert whole_day_against_frames(NISHIWAKI) < 0 < whole_day_against_frames(HAMASEN)
    framed = [table for table in GYMS if table.frames]
    assert 0 in {whole_day_against_frames(table) for table in framed}


# Its bookings


def test_the_two_sums_hold(ishikawa):
    with ishikawa.session() as session:
        found = audit.masks(session, since=TODAY)

    assert found.bookings > 30_000
    assert found.differences == ()


def test_evenings_are_full_and_mornings_are_not(known):
    gyms = [unit for unit in known.catalogue.units.values() if unit.kind == "gym"]
    tuesday = TODAY + timedelta(days=6)

    def share_taken(period: Period) -> float:
        open_then = [
            unit
            for unit in gyms
            if known.masks.open_bits(unit.parts, tuesday) & period.bits == period.bits
        ]
        taken = [unit for unit in open_then if not nearby.is_free(known, unit, tuesday, period)]
        return len(taken) / len(open_then)

    assert share_taken(Period(36, 48)) < 0.35 < 0.6 < share_taken(Period(72, 84))


def test_no_group_holds_more_than_a_town_allows_or_two_places_at_once(ishikawa, known):
    limits = [each.rules[0].active_max for each in known.catalogue.towns.values()]
    with ishikawa.session() as session:
        held = (
            select(func.count().label("number"))
            .where(Booking.party_id.is_not(None))
            .group_by(Booking.party_id)
            .subquery()
        )
        most = session.scalar(select(func.max(held.c.number))) or 0
        twice = session.execute(
            select(Booking.party_id, Booking.date, Booking.start_slot)
            .where(Booking.party_id.is_not(None))
            .group_by(Booking.party_id, Booking.date, Booking.start_slot)
            .having(func.count() > 1)
        ).all()

    assert 0 < most <= min(limit for limit in limits if limit is not None)
    assert twice == []


def test_a_day_is_the_same_whenever_it_is_made(known):
    place = units_of(known, REGIONS["ishikawa"].story.full[0])
    facility = days.Facility(place[0].place.id, tuple(place), 1.0)

    def made() -> list[days.Made]:
        free = {part: (1 << 96) - 1 for unit in place for part in unit.parts}
        return list(days.fill([facility], SATURDAY, free, today=TODAY, seed=7))

    assert made() == made() != []


# Its story


def test_the_gym_is_full_on_saturday_evening(known):
    for place in REGIONS["ishikawa"].story.full:
        units = units_of(known, place)
        assert units
        assert all(known.masks.open_bits(u.parts, SATURDAY) & EVENING.bits for u in units)
        assert not any(nearby.is_free(known, u, SATURDAY, EVENING) for u in units)


def test_the_next_town_s_gym_is_what_is_offered_first(ishikawa, known):
    story = REGIONS["ishikawa"].story
    half = min(units_of(known, story.full[0]), key=lambda unit: len(unit.parts))
    with ishikawa.session() as session:
        resident = parties.viewer(session, people.RESIDENT, today=TODAY)

    first = nearby.alternatives(
        known, half, SATURDAY, EVENING, now=NOON, viewer=resident, purpose="badminton"
    )[0]

    assert (first.unit.town.code, first.unit.place.name) == story.free
    assert (first.period, first.offer.fee_difference_yen) == (EVENING, 300)
    assert 2000 <= first.offer.candidate.distance_m <= 2300


def test_the_resident_has_coming_bookings_to_look_at(ishikawa):
    with ishikawa.session() as session:
        own = session.execute(
            select(Booking.date, Booking.fee_yen).where(Booking.party_id == people.RESIDENT)
        ).all()

    assert len({day for day, _ in own}) == len(own) == 2
    assert all(day > TODAY and fee > 0 for day, fee in own)


# Another day, another database


def test_on_a_later_day_the_days_between_are_added_around_what_people_booked(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/demo.db", is_durable=False)
    demo.seed(database, region="ishikawa", today=TODAY)
    with database.session() as session:
        now_known = memory.current(session)
        unit = min(
            units_of(now_known, REGIONS["ishikawa"].story.free), key=lambda unit: len(unit.parts)
        )
        request = BookingRequest(unit.id, SATURDAY, EVENING, people.RESIDENT, "badminton", 8)
        mine = book(session, request, Context(people.RESIDENT, NOON))
    again = demo.seed(database, region="ishikawa", today=TODAY)

    later = demo.seed(database, region="ishikawa", today=TODAY + timedelta(days=2))

    assert (again.done, later.done) == ("nothing", "topped up")
    assert later.bookings > again.bookings
    with database.session() as session:
        assert session.get_one(Booking, mine).status == "confirmed"
        assert audit.masks(session, since=TODAY).differences == ()
        last = session.scalar(select(func.max(Booking.date)))
    assert last == TODAY + timedelta(days=2 + days.DAYS)
    database.dispose()


def test_a_database_that_is_no_demonstration_is_left_alone(sqlite_url):
    database = town.an_empty_database(sqlite_url)
    town.a_region(database, days=3)

    with pytest.raises(demo.OtherContents):
        demo.seed(database, region="ishikawa", today=TODAY)
    with pytest.raises(demo.OtherContents):
        seeding.check_is_demo(database)
    database.dispose()


def test_another_region_is_not_mixed_in(ishikawa):
    with pytest.raises(demo.OtherContents):
        demo.seed(ishikawa, region="tokyo", today=TODAY)


# What is packed, and the other region


@pytest.mark.parametrize("region", ["ishikawa", "tokyo"])
def test_the_packed_rows_are_what_the_imports_make_of_the_lists(region):
    made, packed = prepare.prepare(region).tables, prepared.prepared(region).tables

    # After a change of the imports: python -m reservations.demo.prepare
    assert {name: len(rows) for name, (_, rows) in made.items()} == {
        name: len(rows) for name, (_, rows) in packed.items()
    }
    assert made == packed


def test_a_region_is_the_same_on_both_databases(ishikawa, postgres_url):
    database = Database(postgres_url, is_durable=False)

    seeded = demo.seed(database, region="ishikawa", today=TODAY)

    columns = (Booking.serial, Booking.unit_id, Booking.date, Booking.start_slot, Booking.fee_yen)
    by_number = select(*columns).order_by(Booking.serial)
    with database.session() as session, ishikawa.session() as other:
        assert audit.masks(session, since=TODAY).differences == ()
        assert session.execute(by_number).all() == other.execute(by_number).all()
    assert seeded.facilities == 3483
    database.dispose()


def test_tokyo_shows_all_its_towns_at_scale(sqlite_url):
    database = Database(sqlite_url, is_durable=False)

    seeded = demo.seed(database, region="tokyo", today=TODAY)

    assert seeded.towns == 62
    assert seeded.units >= 1_000
    assert seeded.bookings >= 100_000
    with database.session() as session:
        found = memory.current(session)
        lending = {unit.town.code for unit in found.catalogue.units.values() if unit.is_bookable}
        assert lending == set(found.catalogue.towns)
        assert audit.masks(session, since=TODAY).differences == ()
        story = REGIONS["tokyo"].story
        for place in story.full:
            assert not any(
                nearby.is_free(found, unit, SATURDAY, EVENING) for unit in units_of(found, place)
            )
        assert any(
            nearby.is_free(found, unit, SATURDAY, EVENING) for unit in units_of(found, story.free)
        )
    database.dispose()


def test_rooms_of_the_open_list_are_real_and_say_which_part_is_not(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/tokyo.db", is_durable=False)
    demo.seed(database, region="tokyo", today=TODAY)

    with database.session() as session:
        real = session.execute(
            select(Unit.is_bookable, Unit.note, func.count())
            .where(Unit.is_invented.is_(False))
            .group_by(Unit.is_bookable, Unit.note)
        ).all()
    assert sum(number for _, _, number in real) == 549
    assert all("仮のもの" in note for is_bookable, note, _ in real if is_bookable)
    database.dispose()


def test_some_applications_wait_for_a_permission_as_the_towns_rule_says(
    ishikawa: Database, known: Memory
):
    with ishikawa.session() as session:
        kanazawa = {
            place.id for place in known.catalogue.places.values() if place.town.code == "172014"
        }
        waiting = approval.waiting(session, known, today=TODAY, facilities=kanazawa)
        count = approval.count(session, today=TODAY, facilities=set(known.catalogue.places))

    assert 3 <= count == len(waiting) < 50
    assert {each.unit.kind for each in waiting} == {"hall"}
    first = waiting[0].decide_by
    assert first is not None and first >= TODAY - timedelta(days=2)
