"""The facts about permissions. A refusal is a cancellation that names its decision."""

from __future__ import annotations

from dataclasses import dataclass

from reservations.events import Fact, sheet_of


@dataclass(frozen=True, kw_only=True)
class DecisionState(Fact):
    """A decision about one revision of the booking `subject`; town to date name its sheet."""

    decision: str
    town: str
    facility_id: int
    date: str
    revision: int
    conditions: str
    decided_at: str


@dataclass(frozen=True, kw_only=True)
class PermissionGranted(DecisionState):
    """許可: a line of the booking's sheet."""

    name = "permission.granted"

    @property
    def sheet(self) -> str:
        return sheet_of(self.town, self.facility_id, self.date)


@dataclass(frozen=True, kw_only=True)
class DecisionAsked(DecisionState):
    """決定の求め: the sheet's holder is asked by a slip, and says which decision stands.

    verdict   granted, refused; of a refusal there is a `reason`
    """

    name = "decision.asked"
    is_slip = True
    verdict: str
    reason: str
