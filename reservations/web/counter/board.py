"""窓口: one facility's day, and booking for whoever stands there or is on the telephone.

Links and forms only: board.js adds the arrow keys. The form opens in the board's own page. Somebody
who is known is shown with their price and what stands against it before anything is booked; a
walk-in is booked at once, because both prices stand in the form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import terms
from reservations.actions.on_behalf import BookForRequest, Guest, Waiver, book_for
from reservations.actions.terms import BookingRequest, Preview
from reservations.clock import HOLIDAYS, local
from reservations.errors import Refusal, RefusalCode
from reservations.queries import board as boards
from reservations.queries import delegates, nearby, parties
from reservations.queries.board import Board, Use
from reservations.queries.bookings import number_parts
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.delegates import DelegateView
from reservations.queries.parties import ANYBODY, Called
from reservations.rules.conflicts import CLOSED_FOR
from reservations.rules.eligibility import WAIVABLE
from reservations.rules.period import Period, clock_text, day_bit
from reservations.rules.rights import Right
from reservations.rules.town import Residency
from reservations.web import auth, forms, language, rights, waiting
from reservations.web.auth import Who, guard
from reservations.web.counter import about, cells
from reservations.web.forms import CounterForm, Malformed, three_part_date
from reservations.web.language import gettext
from reservations.web.refusals import sentence
from reservations.web.resident.flow import ELSEWHERE_HELPS, Frame
from reservations.web.resident.terms import OfferCard, offer_card
from reservations.web.rights import demand, may, needs
from reservations.web.services import context, lead_back, memory, now, services, session, today

blueprint = APIBlueprint("board", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

OFFERS_MAX = 4
_NUMBER = re.compile(r"\d{2}-\d{6,}-\d")
_PHONE = re.compile(r"\+?[0-9]{9,15}")


@dataclass(frozen=True)
class Desk:
    """What the form of the page shows.

    people    several whom the search found: one has to be chosen
    chosen    whom it is booked for, once that is certain
    delegates who may book for them
    looked    what would be agreed with them
    refusals  why it was not booked, strongest first
    waived    codes that a reason would set aside; empty where something else is in the way
    """

    frame: Frame | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    people: Sequence[Called] = ()
    chosen: Called | None = None
    delegates: Sequence[DelegateView] = ()
    looked: Preview | None = None
    refusals: Sequence[Refusal] = ()

    @property
    def waived(self) -> list[str]:
        codes = {each.code for each in self.refusals} - {RefusalCode.REASON_NEEDED}
        if self.frame is None or not codes <= WAIVABLE:
            return []
        is_theirs = may(Right.WAIVE, self.frame.unit.place)
        return sorted(code.value for code in codes) if is_theirs else []


@blueprint.get("/board")
@needs(Right.LOOK)
def page() -> str | tuple[str, int]:
    if "unit" in request.args:
        return _page(Desk(about.frame()))
    try:
        return _page(Desk(), _day())
    except Malformed as wrong:
        return _page(Desk(errors=wrong.errors), today()), 422


@blueprint.post("/board/book")
@needs(Right.BOOK, about.framed)
def book() -> Response | str | tuple[str, int]:
    frame = about.frame()
    lead_back(frame_address(frame.unit, frame.date, frame.period))
    try:
        form = forms.read(CounterForm, request.form)
    except Malformed as wrong:
        return _page(Desk(frame, request.form, wrong.errors)), 422
    if "to" in request.form or form.pick:
        return _page(_confirming(frame, form.pick or form.party))
    if form.party:
        return _book(frame, form)
    found = [] if form.is_new else find(form.who)
    if len(found) == 1 and not form.name:
        return _page(_confirming(frame, found[0].id))
    if found:
        return _page(Desk(frame, request.form, people=found))
    if not form.name:
        return _page(Desk(frame, request.form, _nobody(form.who))), 422
    if not _PHONE.fullmatch(digits_of(form.who)):
        return _page(Desk(frame, request.form, {"who": _phone_words()})), 422
    return _book(frame, form, Guest(form.name, form.who, Residency(form.residency)))


def _book(
    frame: Frame, form: CounterForm, guest: Guest | None = None
) -> Response | tuple[str, int]:
    wish = _wish(frame, form.party, form)
    waived = frozenset(code for code in WAIVABLE if code.value in request.form.getlist("waive"))
    waiver = Waiver(waived, " ".join(form.reason.split())) if waived else Waiver()
    if waived:
        demand(Right.WAIVE, frame.unit.place)
    asked = BookForRequest(wish, guest, waiver, form.delegate)
    key = auth.form_key(form.key, asked)
    try:
        done = book_for(session(), asked, context(auth.actor(), key=key))
    except Refusal as refusal:
        told = [refusal, *refusal.others]
        if refusal.code is RefusalCode.REASON_NEEDED:
            told += [Refusal(code) for code in waived]
        if guest is not None:
            return _page(Desk(frame, request.form, refusals=told)), 422
        return _page(_confirming(frame, form.party, told)), 422
    waiting.wait_for_answer(done)
    return redirect(url_for("counter_bookings.one", booking_id=done, booked=1), 303)


def _wish(frame: Frame, party_id: str, form: CounterForm) -> BookingRequest:
    return BookingRequest(
        frame.unit.id, frame.date, frame.period, party_id, form.purpose, form.headcount
    )


def find(who: str) -> list[Called]:
    """Those whom a clerk may mean: by telephone, by the number of a booking, by kana or name."""
    digits = digits_of(who)
    number = number_parts(forms.folded(who)) if _NUMBER.fullmatch(forms.folded(who)) else None
    if number is not None:
        return parties.by_booking(session(), *number)
    if digits.isdigit():
        return parties.by_phone(session(), digits)
    return parties.by_words(session(), forms.fold_kana(who), who)


def digits_of(who: str) -> str:
    """A telephone without its marks; of words, the words without theirs."""
    return re.sub(r"[\s()‐‑–−ー-]", "", str(forms.folded(who)))


def _nobody(who: str) -> dict[str, str]:
    """What to do about nobody found: a walk-in has a telephone and needs a name."""
    if _PHONE.fullmatch(digits_of(who)):
        words = gettext(
            "この電話の方は登録がありません。名前を入れると、はじめての方として予約します。"
        )
        return {"name": words}
    if not who:
        return {"who": gettext("電話番号、かな、予約番号のどれかを入れてください。")}
    return {"who": gettext("見つかりません。電話番号を入れると、はじめての方も予約できます。")}


def _phone_words() -> str:
    return gettext("はじめての方は、電話番号を市外局番から入れてください。")


def _confirming(frame: Frame, party_id: str, told: Sequence[Refusal] = ()) -> Desk:
    """The form, once it is certain for whom: price and everything that stands against it."""
    chosen = parties.called(session(), [party_id]).get(party_id) if party_id else None
    if chosen is None:
        return Desk(frame, request.form)
    form = forms.read(CounterForm, request.form)
    looked = terms.preview(session(), _wish(frame, party_id, form), context(auth.actor()))
    refusals = list(told) + [
        each for each in looked.refusals if each.code not in {other.code for other in told}
    ]
    if told:
        # Of what was filled in for the words of a missing reason, the preview knows the values.
        known = {each.code: each for each in looked.refusals}
        refusals = [known.get(each.code, each) for each in refusals]
    others = delegates.of_party(session(), party_id, today=today())
    return Desk(
        frame,
        request.form,
        chosen=chosen,
        delegates=others,
        looked=looked,
        refusals=refusals,
    )


def _page(desk: Desk, day: date | None = None) -> str:
    frame = desk.frame
    place = frame.unit.place if frame else asked_place()
    day = frame.date if frame else day or today()
    if place is None:
        return render_template("counter/board.html", place=None, desk=desk)
    demand(Right.LOOK, place)
    if desk.refusals:
        memory().masks.refresh()
    found = boards.board(session(), memory(), services().desk, place, day, now=now())
    beside = _looked_at(place.town.code)
    towns = rights.towns(Right.LOOK)
    at = beside.index(place) if place in beside else 0
    return render_template(
        "counter/board.html",
        place=place,
        day=day,
        board=found,
        groups=cells.groups(
            memory(),
            found,
            _to_frame(day) if may(Right.BOOK, place) else _nowhere,
            _to_booking,
            _to_check_in,
            has_names=may(Right.SEE_PEOPLE, place),
        ),
        awaited=[use for use in found.uses if _to_check_in(use)],
        move=_moving(),
        steps={
            "p": board_address(place, day - timedelta(days=1)) if day > today() else "",
            "n": board_address(place, day + timedelta(days=1)),
            "[": board_address(beside[at - 1], day) if at > 0 else "",
            "]": board_address(beside[at + 1], day) if at + 1 < len(beside) else "",
            "c": url_for("closing.page", facility=place.id, date=day.isoformat())
            if may(Right.CLOSE_ROOMS, place)
            else "",
        },
        beside_options=[(str(each.id), language.named(each.name, each.name_en)) for each in beside],
        town_options=[
            (each.code, language.named(each.name, each.name_en))
            for each in memory().catalogue.towns.values()
            if each.code in towns
        ],
        desk=desk,
        reasons=[words(each, found, frame) for each in desk.refusals],
        offers=_offers(desk) if frame else [],
        fees=_fees(frame) if frame else {},
        purposes=_purposes(frame.unit) if frame else [],
        key=auth.new_token(),
    )


def words(refusal: Refusal, found: Board | None = None, frame: Frame | None = None) -> str:
    """A refusal as a clerk needs it: who was first, and what the limit is of the party's."""
    said = {
        RefusalCode.OWN_OVERLAP: gettext("この方は、同じ時間に別の予約を持っています。"),
        RefusalCode.TAKEN: gettext("先に予約が入っています。"),
        RefusalCode.TOO_LATE: gettext("予約を受け付ける時刻を過ぎています。"),
        RefusalCode.LIMIT_REACHED: gettext("この方の予約は、この町の上限に達しています。"),
        RefusalCode.NOT_YET_OPEN: gettext("この方の受付は、まだ始まっていません。"),
        RefusalCode.PARTY_SUSPENDED: gettext("この方は、この町で利用停止中です。"),
    }
    if refusal.code is RefusalCode.TAKEN and found and frame:
        first = found.first_in(frame.unit, frame.period)
        if first is not None:
            return gettext(
                "%(at)sに、別の予約（%(number)s %(unit)s）が先に入りました。下の空きから選べます。",
                at=f"{local(first.made_at):%H:%M}"
                if local(first.made_at).date() == today()
                else language.instant_text(first.made_at),
                number=first.number,
                unit=language.named(first.unit.name, first.unit.name_en),
            )
    if refusal.code is RefusalCode.LIMIT_REACHED and refusal.params:
        return gettext(
            "この方の予約は%(used)s件で、この町の上限の%(limit)s件に達しています。",
            **refusal.params,
        )
    if refusal.code is RefusalCode.PARTY_SUSPENDED and refusal.params:
        until = language.day_text(refusal.params["until"])
        return gettext("この方は、この町で%(until)sまで利用停止中です。", until=until)
    if refusal.code is RefusalCode.NOT_YET_OPEN and refusal.params:
        opens = language.day_text(refusal.params["opens_on"])
        return gettext("この方の受付は%(opens)sからです。", opens=opens)
    return said.get(refusal.code) or sentence(refusal)


def _offers(desk: Desk) -> list[OfferCard]:
    """What can be had instead; each goes into the same form, so that nothing is typed again."""
    frame = desk.frame
    if frame is None or not any(each.code in ELSEWHERE_HELPS for each in desk.refusals):
        return []
    viewer = ANYBODY
    if desk.chosen is not None:
        viewer = parties.viewer(session(), desk.chosen.id, today=today())
    found = nearby.alternatives(
        memory(), frame.unit, frame.date, frame.period, now=now(), viewer=viewer, limit=OFFERS_MAX
    )
    return [offer_card(each, urlencode(named(each.unit, each.date, each.period))) for each in found]


def _fees(frame: Frame) -> dict[str, str]:
    """What somebody from here, and somebody from elsewhere, pays."""
    bit = day_bit(frame.date, is_holiday=frame.date in HOLIDAYS)
    rules = frame.unit.town.rules_on(today())
    found = {}
    for each in Residency:
        fee = frame.unit.fee(frame.date, frame.period, bit, each, rules)
        found[each.value] = language.yen(fee.total_yen) if fee else gettext("料金が決まっていない")
    return found


def _purposes(unit: LentUnit) -> list[tuple[str, str]]:
    known = memory().catalogue.purposes
    lent = [
        (code, language.named(*names)) for code, names in known.items() if code in unit.purposes
    ]
    return [("", gettext("えらばない")), *lent]


def named(unit: LentUnit, day: date, period: Period) -> dict[str, Any]:
    times = {"start": clock_text(period.start), "end": clock_text(period.end)}
    return {"unit": unit.id, "date": day.isoformat(), **times}


def frame_address(unit: LentUnit, day: date, period: Period) -> str:
    """The board with the form of this frame open."""
    return url_for("board.page", **named(unit, day, period))


def board_address(place: Place, day: date) -> str:
    """The board of a facility and day; a booking that is being moved stays in hand."""
    return url_for("board.page", facility=place.id, date=day.isoformat(), move=_moving() or None)


def _moving() -> str:
    """The id of the booking that is being moved, or ""."""
    found = request.args.get("move", "")
    return found if re.fullmatch(r"[0-9a-f-]{36}", found) else ""


def _to_frame(day: date) -> cells.ToFrame:
    moving = _moving()

    def address(unit: LentUnit, period: Period) -> str:
        if not moving:
            return frame_address(unit, day, period)
        query = named(unit, day, period)
        return url_for("counter_bookings.change_check", booking_id=moving, **query)

    return address


def _nowhere(*_what: object) -> str:
    return ""


def _to_check_in(use: Use) -> str:
    """Where it is written that the party of this use came; "" where it did, or not today."""
    is_its_day = use.date <= today() <= use.date + timedelta(days=use.is_past_midnight)
    if use.party is None or use.is_tentative or use.came_at or not is_its_day:
        return ""
    if not (may(Right.BOOK, use.unit.place) and may(Right.SEE_PEOPLE, use.unit.place)):
        return ""
    return url_for("attendance.check_in", booking_id=use.booking_id, board=1)


def _to_booking(use: Use) -> str:
    if use.kind in CLOSED_FOR:
        return url_for("closing.one", closure_id=use.booking_id)
    return url_for("counter_bookings.one", booking_id=use.booking_id)


def asked_place() -> Place | None:
    """?facility=, or one of ?town= where that is another; without either the node's own.

    Whoever may not look at that one arrives at the first that they may look at.
    """
    known = memory().catalogue
    town = request.args.get("town", "")
    asked = request.args.get("facility", 0, type=int)
    place = known.places[asked] if asked in known.units_of_place else None
    if town and (place is None or place.town.code != town):
        there = _looked_at(town) or boards.of_town(memory(), town)
        place = there[0] if there else place
    if place is not None:
        return place
    own = boards.own_place(session(), memory(), services().settings.node_name)
    if own is None or may(Right.LOOK, own):
        return own
    lent = (known.places[place_id] for place_id in known.units_of_place)
    return next((each for each in lent if may(Right.LOOK, each)), own)


def _looked_at(town_code: str) -> tuple[Place, ...]:
    """The facilities of a town that they may look at."""
    there = boards.of_town(memory(), town_code)
    return tuple(each for each in there if may(Right.LOOK, each))


def _day() -> date:
    """?date=, or the day of the three fields; never one that is over.

    raises   Malformed
    """
    wanted = request.args.get("date", today(), type=date.fromisoformat)
    if any(request.args.get(f"day_{part}") for part in ("year", "month", "day")):
        wanted = three_part_date(request.args, "day")
    return min(max(wanted, today()), today() + timedelta(days=services().settings.horizon_days))
