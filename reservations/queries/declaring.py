"""災害の宣言: what was declared, by whom, when and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reservations.db import run
from reservations.models import Account, Declaration
from reservations.rules.modes import Mode

# One sentence, for every desk of the region.
REASON_MAX = 200
SHOWN = 20


@dataclass(frozen=True, slots=True)
class DeclarationView:
    """One declaration. `login` is empty for one of another node, where its author is known, and
    for the machine's own commands.
    """

    id: str
    at: datetime
    mode: Mode
    login: str
    node: str
    reason: str


_ALL = (
    select(
        Declaration.id,
        Declaration.at,
        Declaration.mode,
        func.coalesce(Account.login, "").label("login"),
        Declaration.node,
        Declaration.reason,
    )
    .outerjoin(Account, Account.id == Declaration.actor)
    # As queries/masks.py finds the one that stands.
    .order_by(Declaration.at.desc(), Declaration.id.desc())
    .limit(SHOWN)
)


def declarations(session: Session) -> list[DeclarationView]:
    """The newest first; the first one says what is declared."""
    rows: Iterable[Any] = run(session, _ALL)
    return [
        DeclarationView(row.id, row.at, Mode(row.mode), row.login, row.node, row.reason)
        for row in rows
    ]


def standing(session: Session) -> DeclarationView | None:
    """The declaration that stands; None where nothing was ever declared."""
    return next(iter(declarations(session)), None)
