"""The facts about payments that were begun at a provider, and refunds that go back through it.

What was paid is payment.received, what is refunded refund.decided (money.py), as for any other way.
"""

from __future__ import annotations

from dataclasses import dataclass

from reservations.events import Fact


@dataclass(frozen=True, kw_only=True)
class CheckoutBegun(Fact):
    """オンライン払いの開始. `subject` is the checkout; amounts in yen."""

    name = "checkout.begun"
    booking: str
    amount_yen: int


@dataclass(frozen=True, kw_only=True)
class CheckoutMoved(Fact):
    """What became of it: open, asked (and still open), failed, lapsed. `subject` as above."""

    name = "checkout.moved"
    state: str


@dataclass(frozen=True, kw_only=True)
class GiveBackMoved(Fact):
    """A refund through the provider: asked, given, failed. `subject` is the refund."""

    name = "give_back.moved"
    state: str
