"""What a booking's page says of 来館 and 無断不使用, and what can be done about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reservations.queries import attendance
from reservations.queries.bookings import BookingView
from reservations.rules.period import SLOTS_PER_DAY
from reservations.rules.strikes import Ban, ban_on, half_points
from reservations.rules.town import StrikeKind, StrikeRules
from reservations.sheets import SheetName
from reservations.web.language import N_, gettext
from reservations.web.letters import STRIKES
from reservations.web.services import now, services, session, today

_STATUSES: Mapping[str, str] = {
    "asked": N_("台帳を持つ拠点の返事を待っています"),
    "written": N_("控えに届くのを待っています"),
    "decided": N_("決定"),
    "refused": N_("数えません"),
}
_WHY: Mapping[str, str] = {
    "has_come": N_("来館の記録があります"),
    "not_active": N_("予約が取り消されています"),
    "moved": N_("予約が移されました。移した先でもう一度行ってください"),
    "decided": N_("同じものが決まっています"),
}


@dataclass(frozen=True, slots=True)
class StrikeLine:
    """One that was asked for: what, how it stands, and why."""

    kind: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Coming:
    """来館 of one booking, and what stands against its party in the town.

    can_write  whether 来館 can be written, or taken back, now
    kinds      what can be asked for now, and the excuses that the town knows
    unheard    nodes whose report a decision on absence waits for
    points     half of what is counted, as 1.5; "" where nothing is
    ban        that holds today, or the next one
    """

    came_at: datetime | None
    can_write: bool
    strikes: tuple[StrikeLine, ...]
    kinds: tuple[tuple[str, str], ...]
    excuses: tuple[tuple[str, str], ...]
    unheard: tuple[str, ...]
    points: str
    ban: Ban | None


def of(booking: BookingView) -> Coming:
    """What is known here."""
    found = attendance.attendance(session(), booking.id)
    town = booking.unit.town
    rules = town.rules_on(today()).strikes
    against = attendance.against(session(), booking.party_id, town.code)
    last = booking.date + timedelta(days=booking.period.end > SLOTS_PER_DAY)
    is_its_day = booking.date <= today() <= last
    known = {each.kind for each in found.strikes if each.status != "refused"}
    kinds = tuple(
        (kind.value, gettext(STRIKES[kind.value]))
        for kind in _possible(booking, rules, has_come=found.came_at is not None)
        if kind.value not in known
    )
    waits = any(
        each.status == "asked" and StrikeKind(each.kind).is_absence for each in found.strikes
    )
    counted = half_points(against, rules)
    return Coming(
        found.came_at,
        is_its_day and (booking.stands or booking.status == "tentative"),
        tuple(
            StrikeLine(
                gettext(STRIKES[each.kind]),
                gettext("来館があったため、数えません")
                if each.status == "decided" and found.came_at and StrikeKind(each.kind).is_absence
                else gettext(_STATUSES[each.status]),
                gettext(_WHY[each.code]) if each.code in _WHY else each.excuse,
            )
            for each in found.strikes
        ),
        kinds,
        _excuses(rules) if kinds else (),
        _unheard(booking) if waits else (),
        f"{counted / 2:g}" if counted else "",
        ban_on(against, rules, _days_from(today())),
    )


def _possible(booking: BookingView, rules: StrikeRules, *, has_come: bool) -> list[StrikeKind]:
    """What this town counts, and may have happened with this booking."""
    is_over = booking.ends_at < now()

    def may_be(kind: StrikeKind) -> bool:
        if kind.is_absence:
            return booking.stands and is_over and not has_come
        return kind is not StrikeKind.LATE_CANCEL or booking.status == "cancelled"

    return [kind for kind in StrikeKind if rules.half_points_of(kind) and may_be(kind)]


def _excuses(rules: StrikeRules) -> tuple[tuple[str, str], ...]:
    known = sorted({why for _, among in rules.excuses for why in among})
    return tuple((why, why) for why in known)


def _unheard(booking: BookingView) -> tuple[str, ...]:
    place = booking.unit.place
    name = SheetName(place.town.code, place.id, booking.date)
    return attendance.unheard(session(), services().desk, name, booking.ends_at)


def _days_from(first: date) -> tuple[date, ...]:
    """Today, and the first day of the next month: a ban may wait for that."""
    return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1)
