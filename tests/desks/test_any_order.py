"""Whoever holds what, whoever is cut off, in whatever order answers come: everything settles.

Three desks, a booking that is changed or lies over midnight, and people who cancel, change and book
at any desk in between. Afterwards all lines are mended, and nothing waits, nothing is had twice,
nothing stays occupied, and who cancelled nothing has a place.
"""

from __future__ import annotations

import random
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import tests.support.properties  # noqa: F401 - loads the profile
from reservations.actions.approval import GrantRequest, RefuseRequest, grant, refuse
from reservations.errors import Refusal
from reservations.models import Booking, DayMask, Decision
from reservations.models.base import table_of
from reservations.queries.audit import masks_agree
from sync.document import Document, packed, read
from tests.support.approving import REASON, looks_first
from tests.support.desks import Office
from tests.support.lending import EVENING, a_period
from tests.support.many_desks import NAMES, Desks, Prepared, copied
from tests.town import SATURDAY

# Each example is three desks and their databases; a failing one is made smaller first.
pytestmark = pytest.mark.timeout(240)

SUNDAY = SATURDAY + timedelta(days=1)
NIGHT = a_period("22:00-02:00")
RIVAL = "party-rival"
DAYTIME = ("09:00-12:00", "13:00-17:00")
SHEETS = (("here", SATURDAY), ("next_door", SATURDAY), ("night", SATURDAY), ("night", SUNDAY))

desk = st.sampled_from(NAMES)
line = st.sampled_from(NAMES[1:])
place = st.sampled_from(["here", "half", "next_door", "night"])
sheet = st.sampled_from(SHEETS)
steps = st.one_of(
    st.tuples(st.just("tend"), desk),
    st.tuples(st.just("carry"), line),
    st.tuples(st.just("cut"), line),
    st.tuples(st.just("mend"), line),
    st.tuples(st.just("change"), desk, place),
    st.tuples(st.just("rival"), desk, place),
    st.tuples(st.just("hand over"), sheet, desk),
    st.tuples(st.just("withdraw"), desk),
    st.tuples(st.just("cancel"), desk),
)


@dataclass
class Story:
    """What people do at three desks, and what has become of it.

    cancelled   whether anybody gave up a place without wanting another
    """

    desks: Desks
    mine: list[str] = field(default_factory=list)
    cancelled: bool = False

    def begin(self, first: str, holders: tuple[str, ...]) -> None:
        self.mine.append(self._book("hub", first, ""))
        for (where, day), holder in zip(SHEETS, holders, strict=True):
            if holder != "hub":
                self.desks.give(self.desks.sheet(where, day), holder)

    def do(self, step: tuple[Any, ...]) -> None:
        name, *values = step
        with suppress(Refusal, AssertionError if name == "hand over" else Refusal):
            getattr(self, "_" + name.replace(" ", "_"))(*values)

    def _tend(self, name: str) -> None:
        self.desks.tend(name)

    def _carry(self, name: str) -> None:
        self.desks.lines[name].sync()

    def _cut(self, name: str) -> None:
        self.desks.cut(name)

    def _mend(self, name: str) -> None:
        self.desks.mend(name)

    def _change(self, name: str, where: str) -> None:
        unit, period = self._place(where)
        for booking_id in self._known(name)[:1]:
            self.desks.changes(name, booking_id, unit, period=period)

    def _rival(self, name: str, where: str) -> None:
        self._book(name, where, RIVAL)

    def _hand_over(self, what: tuple[str, date], to: str) -> None:
        for by in NAMES:
            with suppress(AssertionError):
                self.desks.give(self.desks.sheet(*what), to, by=by)
                return

    def _withdraw(self, name: str) -> None:
        """Thinks better of a change that waits, and keeps the old place."""
        for booking_id in self._known(name):
            row = self._row(name, booking_id)
            if row.instead_of and row.status == "tentative" and row.cancelled_at is None:
                old = self._row(name, row.instead_of)
                if old is None or (old.status == "confirmed" and old.cancelled_at is None):
                    self.desks.offices[name].cancels(booking_id)

    def _cancel(self, name: str) -> None:
        self.cancelled = True
        for booking_id in self._known(name)[:1]:
            self.desks.offices[name].cancels(booking_id)

    def _book(self, name: str, where: str, who: str) -> str:
        unit, period = self._place(where)
        return self.desks.offices[name].books(unit, who, period=period)

    def _place(self, where: str) -> tuple[int, Any]:
        region = self.desks.hub.region
        return {
            "here": (region.here.whole, EVENING),
            "half": (region.here.halves[1], EVENING),
            "next_door": (region.next_door.whole, EVENING),
            "night": (self.desks.hall, NIGHT),
        }[where]

    def _known(self, name: str) -> list[str]:
        """The resident's bookings that this desk knows and that are not over, the oldest first."""
        office = self.desks.offices[name]
        office.session.rollback()
        query = select(Booking.id).where(
            Booking.party_id == office.region.resident,
            Booking.status.in_(("confirmed", "tentative")),
        )
        return sorted(office.session.scalars(query))

    def _row(self, name: str, booking_id: str) -> Any:
        office = self.desks.offices[name]
        office.session.rollback()
        columns = Booking.status, Booking.instead_of, Booking.cancelled_at
        return office.session.execute(
            select(*columns).where(Booking.id == booking_id)
        ).one_or_none()


@given(
    first=place,
    holders=st.tuples(desk, desk, desk, desk),
    told=st.lists(steps, max_size=14),
    order=st.permutations(NAMES),
)
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_everything_settles_whatever_happened(
    prepared: Prepared,
    first: str,
    holders: tuple[str, ...],
    told: list[tuple[Any, ...]],
    order: list[str],
):
    with tempfile.TemporaryDirectory() as folder, copied(prepared, Path(folder) / "d") as desks:
        story = Story(desks)
        story.begin(first, holders)
        for step in told:
            story.do(step)

        desks.heal(order)

        has_settled(story)


def has_settled(story: Story) -> None:
    """Nothing waits, nothing is had twice, nothing stays occupied, everybody knows the same."""
    desks = story.desks
    rows = [states(office) for office in desks.offices.values()]
    assert rows[0] == rows[1] == rows[2]
    for office in desks.offices.values():
        assert masks_agree(office.session) == []
        with office.desk.transaction() as store:
            assert store.sheets_waiting() == []
    found = rows[0].values()
    assert {status for status, *_ in found} <= {"confirmed", "cancelled", "refused"}
    assert not any(status == "confirmed" and wished for status, wished, *_ in found)
    for status, _, instead_of, _ in found:
        if status == "confirmed" and instead_of:
            assert rows[0][instead_of][0] != "confirmed"
    resident = desks.hub.region.resident
    if not story.cancelled:
        assert any(s == "confirmed" and party == resident for s, _, _, party in found)


def states(office: Office) -> dict[str, tuple[str, bool, str | None, str | None]]:
    office.session.rollback()
    columns = Booking.id, Booking.status, Booking.cancelled_at, Booking.instead_of, Booking.party_id
    return {
        row.id: (row.status, row.cancelled_at is not None and row.status == "confirmed",
                 row.instead_of, row.party_id)
        for row in office.session.execute(select(*columns))
    }  # fmt: skip


# The same documents, in any order of arrival.


def documents(office: Office) -> list[Document]:
    with office.desk.transaction() as store:
        return [line for chain in store.chains() for line in store.lines(chain)]


def tables_of(office: Office) -> tuple[list[Any], ...]:
    office.session.rollback()
    decision = table_of(Decision)
    known = [column for column in decision.c if column.name != "actor"]
    decided = select(*known).order_by(decision.c.id)
    booking = table_of(Booking)
    query = select(booking).order_by(booking.c.id)
    masks = select(DayMask.date, DayMask.part_id, DayMask.am, DayMask.pm)
    masks = masks.order_by(DayMask.date, DayMask.part_id)
    return tuple(
        [tuple(row) for row in office.session.execute(each)] for each in (query, masks, decided)
    )


def was_decided_twice(desks: Desks) -> None:
    """審査: two applications next door; both are granted at the hub and refused there, cut off."""
    for office in desks.offices.values():
        looks_first(office.session, "172120")
    unit = desks.hub.region.next_door.whole
    asked = [desks.hub.books(unit, "party-third", period=a_period(each)) for each in DAYTIME]
    desks.heal()
    desks.cut("gym", "next")
    for each in asked:
        grant(desks.hub.session, GrantRequest(each, 0), desks.hub.context())
    refuse(desks.next.session, RefuseRequest(asked[0], 0, REASON), desks.next.context())
    desks.heal()
    assert desks.statuses(asked[0]) == ["cancelled"] * 3
    assert desks.statuses(asked[1]) == ["confirmed"] * 3


@pytest.fixture(scope="module")
def told(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Document], tuple[list[Any], ...]]:
    """A night, its change to next door, a refused one, a rival and decisions: all that was said."""
    folder = tmp_path_factory.mktemp("told") / "desks"
    with copied(prepared, folder) as desks:
        story = Story(desks)
        story.begin("night", ("gym", "next", "gym", "next"))
        desks.cut("gym", "next")
        story.do(("change", "hub", "next_door"))
        story.do(("rival", "gym", "here"))
        refused = desks.hub.books(desks.hub.region.here.halves[0], "party-third")
        desks.heal()
        late = desks.hub.books(desks.hall, "party-third", period=NIGHT)
        desks.heal()
        desks.hub.cancels(late)
        desks.heal()
        assert desks.statuses(refused) == ["refused"] * 3
        assert desks.statuses(late) == ["cancelled"] * 3
        was_decided_twice(desks)
        return documents(desks.hub), tables_of(desks.hub)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_documents_in_any_order_give_the_same_tables(
    prepared: Prepared,
    told: tuple[list[Document], tuple[list[Any], ...]],
    seed: int,
):
    said, expected = told
    shuffled = random.Random(seed).sample(said, len(said))

    with tempfile.TemporaryDirectory() as folder, copied(prepared, Path(folder) / "d") as desks:
        desks.cut(*NAMES[1:])
        for some in (shuffled[i : i + 3] for i in range(0, len(shuffled), 3)):
            desks.next.desk.node.receive([read(packed(document)) for document in some])

        assert tables_of(desks.next) == expected
