"""パスワードを忘れたとき: somebody asks for a link by mail, and the postman is done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from reservations.actions.step import Context, action
from reservations.db import run
from reservations.events import LinkAsked
from reservations.models import Account, LinkWish
from reservations.models.base import table_of

# Whoever asks again at once waits for the mail that is on its way.
AGAIN_AFTER = timedelta(minutes=5)

_WISH = table_of(LinkWish)


@dataclass(frozen=True, slots=True)
class WishRequest:
    """login: folded (web/auth.py: fold_login); of somebody or of nobody."""

    login: str


@dataclass(frozen=True, slots=True)
class EndRequest:
    """is_sent: the mail went out; else it cannot, and asking again begins anew."""

    account_id: str
    is_sent: bool


@action("ask_link")
def ask_link(session: Session, request: WishRequest, context: Context, subject: str) -> LinkAsked:
    """Remember that a link is wanted. A login that nobody has is no error and leaves no row: the
    same is done and said for it, so that nobody learns who is registered here."""
    found = run(session, select(Account.id).where(Account.login == request.login)).scalar()
    if found is None:
        return LinkAsked(subject=subject)
    c = _WISH.c
    before = run(session, select(c.sent_at).where(c.account_id == found)).one_or_none()
    if before is None:
        row = {"account_id": found, "asked_at": context.now, "sent_at": None}
        run(session, insert(_WISH), row)
    elif before.sent_at is not None and before.sent_at <= context.now - AGAIN_AFTER:
        change = update(_WISH).where(c.account_id == found)
        run(session, change.values(asked_at=context.now, sent_at=None))
    return LinkAsked(subject=subject)


@action("end_link_wish", subject=lambda request: request.account_id)
def end_link_wish(
    session: Session, request: EndRequest, context: Context, account_id: str
) -> LinkAsked:
    """The postman is done with it. Idempotent."""
    mine = _WISH.c.account_id == account_id
    if request.is_sent:
        run(session, update(_WISH).where(mine).values(sent_at=context.now))
    else:
        run(session, delete(_WISH).where(mine))
    return LinkAsked(subject=account_id)
