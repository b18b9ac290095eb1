"""What a card says: plain strings, worked out once, so that templates only print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from reservations.queries.around import FreePlace, FreeUnit, Miss
from reservations.queries.catalogue import LentUnit, Place
from reservations.queries.nearby import Alternative, Found
from reservations.rules.availability import Status
from reservations.rules.fees import Fee
from reservations.rules.nearby import travel_minutes
from reservations.rules.period import Period, clock_text
from reservations.web import language
from reservations.web.auth import viewer
from reservations.web.language import gettext
from reservations.web.reasons import reason_text
from reservations.web.resident.addresses import Addresses
from reservations.web.statuses import Sign, sign
from reservations.web.templating import name_of


@dataclass(frozen=True, slots=True)
class Frame:
    """A time as a link: `spoken` is its whole name for who does not see the card around it."""

    address: str
    spoken: Markup
    time: str
    price: str


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit with its free frames; `more` leads to the rest."""

    name: Markup
    address: str
    frames: tuple[Frame, ...]
    more: int


@dataclass(frozen=True, slots=True)
class PlaceCard:
    """A facility on one day."""

    name: Markup
    town: Markup
    address: str
    distance: str
    units: tuple[UnitRow, ...]
    more_units: int


@dataclass(frozen=True, slots=True)
class ResultCard:
    """A unit with the time that would be lent."""

    place: Markup
    unit: Markup
    town: Markup
    when: str
    widened: str
    price: str
    price_note: str
    distance: str
    reason: str
    address: str
    details: str


@dataclass(frozen=True, slots=True)
class MissRow:
    """A unit that cannot be had, with the reason in words."""

    place: Markup
    unit: Markup
    address: str
    sign: Sign
    word: str


FRAMES_SHOWN_MAX = 3
UNITS_SHOWN_MAX = 1


def place_card(found: FreePlace, addresses: Addresses) -> PlaceCard:
    """The free frames of one place; the whole hall before its halves."""
    free = [unit for unit in found.units if unit.frames]
    place = found.place
    return PlaceCard(
        name_of(place.name, place.name_en),
        name_of(place.town.name, place.town.name_en),
        addresses.facility(place.id),
        distance_words(place, found.distance_m),
        tuple(_unit_row(unit, addresses) for unit in free[:UNITS_SHOWN_MAX]),
        max(0, len(free) - UNITS_SHOWN_MAX),
    )


def _unit_row(found: FreeUnit, addresses: Addresses) -> UnitRow:
    unit = found.unit
    shown = found.frames[:FRAMES_SHOWN_MAX]
    return UnitRow(
        name_of(unit.name, unit.name_en),
        addresses.unit(unit.id, date=found.frames[0].date.isoformat()),
        tuple(_frame(each, addresses) for each in shown),
        len(found.frames) - len(shown),
    )


def _frame(found: Found, addresses: Addresses) -> Frame:
    time = language.time_text(found.period)
    price = language.yen(found.fee.total_yen)
    return Frame(
        addresses.check(found.unit, found.date, found.period),
        spoken(found.unit, found.date, found.period, Status.FREE, price),
        time,
        price,
    )


def spoken(
    unit: LentUnit, day: date, period: Period, status: Status | str, more: str = ""
) -> Markup:
    """となり体育館 全面、11月28日（土）、18:00〜21:00、空き、1,800円: the whole name of a cell."""
    place = unit.place
    name = Markup(" ").join((name_of(place.name, place.name_en), name_of(unit.name, unit.name_en)))
    parts = [name, language.day_text(day), language.time_text(period), sign(status).word]
    return Markup(language.comma()).join([*parts, more] if more else parts)


def result_card(found: Found, wished: Period, addresses: Addresses) -> ResultCard:
    """A hit of the search."""
    return _card(
        found.unit,
        found.date,
        found.period,
        found.fee,
        addresses,
        widened=_widened(found.period, wished),
        distance=distance_words(found.unit.place, found.distance_m, with_travel=True),
    )


def varied(found: Sequence[Alternative]) -> list[Alternative]:
    """At most two units of one place, so that four halves of one floor leave room for others."""
    seen: Counter[int] = Counter()
    kept = []
    for each in found:
        seen[each.unit.place.id] += 1
        if seen[each.unit.place.id] <= 2:
            kept.append(each)
    return kept


def alternative_card(found: Alternative, addresses: Addresses) -> ResultCard:
    """An offer from next door, with its reason."""
    fee_yen = found.offer.candidate.fee_yen
    return _card(
        found.unit,
        found.date,
        found.period,
        Fee((), fee_yen, fee_yen) if fee_yen is not None else None,
        addresses,
        distance=distance_words(
            found.unit.place, found.offer.candidate.distance_m or None, with_travel=True
        ),
        reason=reason_text(found),
    )


def _card(
    unit: LentUnit,
    day: date,
    period: Period,
    fee: Fee | None,
    addresses: Addresses,
    *,
    distance: str,
    widened: str = "",
    reason: str = "",
) -> ResultCard:
    place = unit.place
    return ResultCard(
        name_of(place.name, place.name_en),
        name_of(unit.name, unit.name_en),
        name_of(place.town.name, place.town.name_en),
        language.time_text(period),
        widened,
        language.yen(fee.total_yen) if fee else "",
        price_note(unit),
        distance,
        reason,
        addresses.check(unit, day, period),
        addresses.unit(unit.id, date=day.isoformat()),
    )


def _widened(lent: Period, wished: Period) -> str:
    if lent == wished:
        return ""
    return gettext(
        "ご希望の%(wished)sを含む時間帯で貸し出しています", wished=language.time_text(wished)
    )


def price_note(unit: LentUnit) -> str:
    """Whose price it is: of local people while nobody is signed in, else this viewer's own."""
    if viewer().party_id is None:
        return gettext("市内の方の料金")
    if viewer().residency(unit.town.code).is_local:
        return gettext("あなたの料金（市内）")
    return gettext("あなたの料金（市外）")


def distance_words(place: Place, metres: int | None, *, with_travel: bool = False) -> str:
    """約2.1 km（直線）・車で約9分; an approximate position says so."""
    if metres is None:
        return ""
    far = language.distance_text(metres)
    if place.coordinate_status == "proposed":
        words = gettext("約%(distance)s（直線・位置はおおよそ）", distance=far)
    else:
        words = gettext("約%(distance)s（直線）", distance=far)
    if not with_travel:
        return words
    minutes = gettext("車などで約%(minutes)s分", minutes=travel_minutes(metres))
    return words + ("・" if language.is_japanese() else ", ") + minutes


def miss_row(found: Miss, wished_day: date, addresses: Addresses) -> MissRow:
    """A full or closed unit with its reason and the way to its own page."""
    unit = found.unit
    words = sign(found.status)
    word = words.word
    if found.opens_on is not None:
        word = gettext("%(day)sから受付", day=language.day_text(found.opens_on))
    elif found.status is Status.CLOSED:
        word = gettext("この時間は貸し出していません")
    elif found.status is Status.NOT_OPEN:
        words = sign("past")
        word = words.word
    times = {"start": clock_text(found.period.start), "end": clock_text(found.period.end)}
    return MissRow(
        name_of(unit.place.name, unit.place.name_en),
        name_of(unit.name, unit.name_en),
        addresses.unit(unit.id, date=wished_day.isoformat(), **times),
        words,
        word,
    )
