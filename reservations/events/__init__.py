"""The facts that we publish: name, version, body. Bodies hold ids and publishable names only.

The names are for ever; a body that must change gets the next version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, ClassVar

from reservations.rules.period import SLOTS_PER_DAY

FISCAL_YEAR_BEGINS = 4


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What every event has. `subject` is the id of what it is about."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    # Whether it was asked of another node by a slip.
    is_slip: ClassVar[bool] = False
    subject: str

    @property
    def sheet(self) -> str:
        """The sheet of the ledger that it is a line of; empty if it is none."""
        return ""

    def also(self) -> tuple[Fact, ...]:
        """What the same happening means on other sheets."""
        return ()

    def body(self) -> dict[str, Any]:
        # Every field is a plain value: nothing needs the deep copy that asdict would make.
        body = dict(vars(self))
        del body["subject"]
        return body


def sheet_of(town: str, facility_id: int, day: str) -> str:
    """The name of one facility's sheet for one date; its first word is the town in a fiscal year,
    from April to March."""
    return f"{town}-{fiscal_year(date.fromisoformat(day))}/{facility_id}/{day}"


def fiscal_year(day: date) -> int:
    """年度: from April to March."""
    return day.year - (day.month < FISCAL_YEAR_BEGINS)


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Few lines have it; the others say what they always said."""
    if body[name] is None:
        del body[name]
    return body


def day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


@dataclass(frozen=True, kw_only=True)
class OnSheet(Fact):
    """An event that is a line of the sheet of `town`, `facility_id` and `date`.

    revision   of the booking, since this event
    """

    town: str
    facility_id: int
    date: str
    revision: int

    @property
    def sheet(self) -> str:
        return sheet_of(self.town, self.facility_id, self.date)


@dataclass(frozen=True, kw_only=True)
class BookingState(OnSheet):
    """All that a booking is, so that a node which never heard of it can show it.

    stays   the same sheet had the booking before, and this line frees what it occupied there
    decide_by   審査: by when the town answers; not said where the use needs no permission
    """

    unit_id: int
    parts: tuple[int, ...]
    kind: str
    start_slot: int
    end_slot: int
    party_id: str | None
    purpose: str
    headcount: int | None
    fee_yen: int
    node_no: int
    serial: int
    made_at: str
    tariff_from: str | None
    town_rules_id: int | None
    free_cancel_until: str | None
    note: str
    stays: bool = False
    decide_by: str | None = None

    def body(self) -> dict[str, Any]:
        return _without(super().body(), "decide_by")

    def reach(self, *, stays: bool = False) -> tuple[BookingReaches, ...]:
        """What lies past midnight is a line of the next day's sheet."""
        if self.end_slot <= SLOTS_PER_DAY:
            return ()
        return (
            BookingReaches(
                subject=self.subject,
                town=self.town,
                facility_id=self.facility_id,
                date=day_after(self.date),
                revision=self.revision,
                parts=self.parts,
                end_slot=self.end_slot,
                stays=stays,
            ),
        )


@dataclass(frozen=True, kw_only=True)
class BookingConfirmed(BookingState):
    name = "booking.confirmed"

    def also(self) -> tuple[Fact, ...]:
        return self.reach()


@dataclass(frozen=True, kw_only=True)
class BookingConfirmedInstead(BookingConfirmed):
    """A change over two holders: confirmed in the place of another booking, which is given up then.

    Two bookings, because each sheet has its own holder, and no line stands on two.
    """

    name = "booking.confirmed_instead"
    instead_of: str


@dataclass(frozen=True, kw_only=True)
class BookingChanged(BookingState):
    """Moved; the `from_` fields say where it was until now."""

    name = "booking.changed"
    from_town: str
    from_facility_id: int
    from_date: str
    from_start_slot: int
    from_end_slot: int

    def also(self) -> tuple[Fact, ...]:
        """Every sheet that it leaves frees it; one that it stays on does so by the new line."""
        before = [sheet_of(self.from_town, self.from_facility_id, self.from_date)]
        if self.from_end_slot > SLOTS_PER_DAY:
            next_day = day_after(self.from_date)
            before.append(sheet_of(self.from_town, self.from_facility_id, next_day))
        reaches = self.reach()
        reaches = tuple(replace(each, stays=each.sheet in before) for each in reaches)
        after = {self.sheet, *(each.sheet for each in reaches)}
        left = [
            BookingLeft(
                subject=self.subject,
                town=self.from_town,
                facility_id=self.from_facility_id,
                date=sheet.rpartition("/")[2],
                revision=self.revision,
            )
            for sheet in before
            if sheet not in after
        ]
        return (*left, *reaches)


@dataclass(frozen=True, kw_only=True)
class BookingAsked(Fact):
    """仮受付: the sheet's holder is asked by a slip. `wish` is the line that would answer it."""

    name = "booking.asked"
    is_slip = True
    wish: dict[str, Any]
    answer_by: str


@dataclass(frozen=True, kw_only=True)
class CancellationAsked(Fact):
    """取消の申出: its date counts from now on; the place is free when the holder has answered."""

    name = "booking.cancellation_asked"
    is_slip = True
    town: str
    facility_id: int
    date: str
    due_yen: int


@dataclass(frozen=True, kw_only=True)
class BookingReaches(OnSheet):
    """A booking of the evening before lasts into this sheet's day, until `end_slot` of its own."""

    name = "booking.reaches"
    parts: tuple[int, ...]
    end_slot: int
    stays: bool = False


@dataclass(frozen=True, kw_only=True)
class BookingLeft(OnSheet):
    """A booking no longer occupies anything on this sheet: it was moved to another, or given up."""

    name = "booking.left"


@dataclass(frozen=True, kw_only=True)
class BookingCancelled(OnSheet):
    """decision   不許可: which one (models/approval.py); not said of any other cancellation"""

    name = "booking.cancelled"
    end_slot: int
    reason: str
    due_yen: int
    cancelled_at: str
    decision: str | None = None

    def body(self) -> dict[str, Any]:
        return _without(super().body(), "decision")

    def also(self) -> tuple[Fact, ...]:
        if self.end_slot <= SLOTS_PER_DAY:
            return ()
        next_day = day_after(self.date)
        return (
            BookingLeft(
                subject=self.subject,
                town=self.town,
                facility_id=self.facility_id,
                date=next_day,
                revision=self.revision,
            ),
        )


@dataclass(frozen=True, kw_only=True)
class PartyRegistered(Fact):
    name = "party.registered"
    kind: str
    home_code: str | None


@dataclass(frozen=True, kw_only=True)
class PartyCorrected(Fact):
    """Which of name, kana, phone and email were corrected; what they say is nobody else's."""

    name = "party.corrected"
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ResidencySet(Fact):
    """在住・在勤・在学: what a town believes of a party from now on, and what it was shown."""

    name = "party.residency_set"
    town: str
    residency: str
    seen: str
    until: str | None


@dataclass(frozen=True, kw_only=True)
class RosterSet(Fact):
    """団体の名簿: how many members a group has, and how many of them are no outsiders to a town."""

    name = "party.roster_set"
    town: str
    members: int
    local: int


@dataclass(frozen=True, kw_only=True)
class DelegateAppointed(Fact):
    """代理: `delegate` may book for the subject until a day; how the consent was shown."""

    name = "party.delegate_appointed"
    delegate: str
    seen: str
    until: str


@dataclass(frozen=True, kw_only=True)
class DelegateActed(Fact):
    """This booking was made, moved or given back at the counter by its party's delegate."""

    name = "booking.delegate_acted"
    delegate: str


@dataclass(frozen=True, kw_only=True)
class DelegateEnded(Fact):
    name = "party.delegate_ended"
    delegate: str


@dataclass(frozen=True, kw_only=True)
class ForgettingAsked(Fact):
    """消去の申請, number `request`: who has the key `officer` signed it (actions/forgetting.py)."""

    name = "party.forgetting_asked"
    request: str
    officer: str
    signature: str


@dataclass(frozen=True, kw_only=True)
class PartyKeyDestroyed(Fact):
    """利用者情報の消去: every desk is ordered by a slip to destroy what opens this party's data."""

    name = "party.key_destroyed"
    is_slip = True


@dataclass(frozen=True, kw_only=True)
class AccountOpened(Fact):
    """A clerk gave a party that had none a login."""

    name = "account.opened"
    party: str


@dataclass(frozen=True, kw_only=True)
class SignedIn(Fact):
    name = "account.signed_in"
    way: str


@dataclass(frozen=True, kw_only=True)
class SignedOut(Fact):
    name = "account.signed_out"


@dataclass(frozen=True, kw_only=True)
class LinkAsked(Fact):
    name = "account.link_asked"


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
class FormsImported(Fact):
    """様式: what a town's papers say from a day on; sha256 of the file that it wrote."""

    name = "town.forms_imported"
    valid_from: str
    sha256: str
    is_confirmed: bool


@dataclass(frozen=True, kw_only=True)
class HoursConfirmed(Fact):
    name = "facility.hours_confirmed"
    valid_from: str


@dataclass(frozen=True, kw_only=True)
class PositionConfirmed(Fact):
    name = "facility.position_confirmed"


@dataclass(frozen=True, kw_only=True)
class ModeDeclared(Fact):
    """災害時の宣言, or its end. Every node hears of it by a slip."""

    name = "mode.declared"
    is_slip = True
    mode: str


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
    letters: int


@dataclass(frozen=True, kw_only=True)
class AuditSealed(Fact):
    name = "audit.sealed"
    no: int
    lines: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class PackMade(Fact):
    """Numbers for a pack of paper; none of them is given again."""

    name = "pack.made"
    facility_id: int
    lease: int
    first: int
    count: int
    first_receipt: int


@dataclass(frozen=True, kw_only=True)
class FormEntered(Fact):
    """A numbered form came back: what it says, or that it is void, lost or blank."""

    name = "form.entered"
    is_slip = True
    pad: str
    number: int
    fate: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class FormDecided(Fact):
    """Of several texts under one number a person chose one. Every desk hears of it by a slip.

    after   ids of the decisions in whose place this one comes
    """

    name = "form.decided"
    version = 2
    is_slip = True
    pad: str
    number: int
    digest: str
    left_out: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PaperIssued(Fact):
    name = "paper.issued"
    kind: str
    revision: int
    number: str
    sha256: str
    pages: int


@dataclass(frozen=True, kw_only=True)
class LetterMoved(Fact):
    """知らせ: what has become of a letter; `state` as in models/letters.py, or trying."""

    name = "letter.moved"
    state: str
