"""確認 and booking: what, where, when, how much, and one button.

A frame that cannot be had is answered with every reason in words and, where it would help, with
the nearest other times and places, each one tap from its own check page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import bookings
from reservations.actions.bookings import BookingRequest, Preview
from reservations.clock import HOLIDAYS, LOCAL
from reservations.errors import Refusal, RefusalCode
from reservations.queries import bookings as bookings_query
from reservations.queries import nearby
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import LentUnit
from reservations.queries.nearby import Alternative
from reservations.rules.availability import lent_period
from reservations.rules.period import Period, clock_text, day_bit
from reservations.web import auth, forms, reductions, waiting
from reservations.web.auth import Who, guard
from reservations.web.forms import BookingForm, FrameForm, Malformed
from reservations.web.refusals import sentence
from reservations.web.resident import help_line, terms
from reservations.web.services import context, lead_back, memory, now, session
from reservations.web.wishes import FrameWish

blueprint = APIBlueprint("flow", __name__, enable_openapi=False)
guard(blueprint, Who.SIGNED_IN)

ALTERNATIVES_MAX = 4
OWN_OVERLAP = RefusalCode.OWN_OVERLAP
# Another place or time helps against these; against the rest something else has to be done.
ELSEWHERE_HELPS = frozenset(
    {
        RefusalCode.TAKEN,
        RefusalCode.CLOSED_DAY,
        RefusalCode.OUTSIDE_HOURS,
        RefusalCode.NOT_A_FRAME,
        RefusalCode.UNIT_UNCONFIRMED,
        RefusalCode.PURPOSE_NOT_ALLOWED,
        RefusalCode.OVER_CAPACITY,
        RefusalCode.PAST,
        RefusalCode.TOO_LATE,
        RefusalCode.NO_PRICE,
    }
)
# What another entry in the same form mends is said at its field.
FIELD_OF = {
    RefusalCode.OVER_CAPACITY: "headcount",
    RefusalCode.PURPOSE_NOT_ALLOWED: "purpose",
}


@dataclass(frozen=True)
class Frame:
    """A unit on a day, and the period that is really lent for what was asked."""

    unit: LentUnit
    date: date
    asked: Period
    period: Period

    @property
    def is_widened(self) -> bool:
        return self.asked != self.period

    def address(self, **more: Any) -> str:
        """Its check page."""
        return check_address(self.unit.id, self.date, self.period, **more)


def check_address(unit_id: int, day: date, period: Period, **more: Any) -> str:
    """The check page of a frame."""
    asked = {name: value for name, value in more.items() if value}
    return url_for(
        "flow.check",
        unit=unit_id,
        date=day.isoformat(),
        start=clock_text(period.start),
        end=clock_text(period.end),
        **asked,
    )


def frame_of(form: FrameWish) -> Frame:
    """The frame that a form names, widened to what the unit lends.

    raises   Refusal unit_unknown, off_grid
    """
    unit = memory().catalogue.units.get(form.unit_id)
    if unit is None:
        raise Refusal(RefusalCode.UNIT_UNKNOWN)
    help_line.about(unit.place)
    bit = day_bit(form.date, is_holiday=form.date in HOLIDAYS)
    asked = form.period
    lent = lent_period(unit.lending_on(form.date, bit), asked)
    return Frame(unit, form.date, asked, lent or asked)


def frame_in(address: str) -> Frame | None:
    """The frame of a check page's address, or None: what the sign-in page shows as chosen."""
    parts = urlsplit(address)
    if parts.path != url_for("flow.check"):
        return None
    try:
        return frame_of(forms.read(FrameForm, dict(parse_qsl(parts.query))))
    except (Malformed, Refusal):
        return None


@blueprint.get("/book")
def check() -> str:
    form = forms.read(BookingForm, request.args)
    frame = frame_of(form)
    typed = {name: request.args.get(name, "") for name in ("purpose", "headcount")}
    if not any(typed.values()):
        typed = _from_last_time(frame.unit)
    wish = _wish(frame, form)
    return _page(frame, typed, bookings.preview(session(), wish, context(auth.actor())))


@blueprint.post("/bookings")
def book() -> Response | tuple[str, int]:
    frame = frame_of(forms.read(FrameForm, request.form))
    typed = {name: request.form.get(name, "") for name in ("purpose", "headcount")}
    lead_back(frame.address())
    try:
        form = forms.read(BookingForm, request.form)
    except Malformed as wrong:
        plain = BookingRequest(frame.unit.id, frame.date, frame.period, auth.party_id())
        looked = bookings.preview(session(), plain, context(auth.actor()))
        return _page(frame, typed, looked, errors=wrong.errors), 422
    wish = _wish(frame, form)
    key = auth.form_key(form.key, wish)
    try:
        booking_id = bookings.book(session(), wish, context(auth.actor(), key=key))
        waiting.wait_for_answer(booking_id)
    except Refusal as refusal:
        looked = bookings.preview(session(), wish, context(auth.actor()))
        return _page(frame, typed, looked, refusal=refusal), 422
    return redirect(url_for("bookings.one", booking_id=booking_id), 303)


def _wish(frame: Frame, form: BookingForm) -> BookingRequest:
    return BookingRequest(
        frame.unit.id, frame.date, frame.period, auth.party_id(), form.purpose, form.headcount
    )


def _from_last_time(unit: LentUnit) -> dict[str, str]:
    """Purpose and head-count of the party's last booking, as far as they fit here."""
    last = bookings_query.last_wish(session(), auth.party_id())
    if last is None:
        return {}
    purpose, headcount = last
    fits = headcount is not None and (unit.capacity is None or headcount <= unit.capacity)
    return {
        "purpose": purpose if purpose in unit.purposes else "",
        "headcount": str(headcount) if fits else "",
    }


def _page(
    frame: Frame,
    typed: dict[str, str],
    looked: Preview,
    *,
    refusal: Refusal | None = None,
    errors: dict[str, str] | None = None,
) -> str:
    """The check page; with reasons and offers when the frame cannot be had."""
    refusals = _reasons(looked, refusal)
    mine = _own_booking(frame) if any(each.code is OWN_OVERLAP for each in refusals) else None
    if mine is not None and not frozenset(mine.unit.parts).isdisjoint(frame.unit.parts):
        # It is taken, but by the one who asks.
        refusals = [each for each in refusals if each.code is not RefusalCode.TAKEN]
    at_fields = dict(errors or {})
    if all(each.code in FIELD_OF for each in refusals):
        at_fields |= {FIELD_OF[each.code]: sentence(each) for each in refusals}
        refusals = []
    helps = any(each.code in ELSEWHERE_HELPS for each in refusals)
    return render_template(
        "flow/check.html",
        frame=frame,
        typed=typed,
        errors=at_fields,
        fee=looked.fee,
        residency=looked.residency,
        reasons=[sentence(each) for each in refusals],
        mine=mine,
        offers=_offers(frame, typed) if helps else [],
        decide_by=looked.decide_by,
        may_be_looked_at=_may_be_looked_at(frame.unit, looked),
        conditions=terms.of_booking(looked.rules, made_at=now(), starts_at=starts_at(frame)),
        purposes=_purposes(frame.unit),
        until_text=terms.until_text,
        reduction=reductions.before_booking(
            frame.unit, frame.date, looked.rules, looked.fee.total_yen if looked.fee else 0
        ),
        key=auth.new_token(),
    )


def _may_be_looked_at(unit: LentUnit, looked: Preview) -> bool:
    """Whether the use needs a permission for some purpose or head-count: both are typed below."""
    return any(each.is_about(unit.place.id, unit.id, unit.kind) for each in looked.rules.approval)


def starts_at(frame: Frame) -> datetime:
    return frame.period.starts_at(frame.date, LOCAL)


def _reasons(looked: Preview, refusal: Refusal | None) -> list[Refusal]:
    """What the action refused, and whatever else stands against it, each reason once."""
    if refusal is None:
        return list(looked.refusals)
    told = [refusal, *refusal.others]
    return told + [each for each in looked.refusals if each.code not in {t.code for t in told}]


def _own_booking(frame: Frame) -> BookingView | None:
    """The booking that this party already holds at that time."""
    first = frame.date - timedelta(days=1)
    begins, ends = starts_at(frame), frame.period.ends_at(frame.date, LOCAL)
    held = bookings_query.of_party(session(), memory(), auth.party_id(), since=first)
    for each in held:
        if (
            each.status in ("confirmed", "tentative", "changing")
            and each.starts_at < ends
            and begins < each.ends_at
        ):
            return each
    return None


def _purposes(unit: LentUnit) -> list[tuple[str, tuple[str, str]]]:
    """The purposes that this unit is lent for, in the catalogue's order."""
    known = memory().catalogue.purposes
    return [(code, names) for code, names in known.items() if code in unit.purposes]


def _offers(frame: Frame, typed: dict[str, str]) -> list[terms.OfferCard]:
    """Other times and places, nearest first, with the way to their check pages."""
    headcount = typed.get("headcount", "")
    people = int(headcount) if headcount.isascii() and headcount.isdigit() else None
    purpose = typed.get("purpose", "")
    found = nearby.alternatives(
        memory(),
        frame.unit,
        frame.date,
        frame.period,
        now=now(),
        viewer=auth.viewer(),
        purpose=purpose if purpose in memory().catalogue.purposes else "",
        headcount=people,
        limit=ALTERNATIVES_MAX,
    )
    return offer_cards(found, purpose=purpose, headcount=headcount)


def offer_cards(
    found: Iterable[Alternative], *, purpose: str, headcount: str
) -> list[terms.OfferCard]:
    """What could be had, with the ways to the check pages."""
    return [
        terms.offer_card(
            each,
            check_address(
                each.unit.id, each.date, each.period, purpose=purpose, headcount=headcount
            ),
        )
        for each in found
    ]
