"""Search and alternatives against an oracle that tries every unit and every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from reservations.actions.bookings import ChangeRequest, ClosureRequest, change, close, preview
from reservations.actions.horizon import raise_catalogue_version
from reservations.clock import HOLIDAYS
from reservations.db import Database, write_transaction
from reservations.errors import RefusalCode
from reservations.models import Facility, FramePrice, Municipality
from reservations.queries import nearby, parties
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.queries.nearby import SHIFT_MINUTES_MAX, Search
from reservations.rules import nearby as ranking
from reservations.rules.availability import Kind, lent_period
from reservations.rules.nearby import Candidate, Wish, distance_m
from reservations.rules.period import Period, day_bit
from reservations.rules.town import Residency
from tests.support import properties  # noqa: F401 - loads the profile
from tests.support.lending import EVENING, a_period, a_wish, booked, free_units, refreshed
from tests.town import (
    FAR,
    HERE,
    NOW,
    SATURDAY,
    TODAY,
    Region,
    a_gym,
    a_purpose,
    a_town,
    an_empty_database,
    context,
    open_for,
)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Memory]]:
    """Twelve gyms in three towns, half of their time closed at random; never written to again."""
    randomly = random.Random(7)
    url = f"sqlite:///{tmp_path_factory.mktemp('crowded') / 'crowded.db'}"
    database = an_empty_database(url)
    gyms = []
    with database.session() as session, write_transaction(session):
        a_purpose(session, "badminton", "バドミントン", "Badminton")
        towns = ("172014", "172120", "172049")
        for code, point in zip(towns, (HERE, (36.6, 136.7), FAR), strict=True):
            a_town(session, code, f"町{code}", point, closes_minutes=60)
        for number in range(12):
            code = towns[number % 3]
            point = (36.5 + randomly.random() * 0.4, 136.6 + randomly.random() * 0.3)
            gyms.append(
                a_gym(
                    session,
                    code,
                    f"館{number}",
                    point,
                    parts=1 + number % 3,
                    capacity=(None, 40, 120)[number % 3],
                    hours=("09:00", "21:00") if number % 4 else ("09:00", "02:00"),
                )
            )
        # One place has no point on the map.
        session.execute(
            update(Facility).where(Facility.id == gyms[5].facility_id).values(lat=None, lng=None)
        )
        open_for(session, TODAY, 12)
    with database.session() as session:
        for gym in gyms:
            for frame in ("09:00-12:00", "13:00-17:00", "18:00-21:00"):
                for unit in gym.halves or (gym.whole,):
                    if randomly.random() < 0.4:
                        request = ClosureRequest(unit, SATURDAY, a_period(frame), Kind.CLOSURE)
                        close(session, request, context("staff"))
        known = refreshed(session)
    yield database, known
    database.dispose()


def had(known: Memory, unit: LentUnit, day: date, period: Period, viewer: parties.Viewer) -> bool:
    """Free, priced and inside the window, asked in the plainest way."""
    rules = unit.town.rules_on(TODAY)
    is_local = viewer.residency(unit.town.code).is_local
    opens = rules.opens_days_before if is_local else rules.outside_days_before
    free = known.masks.free_bits(unit.parts, day, days=2)
    starts = datetime(day.year, day.month, day.day) + timedelta(minutes=15 * period.start)
    last_call = starts - timedelta(minutes=rules.closes_minutes)
    return (
        free & period.bits == period.bits
        and (day - TODAY).days <= opens
        and datetime(2026, 6, 6, 12, 0) < last_call
        and fee_of(unit, day, period, viewer) is not None
    )


def fee_of(unit: LentUnit, day: date, period: Period, viewer: parties.Viewer) -> int | None:
    bit = day_bit(day, is_holiday=day in HOLIDAYS)
    residency = viewer.residency(unit.town.code)
    fee = unit.fee(day, period, bit, residency, unit.town.rules_on(TODAY))
    return fee.total_yen if fee else None


def lent(unit: LentUnit, day: date, wish: Period) -> Period | None:
    return lent_period(unit.lending_on(day, day_bit(day, is_holiday=day in HOLIDAYS)), wish)


def metres(unit: LentUnit, point: tuple[float, float]) -> int | None:
    place = unit.place
    if place.lat is None or place.lng is None:
        return None
    return distance_m(*point, place.lat, place.lng)


points = st.tuples(st.floats(36.4, 37.0), st.floats(136.5, 137.0))
frames = st.sampled_from(
    [a_period(text) for text in ("09:00-12:00", "13:00-17:00", "18:00-21:00", "09:00-17:00")]
)
days = st.sampled_from([TODAY, SATURDAY, TODAY + timedelta(days=11), TODAY + timedelta(days=12)])
viewers = st.sampled_from(
    [
        parties.ANYBODY,
        parties.Viewer("party", residencies={"172014": Residency.RESIDENT}),
    ]
)
some = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@some
@given(points, days, frames, viewers, st.none() | st.integers(1, 150), st.integers(1, 30))
def test_a_search_finds_the_nearest_of_all_that_can_be_had(
    crowded: tuple[Database, Memory],
    point: tuple[float, float],
    day: date,
    period: Period,
    viewer: parties.Viewer,
    headcount: int | None,
    limit: int,
):
    _, known = crowded
    wish = Search(day, period, near=point, headcount=headcount, limit=limit)
    fitting = []
    for unit in known.catalogue.units.values():
        is_small = headcount is not None and (unit.capacity or 10**6) < headcount
        own = lent(unit, day, period)
        if own is not None and not is_small and had(known, unit, day, own, viewer):
            fitting.append((metres(unit, point), unit, own))
    fitting.sort(key=lambda each: (each[0] is None, each[0] or 0, each[1].place.id))

    found = nearby.search(known, wish, now=NOW, viewer=viewer)

    assert [(each.distance_m, each.unit.id, each.period) for each in found] == [
        (distance, unit.id, own) for distance, unit, own in fitting[:limit]
    ]
    assert all(each.fee.total_yen == fee_of(each.unit, day, each.period, viewer) for each in found)


@some
@given(
    st.integers(0, 100),
    st.none() | points,
    st.sampled_from([SATURDAY, TODAY]),
    frames,
    viewers,
    st.none() | st.integers(1, 60),
    st.integers(1, 12),
)
def test_alternatives_are_the_best_of_every_unit_and_time(
    crowded: tuple[Database, Memory],
    pick: int,
    near: tuple[float, float] | None,
    day: date,
    period: Period,
    viewer: parties.Viewer,
    headcount: int | None,
    limit: int,
):
    _, known = crowded
    units = list(known.catalogue.units.values())
    unit = units[pick % len(units)]

    found = nearby.alternatives(
        known, unit, day, period, now=NOW, viewer=viewer, headcount=headcount, near=near,
        limit=limit,
    )  # fmt: skip

    assert [(each.unit.id, each.period, each.offer.cost_minutes) for each in found] == (
        best_by_trying_all(known, unit, day, period, viewer, headcount, near, limit)
    )


def best_by_trying_all(
    known: Memory,
    unit: LentUnit,
    day: date,
    wished: Period,
    viewer: parties.Viewer,
    headcount: int | None,
    near: tuple[float, float] | None,
    limit: int,
) -> list[tuple[int, Period, float]]:
    place = unit.place
    own_point = (place.lat, place.lng)
    if place.lat is None:
        own_point = (unit.town.lat, unit.town.lng)
    origin = near or own_point
    assert origin[0] is not None and origin[1] is not None
    wish = Wish(fee_of(unit, day, wished, viewer), headcount, unit.is_part)
    offers = []
    for other in known.catalogue.units.values():
        distance = metres(other, (origin[0], origin[1]))
        if distance is None and other.place.id == place.id:
            distance = 0
        if distance is None:
            continue
        exact = lent(other, day, wished)
        times = {frame.period for frame in other.lending_on(day, 1).frames}
        near_times = {t for t in times if abs(t.start - wished.start) * 15 <= SHIFT_MINUTES_MAX}
        own = []
        for period in near_times | ({exact} if exact else set()):
            is_wish = other.id == unit.id and period == wished
            if is_wish or not had(known, other, day, period, viewer):
                continue
            shift = (period.start - wished.start) * 15
            fee = fee_of(other, day, period, viewer)
            candidate = Candidate(
                other.id, period.start, period.end, distance, shift, fee, True, other.capacity,
                other.is_part,
            )  # fmt: skip
            own += ranking.rank([candidate], wish, limit=1)
        own.sort(key=ranking.order)
        offers += own[: 2 if other.id == unit.id else 1]
    offers.sort(key=ranking.order)
    return [
        (
            each.candidate.unit_id,
            Period(each.candidate.start, each.candidate.end),
            each.cost_minutes,
        )
        for each in offers[:limit]
    ]


def test_what_a_search_shows_can_be_booked_and_what_it_hides_cannot(
    session: Session, region: Region
):
    """The same answer from both sides, for every frame of a day and every unit."""
    booked(session, region.next_door.halves[0], region.resident)
    viewer = parties.viewer(session, region.resident, today=TODAY)
    known = refreshed(session)
    units = (region.here.whole, *region.here.halves, region.next_door.whole)
    frames = [a_period(text) for text in ("09:00-12:00", "18:00-21:00")]
    for day in (TODAY, SATURDAY, TODAY + timedelta(days=35)):
        for period in frames:
            wish = Search(day, period, near=HERE)
            shown = {each.unit.id for each in nearby.search(known, wish, now=NOW, viewer=viewer)}
            for unit_id in units:
                request = a_wish(unit_id, region.resident, date=day, period=period)
                codes = {each.code for each in preview(session, request, context()).refusals}
                # Holding another place at that time is the person's affair, not the place's.
                assert (unit_id in shown) == (not codes - {RefusalCode.OWN_OVERLAP})


def a_rate(session: Session, unit_id: int, yen: int) -> None:
    """So much for each begun hour, day and night."""
    session.add(
        FramePrice(
            unit_id=unit_id,
            valid_from=date(2026, 4, 1),
            label="時間",
            start_slot=0,
            end_slot=192,
            fee_yen=yen,
            per_minutes=60,
        )
    )


def test_an_offer_can_be_taken(session: Session, region: Region):
    booking_id = booked(session, region.here.whole, region.resident)
    known = refreshed(session)
    unit = known.catalogue.units[region.here.whole]
    viewer = parties.viewer(session, region.resident, today=TODAY)
    offers = nearby.alternatives(known, unit, SATURDAY, EVENING, now=NOW, viewer=viewer)

    for each in offers:
        request = ChangeRequest(booking_id, each.unit.id, each.date, each.period)
        change(session, request, context())

    # In the evening its own halves are not offered: the hall has taken them along.
    assert [(each.unit.id, str(each.period), each.offer.fee_difference_yen) for each in offers] == [
        (region.next_door.halves[0], "18:00-21:00", -450),
        (region.next_door.halves[1], "18:00-21:00", -450),
        (region.next_door.whole, "18:00-21:00", 900),
        (region.here.whole, "13:00-17:00", -200),
        (region.here.halves[0], "13:00-17:00", -1000),
    ]


def test_a_full_place_that_is_not_on_the_map_still_offers_its_own_other_times(
    session: Session, region: Region
):
    with write_transaction(session):
        session.execute(update(Facility).values(lat=None, lng=None))
        session.execute(update(Municipality).values(lat=None, lng=None))
        raise_catalogue_version(session)
    booked(session, region.here.whole, region.resident, period=a_period("13:00-17:00"))
    known = refreshed(session)
    unit = known.catalogue.units[region.here.whole]

    offers = nearby.alternatives(known, unit, SATURDAY, a_period("13:00-17:00"), now=NOW)

    assert {each.unit.place.id for each in offers} == {region.here.facility_id}
    assert all(each.offer.candidate.distance_m == 0 for each in offers)


def test_places_that_are_not_on_the_map_are_found_last(session: Session, region: Region):
    with write_transaction(session):
        session.execute(
            update(Facility)
            .where(Facility.id == region.here.facility_id)
            .values(lat=None, lng=None)
        )
        raise_catalogue_version(session)

    found = nearby.search(refreshed(session), Search(SATURDAY, EVENING, near=HERE), now=NOW)

    here, there = (region.here, region.next_door)
    ids = [there.whole, *there.halves, here.whole, *here.halves]
    assert [each.unit.id for each in found] == ids
    assert [each.distance_m is None for each in found] == [False] * 3 + [True] * 3


def test_a_search_in_some_towns_finds_only_theirs(session: Session, region: Region):
    found = free_units(session, towns=frozenset({"172120"}))

    assert found == [region.next_door.whole, *region.next_door.halves]


def test_a_unit_is_found_on_the_first_of_several_days_on_which_it_is_free(
    session: Session, region: Region
):
    booked(session, region.here.whole, region.resident)
    wish = Search(SATURDAY, EVENING, near=HERE, days=3)

    found = nearby.search(refreshed(session), wish, now=NOW)

    dates = {each.unit.id: each.date for each in found}
    assert dates[region.here.whole] == SATURDAY + timedelta(days=1)
    assert dates[region.next_door.whole] == SATURDAY


@pytest.mark.parametrize("start", [80, 88, 95])
def test_a_wish_of_two_days_without_frames_is_shifted_no_further_than_its_second_midnight(
    session: Session, region: Region, start: int
):
    with write_transaction(session):
        gym = a_gym(session, "172014", "昼夜の館", HERE, frames=(), hours=("00:00", "24:00"))
        a_rate(session, gym.whole, 500)
        open_for(session, TODAY, 40)
    wished = Period(start, 192)
    known = refreshed(session)
    unit = known.catalogue.units[gym.whole]

    offers = nearby.alternatives(known, unit, SATURDAY, wished, now=NOW, limit=20)

    own = [each.period for each in offers if each.unit.id == gym.whole]
    assert len(own) == 2
    assert all(period.end <= 192 and period != wished for period in own)
