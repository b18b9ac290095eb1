"""A booking over midnight lies on two sheets: both days are had, or none, whoever holds them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reservations.actions.following import follow
from reservations.errors import Refusal
from reservations.queries.audit import masks_agree
from reservations.rules.period import Period
from reservations.sheets import milliseconds
from tests.desks.test_two_holders import all_is_well, instead_of, letters, view
from tests.support.lending import a_period
from tests.support.many_desks import NAMES, Desks
from tests.town import NOW, SATURDAY

SUNDAY = SATURDAY + timedelta(days=1)
NIGHT = a_period("22:00-02:00")
RIVAL = "party-rival"

# Who holds Saturday, who holds Sunday, and where it is asked for.
HOLDERS = [
    ("gym", "next", "hub"),
    ("gym", "next", "gym"),
    ("gym", "next", "next"),
    ("hub", "gym", "hub"),
    ("gym", "hub", "hub"),
    ("gym", "hub", "gym"),
    ("gym", "gym", "hub"),
]
holders = pytest.mark.parametrize("holders", HOLDERS, ids="-".join)


def given(desks: Desks, first: str, second: str) -> None:
    """The sheets of the hall of the night go to their holders."""
    for day, holder in ((SATURDAY, first), (SUNDAY, second)):
        if holder != "hub":
            desks.give(desks.sheet("night", day), holder)


def books(desks: Desks, name: str, who: str = "", *, period: Period = NIGHT, **more: object) -> str:
    """A night in the hall, asked for at this desk."""
    return desks.offices[name].books(desks.hall, who, period=period, **more)


def is_free(desks: Desks, first: str, second: str) -> bool:
    """Whether somebody else can have both nights, each from its holder."""
    made = books(desks, first, RIVAL, period=a_period("22:00-24:00"))
    other = books(desks, second, RIVAL, period=a_period("00:00-02:00"), date=SUNDAY)
    return (desks.offices[first].status(made), desks.offices[second].status(other)) == (
        "confirmed", "confirmed",
    )  # fmt: skip


@holders
def test_it_is_confirmed_when_both_holders_have_written_their_part(
    desks: Desks, holders: tuple[str, str, str]
):
    first, second, asked_at = holders
    given(desks, first, second)

    made = books(desks, asked_at)
    before = desks.offices[asked_at].status(made)
    desks.heal()

    assert before == "tentative"
    assert desks.statuses(made) == ["confirmed"] * 3
    assert all_is_well(desks)
    for name, period, day in (
        (first, a_period("23:00-24:00"), SATURDAY), (second, a_period("01:00-02:00"), SUNDAY),
    ):  # fmt: skip
        with pytest.raises(Refusal):
            books(desks, name, RIVAL, period=period, date=day)


@holders
def test_its_cancellation_frees_both_days_wherever_they_are_held(
    desks: Desks, holders: tuple[str, str, str]
):
    first, second, asked_at = holders
    made = books(desks, "hub")
    given(desks, first, second)
    desks.heal()
    whole = desks.statuses(made), all_is_well(desks)

    desks.offices[asked_at].cancels(made)
    desks.heal()

    assert whole == (["confirmed"] * 3, True)
    assert desks.statuses(made) == ["cancelled"] * 3
    assert all_is_well(desks)
    assert is_free(desks, first, second)


@holders
@pytest.mark.parametrize("day", [SATURDAY, SUNDAY])
def test_when_one_of_its_days_is_taken_it_is_refused_and_the_other_stays_free(
    desks: Desks, holders: tuple[str, str, str], day: object
):
    first, second, asked_at = holders
    given(desks, first, second)
    desks.cut("gym", "next")
    made = books(desks, asked_at)
    if day == SATURDAY:
        books(desks, first, RIVAL, period=a_period("22:00-24:00"))
    else:
        books(desks, second, RIVAL, period=a_period("00:00-02:00"), date=SUNDAY)

    desks.heal()

    assert desks.statuses(made) == ["refused"] * 3
    assert all_is_well(desks)
    resident = desks.hub.region.resident
    if day == SATURDAY:
        other = books(desks, second, resident, period=a_period("00:00-02:00"), date=SUNDAY)
        assert desks.offices[second].status(other) == "confirmed"
    else:
        other = books(desks, first, resident, period=a_period("22:00-24:00"))
        assert desks.offices[first].status(other) == "confirmed"


def test_taken_on_its_first_day_after_the_second_had_been_confirmed_it_leaves_nothing(
    desks: Desks,
):
    """The second holder keeps its part only until the first has said no."""
    given(desks, "gym", "next")
    made = books(desks, "hub")
    for _ in range(2):
        desks.tend()
        desks.carry()
    desks.cut("gym")
    desks.tend("next")
    books(desks, "gym", RIVAL, period=a_period("22:00-24:00"))

    with pytest.raises(Refusal):
        books(desks, "next", RIVAL, period=a_period("00:00-02:00"), date=SUNDAY)
    desks.heal()

    assert desks.statuses(made) == ["refused"] * 3 and all_is_well(desks)
    made = books(desks, "next", RIVAL, period=a_period("00:00-02:00"), date=SUNDAY)
    assert desks.next.status(made) == "confirmed"


@pytest.mark.parametrize("rounds", range(5))
def test_given_up_while_it_waits_it_occupies_nothing_whenever_that_was(desks: Desks, rounds: int):
    given(desks, "gym", "next")
    made = books(desks, "hub")
    for _ in range(rounds):
        desks.tend()
        desks.carry()

    desks.hub.cancels(made)
    desks.heal()

    assert desks.statuses(made) == ["cancelled"] * 3
    assert letters(desks.hub) in ([], [(made, "confirmed")])
    assert all_is_well(desks)
    assert is_free(desks, "gym", "next")


@pytest.mark.parametrize("order", [("gym", "next", "hub"), ("next", "hub", "gym")])
def test_its_first_day_may_be_handed_on_while_it_waits_for_the_second(
    desks: Desks, order: tuple[str, ...]
):
    given(desks, "gym", "next")
    desks.cut("next")
    made = books(desks, "hub")
    for _ in range(2):
        desks.tend("hub", "gym")
        desks.carry("gym")

    desks.give(desks.sheet("night"), "hub", by="gym")
    desks.heal(order)

    assert desks.statuses(made) == ["confirmed"] * 3 and all_is_well(desks)


def test_its_second_day_may_come_to_the_first_ones_holder_while_it_waits(desks: Desks):
    given(desks, "gym", "next")
    made = books(desks, "hub")
    for _ in range(2):
        desks.tend("hub", "gym")
        desks.carry()

    desks.give(desks.sheet("night", SUNDAY), "gym", by="next")
    desks.heal()

    assert desks.statuses(made) == ["confirmed"] * 3 and all_is_well(desks)


def test_while_it_waits_the_audit_knows_why_its_second_day_is_occupied(desks: Desks):
    given(desks, "gym", "next")
    made = books(desks, "hub")
    for names in (("hub",), ("gym",), ("next",)):
        desks.tend(*names)
        desks.carry()
    desks.hub.session.rollback()

    assert desks.statuses(made) == ["tentative"] * 3
    assert [masks_agree(office.session) for office in desks.offices.values()] == [[]] * 3


@pytest.mark.parametrize("old_is_night", [True, False])
def test_it_can_be_changed_and_changed_into(desks: Desks, old_is_night: bool):
    whole = desks.hub.region.next_door.whole
    old = books(desks, "hub") if old_is_night else desks.hub.books(whole)
    given(desks, "gym", "next")
    if old_is_night:
        desks.changes("hub", old, whole)
    else:
        desks.changes("hub", old, desks.hall, period=NIGHT)
    new = instead_of(desks.hub, old)

    desks.heal()

    assert (desks.statuses(old), desks.statuses(new)) == (["cancelled"] * 3, ["confirmed"] * 3)
    assert all_is_well(desks)
    assert not any(follow(desks.offices[name].desk, at=milliseconds(NOW)) for name in NAMES)
    assert view(desks.gym, new).status == "confirmed"
