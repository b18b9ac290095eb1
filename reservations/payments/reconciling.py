"""突合: a provider's statement against our own book. Every row is accounted for, and so is what the
statement lacks.

A payment that we never heard of is recorded: it is a fact. Read in twice, a statement changes
nothing the second time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from reservations import clock
from reservations.actions import checkouts
from reservations.actions.checkouts import BackMoved, Heard
from reservations.actions.step import Context, by_itself
from reservations.config import Settings
from reservations.db import Database
from reservations.errors import Refusal
from reservations.payments import Provider, Settled, Unreadable
from reservations.queries import checkouts as query
from reservations.queries import money

MATCHED, RECORDED, DIFFERS = "matched", "recorded", "differs"
UNKNOWN, REPEATED, UNREADABLE = "unknown", "repeated", "unreadable"
OUTCOMES = (MATCHED, RECORDED, DIFFERS, UNKNOWN, REPEATED, UNREADABLE)
# What is in order, or by now is.
WELL = frozenset({MATCHED, RECORDED})


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one row.

    outcome   matched; recorded: it was missing here; differs: `here_yen` stands here; unknown:
              neither the booking nor the refund is known here; repeated: the same id once more;
              unreadable, for the reason `why`
    """

    line: int
    outcome: str
    is_refund: bool = False
    provider_id: str = ""
    booking_id: str = ""
    amount_yen: int = 0
    here_yen: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A payment or a refund that stands here and not in the statement. `id` is ours."""

    is_refund: bool
    id: str
    provider_id: str
    booking_id: str
    amount_yen: int
    day: date


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Every row, in order, and what the statement lacks of its days."""

    lines: tuple[Line, ...]
    missing: tuple[Missing, ...]
    first: date | None
    last: date | None

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(line.outcome for line in self.lines)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    @property
    def is_well(self) -> bool:
        """Whether nobody has to look at anything."""
        return not self.missing and all(line.outcome in WELL for line in self.lines)


def reconcile(
    database: Database,
    settings: Settings,
    at: Provider,
    content: bytes,
    *,
    first: date | None = None,
    last: date | None = None,
) -> Reconciled:
    """Compare a statement with our book, and record what is missing here.

    first, last   the days that the statement is of; without them, those of its rows

    raises   ValueError where it is no statement of this provider; nothing is recorded then
    """
    rows = list(at.statement(content))
    context = by_itself(settings, clock.now())
    seen: set[tuple[bool, str]] = set()
    lines = []
    with database.session() as session:
        for row in rows:
            if isinstance(row, Unreadable):
                lines.append(Line(row.line, UNREADABLE, why=row.why))
                continue
            named = (row.is_refund, row.provider_id)
            outcome, here_yen = (
                (REPEATED, None) if named in seen else _settled(session, row, context)
            )
            seen.add(named)
            lines.append(_line(row, outcome, here_yen))
        days = [clock.local_day(row.at) for row in rows if isinstance(row, Settled)]
        first, last = first or min(days, default=None), last or max(days, default=None)
        missing: tuple[Missing, ...] = ()
        if first is not None and last is not None:
            missing = tuple(_missing(session, settings.node_no, seen, first, last))
    return Reconciled(tuple(lines), missing, first, last)


def _line(row: Settled, outcome: str, here_yen: int | None) -> Line:
    return Line(
        row.line,
        outcome,
        row.is_refund,
        row.provider_id,
        row.booking_id,
        row.amount_yen,
        here_yen if outcome == DIFFERS else None,
    )


def _settled(session: Session, row: Settled, context: Context) -> tuple[str, int | None]:
    """The outcome of a row, and how many yen stand here."""
    settle = _refund if row.is_refund else _payment
    found = settle(session, row, context)
    session.rollback()
    return found


def _payment(session: Session, row: Settled, context: Context) -> tuple[str, int | None]:
    checkout = query.one(session, row.reference)
    heard = Heard(
        checkout_id=checkout.id if checkout is not None else "",
        booking_id=checkout.booking_id if checkout is not None else row.booking_id,
        reference=row.provider_id,
        amount_yen=row.amount_yen,
        paid_at=row.at,
    )
    known = money.payment(session, heard.payment.payment_id)
    if known is not None:
        return (MATCHED if known.amount_yen == row.amount_yen else DIFFERS), known.amount_yen
    try:
        checkouts.hear_payment(session, heard, context)
    except Refusal:
        # No booking of ours, or no amount that a booking could cost.
        return UNKNOWN, None
    return RECORDED, row.amount_yen


def _refund(session: Session, row: Settled, context: Context) -> tuple[str, int | None]:
    known = money.refund(session, row.reference)
    if known is None:
        return UNKNOWN, None
    if known.amount_yen != row.amount_yen:
        return DIFFERS, known.amount_yen
    back = query.back_of(session, known.id)
    if back is not None and back.state == "given":
        return MATCHED, known.amount_yen
    moved = BackMoved(known.id, "given", provider_id=row.provider_id)
    checkouts.give_back(session, moved, context)
    return RECORDED, known.amount_yen


def _missing(
    session: Session, node_no: int, seen: set[tuple[bool, str]], first: date, last: date
) -> list[Missing]:
    found = [
        Missing(False, row.id, row.reference, row.booking_id, row.amount_yen, day)
        for row in query.online(session, node_no, first, last)
        if (False, row.reference) not in seen and first <= (day := _day_of(row)) <= last
    ]
    found += [
        Missing(
            True, row.refund_id, row.provider_id, row.booking_id, row.amount_yen,
            clock.local_day(row.given_at),
        )
        for row in query.given(session, first, last)
        if (True, row.provider_id) not in seen
    ]  # fmt: skip
    return found


def _day_of(row: Any) -> date:
    """By the provider's clock, where that is known."""
    return clock.local_day(row.paid_at or row.received_at)
