"""代理: who may book for a party today, and for whom somebody may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.events import DelegateActed
from reservations.models import Event, PartyDelegate
from reservations.queries import parties
from reservations.queries.parties import Called


@dataclass(frozen=True, slots=True)
class DelegateView:
    """`who` may book for `whom` until a day; both are named as far as this desk knows them."""

    whom: Called
    who: Called
    giver: str
    seen: str
    since: date
    until: date


_COLUMNS = select(
    PartyDelegate.party_id,
    PartyDelegate.delegate_id,
    PartyDelegate.giver,
    PartyDelegate.seen,
    PartyDelegate.since,
    PartyDelegate.until,
).order_by(PartyDelegate.party_id, PartyDelegate.since, PartyDelegate.delegate_id)
_NOT_OVER = PartyDelegate.until >= bindparam("today")
_OF = _COLUMNS.where(PartyDelegate.party_id == bindparam("party_id"), _NOT_OVER)
_BY = _COLUMNS.where(PartyDelegate.delegate_id == bindparam("party_id"), _NOT_OVER)
_ONE = select(PartyDelegate.since).where(
    PartyDelegate.party_id == bindparam("party_id"),
    PartyDelegate.delegate_id == bindparam("delegate"),
    PartyDelegate.since <= bindparam("today"),
    _NOT_OVER,
)


def of_party(session: Session, party_id: str, *, today: date) -> list[DelegateView]:
    """Those who may book for this party; one statement where there are none, else two."""
    return _found(session, _OF, party_id, today)


def by_delegate(session: Session, party_id: str, *, today: date) -> list[DelegateView]:
    """Those for whom this party may book."""
    return _found(session, _BY, party_id, today)


def may_act(session: Session, party_id: str, delegate: str, *, today: date) -> bool:
    """Whether this delegate may book for the party today."""
    asked = {"party_id": party_id, "delegate": delegate, "today": today}
    return run(session, _ONE, asked).first() is not None


_ACTED = (
    select(Event.body)
    .where(Event.subject == bindparam("booking_id"), Event.name == DelegateActed.name)
    .order_by(Event.seq.desc())
    .limit(1)
)


def of_booking(session: Session, booking_id: str) -> Called | None:
    """The delegate who came last about this booking, at this node's counter; or None."""
    body = run(session, _ACTED, {"booking_id": booking_id}).scalar()
    if body is None:
        return None
    delegate = str(body["delegate"])
    known = parties.called(session, [delegate])
    return known.get(delegate) or Called(delegate, "", "", "", "")


def _found(session: Session, query: Any, party_id: str, today: date) -> list[DelegateView]:
    rows = run(session, query, {"party_id": party_id, "today": today}).all()
    ids = {id_ for row in rows for id_ in (row.party_id, row.delegate_id)}
    known = parties.called(session, ids)

    def named(id_: str) -> Called:
        return known.get(id_) or Called(id_, "", "", "", "")

    return [
        DelegateView(
            named(row.party_id), named(row.delegate_id), row.giver, row.seen, row.since, row.until
        )
        for row in rows
    ]
