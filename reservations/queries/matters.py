"""食い違い: whom this node promised something that does not stand, and what has been seen to.

Nothing is kept for this: what was lost is in the outbox of letters, money in its accounts. Only
what somebody has dealt with is remembered, by the matter's key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from reservations.clock import local_day
from reservations.db import run
from reservations.models import Booking, Letter, PaperForm, SeenTo
from reservations.queries import bookings, checkouts, money, parties
from reservations.queries.bookings import BookingView
from reservations.queries.memory import Memory
from reservations.queries.money import Statement
from reservations.queries.parties import Called
from reservations.rules.conflicts import CLOSED_FOR
from reservations.rules.money import Account

# How long a matter stands, counted from the day of use, or of the money.
STANDS = timedelta(days=30)
SEEN_SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class Lost:
    """Somebody was promised a place, or hoped for one, and has none.

    letter   its row (models/letters.py): why, and whether the person has heard
    """

    key: str
    booking: BookingView
    who: Called | None
    letter: Any


@dataclass(frozen=True, slots=True)
class Owing:
    """Money of a booking that is the payer's.

    refund   that was asked for (models/money.py); None: nobody has asked yet
    is_declined   the payment service refused that refund for good
    """

    key: str
    booking: BookingView
    who: Called | None
    account: Account
    payments: int
    refund: Any
    is_declined: bool = False


@dataclass(frozen=True, slots=True)
class Unclosed:
    """A room that another node did not close, though this one asked."""

    key: str
    closure: BookingView


_INSTEAD, _OLD = aliased(Booking), aliased(Booking)
_LOST = (
    select(
        Letter.id,
        Letter.booking_id,
        Letter.kind,
        Letter.body,
        Letter.at,
        Letter.state,
        Letter.text,
        Booking.facility_id,
    )
    .join(Booking, Booking.id == Letter.booking_id)
    .outerjoin(_OLD, _OLD.id == Booking.instead_of)
    .where(
        Letter.kind.in_(("refused", "cancelled", "displaced")),
        Letter.state != "void",
        Booking.status.in_(("refused", "cancelled")),
        Booking.date >= bindparam("since"),
        # Whoever only wanted another time still has the old one.
        _OLD.id.is_(None) | (_OLD.status != "confirmed"),
        ~exists().where(
            _INSTEAD.instead_of == Booking.id, _INSTEAD.status.in_(("confirmed", "tentative"))
        ),
    )
    .order_by(Booking.date, Booking.start_slot, Letter.id)
)
_UNCLOSED = (
    select(Booking.id, Booking.facility_id)
    .where(
        Booking.kind.in_([kind.value for kind in CLOSED_FOR]),
        Booking.status == "refused",
        Booking.node_no == bindparam("node_no"),
        Booking.date >= bindparam("today"),
    )
    .order_by(Booking.date, Booking.id)
)
_SEEN = select(SeenTo.key).where(SeenTo.key.in_(bindparam("keys", expanding=True)))
_SEEN_LAST = select(SeenTo.key, SeenTo.at, SeenTo.actor, SeenTo.note).order_by(
    SeenTo.at.desc(), SeenTo.key
)
_PADS = select(PaperForm.pad).where(PaperForm.at >= bindparam("since")).distinct()


_FACILITIES = select(Booking.id, Booking.facility_id).where(
    Booking.id.in_(bindparam("ids", expanding=True))
)


def lost(
    session: Session, memory: Memory, *, today: date, facilities: Collection[int]
) -> list[Lost]:
    """Who lost a place and has nothing instead; told from this node. The soonest use first.

    facilities   the places that are asked about, here and below
    """
    found = run(session, _LOST, {"since": today - STANDS})
    rows = [row for row in found if row.facility_id in facilities]
    rows = _unseen(session, rows, lambda row: f"lost:{row.id}")
    views = _views(session, memory, (row.booking_id for row in rows))
    named = _named(session, views.values())
    return [
        Lost(f"lost:{row.id}", views[row.booking_id], _who(named, views[row.booking_id]), row)
        for row in rows
        if row.booking_id in views
    ]


def owing(
    session: Session, memory: Memory, node_no: int, *, now: datetime, facilities: Collection[int]
) -> list[Owing]:
    """Paid too much, and refunds that wait, at this node."""
    over = money.over(session, node_no, since=local_day(now) - STANDS)
    waiting = money.to_hand(session, node_no)
    declined = checkouts.failed_backs(session)
    views = _views(
        session,
        memory,
        [*(each for each, _ in over), *(row.booking_id for row in (*waiting, *declined))],
    )
    views = {key: each for key, each in views.items() if each.unit.place.id in facilities}
    named = _named(session, views.values())
    found = []
    for booking_id, statement in over:
        booking = views.get(booking_id)
        if booking is not None:
            key = _over_key(booking_id, statement)
            who, paid = _who(named, booking), len(statement.payments)
            found.append(Owing(key, booking, who, statement.account, paid, None))
    for row, is_declined in [
        *((row, False) for row in waiting),
        *((row, True) for row in declined),
    ]:
        booking = views.get(row.booking_id)
        account = money.statement(session, row.booking_id) if booking is not None else None
        if booking is not None and account is not None:
            key = _refund_key(row)
            who, paid = _who(named, booking), len(account.payments)
            found.append(Owing(key, booking, who, account.account, paid, row, is_declined))
    return _unseen(session, found, lambda each: each.key)


def unclosed(
    session: Session, memory: Memory, node_no: int, *, today: date, facilities: Collection[int]
) -> list[Unclosed]:
    """Rooms that this node wanted closed, and that another did not close."""
    rows = run(session, _UNCLOSED, {"node_no": node_no, "today": today})
    ids = [row.id for row in rows if row.facility_id in facilities]
    views = _views(session, memory, ids)
    found = [Unclosed(f"closure:{each}", views[each]) for each in ids if each in views]
    return _unseen(session, found, lambda each: each.key)


def count(session: Session, node_no: int, *, now: datetime, facilities: Collection[int]) -> int:
    """How many matters stand, papers not counted; a few statements, however many there are."""
    today = local_day(now)
    among = [
        (f"lost:{row.id}", row.facility_id)
        for row in run(session, _LOST, {"since": today - STANDS})
    ]
    asked = {"node_no": node_no, "today": today}
    among += [(f"closure:{row.id}", row.facility_id) for row in run(session, _UNCLOSED, asked)]
    over = money.over(session, node_no, since=today - STANDS)
    if over:
        ids = {"ids": [booking_id for booking_id, _ in over]}
        where = {row.id: row.facility_id for row in run(session, _FACILITIES, ids)}
        among += [(_over_key(*each), where.get(each[0], 0)) for each in over]
    waiting = (*money.to_hand(session, node_no), *checkouts.failed_backs(session))
    among += [(_refund_key(row), row.facility_id) for row in waiting]
    keys = [key for key, facility_id in among if facility_id in facilities]
    return len(set(keys) - seen(session, keys))


def _over_key(booking_id: str, found: Statement) -> str:
    """Paid once more, it is another matter."""
    return f"over:{booking_id}:{found.account.over_yen}:{len(found.payments)}"


def _refund_key(row: Any) -> str:
    return f"refund:{row.id}:{row.status}"


def pads_entered(session: Session, *, now: datetime) -> list[str]:
    """The packs of paper of which something was typed in lately."""
    return sorted(run(session, _PADS, {"since": now - STANDS}).scalars())


def seen(session: Session, keys: Iterable[str]) -> set[str]:
    """Those of these matters that somebody has dealt with."""
    asked = sorted(set(keys))
    return set(run(session, _SEEN, {"keys": asked}).scalars()) if asked else set()


def seen_last(session: Session) -> list[Any]:
    """What was dealt with, the last first: key, at, actor, note."""
    return list(run(session, _SEEN_LAST.limit(SEEN_SHOWN_MAX)).all())


def _unseen(session: Session, found: Iterable[Any], key: Any) -> list[Any]:
    among = list(found)
    done = seen(session, (key(each) for each in among))
    return [each for each in among if key(each) not in done]


def _views(session: Session, memory: Memory, ids: Iterable[str]) -> dict[str, BookingView]:
    found = (bookings.one(session, memory, each) for each in dict.fromkeys(ids))
    return {each.id: each for each in found if each is not None}


def _named(session: Session, views: Iterable[BookingView]) -> Any:
    return parties.called(session, (each.party_id for each in views))


def _who(named: Any, booking: BookingView) -> Called | None:
    who: Called | None = named.get(booking.party_id or "")
    return who
