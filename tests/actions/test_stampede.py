"""The morning on which booking opens: many people, few places, several processes.

Nothing is booked twice, nothing that somebody wanted stays unsold, nobody gets an error.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from reservations.actions.bookings import CancelRequest, ChangeRequest, cancel, change
from reservations.db import Database, write_transaction
from reservations.models import Booking, Party
from reservations.queries.audit import masks_agree
from tests.support.lending import EVENING, booked
from tests.support.rush import ROOT, Wish, rush
from tests.town import NOW, SATURDAY, TODAY, Region, a_resident, context

CLIENTS = 200
FRAMES = ((36, 48), (52, 68), (72, 84))


def with_parties(database: Database) -> None:
    with database.session() as session, write_transaction(session):
        session.add_all(
            Party(id=f"party-{number}", name=f"party-{number}", created_at=NOW)
            for number in range(CLIENTS)
        )


def dealt(wishes: list[Wish], processes: int = 2) -> list[list[Wish]]:
    return [wishes[number::processes] for number in range(processes)]


def bookings(session: Session) -> set[Wish]:
    session.rollback()
    rows = session.execute(
        select(Booking.unit_id, Booking.date, Booking.start_slot, Booking.end_slot).where(
            Booking.status == "confirmed"
        )
    )
    return {(row[0], (row.date - TODAY).days, row[2], row[3]) for row in rows}


def test_two_hundred_people_and_fifty_places(database: Database, url: str, region: Region):
    with_parties(database)
    # Halves only: 4 halves x 3 frames over some days, of which 50 are wanted, by four people each.
    units = [*region.here.halves, *region.next_door.halves]
    places = [
        (unit, day, start, end) for day in range(1, 6) for unit in units for start, end in FRAMES
    ][:50]
    wishes = places * (CLIENTS // 50)
    random.Random(1).shuffle(wishes)

    answers = rush(url, TODAY, dealt(wishes), threads=6)

    with database.session() as session:
        assert answers == {"booked": 50, "taken": 150}
        assert bookings(session) == set(places)
        assert masks_agree(session) == []


def test_the_hall_against_its_halves(database: Database, url: str, region: Region):
    with_parties(database)
    randomly = random.Random(2)
    wishes = [
        (
            randomly.choice([region.here.whole, *region.here.halves]),
            randomly.randint(1, 5),
            *randomly.choice(FRAMES),
        )
        for _ in range(CLIENTS)
    ]

    answers = rush(url, TODAY, dealt(wishes), threads=6)

    with database.session() as session:
        sold = bookings(session)
        assert set(answers) == {"booked", "taken"}
        assert answers["booked"] == len(sold)
        assert masks_agree(session) == []
    held = {(part, *place[1:]) for place in sold for part in parts_of(region, place[0])}
    unsold = [
        wish
        for wish in wishes
        if not any((part, *wish[1:]) in held for part in parts_of(region, wish[0]))
    ]
    assert unsold == []


def test_neighbours_in_time_do_not_get_into_each_others_way(
    database: Database, url: str, region: Region
):
    """Runs of frames that overlap: 9-12, 9-17, 13-21, the whole day."""
    with_parties(database)
    randomly = random.Random(3)
    runs = [(36, 48), (52, 68), (72, 84), (36, 68), (52, 84), (36, 84)]
    units = [region.here.whole, *region.here.halves]
    wishes = [
        (randomly.choice(units), randomly.randint(1, 5), *randomly.choice(runs))
        for _ in range(CLIENTS)
    ]

    answers = rush(url, TODAY, dealt(wishes), threads=6)

    with database.session() as session:
        sold = bookings(session)
        assert set(answers) == {"booked", "taken"}
        assert masks_agree(session) == []
    held = {
        (part, day, slot)
        for unit, day, start, end in sold
        for part in parts_of(region, unit)
        for slot in range(start, end)
    }
    assert [
        wish
        for wish in wishes
        if not any(
            (part, wish[1], slot) in held
            for part in parts_of(region, wish[0])
            for slot in range(wish[2], wish[3])
        )
    ] == []


def parts_of(region: Region, unit_id: int) -> set[int]:
    gym = region.here
    return {1, 2} if unit_id == gym.whole else {gym.halves.index(unit_id) + 1}


def test_two_people_who_swap_their_places_both_get_an_answer(database: Database, region: Region):
    """Each releases what the other claims: without one order of locks this is a deadlock."""
    with database.session() as session:
        with write_transaction(session):
            a_resident(session, "neighbour", home="172014")
        left, right = region.here.halves
        mine = booked(session, left, region.resident)
        theirs = booked(session, right, "party-neighbour")
    # A deadlock that a second try hid from the caller would still have cost him a second.
    errors: list[str] = []
    event.listen(database.engine, "handle_error", lambda found: errors.append(str(found)))
    answers: Counter[str] = Counter()
    lined_up = threading.Barrier(2)

    def swap(booking_id: str, unit_id: int, actor: str) -> None:
        with database.session() as session:
            for _ in range(10):
                lined_up.wait(20)
                try:
                    change(
                        session,
                        ChangeRequest(booking_id, unit_id, SATURDAY, EVENING),
                        context(actor),
                    )
                    answers["changed"] += 1
                except Exception as error:  # noqa: BLE001 - counted and compared below
                    answers[repr(error)] += 1

    people = [
        threading.Thread(target=swap, args=(mine, right, "account-resident")),
        threading.Thread(target=swap, args=(theirs, left, "account-neighbour")),
    ]
    for each in people:
        each.start()
    for each in people:
        each.join()

    assert (answers, errors) == ({"Refusal(taken)": 20}, [])
    with database.session() as session:
        assert masks_agree(session) == []


WRITER = """
import sys
from tests.support.lending import a_wish, EVENING
from tests.town import context, SATURDAY
from reservations.actions.bookings import CancelRequest, book, cancel
from reservations.db import Database
with Database(sys.argv[1], threads=1, is_durable=False).session() as session:
    while True:
        booking_id = book(session, a_wish(int(sys.argv[2]), sys.argv[3]), context())
        print(booking_id, flush=True)
        cancel(session, CancelRequest(booking_id), context())
"""


@pytest.mark.parametrize("bookings_before", [1, 7])
def test_a_writer_that_is_killed_leaves_masks_and_bookings_agreeing(
    database: Database, url: str, region: Region, bookings_before: int
):
    command = [sys.executable, "-c", WRITER, url, str(region.here.whole), region.resident]
    writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for _ in range(bookings_before):
        writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()

    with database.session() as session:
        assert masks_agree(session) == []
        # Nobody is left waiting for the dead one's lock.
        for row in session.execute(select(Booking.id).where(Booking.status == "confirmed")).all():
            session.rollback()
            cancel(session, CancelRequest(row.id), context())
        booked(session, region.here.whole, region.resident)
        assert masks_agree(session) == []
