"""The facts about passkeys and passwords: that there is one, never what it is."""

from __future__ import annotations

from dataclasses import dataclass

from reservations.events import Fact


@dataclass(frozen=True, kw_only=True)
class PasswordSet(Fact):
    """An account has a password, or another one; `subject` is the account, here and below."""

    name = "account.password_set"


@dataclass(frozen=True, kw_only=True)
class PasskeyBegun(Fact):
    """Somebody was let add a passkey."""

    name = "account.passkey_begun"


@dataclass(frozen=True, kw_only=True)
class PasskeyAdded(Fact):
    name = "account.passkey_added"
    passkey_id: str


@dataclass(frozen=True, kw_only=True)
class PasskeyNamed(Fact):
    name = "account.passkey_named"
    passkey_id: str


@dataclass(frozen=True, kw_only=True)
class PasskeyRemoved(Fact):
    name = "account.passkey_removed"
    passkey_id: str


@dataclass(frozen=True, kw_only=True)
class PasskeysRemoved(Fact):
    """All of them, by whoever looks after the machine: a telephone was lost."""

    name = "account.passkeys_removed"
    passkeys: int
