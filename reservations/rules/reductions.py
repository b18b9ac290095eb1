"""減免: which item of the town's list, who may have it, and which of several answers counts.

Nothing here knows who decides where: the same answers give the same result on every desk, in
whatever order they came (I7).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reservations.errors import Refusal, RefusalCode
from reservations.rules.town import Clause, TownRules

FISCAL_YEAR_BEGINS = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision on a wish; 0 percent is a refusal."""

    id: str
    percent: int
    decided_at: datetime


def clause_of(rules: TownRules, code: str) -> Clause:
    """The item of the list with this code.

    raises   Refusal reduction_wrong
    """
    for clause in rules.reductions:
        if clause.code == code:
            return clause
    raise Refusal(RefusalCode.REDUCTION_WRONG)


def check_wish(clause: Clause, *, has_entrance_fee: bool | None) -> None:
    """Whether this item can be asked for at all.

    has_entrance_fee   as whoever asks has said; None: nobody was asked

    raises   Refusal entrance_fee
    """
    if clause.bars_entrance_fee and has_entrance_fee is not False:
        raise Refusal(RefusalCode.ENTRANCE_FEE)


def granted_percent(clause: Clause, percent: int | None, *, evidence: str, reason: str) -> int:
    """By how much a wish for this item is granted.

    percent    what the mayor decided, where the list leaves it open
    evidence   the kind of what was seen, here or where the wish was written down
    reason     why; needed where the list leaves the percent open

    raises   Refusal reduction_wrong; evidence_unseen with the kinds that will do
    """
    if clause.evidence and not evidence:
        raise Refusal(RefusalCode.EVIDENCE_UNSEEN, kinds="、".join(clause.evidence))
    if clause.percent is not None:
        return clause.percent
    if percent is None or not 0 < percent <= 100 or not reason:
        raise Refusal(RefusalCode.REDUCTION_WRONG)
    return percent


def counting(answers: Iterable[Answer]) -> Answer | None:
    """Which of several answers counts: a grant before a refusal, of grants the greatest, then the
    earliest, then the smaller id. None where there is none."""
    found = sorted(answers, key=lambda each: (-each.percent, each.decided_at, each.id))
    return found[0] if found else None


def is_late(asked_on: date, *, today: date, rules: TownRules) -> bool:
    """Whether a wish has waited longer than the town lets people wait."""
    return today > asked_on + timedelta(days=rules.reduction_days)


def fiscal_year(day: date) -> tuple[date, date]:
    """年度: its first day and its last."""
    year = day.year - (day.month < FISCAL_YEAR_BEGINS)
    begins = date(year, FISCAL_YEAR_BEGINS, 1)
    return begins, date(year + 1, FISCAL_YEAR_BEGINS, 1) - timedelta(days=1)


def years(clause: Clause, today: date) -> tuple[tuple[date, date], ...]:
    """For which times the item can be registered today, the usual one first: what is left of this
    fiscal year, and in the months of renewal the next one.

    source   REQUIREMENTS 3.8: Tsurugashima's groups register in January and February for April on
    """
    _, last = fiscal_year(today)
    rest = (today, last)
    following = fiscal_year(last + timedelta(days=1))
    if not clause.renewed_in or today.month in clause.renewed_in:
        return (following, rest) if clause.renewed_in else (rest, following)
    return (rest,)
