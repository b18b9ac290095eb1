"""A town's own rules as plain values: one version of them, with the day from which it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from reservations.rules.approval import REASONS, Approval


class Residency(Enum):
    """在住・在勤・在学・市外: decides eligibility and tariff."""

    RESIDENT = "resident"
    WORKS = "works"
    STUDIES = "studies"
    OUTSIDE = "outside"

    @property
    def is_local(self) -> bool:
        return self is not Residency.OUTSIDE


class Rounding(Enum):
    """端数処理: what becomes of the yen below `rounding_yen` (切捨て、切上げ、四捨五入)."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"


@dataclass(frozen=True, slots=True)
class RefundStep:
    """Cancelled at least `days_before` the day of use: `percent` of the fee comes back."""

    days_before: int
    percent: int


class StrikeKind(Enum):
    """What can count against a party.

    NO_SHOW       無断不使用: nobody came and nobody said so
    TOLD          当日連絡: nobody came, and it was said on the day
    LATE_CANCEL   直前取消
    UNPAID        未納; NO_CARD 利用者登録証の不携帯、本人の不在
    """

    NO_SHOW = "no_show"
    TOLD = "told"
    LATE_CANCEL = "late_cancel"
    UNPAID = "unpaid"
    NO_CARD = "no_card"

    @property
    def is_absence(self) -> bool:
        """Whether it says that nobody came: decided only when every desk was heard (S7)."""
        return self in (StrikeKind.NO_SHOW, StrikeKind.TOLD)


class Counted(Enum):
    """Over which time strikes add up: 暦月 of use, or for ever; a ban uses them up either way."""

    MONTH = "month"
    ALWAYS = "always"


class BanBegins(Enum):
    AT_ONCE = "at_once"
    NEXT_MONTH = "next_month"


@dataclass(frozen=True, slots=True)
class StrikeRules:
    """利用停止: what counts against a party in a town, and what follows. By default nothing does.

    half_points   by kind, in half points, because towns count 0.5点
    limit_half_points   with so many the town lends no more for a while; 0 is never
    ban_months, ban_days   for how long, added up
    excuses       by kind, the reasons for which it does not count (雨、熱中症警戒アラート)
    is_nightly    無断不使用 is asked for each night without a clerk
    """

    half_points: tuple[tuple[StrikeKind, int], ...] = ()
    limit_half_points: int = 0
    counted: Counted = Counted.ALWAYS
    ban_months: int = 0
    ban_days: int = 0
    begins: BanBegins = BanBegins.AT_ONCE
    excuses: tuple[tuple[StrikeKind, tuple[str, ...]], ...] = ()
    is_nightly: bool = False

    def half_points_of(self, kind: StrikeKind, excuse: str = "") -> int:
        """What one counts; nothing where its excuse is one of the town's."""
        is_excused = excuse in dict(self.excuses).get(kind, ())
        return 0 if is_excused else dict(self.half_points).get(kind, 0)


@dataclass(frozen=True, slots=True)
class Clause:
    """An item of a town's list of reductions (減免の区分).

    code               as the regulation has it; publishable: 第8条第1号
    words              for whom, or for what
    percent            None: the mayor decides in each case, and says why
    evidence           kinds of what is shown, one of which must be seen; empty: nothing
    is_yearly          once registered it stands for all that a party books in a fiscal year
                       (減免登録)
    renewed_in         months in which the next fiscal year is registered; empty: any
    bars_entrance_fee  not where those who come pay to enter
    """

    code: str
    words: str
    percent: int | None = None
    evidence: tuple[str, ...] = ()
    is_yearly: bool = False
    renewed_in: tuple[int, ...] = ()
    bars_entrance_fee: bool = False


@dataclass(frozen=True, slots=True)
class TownRules:
    """What one municipality has decided. Fields are per town; the defaults are common ones.

    opens_days_before     a local person may book from this many days before, 0:00
    outside_days_before   the same for people from outside the town
    closes_minutes        booking ends this many minutes before the start
    active_max            open bookings that one party may hold in this town; None is no limit
    outside_percent       what outside parties pay, in percent of the table
    rounding_yen          worked-out fees are whole multiples of this amount
    rounding              in which direction; time is a matter of the table (fees.py: per_minutes)
    free_undo_minutes     a slip of the finger: cancelled within this time, nothing is owed
    refund_steps          most generous first; without a matching step nothing comes back
    revenue_code, revenue_name   収入科目: where the money goes in the town's budget
    registration_number   適格請求書 (T and 13 digits); empty where the town issues none
    pay_within_days       納期限: a fee is paid within so many days of the booking; None is no rule
    pay_days_before       and at least so many days before the day of use; the earlier day counts
    pays_online           whether its fees may be paid online, where a machine has a provider
    asks_second_step      whether its staff have to sign in with a code of their telephone as well
    tax_percent           consumption tax within every fee; 0 prints no line of tax
    residency_years       a residency that the counter has seen holds until the end of this fiscal
                          year, and of so many less one more
    members_min           a group that is local has at least so many members; None is no rule
    local_percent_min     and so many of a hundred of them live, work or study in the town
    overlap_percent_max   and at most so many of a hundred are members of one other local group
    approval              審査: in which cases an application is looked at before it is permitted
    refusal_reasons       what a clerk may choose from where one is not permitted
    reductions            減免の区分, in the order in which they are shown
    reduction_days        a wish for a reduction is late after so many days
    reduced_steps         (from so many yen, a multiple of so many) for what is left after a
                          reduction; empty: as `rounding_yen`
    strikes               無断不使用 and the like, and the ban that follows
    """

    version: int
    valid_from: date
    opens_days_before: int = 60
    outside_days_before: int = 30
    closes_minutes: int = 0
    active_max: int | None = 10
    outside_percent: int = 150
    rounding_yen: int = 10
    rounding: Rounding = Rounding.DOWN
    free_undo_minutes: int = 30
    refund_steps: tuple[RefundStep, ...] = (RefundStep(7, 100), RefundStep(1, 50))
    revenue_code: str = ""
    revenue_name: str = "使用料"
    registration_number: str = ""
    tax_percent: int = 10
    residency_years: int = 1
    members_min: int | None = None
    local_percent_min: int | None = None
    overlap_percent_max: int | None = None
    reductions: tuple[Clause, ...] = ()
    reduction_days: int = 14
    reduced_steps: tuple[tuple[int, int], ...] = ()
    asks_second_step: bool = False
    approval: tuple[Approval, ...] = ()
    refusal_reasons: tuple[str, ...] = REASONS
    pays_online: bool = False
    pay_within_days: int | None = None
    pay_days_before: int | None = None
    strikes: StrikeRules = StrikeRules()
    permit_word: str = "使用許可"
    forms: Mapping[str, Any] = field(default_factory=dict, hash=False)
    has_confirmed_forms: bool = False
