"""利用者登録 and sign-in. Passwords and tokens arrive here as hashes only.

Hashing takes tens of milliseconds and stays outside of the write transaction (web/auth.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reservations.actions.step import Context, action
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.events import LinkIssued, PartyRegistered, SignedIn, SignedOut
from reservations.events.passkeys import PasswordSet
from reservations.models import (
    Account,
    LoginLink,
    Party,
    PartyResidency,
    PartyUnsaid,
    SignInSession,
)
from reservations.models.base import table_of
from reservations.queries.accounts import SESSION_ID_LENGTH

LINK_HOURS = 24
# A residency that nobody has seen proof of is believed until the counter has looked.
SELF_DECLARED_DAYS = 365


@dataclass(frozen=True, slots=True)
class RegisterRequest:
    """A resident signs up. `login` is folded (web/auth.py:fold_login).

    residencies   municipality code to rules/town.py:Residency value, as the person declares it
    """

    name: str
    kana: str
    login: str
    password_hash: str
    home_code: str | None
    residencies: tuple[tuple[str, str], ...] = ()
    phone: str = ""
    email: str = ""
    locale: str = "ja"
    role: str = "resident"


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """A password or link has been checked; from now on this token stands for the account.

    kind     web or api
    way      password, link, registration
    device   what the browser calls itself, for the list of one's sessions
    """

    account_id: str
    token_hash: str
    expires_at: datetime
    kind: str = "web"
    way: str = "password"
    device: str = ""


@dataclass(frozen=True, slots=True)
class SignOutRequest:
    account_id: str
    token_hash: str


@dataclass(frozen=True, slots=True)
class SignOutEverywhereRequest:
    account_id: str


@dataclass(frozen=True, slots=True)
class PasswordRequest:
    """A password for whoever had none, or another one; `token_hash` of the session that goes on."""

    account_id: str
    password_hash: str
    token_hash: str


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """valid: for how long the link signs somebody in."""

    account_id: str
    token_hash: str
    valid: timedelta = timedelta(hours=LINK_HOURS)


@dataclass(frozen=True, slots=True)
class FollowRequest:
    """A one-time link is used: `token_hash` of the link, `session_hash` of the new session."""

    token_hash: str
    session_hash: str
    expires_at: datetime
    device: str = ""


@action("register")
def register(
    session: Session, request: RegisterRequest, context: Context, account_id: str
) -> PartyRegistered:
    """Make a party and its account.

    raises   Refusal login_taken; the database decides, two at once cannot both have it
    """
    party_id = context.new_id()
    session.execute(
        insert(table_of(Party)),
        {
            "id": party_id,
            "kind": "person",
            "name": request.name,
            "kana": request.kana,
            "phone": request.phone,
            "email": request.email,
            "home_code": request.home_code,
            "created_at": context.now,
        },
    )
    # The other desks hear of it sealed (actions/sharing.py).
    session.execute(insert(table_of(PartyUnsaid)), {"party_id": party_id})
    for code, residency in request.residencies:
        session.add(
            PartyResidency(
                party_id=party_id,
                municipality_code=code,
                residency=residency,
                valid_until=(context.now + timedelta(days=SELF_DECLARED_DAYS)).date(),
            )
        )
    session.add(
        Account(
            id=account_id,
            party_id=party_id,
            login=request.login,
            password_hash=request.password_hash,
            role=request.role,
            locale=request.locale,
            created_at=context.now,
        )
    )
    try:
        session.flush()
    except IntegrityError:
        raise Refusal(RefusalCode.LOGIN_TAKEN) from None
    return PartyRegistered(subject=account_id, kind="person", home_code=request.home_code)


@action("sign_in", subject=lambda request: request.account_id)
def sign_in(
    session: Session, request: SignInRequest, context: Context, account_id: str
) -> SignedIn:
    """Begin a session for an account whose password has been checked."""
    begin(session, request, context)
    return SignedIn(subject=account_id, way=request.way)


@action("follow_link")
def follow_link(
    session: Session, request: FollowRequest, context: Context, _subject: str
) -> SignedIn:
    """Use a one-time link up and begin a session.

    raises   Refusal link_expired when it was used, has run out, or never was
    """
    used = session.execute(
        update(table_of(LoginLink))
        .where(
            LoginLink.token_hash == request.token_hash,
            LoginLink.used_at.is_(None),
            LoginLink.expires_at > context.now,
        )
        .values(used_at=context.now)
        .returning(LoginLink.account_id)
    ).first()
    if used is None:
        raise Refusal(RefusalCode.LINK_EXPIRED)
    account_id = str(used.account_id)
    opened = SignInRequest(
        account_id, request.session_hash, request.expires_at, device=request.device
    )
    begin(session, opened, context)
    return SignedIn(subject=account_id, way="link")


@action("sign_out", subject=lambda request: request.account_id)
def sign_out(
    session: Session, request: SignOutRequest, context: Context, account_id: str
) -> SignedOut:
    """End one session; ending it twice is no error."""
    session.execute(
        update(table_of(SignInSession))
        .where(
            SignInSession.token_hash == request.token_hash, SignInSession.account_id == account_id
        )
        .values(revoked_at=context.now)
    )
    return SignedOut(subject=account_id)


@dataclass(frozen=True, slots=True)
class EndRequest:
    """One session of one's own; `session_id` as queries/accounts.py:Device has it."""

    account_id: str
    session_id: str


@action("end_session", subject=lambda request: request.account_id)
def end_session(
    session: Session, request: EndRequest, context: Context, account_id: str
) -> SignedOut:
    """End one of one's own sessions, here or on another machine's screen.

    raises   Refusal not_found
    """
    ended = session.execute(
        update(table_of(SignInSession))
        .where(
            SignInSession.account_id == account_id,
            func.substr(SignInSession.token_hash, 1, SESSION_ID_LENGTH) == request.session_id,
            SignInSession.revoked_at.is_(None),
        )
        .values(revoked_at=context.now)
        .returning(SignInSession.account_id)
    ).first()
    if ended is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return SignedOut(subject=account_id)


@action("set_password", subject=lambda request: request.account_id)
def set_password(
    session: Session, request: PasswordRequest, context: Context, account_id: str
) -> PasswordSet:
    """Keep the hash of a new password, and end every other session and token: whoever knew the
    old one is out."""
    session.execute(
        update(table_of(Account))
        .where(Account.id == account_id)
        .values(password_hash=request.password_hash)
    )
    session.execute(
        update(table_of(SignInSession))
        .where(
            SignInSession.account_id == account_id,
            SignInSession.token_hash != request.token_hash,
            SignInSession.revoked_at.is_(None),
        )
        .values(revoked_at=context.now)
    )
    return PasswordSet(subject=account_id)


@action("sign_out_everywhere", subject=lambda request: request.account_id)
def sign_out_everywhere(
    session: Session, request: SignOutEverywhereRequest, context: Context, account_id: str
) -> SignedOut:
    """End every session and token of an account: for a phone that was lost."""
    end_all(session, account_id, context)
    return SignedOut(subject=account_id)


def end_all(session: Session, account_id: str, context: Context) -> None:
    """End every session of an account, in the caller's transaction."""
    session.execute(
        update(table_of(SignInSession))
        .where(SignInSession.account_id == account_id, SignInSession.revoked_at.is_(None))
        .values(revoked_at=context.now)
    )


@action("issue_link", subject=lambda request: request.account_id)
def issue_link(
    session: Session, request: LinkRequest, context: Context, account_id: str
) -> LinkIssued:
    """Keep the hash of a link that signs this account in once.

    raises   Refusal not_found
    """
    if session.scalar(select(Account.id).where(Account.id == account_id)) is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    session.execute(
        insert(table_of(LoginLink)),
        {
            "token_hash": request.token_hash,
            "account_id": account_id,
            "expires_at": context.now + request.valid,
        },
    )
    return LinkIssued(subject=account_id)


def seen(session: Session, token_hash: str, *, now: datetime) -> None:
    """Note that a member of staff is still there. It is no happening: no event, no audit line."""
    with write_transaction(session):
        session.execute(
            update(table_of(SignInSession))
            .where(SignInSession.token_hash == token_hash)
            .values(seen_at=now)
        )


def begin(session: Session, request: SignInRequest, context: Context) -> None:
    """The row of a session, in the caller's transaction."""
    row = {
        "token_hash": request.token_hash,
        "account_id": request.account_id,
        "kind": request.kind,
        "created_at": context.now,
        "expires_at": request.expires_at,
        "device": request.device,
    }
    session.execute(insert(table_of(SignInSession)), row)
