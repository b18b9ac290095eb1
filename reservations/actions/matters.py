"""食い違い: a clerk has seen to a matter."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert
from sqlalchemy.orm import Session

from reservations.actions.step import Context, action
from reservations.db import run
from reservations.errors import Refusal, RefusalCode
from reservations.events.counter import MatterSeenTo
from reservations.models import SeenTo
from reservations.models.base import table_of

NOTE_MAX = 200
KEY_MAX = 200


@dataclass(frozen=True, slots=True)
class SeenToRequest:
    """A matter by its key, and what was agreed."""

    key: str
    note: str = ""


@action("see_to", subject=lambda request: request.key)
def see_to(session: Session, request: SeenToRequest, context: Context, key: str) -> MatterSeenTo:
    """Take a matter off the list; who did it first stands.

    raises   Refusal malformed where key or note is longer than it may be; not_active where
             somebody was quicker
    """
    is_key = key.isprintable() and 0 < len(key) <= KEY_MAX
    if not is_key or len(request.note) > NOTE_MAX:
        raise Refusal(RefusalCode.MALFORMED)
    if session.get(SeenTo, key) is not None:
        raise Refusal(RefusalCode.NOT_ACTIVE)
    row = {"key": key, "at": context.now, "actor": context.actor, "note": request.note}
    run(session, insert(table_of(SeenTo)), row)
    return MatterSeenTo(subject=key)
