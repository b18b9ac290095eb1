"""The facts that we publish: name, version, body. Bodies hold ids and publishable names only.

The names are for ever; a body that must change gets the next version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What every event has. `subject` is the id of what it is about."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    subject: str

    def body(self) -> dict[str, Any]:
        # Every field is a plain value: nothing needs the deep copy that asdict would make.
        body = dict(vars(self))
        del body["subject"]
        return body


@dataclass(frozen=True, kw_only=True)
class BookingConfirmed(Fact):
    name = "booking.confirmed"
    unit_id: int
    facility_id: int
    kind: str
    date: str
    start_slot: int
    end_slot: int
    party_id: str | None
    purpose: str
    headcount: int | None
    fee_yen: int
    node_no: int
    serial: int


@dataclass(frozen=True, kw_only=True)
class BookingChanged(Fact):
    name = "booking.changed"
    from_unit_id: int
    from_date: str
    from_start_slot: int
    from_end_slot: int
    unit_id: int
    facility_id: int
    date: str
    start_slot: int
    end_slot: int
    fee_yen: int
    revision: int


@dataclass(frozen=True, kw_only=True)
class BookingCancelled(Fact):
    name = "booking.cancelled"
    facility_id: int
    date: str
    reason: str
    due_yen: int
    revision: int


@dataclass(frozen=True, kw_only=True)
class PartyRegistered(Fact):
    name = "party.registered"
    kind: str
    home_code: str | None


@dataclass(frozen=True, kw_only=True)
class SignedIn(Fact):
    name = "account.signed_in"
    way: str


@dataclass(frozen=True, kw_only=True)
class SignedOut(Fact):
    name = "account.signed_out"


@dataclass(frozen=True, kw_only=True)
class LinkIssued(Fact):
    name = "account.link_issued"


@dataclass(frozen=True, kw_only=True)
class ProblemReported(Fact):
    name = "problem.reported"
    page: str
    ticket: str


@dataclass(frozen=True, kw_only=True)
class BookingRated(Fact):
    name = "booking.rated"
    score: int


@dataclass(frozen=True, kw_only=True)
class FileImported(Fact):
    name = "file.imported"
    kind: str
    records: int
    imported: int
    queued: int
    rejected: int


@dataclass(frozen=True, kw_only=True)
class HoursConfirmed(Fact):
    name = "facility.hours_confirmed"
    valid_from: str


@dataclass(frozen=True, kw_only=True)
class PositionConfirmed(Fact):
    name = "facility.position_confirmed"


@dataclass(frozen=True, kw_only=True)
class HorizonExtended(Fact):
    name = "masks.extended"
    until: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class ExpiredForgotten(Fact):
    name = "account.expired_forgotten"
    sessions: int
    links: int


@dataclass(frozen=True, kw_only=True)
class PaperIssued(Fact):
    name = "paper.issued"
    kind: str
    revision: int
    number: str
    sha256: str
    pages: int
