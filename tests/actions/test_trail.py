"""The audit lines: written once, sealed, and what was changed all the same is seen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from reservations import jobs
from reservations.actions import trail
from reservations.actions.bookings import book
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.models import AuditLine, AuditSeal, PartyLook
from reservations.projection import open_desk
from reservations.queries import trail as trail_query
from tests.support.lending import a_period, a_wish
from tests.town import NOW, Region, context

MORNING, AFTERNOON = a_period("09:00-12:00"), a_period("13:00-17:00")


@pytest.fixture
def desk(database: Database, tmp_path: Path):
    return open_desk(
        database, Settings(data_dir=tmp_path / "state", database_url=str(database.url))
    )


def books_twice(session: Session, region: Region) -> None:
    book(session, a_wish(region.here.whole, region.resident), context())
    book(session, a_wish(region.here.whole, region.resident, period=MORNING), context())


def unlocked(session: Session, *statements: object) -> None:
    """What somebody does who has the database in their hands."""
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        off = [f"ALTER TABLE {name} DISABLE TRIGGER ALL" for name in ("audit_line", "audit_seal")]
    else:
        off = [
            f"DROP TRIGGER IF EXISTS {name}_no_{verb}"
            for name in ("audit_line", "audit_seal")
            for verb in ("update", "delete")
        ]
    with write_transaction(session):
        for each in (*map(text, off), *statements):
            session.connection().execute(each)  # type: ignore[call-overload]


@pytest.mark.parametrize("model", [AuditLine, AuditSeal])
def test_the_database_itself_refuses_to_change_or_delete(
    session: Session, database: Database, region: Region, desk, model
):
    books_twice(session, region)
    trail.seal(database, context("system"))

    for statement in (delete(model), update(model).values(at=NOW)):
        with pytest.raises(DBAPIError, match="append-only"), write_transaction(session):
            session.connection().execute(statement)


def test_a_seal_covers_what_was_done_and_the_next_one_only_what_is_new(
    session: Session, database: Database, region: Region, desk
):
    books_twice(session, region)
    first = trail.seal(database, context("system"))
    book(session, a_wish(region.here.whole, region.resident, period=AFTERNOON), context())
    second = trail.seal(database, context("system"))

    assert first is not None and second is not None
    assert (first.no, first.lines) == (1, 2)
    # The line of the first sealing is under the second seal.
    assert (second.no, second.lines) == (2, 2)
    found = trail_query.verify(session, desk)
    assert (found.seals, found.lines, found.unsealed, found.faults) == (2, 4, 1, ())
    assert found.last.digest == second.digest


def test_nothing_is_sealed_where_nothing_was_done(
    session: Session, database: Database, region: Region, desk
):
    books_twice(session, region)

    assert trail.seal(database, context("system")) is not None
    assert trail.seal(database, context("system")) is None


@pytest.mark.parametrize(
    "statement",
    [
        update(AuditLine).where(AuditLine.seq == 2).values(actor="somebody-else"),
        update(AuditLine).where(AuditLine.seq == 1).values(at=NOW - timedelta(days=1)),
        delete(AuditLine).where(AuditLine.seq == 1),
    ],
    ids=["another actor", "another day", "deleted"],
)
def test_a_line_that_was_changed_under_a_seal_is_named(
    session: Session, database: Database, region: Region, desk, statement
):
    books_twice(session, region)
    trail.seal(database, context("system"))
    unlocked(session, statement)

    (fault,) = trail_query.verify(session, desk).faults

    assert (fault.kind, fault.no, fault.first) == ("lines", 1, 1)


def test_a_line_that_was_slipped_in_is_named(
    session: Session, database: Database, region: Region, desk
):
    books_twice(session, region)
    trail.seal(database, context("system"))
    line = session.scalars(select(AuditLine).where(AuditLine.seq == 2)).one()
    session.expunge(line)
    unlocked(session, delete(AuditLine).where(AuditLine.seq == 2))
    trail.seal(database, context("system"))

    assert [each.kind for each in trail_query.verify(session, desk).faults] == ["lines"]


def test_who_writes_a_seal_anew_is_told_on_by_what_the_others_heard(
    session: Session, database: Database, region: Region, desk
):
    books_twice(session, region)
    trail.seal(database, context("system"))
    unlocked(session, update(AuditLine).where(AuditLine.seq == 2).values(actor="somebody-else"))
    lines, digest = trail_query.digest(session, no=1, previous="", after=0, through=2)
    unlocked(session, update(AuditSeal).values(lines=lines, digest=digest))

    assert [each.kind for each in trail_query.verify(session, desk).faults] == ["said"]


def test_who_throws_the_last_seal_away_is_told_on_as_well(
    session: Session, database: Database, region: Region, desk
):
    books_twice(session, region)
    trail.seal(database, context("system"))
    book(session, a_wish(region.here.whole, region.resident, period=AFTERNOON), context())
    trail.seal(database, context("system"))
    unlocked(
        session,
        delete(AuditSeal).where(AuditSeal.no == 2),
        delete(AuditLine).where(AuditLine.seq > 2),
    )

    assert [(each.kind, each.no) for each in trail_query.verify(session, desk).faults] == [
        ("said", 2)
    ]


def test_a_look_is_written_once_an_hour_for_each_page(session: Session, region: Region, desk):
    for minutes in (0, 20, 70):
        clerk = context("account-staff", now=NOW + timedelta(minutes=minutes))
        trail.note_looks(session, {"party-1", "party-2"}, "board", clerk)
    trail.note_looks(session, {"party-1"}, "money", context("account-staff"))

    query = select(AuditLine.subject, AuditLine.reason).where(AuditLine.action == "look")
    found = sorted((row.subject, row.reason) for row in session.execute(query))
    assert found == [
        ("party-1", "board"), ("party-1", "board"), ("party-1", "money"),
        ("party-2", "board"), ("party-2", "board"),
    ]  # fmt: skip


def test_people_read_of_looks_once_they_are_sealed(
    session: Session, database: Database, region: Region, desk
):
    trail.note_looks(session, {"party-1"}, "board", context("account-staff"))
    assert trail_query.looks(session, "party-1") == []
    session.rollback()

    trail.seal(database, context("system"))

    (look,) = trail_query.looks(session, "party-1")
    assert (look.node, look.page, look.hour) == ("hub", "board", trail_query.hour_of(NOW))
    assert session.scalar(select(func.count()).select_from(PartyLook)) == 1


def test_the_job_seals_what_was_done(
    session: Session, database: Database, region: Region, tmp_path
):
    settings = Settings(data_dir=tmp_path / "state", database_url=str(database.url))
    books_twice(session, region)

    sealed = jobs.seal_audit(database, settings)

    assert sealed is not None and sealed.lines == 2
    assert "seal the audit" in {job.name for job in jobs.JOBS}
