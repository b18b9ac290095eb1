"""The facts about reductions beside the one that grants them (events/money.py: FeeReduced)."""

from __future__ import annotations

from dataclasses import dataclass

from reservations.events import Fact


@dataclass(frozen=True, kw_only=True)
class ReductionAsked(Fact):
    """減免申請, heard at every desk by a slip. `subject` is the booking.

    is_seen      whether the counter has seen what the item asks for; what it was is not said
    instead_of   the earlier wish for the same that waits no more
    """

    name = "reduction.asked"
    is_slip = True
    request: str
    clause: str
    asked_at: str
    node_no: int
    is_seen: bool
    instead_of: str = ""


@dataclass(frozen=True, kw_only=True)
class ReductionRefused(Fact):
    """減免不承認, heard at every desk by a slip. `subject` is the booking; the reason is not said.

    percent   0, as a reduction by nothing
    """

    name = "reduction.refused"
    is_slip = True
    reduction: str
    request: str
    clause: str
    decided_at: str
    node_no: int
    percent: int = 0


@dataclass(frozen=True, kw_only=True)
class StandingReduction(Fact):
    """減免登録, or its end. `subject` is the party; which item it is travels sealed."""

    name = "party.reduction"
    town: str
    is_ended: bool = False
