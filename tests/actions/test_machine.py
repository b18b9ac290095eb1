"""Any order of booking, changing, cancelling and closing, against a dictionary that cannot lie.

The model is who holds which part on which day in which quarter-hour. After each step the masks are
the union of the bookings, and a search shows exactly what the model says is free.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session

import tests.support.properties  # noqa: F401 - loads the profile
from reservations.actions.bookings import (
    BookingRequest,
    CancelRequest,
    ChangeRequest,
    ClosureRequest,
    book,
    cancel,
    change,
    close,
)
from reservations.db import Database, write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.queries import nearby
from reservations.queries.audit import masks_agree
from reservations.queries.nearby import Search
from reservations.rules.availability import Kind
from reservations.rules.period import Period
from tests.support.lending import refreshed
from tests.town import (
    HERE,
    NOW,
    TODAY,
    a_gym,
    a_purpose,
    a_resident,
    a_town,
    an_empty_database,
    context,
    open_for,
)

# A hall of three parts, open from noon to two in the night; frames meet at midnight.
FRAMES = (
    ("昼", "12:00", "18:00", 600),
    ("夜", "18:00", "22:00", 900),
    ("深夜", "22:00", "02:00", 1200),
)
DAYS = tuple(TODAY + timedelta(days=offset) for offset in (1, 2, 3))
PARTIES = ("party-one", "party-two", "party-three")
frames = st.sampled_from([(48, 72), (72, 88), (88, 104), (48, 88), (72, 104)])
days = st.sampled_from(DAYS)
units = st.integers(0, 3)
parties = st.sampled_from(PARTIES)


@dataclass(frozen=True)
class Place:
    """What is held: a unit (0 the whole, 1 to 3 its parts) on a day; `party` None: a closure."""

    unit: int
    day: date
    period: Period
    party: str | None

    def slots(self) -> set[tuple[int, date, int]]:
        parts = (1, 2, 3) if self.unit == 0 else (self.unit,)
        return {
            (part, self.day + timedelta(days=slot // 96), slot % 96)
            for part in parts
            for slot in range(self.period.start, self.period.end)
        }

    def moments(self) -> set[tuple[date, int]]:
        return {(day, slot) for _, day, slot in self.slots()}


class Lending(RuleBasedStateMachine):
    template: ClassVar[Path]
    unit_ids: ClassVar[tuple[int, ...]]
    held = Bundle("held")

    @classmethod
    def prepare(cls, folder: Path) -> None:
        """Build the little region once; every run starts from a copy."""
        cls.template = folder / "machine.db"
        database = an_empty_database(f"sqlite:///{cls.template}")
        with database.session() as session, write_transaction(session):
            a_town(session, "172014", "となり市", HERE, active_max=None)
            a_purpose(session, "badminton", "バドミントン", "Badminton")
            gym = a_gym(
                session, "172014", "夜の館", HERE, parts=3, frames=FRAMES, hours=("12:00", "02:00")
            )
            for party in PARTIES:
                a_resident(session, party.removeprefix("party-"), home="172014")
            open_for(session, TODAY, 6)
        database.dispose()
        cls.unit_ids = (gym.whole, *gym.halves)

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="tonari-machine-")
        path = Path(self.folder.name) / "machine.db"
        shutil.copyfile(self.template, path)
        self.database = Database(f"sqlite:///{path}", threads=2, is_durable=False)
        self.session: Session = self.database.session()
        self.model: dict[str, Place] = {}

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.session.close()
            self.database.dispose()
            self.folder.cleanup()

    @rule(target=held, unit=units, day=days, frame=frames, party=parties)
    def book(self, unit: int, day: date, frame: tuple[int, int], party: str):
        place = Place(unit, day, Period(*frame), party)
        request = BookingRequest(self.unit_ids[unit], day, place.period, party)
        return self.expect(place, lambda: book(self.session, request, context(party)))

    @rule(target=held, unit=units, day=days, frame=frames)
    def close(self, unit: int, day: date, frame: tuple[int, int]):
        place = Place(unit, day, Period(*frame), None)
        request = ClosureRequest(self.unit_ids[unit], day, place.period, Kind.MAINTENANCE)
        return self.expect(place, lambda: close(self.session, request, context("staff")))

    @rule(booking_id=held, unit=units, day=days, frame=frames)
    def change(self, booking_id: str, unit: int, day: date, frame: tuple[int, int]):
        old = self.model.get(booking_id)
        if old is None or old.party is None:
            return
        place = Place(unit, day, Period(*frame), old.party)
        request = ChangeRequest(booking_id, self.unit_ids[unit], day, place.period)
        del self.model[booking_id]
        found = self.expect(place, lambda: change(self.session, request, context(old.party or "")))
        if found == multiple():
            self.model[booking_id] = old

    @rule(booking_id=consumes(held))
    def cancel(self, booking_id: str):
        cancel(self.session, CancelRequest(booking_id), context("staff"))
        del self.model[booking_id]

    def expect(self, place: Place, work):
        """Do it; it must answer what the model answers. Returns what the bundle takes."""
        taken = any(place.slots() & other.slots() for other in self.model.values())
        overlaps = place.party is not None and any(
            place.moments() & other.moments()
            for other in self.model.values()
            if other.party == place.party
        )
        expected = RefusalCode.OWN_OVERLAP if overlaps else RefusalCode.TAKEN if taken else None
        try:
            booking_id: str = work()
        except Refusal as refused:
            assert refused.code is expected
            return multiple()
        assert expected is None
        self.model[booking_id] = place
        return booking_id

    @invariant()
    def masks_are_the_bookings(self) -> None:
        if hasattr(self, "model"):
            assert masks_agree(self.session) == []
            self.session.rollback()

    @invariant()
    def a_search_shows_what_is_free(self) -> None:
        if not hasattr(self, "model"):
            return
        busy = set().union(*(place.slots() for place in self.model.values()), set())
        known = refreshed(self.session)
        for day in DAYS:
            for frame in ((48, 72), (72, 88), (88, 104)):
                wish = Search(day, Period(*frame), near=HERE)
                found = {each.unit.id for each in nearby.search(known, wish, now=NOW)}
                free = {
                    self.unit_ids[unit]
                    for unit in range(4)
                    if not Place(unit, day, Period(*frame), None).slots() & busy
                }
                assert found == free


def test_masks_and_search_always_agree_with_a_dictionary(tmp_path: Path):
    Lending.prepare(tmp_path)

    run_state_machine_as_test(
        Lending, settings=settings(max_examples=15, stateful_step_count=20, deadline=None)
    )
