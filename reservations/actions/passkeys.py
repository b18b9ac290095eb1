"""パスキー: adding, naming and removing one's own, and signing in with one.

What a browser signed was checked before (web/passkeys.py): here it counts, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reservations.actions import accounts, second_step
from reservations.actions.accounts import SignInRequest
from reservations.actions.step import Context, action
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.events import SignedIn
from reservations.events.passkeys import (
    PasskeyAdded,
    PasskeyBegun,
    PasskeyNamed,
    PasskeyRemoved,
    PasskeysRemoved,
)
from reservations.models import Account, Passkey, PasskeyChallenge
from reservations.models.base import table_of

CHALLENGE_MINUTES = 5
NAME_MAX = 60
PASSKEYS_MAX = 20

_PASSKEY, _CHALLENGE = table_of(Passkey), table_of(PasskeyChallenge)


@dataclass(frozen=True, slots=True)
class BeginRequest:
    """Somebody wants to add a passkey; their password was right, or their session is new.

    mark      hash of a secret in the browser's cookie
    current   a good code of the telephone, where the account has one
    """

    account_id: str
    mark: str
    challenge: str
    current: str = ""


@dataclass(frozen=True, slots=True)
class AddRequest:
    """A new passkey of this account; `credential` and `public_key` as base64url."""

    account_id: str
    credential: str
    public_key: str
    name: str


@dataclass(frozen=True, slots=True)
class NameRequest:
    account_id: str
    passkey_id: str
    name: str


@dataclass(frozen=True, slots=True)
class RemoveRequest:
    account_id: str
    passkey_id: str


@dataclass(frozen=True, slots=True)
class RemoveAllRequest:
    account_id: str


@dataclass(frozen=True, slots=True)
class PasskeyRequest:
    """The session that begins, and the passkey whose signature was good."""

    session: SignInRequest
    passkey_id: str


@action("begin_passkey", subject=lambda request: request.account_id)
def begin_passkey(
    session: Session, request: BeginRequest, context: Context, account_id: str
) -> PasskeyBegun:
    """Ask a browser for a new passkey of this account.

    raises   Refusal code_wrong, where the account has a telephone and this is no code of it:
             whoever finds a screen open cannot add a key of their own
    """
    second_step.check_current(session, account_id, request.current, context)
    _keep(session, request.mark, request.challenge, account_id, context.now)
    return PasskeyBegun(subject=account_id)


@action("add_passkey", subject=lambda request: request.account_id)
def add_passkey(
    session: Session, request: AddRequest, context: Context, account_id: str
) -> PasskeyAdded:
    """Keep a passkey.

    raises   Refusal passkey_wrong where it is known already, passkeys_full (limit)
    """
    count = select(func.count()).select_from(_PASSKEY).where(_PASSKEY.c.account_id == account_id)
    used = int(session.execute(count).scalar_one())
    if used >= PASSKEYS_MAX:
        raise Refusal(RefusalCode.PASSKEYS_FULL, limit=PASSKEYS_MAX)
    passkey_id = context.new_id()
    row = {
        "id": passkey_id,
        "account_id": account_id,
        "credential": request.credential,
        "public_key": request.public_key,
        "name": request.name[:NAME_MAX],
        "made_at": context.now,
    }
    try:
        session.execute(insert(_PASSKEY), row)
    except IntegrityError:
        raise Refusal(RefusalCode.PASSKEY_WRONG) from None
    return PasskeyAdded(subject=account_id, passkey_id=passkey_id)


@action("name_passkey", subject=lambda request: request.account_id)
def name_passkey(
    session: Session, request: NameRequest, context: Context, account_id: str
) -> PasskeyNamed:
    """raises   Refusal not_found, where it is not one of this account's"""
    values = {"name": request.name[:NAME_MAX]}
    found = session.execute(
        update(_PASSKEY)
        .where(_PASSKEY.c.id == request.passkey_id, _PASSKEY.c.account_id == account_id)
        .values(**values)
        .returning(_PASSKEY.c.id)
    ).first()
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return PasskeyNamed(subject=account_id, passkey_id=request.passkey_id)


@action("remove_passkey", subject=lambda request: request.account_id)
def remove_passkey(
    session: Session, request: RemoveRequest, context: Context, account_id: str
) -> PasskeyRemoved:
    """Forget one passkey of this account; it opens nothing any more. Again is no error."""
    session.execute(
        delete(_PASSKEY).where(
            _PASSKEY.c.id == request.passkey_id, _PASSKEY.c.account_id == account_id
        )
    )
    return PasskeyRemoved(subject=account_id, passkey_id=request.passkey_id)


@action("remove_passkeys", subject=lambda request: request.account_id)
def remove_passkeys(
    session: Session, request: RemoveAllRequest, context: Context, account_id: str
) -> PasskeysRemoved:
    """Forget all passkeys of an account.

    raises   Refusal not_found
    """
    if session.scalar(select(Account.id).where(Account.id == account_id)) is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    gone = session.execute(
        delete(_PASSKEY).where(_PASSKEY.c.account_id == account_id).returning(_PASSKEY.c.id)
    ).all()
    return PasskeysRemoved(subject=account_id, passkeys=len(gone))


@action("sign_in_by_passkey", subject=lambda request: request.session.account_id)
def sign_in_by_passkey(
    session: Session, request: PasskeyRequest, context: Context, account_id: str
) -> SignedIn:
    """Begin a session for whoever has this passkey.

    raises   Refusal passkey_unknown, where it was removed meanwhile
    """
    used = session.execute(
        update(_PASSKEY)
        .where(_PASSKEY.c.id == request.passkey_id, _PASSKEY.c.account_id == account_id)
        .values(used_at=context.now)
        .returning(_PASSKEY.c.id)
    ).first()
    if used is None:
        raise Refusal(RefusalCode.PASSKEY_UNKNOWN)
    accounts.begin(session, request.session, context)
    return SignedIn(subject=account_id, way="passkey")


# That somebody is about to sign in is no happening: no event, no audit line, as `accounts.seen`.


def keep_challenge(session: Session, mark: str, challenge: str, *, now: datetime) -> None:
    """Remember what a browser was asked to sign to sign in; what it was asked before is void.

    mark   hash of a secret in the browser's cookie
    """
    with write_transaction(session):
        _keep(session, mark, challenge, "", now)


def take_challenge(
    session: Session, mark: str, *, now: datetime, account_id: str = ""
) -> str | None:
    """What this browser was asked to sign: to sign in, or to add a passkey to this account.

    It is gone with this, whatever becomes of the answer.
    """
    c = _CHALLENGE.c
    taken = delete(_CHALLENGE).where(c.mark == mark)
    with write_transaction(session):
        row = session.execute(taken.returning(c.challenge, c.account_id, c.expires_at)).first()
    is_good = row is not None and row.account_id == account_id and row.expires_at > now
    return str(row.challenge) if row is not None and is_good else None


def _keep(session: Session, mark: str, challenge: str, account_id: str, now: datetime) -> None:
    """One question a browser; those that nobody answered in time go."""
    row = {
        "mark": mark,
        "challenge": challenge,
        "account_id": account_id,
        "expires_at": now + timedelta(minutes=CHALLENGE_MINUTES),
    }
    old = (_CHALLENGE.c.mark == mark) | (_CHALLENGE.c.expires_at <= now)
    session.execute(delete(_CHALLENGE).where(old))
    session.execute(insert(_CHALLENGE), row)
