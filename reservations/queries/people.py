"""利用者 as the counter looks after them: one party whole, with what each town believes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.models import Account, Party, PartyResidency
from reservations.queries import parties
from reservations.queries.parties import Called
from reservations.rules.registration import Believed
from reservations.rules.town import Residency


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person or group. Without a name it has not come to this node, or was forgotten.

    towns     code to what that town believes, also where it has run out
    account   the id of its login at this node, or None
    """

    called: Called
    kind: str
    created_at: datetime
    towns: Mapping[str, Believed]
    account: str | None

    @property
    def id(self) -> str:
        return self.called.id

    @property
    def is_here(self) -> bool:
        return bool(self.called.name)


_PARTY = (
    select(Party.kind, Party.created_at, Account.id.label("account"))
    .outerjoin(Account, (Account.party_id == Party.id) & (Account.role == "resident"))
    .where(Party.id == bindparam("party_id"))
    .order_by(Account.created_at, Account.id)
    .limit(1)
)
_TOWNS = (
    select(
        PartyResidency.municipality_code,
        PartyResidency.residency,
        PartyResidency.seen,
        PartyResidency.valid_until,
    )
    .where(PartyResidency.party_id == bindparam("party_id"))
    .order_by(PartyResidency.municipality_code)
)


def one(session: Session, party_id: str) -> PersonView | None:
    """A party with its towns, in three statements; that it was looked at is noted."""
    row: Any = run(session, _PARTY, {"party_id": party_id}).one_or_none()
    if row is None:
        return None
    called = parties.called(session, [party_id])[party_id]
    return PersonView(called, row.kind, row.created_at, believed(session, party_id), row.account)


def believed(session: Session, party_id: str) -> dict[str, Believed]:
    """Town to what it believes of a party, also where that has run out."""
    rows = run(session, _TOWNS, {"party_id": party_id})
    return {
        row.municipality_code: Believed(Residency(row.residency), row.seen, row.valid_until)
        for row in rows
    }
