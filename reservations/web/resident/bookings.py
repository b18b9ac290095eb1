"""My bookings: the list, the confirmation that can be kept, changing, giving back, and one tap."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response as FlaskResponse
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations import documents
from reservations.actions import bookings, feedback, notices
from reservations.actions.answering import CLOSED
from reservations.actions.bookings import BookingRequest, CancelRequest, ChangeRequest, Preview
from reservations.actions.feedback import RatingRequest
from reservations.errors import Refusal, RefusalCode
from reservations.queries import bookings as bookings_query
from reservations.queries import calendar
from reservations.queries import papers as papers_query
from reservations.queries.bookings import PAGE_SIZE, BookingView
from reservations.queries.nearby import Alternative
from reservations.rules import approval
from reservations.rules.approval import Permission
from reservations.rules.conflicts import is_towns_fault
from reservations.rules.period import Period, clock_text
from reservations.web import auth, forms, papers, reductions, waiting
from reservations.web.auth import Who, guard
from reservations.web.forms import ChangeForm, Malformed, RatingForm
from reservations.web.papers import permit_words
from reservations.web.refusals import sentence
from reservations.web.resident import calendar_file, help_line, terms
from reservations.web.resident.dues import dues_of
from reservations.web.resident.flow import check_address, offer_cards
from reservations.web.resident.terms import OfferCard
from reservations.web.services import (
    context,
    lead_back,
    memory,
    now,
    session,
    today,
)

blueprint = APIBlueprint("bookings", __name__, enable_openapi=False)
guard(blueprint, Who.SIGNED_IN)

CHANGE_DAYS = 7
# Farther ahead no town opens its calendar.
LOOK_AHEAD_DAYS = 400


@blueprint.get("/bookings")
def page() -> str:
    number = request.args.get("page", 0, type=int)
    is_past = request.args.get("show") == "past"
    party_id = auth.party_id()
    skip = min(max(number, 0), 1000)
    if is_past:
        found = bookings_query.past_of_party(
            session(), memory(), party_id, before=today(), page=skip
        )
    else:
        found = bookings_query.of_party(session(), memory(), party_id, since=today(), page=skip)
    return render_template(
        "bookings/list.html",
        bookings=[(each, again_address(each)) for each in found],
        is_past=is_past,
        number=skip,
        has_more=len(found) == PAGE_SIZE,
        permit_of=permit_of,
        is_late=is_late,
    )


@blueprint.get("/bookings/<uuid:booking_id>")
def one(booking_id: UUID) -> str:
    return confirmation(own(booking_id))


def confirmation(booking: BookingView, **more: object) -> str:
    """The page of a booking; `more` for what a form of it was answered with."""
    return render_template(
        "bookings/one.html",
        booking=booking,
        line=help_line.line_of(booking.unit.place),
        purpose=memory().catalogue.purposes.get(booking.purpose),
        can_change=can_change(booking),
        until_text=terms.until_text,
        is_over=booking.ends_at <= now(),
        again=again_address(booking),
        dues=dues_of(booking),
        permit=permit_of(booking),
        papers=other_papers_of(booking),
        lost_for=lost_for(booking),
        is_closed=booking.status == "refused"
        and papers_query.refused_for(session(), booking.id) == CLOSED,
        offers=_offers(booking),
        is_open=(booking.stands or booking.status == "tentative") and not booking.ends_at <= now(),
        can_cancel=can_cancel(booking),
        is_late=is_late(booking),
        reduction=reductions.of_booking(booking),
        reduction_options=reductions.own_options(booking.rules.reductions),
        fee_options=reductions.fee_options(),
        key=auth.new_token(),
        sent=request.form,
        **more,
    )


@blueprint.get("/bookings/<uuid:booking_id>/calendar.ics")
def calendar_entry(booking_id: UUID) -> FlaskResponse:
    booking = own(booking_id)
    address = url_for("bookings.one", booking_id=booking.id, _external=True)
    answer = FlaskResponse(
        calendar_file.event(booking, address=address, now=now()), content_type="text/calendar"
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="tonari-{booking.number}.ics"'
    return answer


@blueprint.get("/bookings/<uuid:booking_id>/cancel")
def cancel_form(booking_id: UUID) -> str:
    return _cancel_page(own(booking_id))


@blueprint.post("/bookings/<uuid:booking_id>/cancel")
def cancel(booking_id: UUID) -> Response | tuple[str, int]:
    booking = own(booking_id)
    try:
        bookings.cancel(session(), CancelRequest(booking.id), context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is RefusalCode.NOT_ACTIVE:
            # The second click of two: what was wanted has been done.
            return redirect(url_for("bookings.one", booking_id=booking.id), 303)
        return _cancel_page(booking, reason=sentence(refusal)), 422
    return redirect(url_for("bookings.one", booking_id=booking.id), 303)


def _cancel_page(booking: BookingView, *, reason: str = "") -> str:
    settled = terms.settled(booking, now())
    undo_minutes = booking.rules.free_undo_minutes
    return render_template(
        "bookings/cancel.html",
        booking=booking,
        settled=settled,
        words=terms.cancellation_sentence(settled, undo_minutes=undo_minutes),
        steps=terms.refund_sentences(booking.rules),
        undo_minutes=undo_minutes,
        until_text=terms.until_text,
        free_until=booking.free_cancel_until or booking.starts_at,
        can_change=can_change(booking),
        can_cancel=can_cancel(booking),
        reason=reason,
    )


@blueprint.get("/bookings/<uuid:booking_id>/change")
def change_form(booking_id: UUID) -> str | tuple[str, int]:
    booking = own(booking_id)
    try:
        first = _first_day(booking)
    except Malformed as wrong:
        return _choice_page(booking, booking.date, typed=wrong.values, errors=wrong.errors), 422
    return _choice_page(booking, first)


def _first_day(booking: BookingView) -> date:
    """The day that was typed or linked to; else the booking's own, but never a past one.

    raises   Malformed
    """
    if "since_day" in request.args:
        wanted = forms.three_part_date(request.args, "since")
    else:
        wanted = request.args.get("since", booking.date, type=date.fromisoformat)
    return min(max(wanted, today()), today() + timedelta(days=LOOK_AHEAD_DAYS))


def _choice_page(booking: BookingView, first: date, **more: object) -> str:
    (week,) = calendar.days(
        session(),
        memory(),
        booking.unit.place,
        [booking.unit],
        first,
        count=CHANGE_DAYS,
        now=now(),
        viewer=auth.viewer(),
    )
    before = max(first - timedelta(days=CHANGE_DAYS), today())
    return render_template(
        "bookings/change.html",
        booking=booking,
        first=first,
        week=week,
        before=before if before < first else None,
        after=first + timedelta(days=CHANGE_DAYS),
        can_change=can_change(booking),
        check_address=change_address,
        **more,
    )


@blueprint.get("/bookings/<uuid:booking_id>/change/check")
def change_check(booking_id: UUID) -> str:
    booking = own(booking_id)
    return _change_page(booking, forms.read(ChangeForm, request.args))


@blueprint.post("/bookings/<uuid:booking_id>/change")
def change(booking_id: UUID) -> Response | tuple[str, int]:
    booking = own(booking_id)
    form = forms.read(ChangeForm, request.form)
    lead_back(change_address(booking, form.date, form.period))
    asked = ChangeRequest(booking.id, booking.unit.id, form.date, form.period)
    key = auth.form_key(form.key, asked)
    try:
        done = bookings.change(session(), asked, context(auth.actor(), key=key))
    except Refusal as refusal:
        return _change_page(booking, form, refusal=refusal), 422
    waiting.wait_for_answer(done)
    after = own(booking_id)
    has_place = after.replaced_by is not None and after.status != "changing"
    shown = after.replaced_by if has_place else after.id
    return redirect(url_for("bookings.one", booking_id=shown, changed=1), 303)


def _change_page(booking: BookingView, form: ChangeForm, *, refusal: Refusal | None = None) -> str:
    looked = _preview(booking, form)
    reasons = list(looked.refusals)
    if refusal is not None:
        told = [refusal, *refusal.others]
        reasons = told + [each for each in reasons if each not in told]
    return render_template(
        "bookings/change_check.html",
        booking=booking,
        date=form.date,
        period=form.period,
        fee=looked.fee,
        difference_yen=looked.fee.total_yen - booking.fee_yen if looked.fee else 0,
        decide_by=looked.decide_by,
        reasons=[sentence(each) for each in reasons],
        key=auth.new_token(),
        others=url_for("bookings.change_form", booking_id=booking.id, since=form.date.isoformat()),
    )


def _preview(booking: BookingView, form: ChangeForm) -> Preview:
    wish = BookingRequest(
        booking.unit.id,
        form.date,
        form.period,
        auth.party_id(),
        booking.purpose,
        booking.headcount,
    )
    return bookings.preview(session(), wish, context(auth.actor()), giving_up=booking)


def change_address(booking: BookingView, day: date, period: Period) -> str:
    """The check page of another time for a booking."""
    return url_for(
        "bookings.change_check",
        booking_id=booking.id,
        date=day.isoformat(),
        start=clock_text(period.start),
        end=clock_text(period.end),
    )


@blueprint.post("/bookings/<uuid:booking_id>/rating")
def rate(booking_id: UUID) -> Response | tuple[str, int]:
    booking = own(booking_id)
    lead_back(url_for("bookings.one", booking_id=booking.id))
    try:
        form = forms.read(RatingForm, request.form)
    except Malformed as wrong:
        return confirmation(booking, typed=wrong.values, errors=wrong.errors), 422
    rating = RatingRequest(booking.id, auth.party_id(), form.score, form.words.strip())
    feedback.rate(session(), rating, context(auth.actor()))
    said = "words" if form.words.strip() else "tap"
    return redirect(
        url_for("bookings.one", booking_id=booking.id, rated=said, _anchor="rating"), 303
    )


def own(booking_id: UUID) -> BookingView:
    """A booking of the party that is signed in; anybody else's does not exist for them.

    raises   Refusal not_found
    """
    party_id = auth.party_id()
    found = bookings_query.one(session(), memory(), str(booking_id))
    if found is None or found.party_id != party_id:
        raise Refusal(RefusalCode.NOT_FOUND)
    help_line.about(found.unit.place)
    return found


def permit_of(booking: BookingView) -> str:
    """What the booking's permit is called; empty where it has none."""
    if not booking.has_permit:
        return ""
    return permit_words(booking.unit.town.rules_on(today()))


def is_late(booking: BookingView) -> bool:
    """Whether the day by which the town was to answer has passed without an answer."""
    if booking.decide_by is None or not booking.is_in_review:
        return False
    return approval.is_late(booking.decide_by, today())


def lost_for(booking: BookingView) -> str:
    """Why the town took it back; empty where it did not, or never permitted the use."""
    if booking.status != "cancelled" or booking.permission is Permission.REFUSED:
        return ""
    reason = papers_query.cancelled_for(session(), booking.id, booking.revision)
    return reason if is_towns_fault(reason) else ""


def takes_offers(booking: BookingView) -> bool:
    """Whether its party lost it, and has nothing in its place yet."""
    is_lost = booking.status == "refused" or bool(lost_for(booking))
    is_over = booking.starts_at <= now()
    return is_lost and not is_over and not booking.is_change and booking.replaced_by is None


def _offers(booking: BookingView) -> list[OfferCard]:
    """What can be had instead; whoever has lost a place takes it in that one's stead."""
    if takes_offers(booking):
        return [
            terms.offer_card(each, instead_address(booking, each))
            for each in waiting.instead(booking, is_lost=True)
        ]
    if booking.status != "tentative":
        return []
    headcount = "" if booking.headcount is None else str(booking.headcount)
    found = waiting.instead(booking)
    return offer_cards(found, purpose=booking.purpose, headcount=headcount)


def instead_address(booking: BookingView, offer: Alternative) -> str:
    """The page that asks: this one instead?"""
    return url_for(
        "instead.check",
        booking_id=booking.id,
        unit=offer.unit.id,
        date=offer.date.isoformat(),
        start=clock_text(offer.period.start),
        end=clock_text(offer.period.end),
    )


def other_papers_of(booking: BookingView) -> list[tuple[str, str]]:
    """What it has beside a permit, since it was changed, cancelled or refused: slug and words."""
    kinds = [kind for kind in notices.kinds(session(), booking) if kind != documents.PERMIT]
    return papers.links_of(kinds, booking.unit.town.rules_on(today()))


def can_change(booking: BookingView) -> bool:
    """Whether it can still be moved or given back by its party."""
    return booking.status == "confirmed" and booking.starts_at > now()


def can_cancel(booking: BookingView) -> bool:
    """Whether its party can still give it back; also while it waits for its answer."""
    return (booking.stands or booking.status == "tentative") and booking.starts_at > now()


def again_address(booking: BookingView) -> str:
    """The same unit, weekday and time on the next such day that is not this booking's own."""
    weeks = max(1, (today() - booking.date).days // 7 + 1)
    day = booking.date + timedelta(weeks=weeks)
    return check_address(
        booking.unit.id,
        day,
        booking.period,
        purpose=booking.purpose,
        headcount=booking.headcount,
    )
