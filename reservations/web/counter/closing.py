"""部屋を閉める: first who is in the way and what each gets, then one button for all of it.

The button names the bookings that the page showed. Whoever came since keeps the place, and the
page is shown again with them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations import smtp
from reservations.actions.closing import ClosureRequest, ReopenRequest, Room, close, reopen
from reservations.errors import Refusal, RefusalCode
from reservations.queries import bookings, closing
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.closing import Affected, Shut
from reservations.rules.availability import Kind
from reservations.rules.conflicts import CLOSED_FOR
from reservations.rules.conflicts import reason as reason_of
from reservations.rules.period import SLOTS_PER_DAY, Period, period_of
from reservations.rules.rights import Right
from reservations.web import auth, forms, language, waiting
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.counter.board import board_address
from reservations.web.forms import Malformed, three_part_date
from reservations.web.language import N_, gettext
from reservations.web.reasons import reason_text
from reservations.web.refusals import sentence
from reservations.web.rights import may, needs
from reservations.web.services import context, lead_back, memory, now, services, session, today

blueprint = APIBlueprint("closing", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

DAYS_MAX = 31
NOTE_MAX = 100
KINDS: Mapping[Kind, str] = {
    Kind.MAINTENANCE: N_("修繕・点検"),
    Kind.OFFICIAL: N_("公用"),
    Kind.CLOSURE: N_("臨時休館"),
}
WHOLE_HOUSE = "all"
_SEEN = re.compile(r"[0-9a-f-]{36}:[0-9]{1,9}")


@dataclass(frozen=True)
class Plan:
    """What is to be closed, as it was typed: `period` None is as long as it is open."""

    place: Place
    room: str
    units: tuple[LentUnit, ...]
    kind: Kind
    note: str
    first: date
    last: date
    period: Period | None

    @property
    def days(self) -> list[date]:
        return [
            self.first + timedelta(days=each) for each in range((self.last - self.first).days + 1)
        ]

    @property
    def fields(self) -> dict[str, str]:
        """What the button sends besides those it saw."""
        return {
            "facility": str(self.place.id),
            "room": self.room,
            "kind": self.kind.value,
            "note": self.note,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "start": request.values.get("start", ""),
            "end": request.values.get("end", ""),
        }


@blueprint.get("/board/close")
@needs(Right.CLOSE_ROOMS, about.house)
def page() -> str:
    place = about.house()[0]
    return _form(place, request.args, {})


def _form(place: Place, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    units = memory().catalogue.units_of_place.get(place.id, ())
    asked = request.args.get("date", today(), type=date.fromisoformat)
    return render_template(
        "counter/closing.html",
        place=place,
        rooms=[(WHOLE_HOUSE, gettext("全館（すべての室場）"))]
        + [(str(unit.id), language.named(unit.name, unit.name_en)) for unit in units],
        kinds=[(kind.value, gettext(words)) for kind, words in KINDS.items()],
        day=max(asked, today()),
        typed=typed,
        errors=errors,
        back=board_address(place, max(asked, today())),
        list=url_for("closing.closures", facility=place.id),
    )


@blueprint.get("/board/close/check")
@needs(Right.CLOSE_ROOMS, about.house)
def check() -> str | tuple[str, int]:
    try:
        plan = _plan(request.args)
    except Malformed as wrong:
        return _form(about.house()[0], request.args, wrong.errors), 422
    return _check_page(plan)


@blueprint.post("/board/close")
@needs(Right.CLOSE_ROOMS, about.house)
def shut() -> Response | str | tuple[str, int]:
    try:
        plan = _plan(request.form)
    except Malformed as wrong:
        return _form(about.house()[0], request.form, wrong.errors), 422
    lead_back(url_for("closing.page", facility=plan.place.id))
    seen = frozenset(_SEEN.findall(request.form.get("seen", "")))
    done: list[str] = []
    for day in plan.days:
        rooms = closing.rooms(memory(), plan.units, day, plan.period, now=now())
        if not rooms:
            continue
        asked = _request(plan, day, rooms, seen)
        # A set has no order of its own, and every process another one.
        told = (sorted(plan.fields.items()), day, sorted(seen))
        key = auth.form_key(request.form.get("key", "")[: forms.KEY_LENGTH_MAX], told)
        try:
            made = close(session(), asked, context(auth.actor(), key=key))
        except Refusal as refusal:
            # The days before are closed; what is left is shown again, as it is now.
            return _check_page(_from(plan, day), [refusal], done_until=day if done else None), 422
        waiting.wait_for_answer(made)
        done.append(str(made))
    if len(done) == 1:
        return redirect(url_for("closing.one", closure_id=done[0], done=1), 303)
    there = url_for("closing.closures", facility=plan.place.id, done=len(done))
    return redirect(there, 303)


def _request(plan: Plan, day: date, rooms: Sequence[Shut], seen: frozenset[str]) -> ClosureRequest:
    first, *others = rooms
    more = tuple(Room(each.unit.id, each.period) for each in others)
    return ClosureRequest(first.unit.id, day, first.period, plan.kind, plan.note, seen, more)


def _from(plan: Plan, day: date) -> Plan:
    left = {name: getattr(plan, name) for name in plan.__dataclass_fields__} | {"first": day}
    return Plan(**left)


def _check_page(plan: Plan, told: Sequence[Refusal] = (), *, done_until: date | None = None) -> str:
    memory().masks.refresh()
    shut_on = {
        day: closing.rooms(memory(), plan.units, day, plan.period, now=now()) for day in plan.days
    }
    everything = [each for rooms in shut_on.values() for each in rooms]
    days = [
        closing.closing_day(session(), memory(), plan.place, day, rooms, everything, now=now())
        for day, rooms in shut_on.items()
    ]
    against = [each.against for each in days if each.against is not None]
    reasons = [*told, *(each for each in against if each not in told)]
    affected = [each for day in days for each in day.affected]
    return render_template(
        "counter/closing_check.html",
        plan=plan,
        kind=gettext(KINDS[plan.kind]),
        reason=reason_of(plan.kind, plan.note),
        days=days,
        people=[each for each in affected if each.booking.party_id is not None],
        own=[each for each in affected if each.booking.party_id is None],
        seen=" ".join(each.key for each in affected),
        way=_way,
        offer_text=reason_text,
        reasons=[_words(each) for each in reasons],
        can_close=not against and any(day.shut for day in days),
        closed_days=[day.date for day in days if not day.shut],
        elsewhere=[day.date for day in days if day.shut and not day.is_held],
        done_until=done_until,
        key=auth.new_token(),
        change=_again(plan),
    )


def _words(refusal: Refusal) -> str:
    if refusal.code is RefusalCode.TAKEN:
        return gettext(
            "紙の綴りに貸してある時間が含まれています。綴りを閉じてから、もう一度閉めてください。"
        )
    return sentence(refusal)


def _way(each: Affected) -> str:
    """How the letter goes."""
    number = bookings.number_parts(each.booking.number)
    if number is not None and number[0] != services().settings.node_no:
        return gettext("予約した拠点から伝えます")
    if services().settings.smtp_host and smtp.address_of(each.mail):
        return gettext("メール")
    return gettext("窓口から電話か手紙")


def _again(plan: Plan) -> str:
    return url_for("closing.page", facility=plan.place.id, date=plan.first.isoformat())


# What is closed


@blueprint.get("/board/closures")
@needs(Right.LOOK, about.house)
def closures() -> str:
    place = about.house()[0]
    found = closing.closures(session(), memory(), place, since=today())
    return render_template(
        "counter/closures.html",
        place=place,
        closures=[each for each in found if each.status != "cancelled"],
        kinds=_kind_words(),
        done=request.args.get("done", 0, type=int),
        close=url_for("closing.page", facility=place.id),
        back=board_address(place, today()),
    )


@blueprint.get("/board/closures/<uuid:closure_id>")
@needs(Right.SEE_PEOPLE, about.closure)
def one(closure_id: UUID) -> str:
    return _closure_page(_closure(closure_id))


def _closure_page(closure: BookingView, reasons: Sequence[str] = ()) -> str:
    is_open = closure.status in ("confirmed", "tentative") and closure.ends_at > now()
    is_open = is_open and may(Right.CLOSE_ROOMS, closure.unit.place)
    return render_template(
        "counter/closure.html",
        closure=closure,
        kind=_kind_words().get(closure.kind, ""),
        lost=closing.lost_to(session(), memory(), closure),
        why=_why(closure),
        reasons=reasons,
        can_open=is_open,
        back=board_address(closure.unit.place, max(closure.date, today())),
        list=url_for("closing.closures", facility=closure.unit.place.id),
        again=url_for(
            "closing.page", facility=closure.unit.place.id, date=closure.date.isoformat()
        ),
    )


def _why(closure: BookingView) -> str:
    """Why another node did not close it."""
    if closure.status != "refused":
        return ""
    return gettext(
        "台帳を持つ拠点は、この部屋を閉めませんでした。そこで見ていない予約があったか、"
        "災害対応などで使われています。もう一度、確かめて閉めてください。"
    )


@blueprint.post("/board/closures/<uuid:closure_id>/open")
@needs(Right.CLOSE_ROOMS, about.closure)
def open_(closure_id: UUID) -> Response | tuple[str, int]:
    closure = _closure(closure_id)
    lead_back(url_for("closing.one", closure_id=closure.id))
    try:
        reopen(session(), ReopenRequest(closure.id), context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.NOT_ACTIVE:
            raise
    return redirect(url_for("closing.one", closure_id=closure.id), 303)


def _closure(closure_id: UUID) -> BookingView:
    """raises   Refusal not_found"""
    found = bookings.one(session(), memory(), str(closure_id))
    if found is None or Kind(found.kind) not in CLOSED_FOR:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found


def _kind_words() -> dict[str, str]:
    return {kind.value: gettext(words) for kind, words in KINDS.items()}


# What was typed


def _plan(source: Any) -> Plan:
    """raises   Malformed"""
    place = about.house()[0]
    errors: dict[str, str] = {}
    units = memory().catalogue.units_of_place.get(place.id, ())
    room = source.get("room", WHOLE_HOUSE)
    chosen = tuple(unit for unit in units if room in (WHOLE_HOUSE, str(unit.id)))
    if not chosen:
        errors["room"] = gettext("室場を選んでください。")
    kind = next((each for each in KINDS if each.value == source.get("kind")), Kind.MAINTENANCE)
    note = " ".join(source.get("note", "").split())
    if len(note) > NOTE_MAX or not note.isprintable():
        errors["note"] = gettext("%(most)s文字までの文字で入れてください。", most=NOTE_MAX)
    first = last = today()
    try:
        first = _day(source, "first") or today()
        last = _day(source, "last") or first
    except Malformed as wrong:
        errors |= wrong.errors
    horizon = today() + timedelta(days=services().settings.horizon_days)
    if not today() <= first <= last <= horizon or (last - first).days >= DAYS_MAX:
        words = gettext("今日から後の、%(most)s日までの続きの日にしてください。", most=DAYS_MAX)
        errors.setdefault("last", words)
    period = _period(source, errors)
    if errors:
        raise Malformed(source, errors)
    return Plan(place, room, chosen, kind, note, first, last, period)


def _day(source: Mapping[str, str], name: str) -> date | None:
    """As an address has it, or in three fields; raises Malformed."""
    if any(source.get(f"{name}_{part}") for part in ("year", "month", "day")):
        return three_part_date(source, name)
    try:
        return date.fromisoformat(source[name]) if source.get(name) else None
    except ValueError:
        raise Malformed(source, {name: forms.no_such_day()}) from None


def _period(source: Mapping[str, str], errors: dict[str, str]) -> Period | None:
    """None where both are empty: the whole day."""
    start, end = (str(forms.folded(source.get(name, ""))) for name in ("start", "end"))
    if not start and not end:
        return None
    found = period_of(start.zfill(len("09:00")), end.zfill(len("09:00"))) if start and end else None
    if found is None or found.end > SLOTS_PER_DAY:
        errors["start"] = gettext(
            "時刻は9:00と12:00のように、15分きざみで両方入れてください。終日なら両方空けてください。"
        )
        return None
    return found
