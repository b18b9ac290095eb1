"""The code on a permit: it proves the line of the ledger by which the booking stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from printables.facts import EntryName, PermitFacts, signed_code
from printables.forms import Span
from printables.verify import Keys, Signer, Verdict, verify
from reservations import documents, projection
from reservations.actions import papers, signing
from reservations.actions.bookings import CancelRequest, ChangeRequest, book, cancel, change
from reservations.actions.step import Context
from reservations.config import Settings
from reservations.models import Booking
from reservations.queries import bookings, genuine, memory
from sync.ledger import SqlStore
from tests.support.lending import EVENING, a_wish, booked
from tests.town import NOW, SATURDAY, context


@pytest.fixture
def desk(database, tmp_path: Path):
    return projection.open_desk(database, Settings(data_dir=tmp_path))


def a_permit(session, booking_id, **other: Any):
    known = memory.current(session)
    view = bookings.one(session, known, booking_id)
    assert view is not None
    issued = papers.permit(session, known, view, context(**other))
    return documents.read(issued.kind, issued.record)


def test_a_permit_carries_its_line_and_the_signature_of_its_desk(desk, session, region):
    record = a_permit(session, booked(session, region.here.whole, region.resident))

    answer = verify(record.code, genuine.keys(desk))

    assert (answer.verdict, answer.node) == (Verdict.GENUINE, "hub")
    facts = answer.facts
    assert isinstance(facts, PermitFacts)
    sheet = f"172014-2026/{region.here.facility_id}/{SATURDAY}"
    line = SqlStore(session, desk.directory).lines(sheet)[0]
    assert (facts.entry.sheet, facts.entry.number) == (sheet, line.number)
    assert signing._octets(line.hash).startswith(facts.entry.hash)
    assert (facts.number, facts.fee_yen, facts.periods) == (
        record.permit_number,
        1800,
        (Span(datetime(2026, 6, 13, 18), datetime(2026, 6, 13, 21)),),
    )
    assert len(record.code) < 300


def test_no_name_is_in_the_code(desk, session, region):
    record = a_permit(session, booked(session, region.here.whole, region.resident))

    facts = verify(record.code, genuine.keys(desk)).facts

    assert record.applicant
    assert isinstance(facts, PermitFacts)
    assert facts.holder == b""
    assert record.applicant not in str(facts)


def test_somebody_elses_key_is_no_signature(desk, session, region):
    record = a_permit(session, booked(session, region.here.whole, region.resident))

    stranger = Keys((Signer("other", bytes(32)),))

    assert verify(record.code, stranger).verdict is Verdict.UNKNOWN_SIGNER


def test_without_a_desk_there_is_no_code(session, region):
    assert a_permit(session, booked(session, region.here.whole, region.resident)).code == ""


def test_a_name_that_is_too_long_gives_way(desk, session, region, monkeypatch):
    made = booked(session, region.here.whole, region.resident)
    monkeypatch.setattr(documents, "unit_text", lambda _unit: "館" * 200)

    record = a_permit(session, made)

    facts = verify(record.code, genuine.keys(desk)).facts
    assert isinstance(facts, PermitFacts)
    assert facts.unit.endswith("…")
    assert len(record.code) <= 400


# What this desk knows beside the paper


def standing(desk, session, text: str) -> str:
    session.rollback()
    return genuine.look(desk, session, memory.current(session), text).standing.value


def test_a_permit_stands_until_its_booking_is_changed_or_cancelled(desk, session, region):
    made = booked(session, region.here.whole, region.resident)
    code = a_permit(session, made).code
    before = standing(desk, session, code)

    change(
        session,
        ChangeRequest(made, region.here.whole, SATURDAY + timedelta(days=1), EVENING),
        context(),
    )
    newer = a_permit(session, made).code
    changed = standing(desk, session, code), standing(desk, session, newer)
    cancel(session, CancelRequest(made), context())

    assert before == "stands"
    assert changed == ("changed", "stands")
    assert standing(desk, session, newer) == standing(desk, session, code) == "cancelled"


def test_a_booking_that_is_not_known_here_is_said_to_be_so(desk, session, region, tmp_path):
    code = a_permit(session, booked(session, region.here.whole, region.resident)).code
    for row in session.query(Booking):
        session.delete(row)
    session.commit()

    assert standing(desk, session, code) == "unknown"


def test_nothing_is_said_of_a_paper_that_is_not_genuine(desk, session):
    for text in ("TN1:", "TN1:AAAA", "https://example.org", "", "TN1:" + "Z" * 5000, "\0"):
        assert standing(desk, session, text) == "nothing"


def test_a_genuine_code_for_another_line_than_the_ledgers_is_told(desk, session, region):
    wish = a_wish(region.here.whole, region.resident)
    made = book(session, wish, Context("account-resident", NOW))
    view = bookings.one(session, memory.current(session), made)
    assert view is not None
    signing.permit_code(session, view, context())
    line = EntryName(f"172014-2026/{region.here.facility_id}/{SATURDAY}", 1, bytes(8))
    facts = signing._facts(view, line, context(), 60)
    code = signed_code(facts, signing._octets(desk.key.public), signing._signer(desk))

    assert standing(desk, session, code) == "contradicted"
