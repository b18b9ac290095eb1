"""The holder's side of a closure that another desk asked for: whoever is in the way loses the place
by lines of their own, written with the one that closes the room (S4). closing.py does the same
where the sheet is at hand."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from uuid6 import uuid7

from reservations import money_feed, sheets
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode
from reservations.events import BookingCancelled, BookingConfirmed
from reservations.events.money import RefundAsked, RefundDecided
from reservations.models import Booking, UnitPart
from reservations.queries import money
from reservations.rules import conflicts
from reservations.rules.availability import Kind
from reservations.rules.conflicts import Held, Wanted
from reservations.rules.money import Account, Paid, way_back
from reservations.rules.money import pay_back as pay_back_from
from reservations.rules.period import SLOTS_PER_DAY, Period
from reservations.sheets import SheetName
from sync.ledger import SqlStore


def is_closure(wish: BookingConfirmed) -> bool:
    """Whether it closes a room within one day; a shelter is not opened by this."""
    kinds = {kind.value for kind in conflicts.CLOSED_FOR}
    return wish.kind in kinds and wish.party_id is None and wish.end_slot <= SLOTS_PER_DAY


def clear(
    desk: Desk,
    store: SqlStore,
    name: SheetName,
    wish: BookingConfirmed,
    *,
    reason: str,
    seen: Collection[str],
    at: int,
) -> Refusal | None:
    """Write the lines that free the room, or say why not; nothing is written then.

    seen   keys of the bookings that the clerk was shown
    at     milliseconds; any clock
    """
    claims = sheets.claims_of(wish.parts, wish.start_slot, wish.end_slot)
    found = {
        key: _row(store, sheets.owner_of(key)[0])
        for key in sorted(set(store.owners(name.text, claims).values()))
    }
    if None in found.values():
        # A pack of paper has it.
        return Refusal(RefusalCode.TAKEN)
    wanted = [Wanted(wish.parts, name.date, Period(wish.start_slot, wish.end_slot))]
    held = [_held(store, key, row) for key, row in found.items()]
    against = conflicts.refusal(held, wanted, seen)
    if against is None and any(row.date != name.date for row in found.values()):
        # A night that began on the sheet before: there it must be cancelled.
        against = Refusal(RefusalCode.HELD_ELSEWHERE)
    if against is not None:
        return against
    for key, row in found.items():
        fact = BookingCancelled(
            subject=row.id,
            town=name.town,
            facility_id=name.facility_id,
            date=name.date.isoformat(),
            end_slot=row.end_slot,
            reason=reason,
            due_yen=0,
            cancelled_at=wish.made_at,
            revision=sheets.owner_of(key)[1] + 1,
        )
        draft = sheets.draft_of(fact.name, fact.version, fact.subject, fact.body())
        desk.node.write(store, name.text, draft, at=at)
        if row.party_id is not None:
            pay_back(desk, store, row.id, asked_at=wish.made_at, at=at)
    return None


def pay_back(desk: Desk, store: SqlStore, booking_id: str, *, asked_at: str, at: int) -> None:
    """All that was paid for it: here, or by the holder of the sheet that it was paid on."""
    found = money.statement(store.session, booking_id)
    assert found is not None, booking_id
    # The line that cancels it is written, and not yet in the tables: nothing is owed any more.
    left = Account(0, found.account.paid_yen, found.account.refunded_yen)
    by_id = {row.id: row for row in found.payments}
    paid = [Paid(row.id, row.amount_yen, row.received_at) for row in found.payments]
    for payment_id, amount_yen in pay_back_from(left, paid, found.refunded):
        payment = by_id[payment_id]
        name = SheetName(payment.town, payment.facility_id, payment.date)
        state: dict[str, Any] = {
            "subject": booking_id,
            "refund": str(uuid7()),
            "payment": payment_id,
            "town": payment.town,
            "facility_id": payment.facility_id,
            "date": payment.date.isoformat(),
            "method": way_back(payment.method).value,
            "amount_yen": amount_yen,
            "node_no": payment.node_no,
            "asked_at": asked_at,
            "account_town": payment.account_town or payment.town,
        }
        if desk.node.may_write(store.position(name.text)) is not None:
            asked = RefundAsked(**state)
            data = sheets.words_of(asked.name, asked.version, asked.subject, asked.body())
            desk.node.post(store, name.text, money_feed.REFUND, at=at, asks=True, data=data)
            continue
        fact = RefundDecided(**state, before_yen=found.refunded.get(payment_id, 0))
        draft = sheets.draft_of(fact.name, fact.version, fact.subject, fact.body())
        desk.node.write(store, name.text, draft, at=at)


def _held(store: SqlStore, key: str, row: Any) -> Held:
    query = select(UnitPart.part_id).where(UnitPart.unit_id == row.unit_id)
    parts = store.session.connection().scalars(query.order_by(UnitPart.part_id))
    return Held(key, Kind(row.kind), tuple(parts), row.date, Period(row.start_slot, row.end_slot))


def _row(store: SqlStore, booking_id: str) -> Any:
    table = Booking.__table__
    query = select(table).where(table.c.id == booking_id)
    return store.session.connection().execute(query).one_or_none()
