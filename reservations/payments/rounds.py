"""What is said to a provider and what it says, with the rows that remember it.

The resident's request begins a checkout and looks at it; the job asks about those that nobody told
of (a lost notice), and gives back what was refunded. The provider is never asked inside a
transaction: what it said is written afterwards, and may be written twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.orm import Session

from reservations import clock
from reservations.actions import checkouts
from reservations.actions.checkouts import BackMoved, Ended, Heard, Noted, Opened
from reservations.actions.step import Context, by_itself
from reservations.config import Settings
from reservations.db import Database
from reservations.errors import Outage, Refusal, RefusalCode
from reservations.payments import Back, Declined, Provider, State, Told, Wish, provider
from reservations.queries import checkouts as query
from reservations.rules import payments as rules

# Why a refund goes back by no machine: a clerk typed the payment in without the provider's id.
NO_REFERENCE = "no reference"

log = structlog.get_logger("tonari.payments")


@dataclass(frozen=True, slots=True)
class Round:
    """How many checkouts were asked about and turned out paid; how many refunds were given or
    refused for good."""

    asked: int = 0
    paid: int = 0
    given: int = 0
    failed: int = 0


def begin(session: Session, at: Provider, wish: Wish, context: Context) -> bool:
    """Tell the provider of a checkout that has its row; False where the line is down.

    Twice is once: the provider knows our reference.
    """
    session.rollback()
    try:
        begun = at.begin(wish)
    except Outage as outage:
        log.warning("the payment service does not answer", why=str(outage))
        checkouts.note_checkout(session, Noted(wish.reference, str(outage)), context)
        return False
    except Declined as no:
        checkouts.end_checkout(session, Ended(wish.reference, "failed", str(no)), context)
        return True
    opened = Opened(wish.reference, begun.provider_id, begun.address)
    try:
        checkouts.open_checkout(session, opened, context)
    except Refusal:
        # Its address leads nowhere: the row says why, and the page that it may be tried again.
        log.error("the payment service leads nowhere", address=begun.address[:100])
        checkouts.note_checkout(session, Noted(wish.reference, "no address"), context)
        return False
    return True


def look(session: Session, at: Provider, checkout: Any, context: Context) -> str:
    """Ask how a checkout stands, and keep the answer; its state then. Raises Outage.

    An answer that settles nothing is noted where it was time to ask: whoever looks again and again
    neither fills the audit nor puts off the next question.

    checkout   its row (models/checkouts.py)
    """
    session.rollback()
    is_due = checkout.next_at is not None and checkout.next_at <= context.now
    try:
        told = at.ask(checkout.id)
    except Outage as outage:
        if is_due:
            checkouts.note_checkout(session, Noted(checkout.id, str(outage)), context)
        raise
    if told is not None and told.state is not State.OPEN:
        return hear(session, told, context, is_asked=True)
    is_known = told is not None
    if checkout.state == "lapsed":
        return "lapsed"
    if rules.has_lapsed(checkout.begun_at, now=context.now, is_known=is_known):
        why = "" if is_known else "never begun there"
        checkouts.end_checkout(session, Ended(checkout.id, "lapsed", why), context)
        return "lapsed"
    if is_due:
        checkouts.note_checkout(session, Noted(checkout.id), context)
    return str(checkout.state)


def hear(session: Session, told: Told, context: Context, *, is_asked: bool) -> str:
    """What the provider says of a checkout: a payment is a fact, in whatever order it is told.

    is_asked   it was its answer; what it says by itself may have been overtaken
    returns    the state of the checkout as it is now
    raises     Refusal not_found where neither the checkout nor the booking is known here
    """
    known = query.one(session, told.reference)
    session.rollback()
    if told.state is State.PAID:
        is_told = known is not None and (known.state, known.provider_id) == (
            "paid",
            told.provider_id,
        )
        if not is_told:
            heard = Heard(
                checkout_id=known.id if known is not None else "",
                booking_id=known.booking_id if known is not None else told.booking_id,
                reference=told.provider_id,
                amount_yen=told.amount_yen,
                paid_at=told.at,
            )
            checkouts.hear_payment(session, heard, context)
        return "paid"
    if known is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    if told.state is State.FAILED and known.state != "paid":
        ended = Ended(known.id, "failed", is_last=is_asked)
        checkouts.end_checkout(session, ended, context)
        return "failed"
    return str(known.state)


def tend(database: Database, settings: Settings) -> Round:
    """One round of the job. At the first silence of the provider it ends, and nothing is lost."""
    at = provider(settings)
    if at is None:
        return Round()
    now = clock.now()
    with database.session() as session:
        due = query.due(session, now)
        backs = query.backs_due(session, settings.node_no, now)
    asked = paid = given = failed = 0
    context = by_itself(settings, now)
    for checkout in due:
        with database.session() as session:
            state = _looked(session, at, checkout, context)
        if not state:
            break
        asked += 1
        paid += state == "paid"
    for back in backs:
        with database.session() as session:
            state = give(session, at, back, context)
        if state == "asked":
            break
        given += state == "given"
        failed += state == "failed"
    return Round(asked, paid, given, failed)


def _looked(session: Session, at: Provider, checkout: Any, context: Context) -> str:
    """The checkout's state; empty where the provider is silent."""
    try:
        return look(session, at, checkout, context)
    except Outage as outage:
        log.warning("the payment service does not answer", why=str(outage))
        return ""
    except Refusal as refusal:
        # A payment that cannot be kept must be seen by somebody; a later round tries again.
        log.error("a payment that cannot be kept", checkout=checkout.id, code=refusal.code.value)
        checkouts.note_checkout(session, Noted(checkout.id, refusal.code.value), context)
        return "unkept"


def give(session: Session, at: Provider, back: Any, context: Context) -> str:
    """Have the provider pay back; given, failed, or asked: it did not answer and is asked again.

    back   a row of queries/checkouts.py: backs_due
    """
    session.rollback()
    if not back.reference:
        return _moved(session, BackMoved(back.id, "failed", NO_REFERENCE), context)
    try:
        provider_id = at.give_back(Back(back.id, back.reference, back.amount_yen))
    except Outage as outage:
        return _moved(session, BackMoved(back.id, "asked", str(outage)), context)
    except Declined as no:
        log.error("a refund was declined", refund=back.id, why=str(no))
        return _moved(session, BackMoved(back.id, "failed", str(no)), context)
    return _moved(session, BackMoved(back.id, "given", provider_id=provider_id), context)


def _moved(session: Session, moved: BackMoved, context: Context) -> str:
    checkouts.give_back(session, moved, context)
    return moved.state
