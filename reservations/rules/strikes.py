"""無断不使用と利用停止: how strikes add up, and when a town lends to a party no more.

Which strikes there are is decided on the ledger (actions/attendance.py); what they mean follows
from them and the town's rules alone, so that every desk comes to the same days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from reservations.rules.town import BanBegins, Counted, StrikeKind, StrikeRules

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Strike:
    """One that stands: the day of use, the day it was decided on, and why it may not count."""

    day: date
    decided_on: date
    kind: StrikeKind
    excuse: str = ""


@dataclass(frozen=True, slots=True)
class Ban:
    """利用停止, both days included."""

    first: date
    last: date


def bans(strikes: Iterable[Strike], rules: StrikeRules) -> list[Ban]:
    """Every ban that these strikes led to, in order.

    Strikes count in the order of their days of use. Those that led to a ban are used up by it. A
    ban begins when its last strike is decided, so that nobody is banned before anybody knew; while
    it lasts, the next one begins after it.

    strikes  of one party in one town, in any order
    source   REQUIREMENTS 3.6: Kanazawa, Kawaguchi, Fujimino; tests/rules/test_strikes.py
    """
    found: list[Ban] = []
    if not rules.limit_half_points:
        return found
    sums: dict[tuple[int, int], int] = {}
    decided: dict[tuple[int, int], date] = {}
    for strike in sorted(strikes, key=lambda each: (each.day, each.decided_on, each.kind.value)):
        half_points = rules.half_points_of(strike.kind, strike.excuse)
        span = (strike.day.year, strike.day.month) if rules.counted is Counted.MONTH else (0, 0)
        if not half_points:
            continue
        sums[span] = sums.get(span, 0) + half_points
        decided[span] = max(decided.get(span, strike.decided_on), strike.decided_on)
        if sums[span] >= rules.limit_half_points:
            found.append(_ban(decided.pop(span), found[-1] if found else None, rules))
            del sums[span]
    return found


def ban_on(strikes: Iterable[Strike], rules: StrikeRules, days: Iterable[date]) -> Ban | None:
    """The ban that covers one of these days, the one that lasts longest; None where none does."""
    wanted = tuple(days)
    found = (
        ban for ban in bans(strikes, rules) if any(ban.first <= day <= ban.last for day in wanted)
    )
    return max(found, key=lambda ban: ban.last, default=None)


def half_points(strikes: Iterable[Strike], rules: StrikeRules) -> int:
    """All that was ever counted, for a clerk to see."""
    return sum(rules.half_points_of(strike.kind, strike.excuse) for strike in strikes)


def rules_of(body: Mapping[str, Any]) -> StrikeRules:
    """A town's rules as they are stored (JSON); what is not set keeps its default.

    raises   ValueError, TypeError where a word is not one of ours
    """
    fields = dict(body)
    if "half_points" in fields:
        counted = fields["half_points"].items()
        fields["half_points"] = tuple((StrikeKind(kind), count) for kind, count in counted)
    if "excuses" in fields:
        excused = fields["excuses"].items()
        fields["excuses"] = tuple((StrikeKind(kind), tuple(why)) for kind, why in excused)
    if "counted" in fields:
        fields["counted"] = Counted(fields["counted"])
    if "begins" in fields:
        fields["begins"] = BanBegins(fields["begins"])
    return StrikeRules(**fields)


def _ban(decided_on: date, before: Ban | None, rules: StrikeRules) -> Ban:
    first = decided_on
    if rules.begins is BanBegins.NEXT_MONTH:
        first = months_after(decided_on.replace(day=1), 1)
    if before is not None and before.last >= first:
        first = before.last + timedelta(days=1)
    end = months_after(first, rules.ban_months)
    # The day before the same day of the month, or the month's last where it has no such day.
    whole = end - timedelta(days=end.day == first.day)
    return Ban(first, whole + timedelta(days=rules.ban_days))


def months_after(day: date, months: int) -> date:
    """The same day of a later month; its last day where it has no such day (民法143条2項)."""
    year, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError(day)
