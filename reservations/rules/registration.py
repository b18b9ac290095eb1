"""利用者登録 at the counter: what a town believes of a party, what it was shown, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reservations.errors import Refusal, RefusalCode
from reservations.rules.town import Residency, TownRules

# 年度: from April to March.
_LAST_MONTH, _LAST_DAY = 3, 31

# What a clerk may have been shown. Only its kind is ever kept: no number of it and no copy.
SEEN = (
    "licence",
    "my_number",
    "residence_card",
    "insurance",
    "letter",
    "employment",
    "student",
    "roster",
)
# How a party's consent to a delegate may be shown.
CONSENTS = ("in_person", "proxy", "resolution", "guardian")


@dataclass(frozen=True, slots=True)
class Believed:
    """What a town believes of a party.

    seen    one of SEEN, or empty where the party has only said so
    until   its last day; None where no day was set
    """

    residency: Residency = Residency.OUTSIDE
    seen: str = ""
    until: date | None = None


NOTHING_BELIEVED = Believed()


def last_day_of_year(day: date) -> date:
    """The last day of the fiscal year in which a day lies."""
    return date(day.year + (day.month > _LAST_MONTH), _LAST_MONTH, _LAST_DAY)


def until_by_default(today: date, rules: TownRules, known: date | None = None) -> date:
    """Until when a residency is believed that is seen today.

    known   its last day so far: whoever comes before it has run out gets one year more
    """
    until = _years_on(last_day_of_year(today), rules.residency_years - 1)
    return _years_on(until, 1) if known is not None and known >= until else until


def until_at_most(today: date, rules: TownRules) -> date:
    """The last day that a town accepts today: one year more than it gives as a rule."""
    return _years_on(last_day_of_year(today), rules.residency_years)


def refusals(believed: Believed, *, today: date, rules: TownRules) -> list[Refusal]:
    """Why a town cannot believe this.

    returns   codes not_found (no such kind of document), until_wrong (with the last day that would
              do)
    """
    found = []
    if believed.seen not in ("", *SEEN):
        found.append(Refusal(RefusalCode.NOT_FOUND))
    last = until_at_most(today, rules)
    is_local = believed.residency.is_local
    if is_local and (believed.until is None or not today <= believed.until <= last):
        found.append(Refusal(RefusalCode.UNTIL_WRONG, last=last))
    return found


def delegate_until_at_most(today: date) -> date:
    """The last day of a consent that is seen today: a year later."""
    is_leap_day = (today.month, today.day) == (2, 29)
    return today.replace(year=today.year + 1, day=28 if is_leap_day else today.day)


def consent_refusals(seen: str, until: date, *, today: date) -> list[Refusal]:
    """Why nobody becomes a delegate by this: codes not_found (no such kind), until_wrong."""
    found = []
    if seen not in CONSENTS:
        found.append(Refusal(RefusalCode.NOT_FOUND))
    last = delegate_until_at_most(today)
    if not today <= until <= last:
        found.append(Refusal(RefusalCode.UNTIL_WRONG, last=last))
    return found


def _years_on(last_day: date, years: int) -> date:
    return last_day.replace(year=last_day.year + years)
