"""The second step of signing in: the code of a telephone (RFC 6238), and sealed ones for the day
without it. Both work with the line cut.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

import pyotp

STEP_SECONDS = 30
# Clocks of telephones and of machines differ: one step either way.
DRIFT_STEPS = 1
SEALED_CODES = 10
# 79 bits: nobody finds one from its hash.
_SEALED_LETTERS, _GROUP = 16, 4
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_secret() -> str:
    """A new key for a telephone: 160 bits in base32."""
    return pyotp.random_base32()


def key_address(secret: str, login: str, issuer: str) -> str:
    """What the QR says: an otpauth address, which every such app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def step_at(now: datetime) -> int:
    """The number of the thirty seconds that `now` (aware) lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def step_of(secret: str, typed: str, now: datetime, *, after: int) -> int | None:
    """The step whose code was typed, if it is one of now and newer than `after`; else None.

    after   the step of the newest code that was used: it, and what came before it, is refused
    """
    code = pyotp.TOTP(secret)
    here = step_at(now)
    near = range(max(after + 1, here - DRIFT_STEPS), here + DRIFT_STEPS + 1)
    matching = [
        step
        for step in near
        if hmac.compare_digest(code.at(step * STEP_SECONDS).encode(), typed.encode())
    ]
    return matching[0] if matching else None


def sealed_code(letters: bytes) -> str:
    """A sealed code from sixteen random bytes: four groups without letters that look alike."""
    assert len(letters) == _SEALED_LETTERS, len(letters)
    text = "".join(ALPHABET[byte % len(ALPHABET)] for byte in letters)
    return "-".join(text[at : at + _GROUP] for at in range(0, _SEALED_LETTERS, _GROUP))


def sealed_hash(typed: str) -> str:
    """What is kept of a sealed code; hyphens, spaces and small letters do not matter."""
    plain = "".join(each for each in typed.upper() if each.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
