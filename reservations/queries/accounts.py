"""Logins: whose token, whose password."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from reservations.clock import local_day
from reservations.db import run
from reservations.models import Account, LinkWish, LoginLink, Party, SignInSession
from reservations.queries.parties import Viewer, viewer_of, with_viewer
from reservations.queries.rights import grants_in, held_in, with_grants
from reservations.rules.rights import Grant


@dataclass(frozen=True, slots=True)
class AccountView:
    """Who is signed in, who that is to every town, and what they may do at the counter.

    since, seen_at   when the session began and was last used; the latter of staff only
    held             the grants by their ids; used_today those by which something was opened today
    """

    id: str
    party_id: str | None
    role: str
    locale: str
    viewer: Viewer
    grants: tuple[Grant, ...] = ()
    since: datetime | None = None
    seen_at: datetime | None = None
    held: Mapping[str, Grant] = field(default_factory=dict)
    used_today: frozenset[str] = frozenset()


# How much of a session's hash names it on a page: enough to tell them apart, useless to enter.
SESSION_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Device:
    """A session of one's own, under the name by which it can be ended."""

    id: str
    device: str
    since: datetime
    seen_at: datetime | None

    @property
    def last(self) -> datetime:
        return self.seen_at or self.since


@dataclass(frozen=True, slots=True)
class Credentials:
    account_id: str
    password_hash: str
    role: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account's own page shows of it; `devices` are its live sessions in browsers."""

    name: str
    kana: str
    login: str
    devices: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody waits for a link; `email` is the party's, where the login is none."""

    account_id: str
    login: str
    email: str
    locale: str
    asked_at: datetime


_WANTED = (
    select(
        LinkWish.account_id,
        Account.login,
        func.coalesce(Party.email, "").label("email"),
        Account.locale,
        LinkWish.asked_at,
    )
    .join(Account, Account.id == LinkWish.account_id)
    .outerjoin(Party, Party.id == Account.party_id)
    .where(LinkWish.sent_at.is_(None))
    .order_by(LinkWish.asked_at)
    .limit(bindparam("most"))
)
_BY_TOKEN = with_viewer(
    with_grants(
        select(
            Account.id,
            Account.party_id,
            Account.role,
            Account.locale,
            SignInSession.created_at,
            SignInSession.seen_at,
        ).join(SignInSession, SignInSession.account_id == Account.id)
    )
    .outerjoin(Party, Party.id == Account.party_id)
    .where(
        SignInSession.token_hash == bindparam("token_hash"),
        SignInSession.kind == bindparam("kind"),
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > bindparam("now"),
    )
)
_BY_LOGIN = select(Account.id, Account.password_hash, Account.role).where(
    Account.login == bindparam("login")
)
_BY_LINK = select(LoginLink.account_id).where(
    LoginLink.token_hash == bindparam("token_hash"),
    LoginLink.used_at.is_(None),
    LoginLink.expires_at > bindparam("now"),
)


_DEVICES = (
    select(
        SignInSession.token_hash,
        SignInSession.device,
        SignInSession.created_at,
        SignInSession.seen_at,
    )
    .where(
        SignInSession.account_id == bindparam("account_id"),
        SignInSession.kind == "web",
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > bindparam("now"),
    )
    .order_by(SignInSession.created_at.desc())
)
_PROFILE = (
    select(
        Party.name,
        Party.kana,
        Account.login,
        select(func.count())
        .select_from(SignInSession)
        .where(
            SignInSession.account_id == Account.id,
            SignInSession.kind == "web",
            SignInSession.revoked_at.is_(None),
            SignInSession.expires_at > bindparam("now"),
        )
        .scalar_subquery(),
    )
    .outerjoin(Party, Party.id == Account.party_id)
    .where(Account.id == bindparam("account_id"))
)


def profile(session: Session, account_id: str, *, now: datetime) -> Profile:
    """The account's own data; empty names for staff without a party."""
    row = session.execute(_PROFILE, {"account_id": account_id, "now": now}).one()
    return Profile(row[0] or "", row[1] or "", row[2], row[3])


def by_token(session: Session, token_hash: str, *, kind: str, now: datetime) -> AccountView | None:
    """The account of a live session of this kind (web or api), or None; in one statement."""
    today = local_day(now)
    values = {"token_hash": token_hash, "kind": kind, "now": now, "today": today}
    rows = run(session, _BY_TOKEN, values).all()
    if not rows:
        return None
    row = rows[0]
    who = (row.id, row.party_id, row.role, row.locale)
    times = row.created_at, row.seen_at
    return AccountView(*who, viewer_of(rows), grants_in(rows), *times, *held_in(rows, today))


def devices(session: Session, account_id: str, *, now: datetime) -> list[Device]:
    """The live sessions of an account in browsers, the newest first."""
    rows = run(session, _DEVICES, {"account_id": account_id, "now": now}).all()
    return [
        Device(row.token_hash[:SESSION_ID_LENGTH], row.device, row.created_at, row.seen_at)
        for row in rows
    ]


def by_login(session: Session, login: str) -> Credentials | None:
    """The password hash behind a folded login, or None."""
    row = session.execute(_BY_LOGIN, {"login": login}).one_or_none()
    return None if row is None else Credentials(*row)


def link_is_live(session: Session, token_hash: str, *, now: datetime) -> bool:
    """Whether a one-time link can still be followed; looking does not use it up."""
    return whose_link(session, token_hash, now=now) is not None


def wanted_links(session: Session, *, limit: int) -> list[Wanted]:
    """Who waits for a link by mail, the longest first."""
    rows: Iterable[Any] = run(session, _WANTED, {"most": limit})
    return [Wanted(*row) for row in rows]


def whose_link(session: Session, token_hash: str, *, now: datetime) -> str | None:
    """The account of a one-time link that can still be followed."""
    found: str | None = session.execute(_BY_LINK, {"token_hash": token_hash, "now": now}).scalar()
    return found
