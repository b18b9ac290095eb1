"""What staff read: voices of both kinds, and the records of imports that wait."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reservations.actions import bookings, feedback
from reservations.actions.bookings import BookingRequest
from reservations.actions.feedback import ProblemRequest, RatingRequest, ticket_of
from reservations.db import write_transaction
from reservations.models import ImportFile, ImportRecord
from reservations.queries import feedback as voices_query
from reservations.queries import imports
from reservations.queries.feedback import Voice
from reservations.rules.period import Period
from tests import town


@pytest.fixture
def database(database_url):
    made = town.an_empty_database(database_url)
    yield made
    made.dispose()


def test_problems_and_ratings_come_newest_first(database):
    region = town.a_region(database)
    later = town.context(now=town.NOW + timedelta(hours=1))
    with database.session() as session:
        problem_id = feedback.report_problem(
            session, ProblemRequest("/map", "見えない", "ja"), town.context("anonymous")
        )
        request = BookingRequest(region.here.whole, town.SATURDAY, Period(72, 84), region.resident)
        booking_id = bookings.book(session, request, town.context())
        feedback.rate(session, RatingRequest(booking_id, region.resident, 4, "良い"), later)

        found = voices_query.voices(session)

    assert found == [
        Voice(later.now, "", "となり体育館 全面", "良い", 4),
        Voice(town.NOW, ticket_of(problem_id), "/map", "見えない", None),
    ]


def test_voices_are_paged(database):
    with database.session() as session:
        for number in range(voices_query.PAGE_SIZE + 1):
            feedback.report_problem(
                session, ProblemRequest("/", str(number), "ja"), town.context("anonymous")
            )

        pages = [len(voices_query.voices(session, page=page)) for page in (0, 1, 2)]

    assert pages == [voices_query.PAGE_SIZE, 1, 0]


def test_what_is_kept_back_waits_before_what_should_be_confirmed(database):
    with database.session() as session, write_transaction(session):
        session.add(
            ImportFile(
                id="f", kind="facilities", name="a.csv", sha256="-", encoding="-", at=town.NOW,
                totals={},
            )
        )  # fmt: skip
        for number, status in enumerate(("proposed", "imported", "queued", "rejected", "queued")):
            session.add(
                ImportRecord(
                    file_id="f",
                    record_no=number,
                    status=status,
                    reasons=[{"code": "suspended", "sentence": "休止中"}],
                    settled_at=town.NOW if number == 4 else None,
                )
            )

    with database.session() as session:
        found = imports.waiting(session)
        counts = imports.waiting_counts(session)

    assert [(each.record_no, each.status, each.reasons) for each in found] == [
        (2, "queued", ("休止中",)),
        (0, "proposed", ("休止中",)),
    ]
    assert counts == {"queued": 1, "proposed": 1}
