"""Paper comes back: any order and any repetition of entering gives the same tables (I10)."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from reservations import projection, sheets
from reservations.actions import deciding, form_texts, returning
from reservations.actions.bookings import CancelRequest, cancel
from reservations.actions.deciding import Decision
from reservations.actions.form_texts import Decided, FormText
from reservations.actions.packs import PackRequest, take_numbers
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import Booking, DayMask, Party
from reservations.models.base import table_of
from reservations.queries import memory
from reservations.queries.audit import masks_agree
from tests.support.lending import a_period, booked
from tests.town import TODAY, context

FIRST, LAST = TODAY + timedelta(days=1), TODAY + timedelta(days=2)
PAD = "N001-P01"


@pytest.fixture
def desk(database, tmp_path: Path):
    return projection.open_desk(database, Settings(data_dir=tmp_path / "state"))


@pytest.fixture
def pad(desk, session, region) -> str:
    """A pack of six forms for two days, opened."""
    return a_pad(desk, session, region)


def a_pad(desk: Any, session: Any, region: Any, forms: int = 6) -> str:
    request = PackRequest(region.here.facility_id, FIRST, LAST, forms=forms, grids=2)
    pack = take_numbers(session, request, context("system"))
    fact = pack.fact
    assert fact is not None
    opened = returning.open_pack(desk, fact.subject, at=1)
    assert opened.days == (FIRST, LAST)
    return fact.subject


def used(region: Any, number: int, **other: Any) -> FormText:
    """A form for the whole hall on the first evening, unless the test says otherwise."""
    fields: dict[str, Any] = {
        "unit_id": region.here.whole,
        "date": FIRST,
        "period": a_period("18:00-21:00"),
        "headcount": 10,
        "name": f"団体{number}",
        "phone": "00-0000-0000",
    }
    return FormText(PAD, number, **(fields | other))


def type_in(desk: Any, session: Any, text: FormText) -> str:
    known = memory.newest(desk.database)
    return returning.enter(desk, session, known, text, context("account-staff"))


def rows(session: Any) -> list[tuple[Any, ...]]:
    """Bookings, masks and names as they are."""
    session.rollback()
    booking, mask = table_of(Booking), table_of(DayMask)
    bits = select(mask.c.date, mask.c.part_id, mask.c.am, mask.c.pm)
    found = [
        *session.execute(select(booking).order_by(booking.c.id)),
        *session.execute(bits.order_by(mask.c.date, mask.c.part_id)),
        *session.execute(select(Party.id, Party.name, Party.phone).order_by(Party.id)),
    ]
    session.rollback()
    return [tuple(row) for row in found]


def test_what_is_lent_to_paper_is_nobody_elses_and_what_was_booked_stays(desk, session, region):
    before = booked(session, region.here.halves[0], region.resident, date=FIRST)
    a_pad(desk, session, region)

    morning = a_period("09:00-12:00")
    with pytest.raises(Refusal) as refused:
        booked(session, region.here.halves[1], region.resident, date=FIRST, period=morning)

    assert refused.value.code is RefusalCode.TAKEN
    assert session.get_one(Booking, before).status == "confirmed"
    assert masks_agree(session) == []


def test_opening_again_changes_nothing(desk, session, pad):
    before = rows(session)

    again = returning.open_pack(desk, pad, at=2)

    assert again.days == (FIRST, LAST)
    assert rows(session) == before


def test_a_form_becomes_a_booking_that_can_be_cancelled_like_any_other(desk, session, region, pad):
    assert type_in(desk, session, used(region, 1)) == "entered"

    booking_id = sheets.booking_id_of(pad, 1)
    made = session.get_one(Booking, booking_id)
    assert (made.status, made.date, made.headcount) == ("confirmed", FIRST, 10)
    assert session.get_one(Party, made.party_id).name == "団体1"
    assert masks_agree(session) == []
    cancel(session, CancelRequest(booking_id), context("account-staff"))
    returning.open_pack(desk, pad, at=3)
    assert masks_agree(session) == []


def test_typing_twice_is_nothing_new(desk, session, region, pad):
    type_in(desk, session, used(region, 1))
    before = rows(session)

    assert type_in(desk, session, used(region, 1)) == "same"

    assert rows(session) == before


def test_different_texts_under_one_number_wait_for_a_person(desk, session, region, pad):
    type_in(desk, session, used(region, 2))
    assert type_in(desk, session, used(region, 2, date=LAST)) == "conflict"
    type_in(desk, session, FormText(pad, 1, "void"))
    found = returning.account(desk, pad)
    assert (found.conflicts, found.waiting) == ((2,), ())
    assert session.get(Booking, sheets.booking_id_of(pad, 2)) is None

    chosen = used(region, 2, date=LAST)
    deciding.decide_form(session, Decision(pad, 2, chosen.digest), context("account-staff"))
    returning.settle(desk, memory.newest(desk.database), pad, at=5)

    session.rollback()
    assert session.get_one(Booking, sheets.booking_id_of(pad, 2)).date == LAST
    assert returning.account(desk, pad).conflicts == ()


def test_a_number_waits_for_those_before_it(desk, session, region, pad):
    type_in(desk, session, used(region, 3))
    waiting = returning.account(desk, pad)
    for number, fate in ((1, "void"), (2, "lost")):
        type_in(desk, session, FormText(pad, number, fate))

    assert waiting.waiting == (3,)
    assert returning.account(desk, pad).waiting == ()
    assert session.get_one(Booking, sheets.booking_id_of(pad, 3)).status == "confirmed"


def test_of_two_forms_for_one_place_the_lower_number_has_it(desk, session, region, pad):
    type_in(desk, session, used(region, 2, unit_id=region.here.halves[0]))
    type_in(desk, session, used(region, 1))

    found = returning.account(desk, pad)

    assert found.no_place == (2,)
    assert session.get_one(Booking, sheets.booking_id_of(pad, 1)).status == "confirmed"
    assert masks_agree(session) == []


def test_a_form_for_a_day_that_the_pack_does_not_have_is_for_a_person(desk, session, region, pad):
    type_in(desk, session, used(region, 1, date=LAST + timedelta(days=3)))

    assert returning.account(desk, pad).no_place == (1,)


def test_a_pack_returns_only_when_every_form_is_accounted_for(desk, session, region, pad):
    type_in(desk, session, used(region, 1))
    type_in(desk, session, used(region, 2, date=LAST))
    for number, fate in ((3, "void"), (4, "lost"), (5, "blank")):
        type_in(desk, session, FormText(pad, number, fate))
    with pytest.raises(Refusal) as refused:
        returning.close_pack(desk, pad, at=9)
    assert refused.value.params["missing"] == (6,)
    type_in(desk, session, FormText(pad, 6, "blank"))

    closed = returning.close_pack(desk, pad, at=9)

    assert closed.open_days == ()
    assert closed.fates == {"used": 2, "void": 1, "lost": 1, "blank": 2}
    assert sum(closed.fates.values()) == closed.count == 6
    assert masks_agree(session) == []
    booked(session, region.here.whole, region.resident, date=FIRST, period=a_period("09:00-12:00"))
    assert returning.close_pack(desk, pad, at=10) == closed


@pytest.mark.parametrize("number", [0, 7, -1])
def test_a_number_of_another_pack_is_not_found(desk, session, region, pad, number):
    with pytest.raises(Refusal) as refused:
        type_in(desk, session, used(region, number))

    assert refused.value.code is RefusalCode.NOT_FOUND


def test_what_is_no_room_of_the_facility_is_refused(desk, session, region, pad):
    before = rows(session)

    for wrong in ({"unit_id": region.next_door.whole}, {"period": None}, {"date": None}):
        with pytest.raises(Refusal):
            type_in(desk, session, used(region, 1, **wrong))

    assert rows(session) == before


def texts(region: Any) -> list[FormText]:
    """Six forms, of which some want the same place."""
    half, other = region.here.halves
    return [
        used(region, 1, unit_id=half),
        used(region, 2),
        FormText(PAD, 3, "void"),
        used(region, 4, unit_id=other),
        used(region, 5, date=LAST, period=a_period("09:00-12:00")),
        used(region, 6, date=LAST, period=a_period("09:00-12:00"), unit_id=half),
    ]


# What the fourth form seemed to say to somebody else, and what a person at another desk chose.
OTHER = 6
CHOICE = 7


def after(path: Path, folder: Path, region: Any, order: list[int]) -> list[tuple[Any, ...]]:
    """The tables after these forms were typed in this order, at a desk of its own.

    OTHER is a second text under number 4; CHOICE is another desk's decision that it is the one,
    which may arrive before either text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / "tonari.db"
    shutil.copyfile(path, copy)
    database = Database(f"sqlite:///{copy}", threads=2, is_durable=False)
    desk = projection.open_desk(database, Settings(data_dir=folder))
    six = texts(region)
    other = used(region, 4, date=LAST, period=a_period("18:00-21:00"), name="別の人")
    with closing(database.session()) as session:
        a_pad(desk, session, region)
        for index in order:
            if index == CHOICE:
                hear_choice(session, Decided(other.digest, (six[3].digest,)))
            else:
                type_in(desk, session, other if index == OTHER else six[index])
        found = rows(session)
        assert masks_agree(session) == []
    database.dispose()
    return found


def hear_choice(session: Any, decided: Decided, *, number: int = 4) -> None:
    data = {"pad": PAD, "number": number, "digest": decided.digest}
    data |= {"left_out": list(decided.left_out), "after": []}
    session.rollback()
    with write_transaction(session):
        form_texts.know_decision(session, data)


@pytest.fixture(scope="session")
def in_order(built, tmp_path_factory):
    """The tables after the forms were typed in once, from the first to the last."""
    path, region = built
    return after(path, tmp_path_factory.mktemp("in order"), region, list(range(6)))


@pytest.fixture(scope="session")
def chosen(built, tmp_path_factory):
    """The tables after somebody chose first, and only the right text of number 4 was typed."""
    path, region = built
    order = [CHOICE, 0, 1, 2, OTHER, 4, 5]
    return after(path, tmp_path_factory.mktemp("chosen"), region, order)


ANY = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
MORE = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5)), max_size=5)


@ANY
@given(order=st.permutations(range(6)), more=MORE)
def test_any_order_and_any_repetition_gives_the_same_tables(
    built, in_order, tmp_path_factory, order, more
):
    path, region = built
    typed = list(order)
    for place, index in more:
        typed.insert(place, index)

    assert after(path, tmp_path_factory.mktemp("desk"), region, typed) == in_order


@ANY
@given(order=st.permutations([1, 2, 3, 4, 5, OTHER, CHOICE]), more=MORE)
def test_a_contradiction_and_its_decision_come_in_any_order_too(
    built, chosen, tmp_path_factory, order, more
):
    path, region = built
    typed = list(order)
    for place, index in more:
        typed.insert(place, max(index, 1))

    # Number 1 is typed last: until then no line of the ledger settles the others.
    assert after(path, tmp_path_factory.mktemp("desk"), region, [*typed, 0]) == chosen


def test_what_the_ledger_has_settled_is_not_chosen_away(desk, session, region, pad):
    first, other = used(region, 1, name="先の人"), used(region, 1, date=LAST, name="後の人")
    type_in(desk, session, first)
    assert type_in(desk, session, other) == "conflict"

    with pytest.raises(Refusal) as refused:
        decide(session, pad, 1, other)

    assert refused.value.code is RefusalCode.FORM_SETTLED
    hear_choice(session, Decided(other.digest, (first.digest,)), number=1)
    made = session.get_one(Booking, sheets.booking_id_of(pad, 1))
    assert session.get_one(Party, made.party_id).name == "先の人"
    assert returning.account(desk, pad).conflicts == (1,)
    decide(session, pad, 1, first)
    assert returning.account(desk, pad).conflicts == ()
    session.rollback()
    assert session.get_one(Booking, sheets.booking_id_of(pad, 1)).date == FIRST


def test_a_text_that_no_decision_has_seen_is_a_conflict_again(desk, session, region, pad):
    one, other = used(region, 2), used(region, 2, date=LAST)
    third = used(region, 2, unit_id=region.here.halves[0])
    type_in(desk, session, one)
    type_in(desk, session, other)
    decide(session, pad, 2, one)
    settled = returning.account(desk, pad).conflicts

    assert type_in(desk, session, third) == "conflict"
    decide(session, pad, 2, third)

    assert settled == returning.account(desk, pad).conflicts == ()
    assert type_in(desk, session, other) == "same"


def decide(session: Any, pad: str, number: int, text: FormText) -> None:
    decision = Decision(pad, number, text.digest)
    deciding.decide_form(session, decision, context("account-staff"))


@pytest.mark.parametrize(
    ("decisions", "left"),
    [
        ([], {"x", "y"}),
        ([Decided("x", ("y",))], {"x"}),
        ([Decided("x", ("y",)), Decided("x", ("y",))], {"x"}),
        ([Decided("x", ("y",)), Decided("y", ("x",))], {"x", "y"}),
        (
            [
                Decided("x", ("y",)),
                Decided("y", ("x",), (Decided("x", ("y",)).id,)),
            ],
            {"y"},
        ),
        ([Decided("z", ("x", "y"))], {"z"}),
        ([Decided("x", ())], {"x", "y"}),
    ],
    ids=["none", "one", "twice", "against each other", "a later one", "not here yet", "unseen"],
)
def test_what_stands_of_two_texts(decisions, left):
    assert form_texts.standing({"x", "y"}, decisions) == left
    assert form_texts.standing({"x", "y"}, decisions[::-1]) == left
