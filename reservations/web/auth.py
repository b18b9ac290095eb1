"""Who is asking: sessions, tokens, passwords, and who may enter which blueprint."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from flask import Blueprint, current_app, g, request
from werkzeug.wrappers import Response

from reservations.actions import accounts as accounts_actions
from reservations.actions.accounts import SignInRequest
from reservations.errors import Refusal, RefusalCode
from reservations.queries import accounts
from reservations.queries.accounts import AccountView
from reservations.queries.parties import ANYBODY, Viewer
from reservations.web.services import network, now, services, session

# Cookies do not know ports: staff and residents of one host must not sign each other out.
SESSION_COOKIES = {"resident": "tonari_session", "counter": "tonari_counter"}
DEVICE_COOKIE = "tonari_device"
# A working day; and how long a counter may be left alone before somebody has to sign in again.
STAFF_SESSION = timedelta(hours=12)
IDLE_MAX = timedelta(minutes=30)
# Not each page is worth a write.
SEEN_EVERY = timedelta(minutes=1)
# Of a session in which somebody without a password may change how they sign in.
FRESH = timedelta(minutes=10)
DEVICE_LENGTH_MAX = 200
PASSWORD_LENGTH_MIN = 8
# Hashed when nobody has this login, so that a guess takes as long as a miss.
_NOBODY = "nobody"


Answer = TypeVar("Answer", bound=Response)


class Who(Enum):
    """Who may enter a blueprint; every blueprint says one (tests/tidy walks all routes)."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed_in"
    STAFF = "staff"
    TOKEN = "token"


def guard(blueprint: Blueprint, who: Who) -> None:
    """Let only `who` into this blueprint."""
    blueprint.tonari_guard = who  # type: ignore[attr-defined]  # read by tests/tidy

    @blueprint.before_request
    def check() -> None:
        if who is Who.ANYBODY:
            return
        found = account()
        if found is None:
            raise Refusal(RefusalCode.SIGN_IN_NEEDED)
        if who is Who.STAFF and found.role != "staff":
            raise Refusal(RefusalCode.FORBIDDEN)


def account() -> AccountView | None:
    """The signed-in account of this request, or None.

    A bearer token counts under /api only, a cookie everywhere else: a page in another tab can
    then never act through the API with somebody's cookie.
    """
    if "account" not in g:
        g.account = _account()
    found: AccountView | None = g.account
    return found


def _account() -> AccountView | None:
    if request.path.startswith("/api/"):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        return accounts.by_token(session(), token_hash(token.strip()), kind="api", now=now())
    cookie = session_cookie()
    if not cookie:
        return None
    found = accounts.by_token(session(), token_hash(cookie), kind="web", now=now())
    if found is None or found.role != "staff":
        return found
    assert found.since is not None
    last = found.seen_at or found.since
    if now() - last > IDLE_MAX or now() - found.since > STAFF_SESSION:
        return None
    if now() - last > SEEN_EVERY:
        accounts_actions.seen(session(), token_hash(cookie), now=now())
    return found


def session_cookie() -> str | None:
    """The secret that this browser sent, if it is signed in."""
    return request.cookies.get(SESSION_COOKIES[services().audience])


def viewer() -> Viewer:
    """Who prices and dates are worked out for; anybody, when nobody is signed in."""
    found = account()
    return ANYBODY if found is None else found.viewer


def actor() -> str:
    """The account id for the audit line."""
    found = account()
    return found.id if found is not None else "anonymous"


def party_id() -> str:
    """The party of the signed-in account.

    raises   Refusal sign_in_needed, or forbidden for staff without a party
    """
    found = account()
    if found is None:
        raise Refusal(RefusalCode.SIGN_IN_NEEDED)
    if found.party_id is None:
        raise Refusal(RefusalCode.FORBIDDEN)
    return found.party_id


def own_path(address: str | None) -> str:
    """The address if it is a path of ours, else the first page: nobody is sent away by a link.

    Browsers drop tabs and line breaks from addresses and read \\ as /, so both are refused.
    """
    path = address or "/"
    is_plain = path.isprintable() and "\\" not in path
    return path if is_plain and path.startswith("/") and not path.startswith("//") else "/"


def new_token() -> str:
    """A secret for a cookie, a link or the API: 256 bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def form_key(key: str, value: object, *secrets: str) -> str | None:
    """The idempotency key of a form: the same form with the same answers is done once.

    key   what the page made (new_token); without one every click counts
    """
    return f"form {key} {keyed_digest(repr(value), *secrets)}" if key else None


def keyed_digest(*values: str) -> str:
    """The same for the same values on this node only: a secret can be compared, not guessed."""
    key = current_app.secret_key
    assert isinstance(key, str)
    return hmac.new(key.encode(), "\0".join(values).encode(), hashlib.sha256).hexdigest()


def fold_login(login: str) -> str:
    """A mail address or phone number as it is compared: width, case and hyphens do not matter."""
    folded = unicodedata.normalize("NFKC", login).strip().casefold()
    digits = folded.translate({ord(mark): None for mark in " -‐‑–−ー()"})
    return digits if digits.lstrip("+").isdigit() else folded


@cache
def hasher(memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=memory_kib, parallelism=1)


def hash_password(password: str) -> str:
    """raises   Refusal password_weak"""
    return hashed_password(password, services().settings.argon2_memory_kib)


def hashed_password(password: str, memory_kib: int) -> str:
    """As `hash_password`, where there is no request.

    raises   Refusal password_weak
    """
    if len(password) < PASSWORD_LENGTH_MIN:
        raise Refusal(RefusalCode.PASSWORD_WEAK, length_min=PASSWORD_LENGTH_MIN)
    return hasher(memory_kib).hash(_folded(password))


def check_password(login: str, password: str) -> SignInRequest:
    """Check a password; a right one becomes the request of a session for this account.

    The token of the new session is left in `g.new_token`; `remember` puts it into the answer.

    raises   Refusal throttled (with seconds), sign_in_failed
    """
    return begin(verify_password(login, password), way="password")


def verify_password(login: str, password: str) -> str:
    """The account with this login and password.

    raises   Refusal throttled (with seconds), sign_in_failed
    """
    folded = fold_login(login)
    throttle = services().throttle
    device = _device(folded)
    wait = throttle.wait_seconds(folded, network(), device, now())
    if wait:
        raise Refusal(RefusalCode.THROTTLED, seconds=wait)
    found = accounts.by_login(session(), folded)
    passwords = hasher(services().settings.argon2_memory_kib)
    try:
        # Somebody without a password is answered like somebody unknown.
        has_one = found is not None and _is_hash(found.password_hash)
        known = found.password_hash if found and has_one else _decoy(passwords)
        passwords.verify(known, _folded(password))
        is_right = has_one
    except VerificationError:
        is_right = False
    if not is_right:
        throttle.failed(folded, network(), device, now())
        raise Refusal(RefusalCode.SIGN_IN_FAILED)
    assert found is not None
    throttle.succeeded(folded, network(), device)
    g.new_device = _device_mark(folded)
    return found.account_id


def prove_owner(password: str) -> None:
    """Whoever changes how an account is entered shows that it is theirs: an open screen will not
    do. Without a password a session must be new.

    raises   Refusal throttled, sign_in_failed, sign_in_again
    """
    found = account()
    assert found is not None and found.since is not None
    if has_password():
        verify_password(accounts.profile(session(), found.id, now=now()).login, password)
    elif now() - found.since > FRESH:
        raise Refusal(RefusalCode.SIGN_IN_AGAIN, minutes=FRESH.seconds // 60)


def has_password() -> bool:
    """Whether whoever is signed in can also do so with a password."""
    login = accounts.profile(session(), actor(), now=now()).login
    found = accounts.by_login(session(), login)
    return found is not None and _is_hash(found.password_hash)


def _is_hash(kept: str) -> bool:
    """Who signs in by links alone has no password, but a mark that is none."""
    return kept.startswith("$")


def count_wish(login: str) -> None:
    """Asking for links by mail has counts of its own: an owner can always ask, also from a network
    in which somebody guesses passwords.

    raises   Refusal throttled (with seconds)
    """
    throttle, where = services().throttle, f"links {network()}"
    wait = throttle.wait_seconds(f"link {login}", where, None, now())
    if wait:
        raise Refusal(RefusalCode.THROTTLED, seconds=wait)
    throttle.failed(f"link {login}", where, None, now())


def begin(account_id: str, *, way: str) -> SignInRequest:
    """The request of a new web session for this account."""
    g.new_token = new_token()
    return SignInRequest(
        account_id, token_hash(g.new_token), expires_at(), way=way, device=device_name()
    )


def device_name() -> str:
    """What this browser calls itself, for the list of one's own sessions."""
    return request.user_agent.string[:DEVICE_LENGTH_MAX]


def expires_at() -> datetime:
    """When a session that begins now ends."""
    return now() + _session_length()


def _session_length() -> timedelta:
    if services().audience == "counter":
        return STAFF_SESSION
    return timedelta(hours=services().settings.session_hours)


def remember(response: Answer) -> Answer:
    """Put the new session's cookie, and the mark of this device, into the answer."""
    is_https = services().settings.is_https
    options: dict[str, Any] = {"httponly": True, "samesite": "Lax", "secure": is_https}
    name = SESSION_COOKIES[services().audience]
    response.set_cookie(name, g.new_token, max_age=_session_length(), **options)
    if "new_device" in g:
        response.set_cookie(DEVICE_COOKIE, g.new_device, max_age=400 * 86400, **options)
    return response


def forget(response: Answer) -> Answer:
    """Take the session's cookie back."""
    name = SESSION_COOKIES[services().audience]
    response.delete_cookie(name, httponly=True, samesite="Lax")
    return response


def _device(folded: str) -> str | None:
    """The mark of a browser that has signed in to this login before, if it is genuine."""
    mark = request.cookies.get(DEVICE_COOKIE, "")
    nonce, _, signature = mark.partition(".")
    genuine = hmac.compare_digest(signature.encode(), _device_signature(folded, nonce).encode())
    return nonce if genuine else None


def _device_mark(folded: str) -> str:
    nonce = secrets.token_hex(8)
    return f"{nonce}.{_device_signature(folded, nonce)}"


def _device_signature(folded: str, nonce: str) -> str:
    return keyed_digest("device", nonce, folded)


def _folded(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


@cache
def _decoy(passwords: PasswordHasher) -> str:
    return passwords.hash(_NOBODY)
