"""領収書と日計表: numbered once, drawn once, kept; who asks again is given the same bytes.

The number is taken in a transaction of its own, and stays the payment's whatever happens to the
drawing: so there is no gap, and no payment has two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from reservations import documents
from reservations.actions import numbers
from reservations.actions.papers import TRIES, Drawn, Overtaken, put_away
from reservations.actions.step import Context, action
from reservations.db import run
from reservations.documents import Document
from reservations.errors import Refusal, RefusalCode
from reservations.events import PaperIssued
from reservations.events.money import ReceiptNumbered
from reservations.models import Receipt
from reservations.models.base import table_of
from reservations.queries import bookings, money, papers, trail
from reservations.queries.memory import Memory
from reservations.queries.papers import IssuedView
from reservations.rules.money import WITHOUT_RECEIPT, Method

# Of the archive: the receipt itself, and the copy that says that it is one.
ORIGINAL, COPY = 0, 1


@dataclass(frozen=True, slots=True)
class NumberRequest:
    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRequest(Drawn):
    """A paper about money that has been drawn.

    subject   what the archive keeps it under; `about` is what the event is about
    """

    about: str
    subject: str


@action("number_receipt", subject=lambda request: request.payment_id)
def number_receipt(
    session: Session, request: NumberRequest, context: Context, payment_id: str
) -> ReceiptNumbered:
    """Give a payment the next number of this node's receipts.

    raises   Refusal not_found, receipt_elsewhere; Overtaken when it has one
    """
    payment = _own_payment(session, payment_id, context)
    if money.receipt_of(session, payment_id) is not None:
        raise Overtaken
    serial = numbers.take(session, numbers.RECEIPT)
    number = f"{context.node_no:02}-R{serial:06d}"
    row = {
        "number": number,
        "node_no": context.node_no,
        "serial": serial,
        "payment_id": payment_id,
        "booking_id": payment.booking_id,
        "issued_at": context.now,
        "actor": context.actor,
    }
    run(session, insert(table_of(Receipt)), row)
    return ReceiptNumbered(subject=payment_id, number=number)


def receipt(
    session: Session, memory: Memory, payment_id: str, context: Context, *, is_copy: bool = False
) -> IssuedView:
    """The receipt of a payment that this node received: as it was issued, or issued now.

    is_copy  再発行: the same receipt, marked as a copy
    raises   Refusal not_found, receipt_elsewhere
    """
    payment = _own_payment(session, payment_id, context)
    booking = bookings.one(session, memory, payment.booking_id)
    if booking is None or booking.party_id is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    numbered = money.receipt_of(session, payment_id)
    if numbered is None:
        _once(number_receipt, session, NumberRequest(payment_id), context)
        numbered = money.receipt_of(session, payment_id)
    assert numbered is not None, payment_id
    # Within the booking's papers: whoever is forgotten is forgotten on receipts too.
    subject = f"{booking.id}/{payment_id}"
    revision = COPY if is_copy else ORIGINAL
    payer = papers.party_name(session, booking.party_id)
    document = documents.receipt(booking, payment, numbered, payer=payer, is_copy=is_copy)
    return _kept(session, document, booking.id, subject, revision, numbered.number, context)


def day_sheet(session: Session, memory: Memory, day: date, context: Context) -> IssuedView | None:
    """日計表 of a day that was closed, as it was issued or issued now; None while it is open."""
    if money.closed(session, context.node_no, day) is None:
        return None
    document = day_document(session, memory, day, context)
    subject = f"drawer/{context.node_no}/{day.isoformat()}"
    number = f"{context.node_no:02}-{day:%Y%m%d}"
    return _kept(session, document, subject, subject, ORIGINAL, number, context)


def day_document(session: Session, memory: Memory, day: date, context: Context) -> Document:
    """日計表 as it stands; with an empty table of coins as long as the day is not closed."""
    drawer = money.drawer(session, context.node_no, day)
    towns = memory.catalogue.towns
    counted = [towns[each.town] for each in drawer.taken if each.town in towns]
    # By the forms of the town that most of the money is for.
    town = counted[0] if counted else memory.catalogue.middle or next(iter(towns.values()), None)
    if town is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    seal = trail.last_seal(session)
    sealed = f"監査の封 {seal.no}番 {seal.digest[:16]}" if seal.no else ""
    return documents.day_sheet(
        drawer, towns, town, node=context.node, at=context.now, sealed=sealed
    )


@action("keep_receipt", subject=lambda request: request.about)
def keep_receipt(
    session: Session, request: KeepRequest, context: Context, about: str
) -> PaperIssued:
    """Keep a receipt or a day's sheet.

    raises   Overtaken when it was kept before
    """
    if papers.issued(session, request.kind, request.subject, request.revision) is not None:
        raise Overtaken
    return put_away(session, request, request.subject, about, context)


def _kept(
    session: Session,
    document: Document,
    about: str,
    subject: str,
    revision: int,
    number: str,
    context: Context,
) -> IssuedView:
    """The paper from the archive; drawn and kept there first, where it is not there yet."""
    for _ in range(TRIES):
        found = papers.issued(session, document.paper, subject, revision)
        if found is not None:
            return found
        drawn = document.draw()
        wanted = KeepRequest(
            kind=document.paper,
            about=about,
            subject=subject,
            revision=revision,
            number=number,
            record=document.json(),
            pdf=drawn.pdf,
            pages=drawn.pages,
        )
        _once(keep_receipt, session, wanted, context)
    raise AssertionError(subject)


def _once(act: Any, session: Session, request: Any, context: Context) -> None:
    """Do it, unless somebody else has meanwhile."""
    try:
        act(session, request, context)
    except Overtaken:
        return


def _own_payment(session: Session, payment_id: str, context: Context) -> Any:
    payment = money.payment(session, payment_id)
    if payment is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    if payment.node_no != context.node_no or Method(payment.method) in WITHOUT_RECEIPT:
        raise Refusal(RefusalCode.RECEIPT_ELSEWHERE)
    return payment
