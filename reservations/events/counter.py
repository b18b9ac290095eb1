"""The facts that come from the counter alone, as __init__.py has those of everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reservations.events import Fact


@dataclass(frozen=True, kw_only=True)
class ClosureAsked(Fact):
    """部屋を閉める求め: the sheet's holder is asked by a slip.

    wish   the line that would answer it
    seen   keys of the bookings that may lose their place by it
    """

    name = "closure.asked"
    is_slip = True
    wish: dict[str, Any]
    reason: str
    seen: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MatterSeenTo(Fact):
    """食い違い: a clerk has dealt with it. `subject` is the matter's key."""

    name = "matter.seen_to"
