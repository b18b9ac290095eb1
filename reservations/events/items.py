"""The facts about keys and equipment."""

from __future__ import annotations

from dataclasses import dataclass

from reservations.events import Fact


@dataclass(frozen=True, kw_only=True)
class ItemSet(Fact):
    """備品台帳: how many of something a facility has. `subject` is the facility."""

    name = "item.set"
    kind: str
    item: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ItemHandedOut(Fact):
    """渡した. `subject` is the handout."""

    name = "item.handed_out"
    item: int
    booking: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class ItemReturned(Fact):
    """戻った. `subject` is the handout."""

    name = "item.returned"
    item: int
    quantity: int
