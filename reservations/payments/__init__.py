"""オンライン払い: what Tonari asks of a payment provider, and which one this machine has.

A town that uses another provider writes one module here, with a function `provider(settings)` that
returns something with the methods of `Provider`, and names the module in TONARI_PAYMENT_PROVIDER.
Nothing else knows how a provider is spoken to. Whatever is given may be asked or said twice; no
method is ever called inside a write transaction, and none takes longer than `asking.ask` lets it.

Card numbers are typed at the provider's own pages and never come here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from importlib import import_module
from typing import Protocol, cast

from reservations.config import Settings


class State(Enum):
    """What a provider knows of a checkout. FAILED is its last word only where it was asked."""

    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Wish:
    """A checkout that is to begin.

    reference   our own id of it: the same one is the same checkout, however often it is begun
    about       what the payer reads there; nobody's name
    return_to   where the browser is sent back to
    notify_to   where the provider says what became of it; empty: nowhere, it will be asked
    """

    reference: str
    booking_id: str
    amount_yen: int
    about: str
    return_to: str
    notify_to: str
    locale: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The provider's id of the checkout, and where the payer's browser goes."""

    provider_id: str
    address: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider says of a checkout, asked or by itself.

    reference    ours; empty where it does not know it
    booking_id   as we told it when the checkout began
    at           when it was paid, by the provider's clock
    """

    reference: str
    provider_id: str
    state: State
    amount_yen: int
    booking_id: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Back:
    """A refund; the same key is the same refund, however often it is asked for."""

    key: str
    provider_id: str
    amount_yen: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A row of a provider's statement: a payment, or a refund with our key as `reference`."""

    line: int
    is_refund: bool
    provider_id: str
    reference: str
    booking_id: str
    amount_yen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row of a provider's statement that has not the columns it should have."""

    line: int
    why: str


class Declined(Exception):  # noqa: N818 - an answer: the provider says no, and will say so again
    """The provider understood, and does not do it."""


class Forged(Exception):  # noqa: N818 - an answer: this was not said by the provider
    """What came has no good signature, or no sense."""


class Provider(Protocol):
    """Every method but the last two may raise Outage: no answer in time, or not now."""

    def begin(self, wish: Wish) -> Begun:
        """Begin a checkout, or find it begun. Raises Declined."""

    def ask(self, reference: str) -> Told | None:
        """How a checkout stands; None where it has never begun there."""

    def give_back(self, back: Back) -> str:
        """Pay back; the provider's id of it. Raises Declined."""

    def heard(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """What the provider says by itself. Raises Forged."""

    def statement(self, content: bytes) -> Iterator[Settled | Unreadable]:
        """The rows of its statement, in order. Raises ValueError where it is none."""


def provider(settings: Settings) -> Provider | None:
    """The provider of this machine; None where it has none."""
    if not settings.payment_provider:
        return None
    module = import_module(f"reservations.payments.{settings.payment_provider}")
    return cast(Provider, module.provider(settings))
