"""A rush of clients from several processes, for the stampede's tests and `./run bench`.

Run as a program it is one of the processes: it says `ready`, waits for a line on stdin, lets its
clients go at once, and prints what each was answered.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from reservations.actions.bookings import BookingRequest, book
from reservations.db import Database
from reservations.errors import Refusal
from reservations.queries import memory
from reservations.rules.period import Period
from tests.town import context

ROOT = Path(__file__).parents[2]
# One wish: unit, days from the first day, first and last quarter-hour.
Wish = tuple[int, int, int, int]


def rush(url: str, first: date, wishes: list[list[Wish]], *, threads: int) -> Counter[str]:
    """Each list of wishes is one process of `threads` clients; counts of what they were told.

    Client k books for `party-k`; k counts over all processes.
    """
    programs = []
    number = 0
    try:
        for part in wishes:
            order = {"url": url, "first": first.isoformat(), "from": number, "wishes": part}
            programs.append(_start(order | {"threads": threads}))
            number += len(part)
        for program in programs:
            assert program.stdout is not None and program.stdin is not None
            assert program.stdout.readline() == "ready\n"
        for program in programs:
            assert program.stdin is not None
            program.stdin.write("go\n")
            program.stdin.flush()
        answers: Counter[str] = Counter()
        for program in programs:
            assert program.stdout is not None
            answers.update(json.loads(program.stdout.readline()))
        return answers
    finally:
        for program in programs:
            program.kill()
            program.communicate()


def _start(order: dict[str, object]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.rush", json.dumps(order)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def main(order: dict[str, object]) -> None:
    """One process of the rush."""
    url, first = str(order["url"]), date.fromisoformat(str(order["first"]))
    threads, number = int(str(order["threads"])), int(str(order["from"]))
    wishes = order["wishes"]
    assert isinstance(wishes, list)
    database = Database(url, threads=threads, is_durable=False)
    waiting = list(enumerate(wishes, number))
    answers: Counter[str] = Counter()
    with database.session() as session:
        memory.current(session)
    print("ready", flush=True)
    sys.stdin.readline()

    def client() -> None:
        while True:
            try:
                party, (unit_id, days, start, end) = waiting.pop()
            except IndexError:
                return
            request = BookingRequest(
                unit_id, first + timedelta(days=days), Period(start, end), f"party-{party}"
            )
            answers[_answer(database, request, f"account-{party}")] += 1

    clients = [threading.Thread(target=client) for _ in range(threads)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    database.dispose()
    print(json.dumps(answers), flush=True)


def _answer(database: Database, request: BookingRequest, actor: str) -> str:
    try:
        with database.session() as session:
            book(session, request, context(actor))
    except Refusal as refused:
        return refused.code.value
    except Exception as error:  # noqa: BLE001 - an error is an answer that the test must see
        return repr(error)
    return "booked"


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
