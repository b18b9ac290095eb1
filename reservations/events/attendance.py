"""The facts about who came: check-ins, and what was decided of those who did not."""

from __future__ import annotations

from dataclasses import dataclass

from reservations.events import Fact


@dataclass(frozen=True, kw_only=True)
class CheckedIn(Fact):
    """来館: heard at every desk by a slip. `subject` is the booking."""

    name = "booking.checked_in"
    is_slip = True
    check_in: str
    came_at: str
    node_no: int


@dataclass(frozen=True, kw_only=True)
class CheckInUndone(Fact):
    """来館の取消: what was written down of this booking so far was a mistake."""

    name = "booking.check_in_undone"
    is_slip = True
    check_ins: tuple[str, ...]
    undone_at: str
    node_no: int


@dataclass(frozen=True, kw_only=True)
class StrikeState(Fact):
    """All that a strike is. `subject` is the booking; town to date name its sheet."""

    strike: str
    town: str
    facility_id: int
    date: str
    kind: str
    excuse: str
    node_no: int
    asked_at: str


@dataclass(frozen=True, kw_only=True)
class StrikeAsked(StrikeState):
    """無断不使用などの申出: the sheet's holder decides when it has heard every desk (S7)."""

    name = "strike.asked"
    is_slip = True


@dataclass(frozen=True, kw_only=True)
class StrikeDecided(StrikeState):
    """無断不使用などの決定: a line of the booking's sheet, one a booking and kind."""

    name = "strike.decided"
