"""What a shelter's desk keeps and sends: 避難者名簿, 避難所状況報告書, 物資要請書, 物資受払簿.

The report's boxes are numbered, so that it can be read out over a radio. The public roster takes
people who agreed and nothing but their name and neighbourhood.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

AUDIENCES = {"public": "公開用（同意のあった人だけ）", "staff": "職員用（持出禁止）"}


@dataclass(frozen=True)
class RosterLine:
    """A person at the shelter."""

    name: str
    kana: str = ""
    neighbourhood: str = ""
    address: str = ""
    born_on: date | None = None
    age: int | None = None
    came_on: date | None = None
    left_on: date | None = None
    goes_to: str = ""
    needs: str = ""
    is_public: bool = False


@dataclass(frozen=True)
class Roster:
    """避難者名簿 of one shelter."""

    issued_at: datetime
    shelter: str
    as_of: datetime
    people: tuple[RosterLine, ...] = ()
    audience: str = "staff"
    node: str = ""
    operator: str = ""

    @property
    def marking(self) -> str:
        return AUDIENCES[self.audience]

    @property
    def is_staff(self) -> bool:
        return self.audience == "staff"

    @property
    def listed(self) -> tuple[RosterLine, ...]:
        """Whom this audience may see."""
        return tuple(each for each in self.people if self.is_staff or each.is_public)

    @property
    def count(self) -> int:
        return len(self.listed)


@dataclass(frozen=True)
class ShelterReport:
    """避難所状況報告書 (第n報); None is left to the pen."""

    issued_at: datetime
    shelter: str = ""
    disaster: str = ""
    report_number: int | None = None
    reported_at: datetime | None = None
    reporter: str = ""
    receiver: str = ""
    means: str = ""
    opened_at: datetime | None = None
    households: int | None = None
    people: int | None = None
    men: int | None = None
    women: int | None = None
    others: int | None = None
    infants: int | None = None
    elderly: int | None = None
    supported: int | None = None
    in_cars: int | None = None
    in_tents: int | None = None
    at_home: int | None = None
    change: str = ""
    injured: int | None = None
    feverish: int | None = None
    pets: int | None = None
    building: str = ""
    working: tuple[str, ...] = ()
    staff: int | None = None
    managers: int | None = None
    volunteers: int | None = None
    breakfasts: int | None = None
    lunches: int | None = None
    dinners: int | None = None
    allergy_meals: int | None = None
    requests: str = ""
    note: str = ""
    node: str = ""
    operator: str = ""


REPORT_CHOICES = frozenset({"means", "building", "working"})


@dataclass(frozen=True)
class SupplyLine:
    """One thing that is wanted."""

    item: str
    size: str = ""
    quantity: int | None = None
    unit: str = ""
    for_whom: str = ""


@dataclass(frozen=True)
class SupplyRequest:
    """物資要請書, with the columns in which it is sent and taken over."""

    issued_at: datetime
    number: str = ""
    requested_at: datetime | None = None
    shelter: str = ""
    requester: str = ""
    phone: str = ""
    urgency: str = ""
    lines: tuple[SupplyLine, ...] = ()
    deliver_to: str = ""
    note: str = ""
    node: str = ""
    operator: str = ""


@dataclass(frozen=True)
class SupplyMove:
    """Something came in or went out."""

    day: date
    text: str
    received: int | None = None
    given: int | None = None
    left: int | None = None
    partner: str = ""
    operator: str = ""


@dataclass(frozen=True)
class SupplyLedger:
    """物資受払簿: one thing, what came, what went, what is left."""

    issued_at: datetime
    shelter: str = ""
    item: str = ""
    size: str = ""
    unit: str = ""
    expires: str = ""
    carried: int | None = None
    lines: tuple[SupplyMove, ...] = ()
    node: str = ""
    operator: str = ""
