"""許可・不許可: what the town says to an application whose place is held already.

A decision is a line of the booking's sheet, by its holder, once. A refusal is the line that cancels
the booking, so that no desk ever has one without the other: the place is free, nothing is owed, and
everything that was paid is decided to go back. At a desk that does not hold the sheet it is a slip
that waits for the holder's answer (answering.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from reservations import approval_feed, sheets
from reservations.actions import entering, letters, money, places, rows
from reservations.actions.places import Place
from reservations.actions.step import Context, action
from reservations.clock import LOCAL
from reservations.db import run
from reservations.desk import Desk, holdings
from reservations.errors import Refusal, RefusalCode
from reservations.events import BookingCancelled
from reservations.events.approval import DecisionAsked, PermissionGranted
from reservations.models import Booking, Decision
from reservations.models.base import table_of
from reservations.queries import memory
from reservations.rules import approval
from reservations.rules.approval import Permission
from reservations.rules.period import Period
from reservations.sheets import SheetName
from sync import ledger


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """許可. `revision` is the booking's that was looked at; `conditions` stand on the permit."""

    booking_id: str
    revision: int
    conditions: str = ""


@dataclass(frozen=True, slots=True)
class RefuseRequest:
    """不許可. The person reads the reason in the letter, and on the notice above the 教示."""

    booking_id: str
    revision: int
    reason: str


@action("grant_permission", subject=lambda request: request.booking_id)
def grant(
    session: Session, request: GrantRequest, context: Context, booking_id: str
) -> PermissionGranted | DecisionAsked:
    """Permit the use; from now on the booking has its permit.

    raises   Refusal not_found; not_asked where it needs no permission; not_active, decided_already,
             changed_meanwhile where it was moved since; grounds_needed for words that are too long
    """
    approval.check_words("", request.conditions, is_granted=True)
    booking = _waiting(session, booking_id, request.revision)
    name = _sheet(booking)
    row = _row(booking, name, context, Permission.GRANTED, conditions=request.conditions.strip())
    if not _hold(session, name):
        return _ask(session, row, name, context)
    fact = PermissionGranted(**_state(row, name))
    _keep(session, row, _status_here(session))
    if booking.party_id is not None and booking.node_no == context.node_no:
        turn, body = str(fact.revision), fact.body()
        party_id = booking.party_id
        letters.write(session, booking.id, party_id, "granted", turn, body=body, at=context.now)
    return fact


@action(
    "refuse_permission",
    subject=lambda request: request.booking_id,
    reason=lambda request: request.reason,
)
def refuse(
    session: Session, request: RefuseRequest, context: Context, booking_id: str
) -> BookingCancelled | DecisionAsked:
    """Refuse the use, for a reason: the booking is cancelled by the town in the same transaction.

    raises   Refusal as `grant` does; grounds_needed without a reason; already_started
    """
    approval.check_words(request.reason, "", is_granted=False)
    booking = _waiting(session, booking_id, request.revision)
    period = Period(booking.start_slot, booking.end_slot)
    if period.starts_at(booking.date, LOCAL) <= context.now:
        raise Refusal(RefusalCode.ALREADY_STARTED)
    name = _sheet(booking)
    row = _row(booking, name, context, Permission.REFUSED, reason=request.reason.strip())
    unit = memory.current(session).catalogue.units[booking.unit_id]
    is_held = _hold(session, name)
    # A night may reach onto a sheet of another desk; then its parts are freed one after the other.
    if not is_held or not places.give_back(session, Place(unit, booking.date, period)):
        return _ask(session, row, name, context)
    fact = rows.cancellation(booking, row["reason"], 0, context)
    fact = replace(fact, decision=row["id"])
    booking.status = "cancelled"
    booking.revision = fact.revision
    session.flush()
    _keep(session, row, _status_here(session))
    rows.tell_of_cancellation(session, booking, fact, context)
    if booking.party_id is not None:
        money.pay_back(session, booking.id, context)
    return fact


def _waiting(session: Session, booking_id: str, revision: int) -> Booking:
    """The booking, locked, if somebody has still to decide about it.

    raises   Refusal not_found, not_asked, not_active, decided_already, changed_meanwhile
    """
    query = select(Booking).where(Booking.id == booking_id).with_for_update()
    booking = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if booking is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    if booking.decide_by is None:
        raise Refusal(RefusalCode.NOT_ASKED)
    decided = select(Decision.id).where(
        Decision.booking_id == booking_id,
        Decision.revision == revision,
        Decision.status.in_(("asked", *approval_feed.STANDS)),
    )
    if session.scalar(decided.limit(1)) is not None:
        raise Refusal(RefusalCode.DECIDED_ALREADY)
    if booking.status != "confirmed" or booking.cancelled_at is not None:
        raise Refusal(RefusalCode.NOT_ACTIVE)
    if booking.revision != revision:
        raise Refusal(RefusalCode.CHANGED_MEANWHILE)
    return booking


def _sheet(booking: Booking) -> SheetName:
    return SheetName(booking.municipality_code, booking.facility_id, booking.date)


def _hold(session: Session, name: SheetName) -> bool:
    """Whether this desk decides on the sheet; if so, alone until the commit."""
    entering.lock(session, name)
    desk = _desk(session)
    if desk is not None and desk.is_suspended():
        return False
    return holdings(session).is_held(name.facility_id, name.date)


def _row(
    booking: Booking, name: SheetName, context: Context, verdict: Permission, **words: str
) -> dict[str, Any]:
    return {
        "id": context.new_id(),
        "booking_id": booking.id,
        "revision": booking.revision,
        "verdict": verdict.value,
        "conditions": words.get("conditions", ""),
        "reason": words.get("reason", ""),
        "decided_at": context.now,
        "sheet": name.text,
        "actor": context.actor,
    }


def _state(row: dict[str, Any], name: SheetName) -> dict[str, Any]:
    """The decision as the fields of its event."""
    return {
        "subject": row["booking_id"],
        "decision": row["id"],
        "town": name.town,
        "facility_id": name.facility_id,
        "date": name.date.isoformat(),
        "revision": row["revision"],
        "conditions": row["conditions"],
        "decided_at": sheets.instant_text(row["decided_at"]),
    }


def _ask(session: Session, row: dict[str, Any], name: SheetName, context: Context) -> DecisionAsked:
    """The holder is asked; of several decisions the one that it writes is the answer."""
    _keep(session, row, "asked")
    asked = DecisionAsked(**_state(row, name), verdict=row["verdict"], reason=row["reason"])
    desk = _desk(session)
    assert desk is not None, "without a desk every sheet is held"
    data = sheets.words_of(asked.name, asked.version, asked.subject, asked.body())
    at = sheets.milliseconds(context.now)
    ledger.post(session, desk.node, name.text, approval_feed.DECIDE, at=at, asks=True, data=data)
    return asked


def _keep(session: Session, row: dict[str, Any], status: str) -> None:
    run(session, insert(table_of(Decision)), row | {"status": status})


def _status_here(session: Session) -> str:
    """Nobody is told before the witness has the line (S2)."""
    desk = _desk(session)
    return "written" if desk is not None and desk.has_witness else "decided"


def _desk(session: Session) -> Desk | None:
    desk: Desk | None = session.info["database"].desk
    return desk
