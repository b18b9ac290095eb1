"""鍵・備品: handed out with a booking and taken back; never more than there are.

The database decides: one conditional UPDATE counts what is out, and a CHECK stands behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.db import run
from reservations.errors import Refusal, RefusalCode
from reservations.events.items import ItemHandedOut, ItemReturned, ItemSet
from reservations.models import Booking, Facility, Handout, Item
from reservations.models.base import table_of
from reservations.queries import items
from reservations.queries.attendance import ends_at
from reservations.queries.items import KEY
from reservations.rules.period import SLOTS_PER_DAY

KINDS = (KEY, "equipment")
NAME_MAX, COUNT_MAX = 40, 9_999

_ITEM, _HANDOUT = table_of(Item), table_of(Handout)
_INSERT: dict[str, Any] = {"sqlite": sqlite_insert, "postgresql": postgresql_insert}


@dataclass(frozen=True, slots=True)
class ItemRequest:
    """So many of something; known by facility, kind and name. 0: handed out no more."""

    facility_id: int
    kind: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class HandOutRequest:
    item_id: int
    booking_id: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class TakeBackRequest:
    handout_id: str


@action("set_item", subject=lambda request: f"facility/{request.facility_id}")
def set_item(session: Session, request: ItemRequest, context: Context, subject: str) -> ItemSet:
    """Write down how many there are.

    raises   Refusal not_found, item_wrong; items_out where more than that are out
    """
    name = " ".join(request.name.split())
    is_whole = request.kind in KINDS and 0 < len(name) <= NAME_MAX and name.isprintable()
    if not is_whole or not 0 <= request.count <= COUNT_MAX:
        raise Refusal(RefusalCode.ITEM_WRONG, most=NAME_MAX)
    if run(session, select(Facility.id).where(Facility.id == request.facility_id)).first() is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    values = {"facility_id": request.facility_id, "kind": request.kind, "name": name}
    put = _INSERT[session.get_bind().dialect.name](_ITEM).values(**values, count=request.count)
    known = put.on_conflict_do_update(
        index_elements=["facility_id", "kind", "name"],
        set_={"count": request.count},
        where=_ITEM.c.out <= request.count,
    ).returning(_ITEM.c.id)
    if run(session, known).first() is None:
        raise Refusal(RefusalCode.ITEMS_OUT, left=0)
    return ItemSet(subject=subject, kind=request.kind, item=name, count=request.count)


@action("hand_out", turn=lambda request: request.booking_id)
def hand_out(
    session: Session, request: HandOutRequest, context: Context, handout_id: str
) -> ItemHandedOut:
    """Give it to the party of a booking at the same facility, on its day.

    raises   Refusal not_found, not_active, not_the_day, malformed; items_out with how many are left
    """
    item = items.item(session, request.item_id)
    query = select(
        Booking.id, Booking.facility_id, Booking.date, Booking.end_slot, Booking.status
    ).where(Booking.id == request.booking_id, Booking.party_id.is_not(None))
    booking = run(session, query).one_or_none()
    if item is None or booking is None or booking.facility_id != item.facility_id:
        raise Refusal(RefusalCode.NOT_FOUND)
    if booking.status != "confirmed":
        raise Refusal(RefusalCode.NOT_ACTIVE)
    last = booking.date + timedelta(days=booking.end_slot > SLOTS_PER_DAY)
    if not booking.date <= local_day(context.now) <= last:
        raise Refusal(RefusalCode.NOT_THE_DAY, day=booking.date)
    if not 0 < request.quantity <= COUNT_MAX:
        raise Refusal(RefusalCode.MALFORMED)
    more = (
        update(_ITEM)
        .where(_ITEM.c.id == item.id, _ITEM.c.out + request.quantity <= _ITEM.c.count)
        .values(out=_ITEM.c.out + request.quantity)
    )
    if run(session, more).rowcount != 1:
        left = items.item(session, item.id)
        raise Refusal(RefusalCode.ITEMS_OUT, left=left.left if left else 0)
    values = {
        "id": handout_id,
        "item_id": item.id,
        "booking_id": booking.id,
        "quantity": request.quantity,
        "handed_at": context.now,
        "handed_by": context.actor,
        "due_at": ends_at(booking),
    }
    run(session, insert(_HANDOUT), values)
    return ItemHandedOut(
        subject=handout_id, item=item.id, booking=booking.id, quantity=request.quantity
    )


@action("take_back", subject=lambda request: request.handout_id)
def take_back(
    session: Session, request: TakeBackRequest, context: Context, handout_id: str
) -> ItemReturned:
    """It is back, at whatever time; a second time changes nothing.

    raises   Refusal not_found
    """
    found = items.handout(session, handout_id)
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    back = (
        update(_HANDOUT)
        .where(_HANDOUT.c.id == handout_id, _HANDOUT.c.returned_at.is_(None))
        .values(returned_at=context.now, returned_to=context.actor)
    )
    if run(session, back).rowcount == 1:
        fewer = update(_ITEM).where(_ITEM.c.id == found.item_id)
        run(session, fewer.values(out=_ITEM.c.out - found.quantity))
    return ItemReturned(subject=handout_id, item=found.item_id, quantity=found.quantity)
