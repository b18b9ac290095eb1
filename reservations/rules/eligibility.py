"""Who may book, how early, how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reservations.errors import Refusal, RefusalCode
from reservations.rules.strikes import Strike, ban_on
from reservations.rules.town import Residency, TownRules

# What the town may set aside for somebody who asks at its counter and has a reason. Everything else
# is about the place itself, or the time is over.
WAIVABLE = frozenset(
    {
        RefusalCode.NOT_YET_OPEN,
        RefusalCode.TOO_LATE,
        RefusalCode.PARTY_SUSPENDED,
        RefusalCode.LIMIT_REACHED,
        RefusalCode.OWN_OVERLAP,
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a party in one town at the moment of booking.

    active_count      its open bookings in this town from today on
    has_overlap       whether it already holds another place at that time
    strikes           無断不使用 and the like that stand against it
    is_registered     whether a reduction is registered for it there on that day (減免登録)
    """

    residency: Residency
    active_count: int = 0
    has_overlap: bool = False
    strikes: tuple[Strike, ...] = ()
    is_registered: bool = False


def bookable_from(day: date, *, residency: Residency, rules: TownRules) -> date:
    """The first day on which a party of this residency may book for `day`."""
    days = rules.opens_days_before if residency.is_local else rules.outside_days_before
    return day - timedelta(days=days)


def refusals(
    day: date, *, starts_at: datetime, now: datetime, standing: Standing, rules: TownRules
) -> list[Refusal]:
    """Why this party may not book this day at `now`.

    now, starts_at   aware instants; `now` is compared in the facility's own zone
    returns          codes past, not_yet_open (with the date it opens), too_late, party_suspended
                     (with the ban's last day), limit_reached, own_overlap; [] when it may
    """
    found: list[Refusal] = []
    local_now = now.astimezone(starts_at.tzinfo)
    opens = bookable_from(day, residency=standing.residency, rules=rules)
    if starts_at <= local_now:
        found.append(Refusal(RefusalCode.PAST))
    elif starts_at - timedelta(minutes=rules.closes_minutes) <= local_now:
        found.append(Refusal(RefusalCode.TOO_LATE, minutes=rules.closes_minutes))
    elif opens > local_now.date():
        found.append(Refusal(RefusalCode.NOT_YET_OPEN, opens_on=opens))
    # Neither while the ban lasts, nor for a day on which it lasts still.
    ban = ban_on(standing.strikes, rules.strikes, (local_now.date(), day))
    if ban is not None:
        found.append(Refusal(RefusalCode.PARTY_SUSPENDED, until=ban.last))
    if rules.active_max is not None and standing.active_count >= rules.active_max:
        found.append(
            Refusal(RefusalCode.LIMIT_REACHED, used=standing.active_count, limit=rules.active_max)
        )
    if standing.has_overlap:
        found.append(Refusal(RefusalCode.OWN_OVERLAP))
    return found
