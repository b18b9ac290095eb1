"""パスキー: where they are offered, what a browser is asked, and whether its answer is good.

Only under a name of our own and over https, at the exact origins of the settings: elsewhere there
is not a word of them. A passkey has seen its owner (a finger, a face, a PIN), so that it is both
steps of signing in. `webauthn` is imported where it is used: it takes half a second.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import flask
from flask import request

from reservations.actions import passkeys as actions
from reservations.actions.passkeys import BeginRequest
from reservations.errors import Refusal, RefusalCode
from reservations.queries import passkeys as query
from reservations.queries.passkeys import Lock
from reservations.web import auth
from reservations.web.language import gettext
from reservations.web.services import context, network, now, services, session

CHALLENGE_BYTES = 32
# What a browser answers, as text; larger is no answer.
ANSWER_MAX = 20_000
_MARK = "passkey"


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """`credential` and `public_key` as base64url."""

    credential: str
    public_key: str


def origin() -> str | None:
    """The origin of this request, where passkeys are taken there."""
    settings = services().settings
    here = f"https://{request.host}"
    # Behind a proxy that says so, plain http is told apart; before one, the name is all we have.
    is_https = request.is_secure or not settings.trusted_proxies
    return here if is_https and here in settings.passkey_origins else None


def are_offered() -> bool:
    return origin() is not None


def _demand() -> tuple[str, str]:
    """RP ID and origin.

    raises   Refusal not_found where passkeys are not offered
    """
    found = origin()
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return services().settings.passkey_domain, found


# What a browser is asked


def ask_to_enter() -> dict[str, Any]:
    """The options of navigator.credentials.get, for whoever it is."""
    rp_id, _ = _demand()
    challenge = _new_challenge()
    actions.keep_challenge(session(), _new_mark(), challenge, now=now())
    return {
        "challenge": challenge,
        "rpId": rp_id,
        "timeout": actions.CHALLENGE_MINUTES * 60_000,
        "userVerification": "required",
        "allowCredentials": [],
    }


def ask_to_add(login: str, current: str, known: Collection[str]) -> dict[str, Any]:
    """The options of navigator.credentials.create, for whoever is signed in.

    known    the credentials that they have: a device keeps one of them only once
    raises   Refusal code_wrong
    """
    rp_id, _ = _demand()
    account_id, challenge = auth.actor(), _new_challenge()
    asked = BeginRequest(account_id, _new_mark(), challenge, current)
    actions.begin_passkey(session(), asked, context(account_id))
    return {
        "challenge": challenge,
        "rp": {"id": rp_id, "name": gettext("となり")},
        # A device shows the login; of the account it keeps an id that says nothing.
        "user": {"id": _text(account_id.encode()), "name": login, "displayName": login},
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in (-8, -7, -257)],
        "timeout": actions.CHALLENGE_MINUTES * 60_000,
        "attestation": "none",
        "excludeCredentials": [{"type": "public-key", "id": each} for each in known],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
    }


def _new_challenge() -> str:
    return _text(secrets.token_bytes(CHALLENGE_BYTES))


def _new_mark() -> str:
    """A secret for this browser alone; what is kept of it."""
    flask.session[_MARK] = auth.new_token()
    return auth.token_hash(flask.session[_MARK])


# What it answers


def added(answer: str) -> NewPasskey:
    """The passkey that a browser made for whoever is signed in.

    raises   Refusal passkey_wrong
    """
    from webauthn import verify_registration_response  # noqa: PLC0415 - half a second

    rp_id, here = _demand()
    challenge = _taken(auth.actor())
    with _refusing():
        made = verify_registration_response(
            credential=_parsed(answer),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=here,
            require_user_verification=True,
        )
    return NewPasskey(_text(made.credential_id), _text(made.credential_public_key))


def entered(answer: str) -> Lock:
    """The passkey whose good signature this is.

    Wrong ones are counted for the passkey and the network that they came from, and for nobody
    else: an owner waits behind nobody's guesses but those next to them.

    raises   Refusal throttled, passkey_wrong, passkey_unknown
    """
    _demand()
    credential = _credential_of(answer)
    throttle, where = services().throttle, f"passkeys {network()}"
    wait = throttle.wait_seconds(f"passkey {credential}", where, None, now())
    if wait:
        raise Refusal(RefusalCode.THROTTLED, seconds=wait)
    try:
        found = _verified(answer, credential)
    except Refusal:
        throttle.failed(f"passkey {credential}", where, None, now())
        raise
    throttle.succeeded(f"passkey {credential}", where, None)
    return found


def _verified(answer: str, credential: str) -> Lock:
    from webauthn import verify_authentication_response  # noqa: PLC0415 - half a second

    rp_id, here = _demand()
    challenge = _taken()
    lock = query.lock(session(), credential)
    if lock is None:
        raise Refusal(RefusalCode.PASSKEY_UNKNOWN)
    parsed = _parsed(answer)
    with _refusing():
        verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=here,
            credential_public_key=_octets(lock.public_key),
            # Nobody's counter is kept (models/passkeys.py).
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        handle = parsed["response"].get("userHandle")
        if _octets(handle).decode() != lock.account_id:
            raise ValueError("a passkey of somebody else")
    return lock


def _taken(account_id: str = "") -> bytes:
    """What this browser was asked; it is not asked again with the same.

    raises   Refusal passkey_wrong
    """
    mark = flask.session.pop(_MARK, "")
    found = actions.take_challenge(
        session(), auth.token_hash(str(mark)), now=now(), account_id=account_id
    )
    if not mark or found is None:
        raise Refusal(RefusalCode.PASSKEY_WRONG)
    return _octets(found)


@contextmanager
def _refusing() -> Iterator[None]:
    """What the library, or a text that is no answer, raises is a passkey that is wrong."""
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - as above

    try:
        yield
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise Refusal(RefusalCode.PASSKEY_WRONG) from None


def _parsed(answer: str) -> dict[str, Any]:
    """raises   Refusal passkey_wrong"""
    try:
        found = json.loads(answer[:ANSWER_MAX])
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("response"), dict):
        raise Refusal(RefusalCode.PASSKEY_WRONG)
    return found


def _credential_of(answer: str) -> str:
    """The id of the passkey that an answer names, as we keep it."""
    named = _parsed(answer).get("id")
    try:
        return _text(_octets(named))[:1400] if isinstance(named, str) else ""
    except ValueError:
        return ""


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


def _octets(text: Any) -> bytes:
    """raises   ValueError, TypeError"""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
