"""What can go wrong, and how it is told apart.

    Refusal     expected; a value with a code and its parameters, shown to people in their words
    Outage      something outside does not answer; the work waits, the status strip says so
    (anything else is a bug: assert and crash early)

The order of `RefusalCode` is the order in which they win when several apply. The web layer owns
the words (web/refusals.py); a rule or an action never writes a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any


class RefusalCode(Enum):
    """Stable codes, in order of precedence: the first that applies is the answer's `code`."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    CSRF = "csrf"
    THROTTLED = "throttled"
    SIGN_IN_NEEDED = "sign_in_needed"
    SIGN_IN_FAILED = "sign_in_failed"
    CODE_WRONG = "code_wrong"
    PASSKEY_WRONG = "passkey_wrong"
    PASSKEY_UNKNOWN = "passkey_unknown"
    PASSKEYS_FULL = "passkeys_full"
    SIGN_IN_AGAIN = "sign_in_again"
    LINK_EXPIRED = "link_expired"
    FORBIDDEN = "forbidden"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    OFFICER_UNKNOWN = "officer_unknown"
    NOT_ASKED_FOR = "not_asked_for"
    SAME_OFFICER = "same_officer"
    KEY_REUSED = "key_reused"
    LOGIN_TAKEN = "login_taken"
    PASSWORD_WEAK = "password_weak"
    NO_SUCH_PLACE = "no_such_place"
    NOT_STAFF = "not_staff"
    UNTIL_TOO_EARLY = "until_too_early"
    MODE = "mode"
    UNIT_UNKNOWN = "unit_unknown"
    UNIT_UNCONFIRMED = "unit_unconfirmed"
    PURPOSE_NOT_ALLOWED = "purpose_not_allowed"
    OVER_CAPACITY = "over_capacity"
    OFF_GRID = "off_grid"
    PAST = "past"
    NOT_YET_OPEN = "not_yet_open"
    TOO_LATE = "too_late"
    CLOSED_DAY = "closed_day"
    OUTSIDE_HOURS = "outside_hours"
    NOT_A_FRAME = "not_a_frame"
    TOO_LONG = "too_long"
    NO_PRICE = "no_price"
    REASON_NEEDED = "reason_needed"
    PARTY_SUSPENDED = "party_suspended"
    LIMIT_REACHED = "limit_reached"
    OWN_OVERLAP = "own_overlap"
    TAKEN = "taken"
    PROTECTED = "protected"
    CLOSED_ALREADY = "closed_already"
    NOT_SEEN = "not_seen"
    REPLACED = "replaced"
    HELD_ELSEWHERE = "held_elsewhere"
    CHANGING = "changing"
    NOT_ACTIVE = "not_active"
    ALREADY_STARTED = "already_started"
    NOT_THE_DAY = "not_the_day"
    NOT_OVER = "not_over"
    HAS_COME = "has_come"
    NOT_COUNTED = "not_counted"
    ITEM_WRONG = "item_wrong"
    ITEMS_OUT = "items_out"
    PERMISSION_WAITS = "permission_waits"
    NOT_ASKED = "not_asked"
    DECIDED_ALREADY = "decided_already"
    GROUNDS_NEEDED = "grounds_needed"
    NO_PERMIT = "no_permit"
    NO_PAPER = "no_paper"
    PICTURE_TOO_LARGE = "picture_too_large"
    PICTURE_UNREADABLE = "picture_unreadable"
    PDF_UNREADABLE = "pdf_unreadable"
    PDF_LOCKED = "pdf_locked"
    PDF_TOO_LONG = "pdf_too_long"
    PDF_TOO_HEAVY = "pdf_too_heavy"
    NO_CODE = "no_code"
    SEVERAL_FORMS = "several_forms"
    NOT_A_FORM = "not_a_form"
    FORM_FORGED = "form_forged"
    FORM_UNKNOWN = "form_unknown"
    FORM_SETTLED = "form_settled"
    FORM_NUMBER_WRONG = "form_number_wrong"
    FRAMES_OVERLAP = "frames_overlap"
    FILE_REFUSED = "file_refused"
    NOT_QUEUED = "not_queued"
    OTHER_PARTY = "other_party"
    NOTHING_TO_PAY = "nothing_to_pay"
    AMOUNT_WRONG = "amount_wrong"
    GIVEN_TOO_LITTLE = "given_too_little"
    REDUCTION_WRONG = "reduction_wrong"
    REDUCTION_ASKED = "reduction_asked"
    REDUCTION_DECIDED = "reduction_decided"
    ENTRANCE_FEE = "entrance_fee"
    EVIDENCE_UNSEEN = "evidence_unseen"
    NOT_TO_REFUND = "not_to_refund"
    REFUND_NOT_DECIDED = "refund_not_decided"
    RECEIPT_ELSEWHERE = "receipt_elsewhere"
    DAY_NOT_OVER = "day_not_over"
    DAY_CLOSED = "day_closed"
    DIFFERENCE_UNEXPLAINED = "difference_unexplained"
    MONTH_NOT_OVER = "month_not_over"
    MONTH_SETTLED = "month_settled"
    AT_HUB_ONLY = "at_hub_only"
    PARTY_NOT_HERE = "party_not_here"
    CHANGED_MEANWHILE = "changed_meanwhile"
    UNTIL_WRONG = "until_wrong"
    NO_DELEGATE = "no_delegate"
    ROSTER_TOO_SMALL = "roster_too_small"
    ROSTER_NOT_LOCAL = "roster_not_local"
    ROSTER_OVERLAPS = "roster_overlaps"
    ROSTER_UNCOMPARED = "roster_uncompared"


PRECEDENCE = {code: position for position, code in enumerate(RefusalCode)}


class Refusal(Exception):  # noqa: N818  a refusal is an answer, not an error
    """The answer no, with the reason as a code and the values that its sentence needs.

    others   further refusals that applied as well, weaker ones last
    """

    def __init__(
        self, code: RefusalCode, /, *, others: tuple[Refusal, ...] = (), **params: Any
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.params = params
        self.others = others

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refusal) and (self.code, self.params) == (other.code, other.params)

    def __hash__(self) -> int:
        return hash(self.code)

    def __repr__(self) -> str:
        inside = "".join(f", {name}={value!r}" for name, value in self.params.items())
        return f"Refusal({self.code.value}{inside})"


class Outage(Exception):  # noqa: N818  not an error for the person at the counter
    """Something outside this machine does not answer. The work waits."""


def in_order(refusals: Iterable[Refusal]) -> list[Refusal]:
    """The strongest first."""
    return sorted(refusals, key=lambda refusal: PRECEDENCE[refusal.code])


def strongest(refusals: Iterable[Refusal]) -> Refusal:
    """The refusal that wins, carrying the others in order. `refusals` must not be empty."""
    first, *rest = in_order(refusals)
    return Refusal(first.code, others=tuple(rest), **first.params)
