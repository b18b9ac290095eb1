"""What was or would be agreed, in short sentences: cancelling, refunds, who it is for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reservations.clock import local
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import LentUnit
from reservations.queries.nearby import Alternative
from reservations.rules import refunds
from reservations.rules.approval import Permission
from reservations.rules.period import Period
from reservations.rules.refunds import Cancellation
from reservations.rules.town import Residency, TownRules
from reservations.web import language
from reservations.web.language import gettext
from reservations.web.reasons import reason_text


@dataclass(frozen=True)
class OfferCard:
    """An alternative as the page shows it."""

    unit: LentUnit
    date: date
    period: Period
    fee_yen: int
    reason: str
    address: str


def offer_card(each: Alternative, address: str) -> OfferCard:
    fee_yen = each.offer.candidate.fee_yen
    assert fee_yen is not None, "only what has a price is offered"
    return OfferCard(each.unit, each.date, each.period, fee_yen, reason_text(each), address)


@dataclass(frozen=True)
class Conditions:
    """What the check page says in short."""

    free_until: datetime
    undo_minutes: int
    refunds: tuple[str, ...]
    outside_percent: int


def of_booking(rules: TownRules, *, made_at: datetime, starts_at: datetime) -> Conditions:
    free_until = refunds.free_until(made_at=made_at, starts_at=starts_at, rules=rules)
    return Conditions(
        free_until, rules.free_undo_minutes, refund_sentences(rules), rules.outside_percent
    )


def refund_sentences(rules: TownRules) -> tuple[str, ...]:
    """The town's refund steps, most generous first."""
    said = []
    for step in rules.refund_steps:
        before = _before(step.days_before)
        if step.percent >= 100:
            said.append(gettext("%(before)sに取り消すと、全額戻ります。", before=before))
        else:
            said.append(
                gettext(
                    "%(before)sに取り消すと、%(percent)s%%戻ります。",
                    before=before,
                    percent=step.percent,
                )
            )
    said.append(gettext("そのあとに取り消すと、戻りません。"))
    return tuple(said)


def _before(days: int) -> str:
    if days == 0:
        return gettext("利用日の当日まで")
    if days == 1:
        return gettext("利用日の前日まで")
    return gettext("利用日の%(days)s日前まで", days=days)


def until_text(instant: datetime) -> str:
    """6月6日（土）12:30まで; a limit at midnight belongs to the day that ends: 6月6日（土）まで."""
    here = local(instant)
    if (here.hour, here.minute) == (0, 0):
        day = language.day_text(here.date() - timedelta(days=1))
        return gettext("%(day)sいっぱいまで", day=day)
    return gettext("%(when)sまで", when=language.instant_text(instant))


def settled(booking: BookingView, now: datetime) -> Cancellation:
    """What cancelling now would mean: what is in review is withdrawn for nothing."""
    if booking.decide_by is not None and booking.permission is not Permission.GRANTED:
        return Cancellation(0, booking.fee_yen, is_undo=False)
    return refunds.cancellation(
        booking.fee_yen,
        made_at=booking.made_at,
        starts_at=booking.starts_at,
        now=now,
        rules=booking.rules,
    )


def cancellation_sentence(settled: Cancellation, *, undo_minutes: int) -> str:
    """What comes back, before and after cancelling."""
    if settled.due_yen == 0 and settled.refund_yen == 0:
        return gettext("料金はかかりません。")
    if settled.is_undo:
        return gettext(
            "予約してから%(minutes)s分以内なので、料金はかかりません。", minutes=undo_minutes
        )
    if settled.due_yen == 0:
        return gettext("料金はかかりません。")
    if settled.refund_yen == 0:
        return gettext("取り消しても、料金%(due)sは戻りません。", due=language.yen(settled.due_yen))
    return gettext(
        "%(refund)sが戻ります。%(due)sは戻りません。",
        refund=language.yen(settled.refund_yen),
        due=language.yen(settled.due_yen),
    )


def residency_text(residency: Residency) -> str:
    """在住・在勤・在学・市外, as people say them."""
    words = {
        Residency.RESIDENT: gettext("住んでいる町"),
        Residency.WORKS: gettext("働いている町"),
        Residency.STUDIES: gettext("通学している町"),
        Residency.OUTSIDE: gettext("町の外の方"),
    }
    return words[residency]
