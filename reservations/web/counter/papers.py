"""予約の書類: what a booking has on paper, one click each; a refused change; the archive."""

from __future__ import annotations

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, render_template, request, url_for
from flask import redirect as to
from werkzeug.wrappers import Response as Answer

from reservations import documents
from reservations.actions import notices
from reservations.actions import papers as actions
from reservations.actions.notices import REASON_MAX, SLUGS, ChangeRefusal
from reservations.clock import local_day
from reservations.errors import Refusal, RefusalCode
from reservations.queries import bookings
from reservations.queries import papers as papers_query
from reservations.queries.bookings import BookingView
from reservations.rules.period import period_of
from reservations.rules.rights import Right
from reservations.web import auth, forms, papers
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.counter.numbers import booking_of, unknown
from reservations.web.forms import Malformed
from reservations.web.language import gettext
from reservations.web.refusals import sentence
from reservations.web.rights import demand, needs
from reservations.web.services import context, lead_back, memory, session

blueprint = APIBlueprint("booking_papers", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.get("/papers")
@needs(Right.SEE_PEOPLE)
def page() -> str | tuple[str, int]:
    typed = request.args.get("number", "").strip()
    if not typed:
        return render_template("counter/papers.html", typed="", booking=None, errors={})
    found = booking_of(typed)
    if found is None:
        none = render_template("counter/papers.html", typed=typed, booking=None, errors=unknown())
        return none, 422
    return _page(found)


def _page(booking: BookingView, errors: dict[str, str] | None = None) -> str:
    demand(Right.SEE_PEOPLE, booking.unit.place)
    lead_back(url_for("booking_papers.page", number=booking.number))
    rules = booking.unit.town.rules_on(local_day(booking.made_at))
    archive = papers_query.archive(session(), booking.id)
    return render_template(
        "counter/papers.html",
        typed=booking.number,
        booking=booking,
        who=papers_query.party_name(session(), booking.party_id) if booking.party_id else "",
        papers=papers.links_of(notices.kinds(session(), booking), rules),
        archive=[(each, papers.paper_words(each.kind, rules)) for each in archive],
        done=next((each for each in archive if each.id == request.args.get("done")), None),
        refusal_words=papers.paper_words(documents.CHANGE_REFUSAL, rules),
        units=[
            (str(unit.id), unit.name)
            for unit in memory().catalogue.units_of_place.get(booking.unit.place.id, ())
        ],
        day=_typed_day() or booking.date,
        sent=request.form,
        errors=errors or {},
    )


def _typed_day() -> dict[str, str]:
    typed = {name: request.form.get(f"date_{name}", "") for name in ("year", "month", "day")}
    return typed if any(typed.values()) else {}


@blueprint.get("/papers/bookings/<uuid:booking_id>/<slug>.pdf")
@needs(Right.ISSUE_PAPER, about.booking)
def file(booking_id: UUID, slug: str) -> Response:
    booking = _booking(booking_id)
    return papers.booking_pdf(_issued(booking, slug), booking)


@blueprint.get("/papers/bookings/<uuid:booking_id>/<slug>")
@needs(Right.ISSUE_PAPER, about.booking)
def view(booking_id: UUID, slug: str) -> Response:
    booking = _booking(booking_id)
    document = actions.as_issued(_issued(booking, slug), booking)
    address = url_for("booking_papers.file", booking_id=booking.id, slug=slug)
    links = (
        (gettext("予約の書類"), url_for("booking_papers.page", number=booking.number)),
        (gettext("PDFを開く"), address),
    )
    return papers.page(document, links)


@blueprint.get("/papers/<uuid:paper_id>.pdf")
@needs(Right.ISSUE_PAPER, about.paper)
def archived(paper_id: UUID) -> Response:
    """再発行: the bytes of the paper as it was issued, whatever its booking is by now."""
    found = papers_query.by_id(session(), str(paper_id))
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    booking = _booking(UUID(found.subject.partition("/")[0]))
    return papers.booking_pdf(found, booking)


@blueprint.post("/papers/bookings/<uuid:booking_id>/change-refusal")
@needs(Right.REFUSE, about.booking)
def refuse_change(booking_id: UUID) -> Answer | tuple[str, int]:
    booking = _booking(booking_id)
    try:
        asked = _refused_change()
        issued = actions.refuse_change(session(), memory(), booking, asked, context(auth.actor()))
    except Malformed as wrong:
        return _page(booking, dict(wrong.errors)), 422
    except Refusal as refusal:
        return _page(booking, {"unit": sentence(refusal)}), 422
    return to(url_for("booking_papers.page", number=booking.number, done=issued.id), 303)


def _refused_change() -> ChangeRefusal:
    """raises   Malformed"""
    sent, errors = request.form, dict[str, str]()
    day = None
    try:
        day = forms.three_part_date(sent, "date")
    except Malformed as wrong:
        errors |= wrong.errors
    period = period_of(sent.get("start", "").strip(), sent.get("end", "").strip())
    if period is None:
        errors["start"] = gettext("時刻は「18:00」のように、15分きざみで入れてください。")
    reason = " ".join(sent.get("reason", "").split())
    if not reason or len(reason) > REASON_MAX or not reason.isprintable():
        errors["reason"] = gettext("理由を%(most)s文字までで書いてください。", most=REASON_MAX)
    if errors or day is None or period is None:
        raise Malformed(sent, errors)
    return ChangeRefusal(sent.get("unit", 0, type=int), day, period, reason)


def _booking(booking_id: UUID) -> BookingView:
    """raises   Refusal not_found"""
    found = bookings.one(session(), memory(), str(booking_id))
    if found is None or found.party_id is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found


def _issued(booking: BookingView, slug: str) -> papers_query.IssuedView:
    """raises   Refusal not_found, no_permit, no_paper"""
    if slug not in SLUGS:
        raise Refusal(RefusalCode.NOT_FOUND)
    return actions.paper(session(), memory(), booking, SLUGS[slug], context(auth.actor()))
