"""Positions: reading what was written, checking it against the border, repairing whole columns.

The order of trust, from issue 2:

    1. written well and inside the municipality's border (+1 km)         ok, never touched
    2. written otherwise, but exactly readable, and inside               repaired (notation)
    3. wrong in the way in which nearly all wrong rows of the same
       municipality are wrong, and inside once that way is undone        repaired (hypothesis)
    4. missing, and the address names a known town                       proposed (town's middle)
    5. wrong in its own way, or missing without a known town             unknown and flagged

A single odd row is never guessed at: what looks like one lost digit may be another building. It
gets no proposal either, because a wrong number is no reason to believe the address beside it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from reservations.opendata.cells import CellStatus, folded, text_of
from reservations.opendata.reasons import Reason, ReasonCode, reason
from reservations.opendata.reference import Reference, distance_metres, in_japan

TOLERANCE_METRES = 1_000.0

# A swapped or scaled pair that lands inside one town of 1,700 does so by no accident, so that even
# one is believed. Minutes read as decimals move a point by a few kilometres only: chance would
# bring a third of any wrong points home, hence many must come, and nearly all of them.
STRONG_SHARE_MIN = 0.9
PACKED_SHARE_MIN = 0.8
PACKED_ROWS_MIN = 3
PACKED_SOURCE_ROWS_MIN = 10

_DEGREE_SIGNS = str.maketrans(dict.fromkeys("゜˚º∘⁰°", "度"))
_MINUTE_SIGNS = re.compile("[′’‘´`']")
_HEMISPHERE = re.compile(
    r"^(北緯|東経|緯度|経度|lat(?:itude)?|lon(?:gitude)?|lng|[nesw])[:=]?|([nesw])$", re.I
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?|[+-]?\.\d+")
_SEXAGESIMAL = re.compile(
    r"(\d{1,3})(?:度|:|-|\s|\.)(\d{1,2})(?:分|:|-|\s|\.)(\d{1,2}(?:\.\d+)?)(?:秒)?"
)
_DEGREES_MINUTES = re.compile(r"(\d{1,3})度(\d{1,2}(?:\.\d+)?)分?")
_PAIR = re.compile(r"^\(?\s*(\S+?)\s*[,、;/\s]\s*(\S+?)\s*\)?$")


@dataclass(frozen=True)
class Angle:
    """One coordinate as read: its number, the digits it was read from, and how it was written.

    notation   "" where it stood as a plain decimal number
    """

    value: float
    digits: str
    notation: str = ""


@dataclass(frozen=True)
class Point:
    """What one record says about where it is.

    code   6-digit code of the municipality (or prefecture) in which it must lie; None if unknown
    rest   the address after the municipality, for the town
    """

    lat: str
    lng: str
    code: str | None
    rest: str = ""
    address_code: str | None = None


@dataclass(frozen=True)
class Position:
    """Where a record is, as far as we know.

    method    plain, notation, a hypothesis's name, town, or "" where there is nothing
    flagged   a clerk must look before it is used
    """

    lat: float | None
    lng: float | None
    status: CellStatus
    method: str = ""
    flagged: bool = False
    reasons: tuple[Reason, ...] = ()


Candidate = tuple[float, float]
Pair = tuple[Angle, Angle]
Hypothesis = Callable[[Pair], Candidate | None]


def read_angle(raw: str) -> Angle | None:
    """One coordinate in any of its notations; None where it is empty or no angle.

    Reads full-width digits, a decimal comma, 北緯 and N, 36度33分12.5秒 with any signs, 36:33:12.
    Whether the number can be a latitude is not decided here.
    """
    text = text_of(raw)
    if not text:
        return None
    if _NUMBER.fullmatch(text):
        return Angle(float(text), text)
    bare = _bare(text)
    if _NUMBER.fullmatch(bare):
        return Angle(float(bare), bare, "notation")
    if re.fullmatch(r"\d{1,3},\d+", bare):
        return Angle(float(bare.replace(",", ".")), bare.replace(",", "."), "decimal_comma")
    if (found := _SEXAGESIMAL.fullmatch(bare)) is not None:
        degrees = _degrees(int(found[1]), float(found[2]), float(found[3]))
    elif (found := _DEGREES_MINUTES.fullmatch(bare)) is not None:
        degrees = _degrees(int(found[1]), float(found[2]), 0.0)
    else:
        return None
    return None if degrees is None else Angle(degrees, repr(degrees), "degrees_minutes_seconds")


def place(points: Sequence[Point], reference: Reference) -> list[Position]:
    """The position of every record of one file, in order; the columns are judged as a whole."""
    pairs = [_pair(point.lat, point.lng) for point in points]
    positions: list[Position | None] = [
        _as_it_stands(point, pair, reference) for point, pair in zip(points, pairs, strict=True)
    ]
    failing = {i: pair for i, pair in enumerate(pairs) if pair is not None and positions[i] is None}
    for index, position in _repaired(points, failing, reference).items():
        positions[index] = position
    _reread_ambiguous(points, pairs, positions, reference)
    return [
        position if position is not None else _flagged(point, pair, reference)
        for position, point, pair in zip(positions, points, pairs, strict=True)
    ]


def is_home(reference: Reference, code: str | None, candidate: Candidate) -> bool:
    """Whether a position may stand: inside the border of `code`, or anywhere if that is unknown."""
    if not in_japan(*candidate):
        return False
    away = _distance(reference, code, candidate)
    return away is None or away <= TOLERANCE_METRES


def packed_degrees(digits: str) -> float | None:
    """37.183045 as 37 degrees 18 minutes 30.45 seconds; None if that cannot be meant."""
    whole, _, fraction = digits.partition(".")
    fraction = fraction.ljust(4, "0")
    seconds = f"{fraction[2:4]}.{fraction[4:] or '0'}"
    return _degrees(int(whole), float(fraction[:2]), float(seconds))


def _swapped(pair: Pair) -> Candidate | None:
    return pair[1].value, pair[0].value


def _packed(pair: Pair) -> Candidate | None:
    lat, lng = packed_degrees(pair[0].digits), packed_degrees(pair[1].digits)
    return None if lat is None or lng is None else (lat, lng)


def _swapped_and_packed(pair: Pair) -> Candidate | None:
    return _packed((pair[1], pair[0]))


def _scaled(pair: Pair) -> Candidate | None:
    lat, lng = _scaled_digits(pair[0], axis=0), _scaled_digits(pair[1], axis=1)
    return None if lat is None or lng is None else (float(lat), float(lng))


def _swapped_and_scaled(pair: Pair) -> Candidate | None:
    return _scaled((pair[1], pair[0]))


def _scaled_and_packed(pair: Pair) -> Candidate | None:
    lat, lng = _scaled_digits(pair[0], axis=0), _scaled_digits(pair[1], axis=1)
    if lat is None or lng is None:
        return None
    return _packed((Angle(float(lat), lat), Angle(float(lng), lng)))


def _in_seconds(pair: Pair) -> Candidate | None:
    return round(pair[0].value / 3_600, 7), round(pair[1].value / 3_600, 7)


def _in_milliseconds(pair: Pair) -> Candidate | None:
    return round(pair[0].value / 3_600_000, 7), round(pair[1].value / 3_600_000, 7)


# For numbers that no place in Japan has, in the order in which they win when equally good.
STRONG: dict[str, Hypothesis] = {
    "swapped": _swapped,
    "decimal_point_lost": _scaled,
    "decimal_point_lost_and_swapped": _swapped_and_scaled,
    "packed_degrees_swapped": _swapped_and_packed,
    "packed_degrees_decimal_point_lost": _scaled_and_packed,
    "seconds": _in_seconds,
    "milliseconds": _in_milliseconds,
}
PACKED = "packed_degrees"

METHOD_NAMES: dict[str, str] = {
    "notation": "全角・記号を除いた",
    "decimal_comma": "小数点のコンマを直した",
    "degrees_minutes_seconds": "度分秒から換算した",
    "one_cell": "一つの欄にあった緯度・経度を分けた",
    "swapped": "緯度と経度の入れ替わりを戻した",
    "decimal_point_lost": "失われた小数点を戻した",
    "decimal_point_lost_and_swapped": "入れ替わりと小数点を戻した",
    "packed_degrees_swapped": "入れ替わりを戻し、度分秒から換算した",
    "packed_degrees_decimal_point_lost": "小数点を戻し、度分秒から換算した",
    "seconds": "秒から換算した",
    "milliseconds": "ミリ秒から換算した",
    PACKED: "小数に詰め込まれた度分秒から換算した",
}


def _bare(text: str) -> str:
    """An angle's text with one sign each for degrees, minutes and seconds, without hemisphere."""
    bare = folded(text.translate(_DEGREE_SIGNS)).strip()
    bare = _HEMISPHERE.sub("", bare).strip()
    bare = _HEMISPHERE.sub("", bare).strip()
    bare = _MINUTE_SIGNS.sub("'", bare).replace("”", '"').replace("“", '"').replace("″", '"')
    bare = bare.replace("''", "秒").replace('"', "秒").replace("'", "分")
    bare = re.sub(r"\s*([度分秒])\s*", r"\1", bare)
    return re.sub(r"^(\d+(?:\.\d+)?)度$", r"\1", bare)


def _degrees(whole: int, minutes: float, seconds: float) -> float | None:
    if minutes >= 60 or seconds >= 60:
        return None
    return round(whole + minutes / 60 + seconds / 3_600, 7)


def _pair(raw_lat: str, raw_lng: str) -> Pair | None:
    lat, lng = read_angle(raw_lat), read_angle(raw_lng)
    if lat is None and lng is None and not (text_of(raw_lat) and text_of(raw_lng)):
        found = _PAIR.match(folded(text_of(raw_lat) or text_of(raw_lng)))
        if found is not None and (one := read_angle(found[1])) and (two := read_angle(found[2])):
            return replace(one, notation="one_cell"), replace(two, notation="one_cell")
    if lat is None or lng is None or (lat.value == 0 and lng.value == 0):
        return None
    return lat, lng


def _distance(reference: Reference, code: str | None, at: Candidate) -> float | None:
    if code is None:
        return None
    return reference.distance_metres(code, *at, wanted_metres=TOLERANCE_METRES)


def _as_it_stands(point: Point, pair: Pair | None, reference: Reference) -> Position | None:
    """The position as written, if it is missing or good; None if something must be done."""
    if pair is None:
        return _proposed(point, reference, _missing(point))
    at = pair[0].value, pair[1].value
    if not is_home(reference, point.code, at):
        return None
    notation = pair[0].notation or pair[1].notation
    if notation:
        told = reason(ReasonCode.COORDINATES_REWRITTEN, method=METHOD_NAMES[notation])
        return Position(*at, CellStatus.REPAIRED, notation, reasons=(told,))
    if point.code is None or not reference.has_border(point.code):
        told = reason(ReasonCode.COORDINATES_NOT_CHECKED)
        return Position(*at, CellStatus.OK, "plain", reasons=(told,))
    return Position(*at, CellStatus.OK, "plain")


def _missing(point: Point) -> Reason:
    raw = " ".join(text for text in (text_of(point.lat), text_of(point.lng)) if text)
    if raw and not re.fullmatch(r"[0.\s]+", raw):
        return reason(ReasonCode.COORDINATES_UNREADABLE, raw=raw)
    return reason(ReasonCode.COORDINATES_MISSING)


def _repaired(
    points: Sequence[Point], failing: dict[int, Pair], reference: Reference
) -> dict[int, Position]:
    """Positions of the failing rows that a hypothesis about their whole column brings home."""
    positions: dict[int, Position] = {}
    by_place: dict[str | None, list[int]] = defaultdict(list)
    for index, pair in failing.items():
        if not in_japan(pair[0].value, pair[1].value):
            by_place[points[index].code].append(index)
    for rows in by_place.values():
        positions |= _strong_repairs(rows, points, failing, reference)
    positions |= _packed_repairs(points, failing, reference)
    return positions


def _strong_repairs(
    rows: list[int], points: Sequence[Point], failing: dict[int, Pair], reference: Reference
) -> dict[int, Position]:
    """Try the strong hypotheses on one municipality's impossible numbers, the best one first."""
    positions: dict[int, Position] = {}
    left = list(rows)
    while left:
        best: tuple[str, dict[int, Candidate]] = ("", {})
        for name, hypothesis in STRONG.items():
            made = {i: c for i in left if (c := hypothesis(failing[i])) and in_japan(*c)}
            home = {i: c for i, c in made.items() if _is_surely_home(reference, points[i].code, c)}
            if len(home) >= STRONG_SHARE_MIN * len(made) and len(home) > len(best[1]):
                best = (name, home)
        name, home = best
        if not home:
            return positions
        for index, at in home.items():
            positions[index] = _repair(name, at, points[index], reference, len(home), len(left))
        left = [index for index in left if index not in home]
    return positions


def _packed_repairs(
    points: Sequence[Point], failing: dict[int, Pair], reference: Reference
) -> dict[int, Position]:
    """Packed degrees, municipality by municipality, then for what the whole source left over."""
    by_place: dict[str | None, list[int]] = defaultdict(list)
    home: dict[int, Candidate] = {}
    for index, pair in failing.items():
        if in_japan(pair[0].value, pair[1].value):
            by_place[points[index].code].append(index)
            at = _packed(pair)
            if at is not None and _is_surely_home(reference, points[index].code, at):
                home[index] = at
    accepted: list[list[int]] = []
    left: list[int] = []
    for rows in by_place.values():
        came = sum(1 for i in rows if i in home)
        good = came >= PACKED_ROWS_MIN and came >= PACKED_SHARE_MIN * len(rows)
        (accepted.append(rows) if good else left.extend(rows))
    came = sum(1 for i in left if i in home)
    if came >= PACKED_SOURCE_ROWS_MIN and came >= PACKED_SHARE_MIN * len(left):
        accepted.append(left)
    positions = {}
    for rows in accepted:
        came = sum(1 for i in rows if i in home)
        for i in rows:
            if i in home:
                positions[i] = _repair(PACKED, home[i], points[i], reference, came, len(rows))
    return positions


def _is_surely_home(reference: Reference, code: str | None, at: Candidate) -> bool:
    """Like `is_home`, but an unknown border proves nothing."""
    return code is not None and reference.has_border(code) and is_home(reference, code, at)


def _repair(
    name: str, at: Candidate, point: Point, reference: Reference, home: int, failing: int
) -> Position:
    told = reason(
        ReasonCode.COORDINATES_REPAIRED,
        method=METHOD_NAMES[name],
        home=home,
        failing=failing,
        municipality=_name(point.code, reference),
    )
    return Position(*at, CellStatus.REPAIRED, name, reasons=(told,))


def _reread_ambiguous(
    points: Sequence[Point],
    pairs: Sequence[Pair | None],
    positions: list[Position | None],
    reference: Reference,
) -> None:
    """Where a town packs its degrees, some rows stay inside the border even when misread.

    Their own 町 decides where it is clearly nearer to one reading; elsewhere the column does, if
    hardly a row of it must be a decimal. Where 町 and column disagree, a clerk decides.
    """
    packed: dict[str, int] = defaultdict(int)
    only_decimal: dict[str, int] = defaultdict(int)
    ambiguous: dict[int, Candidate] = {}
    for position, point in zip(positions, points, strict=True):
        if position is not None and position.method == PACKED:
            packed[point.code or ""] += 1
    for index, (point, pair) in enumerate(zip(points, pairs, strict=True)):
        position, code = positions[index], point.code or ""
        if code not in packed or pair is None or position is None or position.method != "plain":
            continue
        at = _packed(pair)
        if at is None or not _is_surely_home(reference, code, at):
            only_decimal[code] += 1
        else:
            ambiguous[index] = at
    for index, at in ambiguous.items():
        code = points[index].code or ""
        usual = packed[code] >= STRONG_SHARE_MIN * (packed[code] + only_decimal[code])
        reread = _reread(points[index], pairs[index], at, reference, usual=usual)
        positions[index] = reread or positions[index]


def _reread(
    point: Point, pair: Pair | None, packed: Candidate, reference: Reference, *, usual: bool
) -> Position | None:
    """The packed reading of one ambiguous row, flagged or not; None to leave it as written."""
    assert pair is not None, "an ambiguous row has a position"
    nearer = _nearer_by_metres(point, (pair[0].value, pair[1].value), packed, reference)
    if nearer > TOLERANCE_METRES or (usual and nearer > -TOLERANCE_METRES):
        return _repair(PACKED, packed, point, reference, 1, 1)
    if not usual:
        return None
    raw = f"{text_of(point.lat)}, {text_of(point.lng)}"
    told = reason(ReasonCode.COORDINATES_AMBIGUOUS, raw=raw)
    return Position(*packed, CellStatus.PROPOSED, PACKED, flagged=True, reasons=(told,))


def _nearer_by_metres(
    point: Point, written: Candidate, packed: Candidate, reference: Reference
) -> float:
    """How much nearer to the point's own 町 the packed reading is; 0 if the 町 is not known."""
    town = reference.town_of(point.code or "", point.rest)
    if town is None:
        return 0.0
    as_written = distance_metres(town.lat, town.lng, *written)
    return as_written - distance_metres(town.lat, town.lng, *packed)


def _flagged(point: Point, pair: Pair | None, reference: Reference) -> Position:
    """A position that is wrong in its own way: told, and left to a clerk."""
    assert pair is not None, "a missing position never fails"
    at = pair[0].value, pair[1].value
    raw = f"{text_of(point.lat)}, {text_of(point.lng)}"
    if not in_japan(*at):
        return _unknown(reason(ReasonCode.COORDINATES_OUT_OF_RANGE, raw=raw))
    away = reference.distance_metres(point.code or "", *at, wanted_metres=float("inf")) or 0.0
    told = reason(
        ReasonCode.COORDINATES_OUTSIDE_MUNICIPALITY,
        raw=raw,
        municipality=_name(point.code, reference),
        distance_km=f"{away / 1000:.1f}",
    )
    address_code = point.address_code
    if address_code and address_code != point.code and _is_surely_home(reference, address_code, at):
        municipality = _name(address_code, reference)
        return _unknown(told, reason(ReasonCode.POSITION_INSIDE_ADDRESS, municipality=municipality))
    return _unknown(told)


def _unknown(*told: Reason) -> Position:
    return Position(None, None, CellStatus.UNKNOWN, flagged=True, reasons=told)


def _proposed(point: Point, reference: Reference, told: Reason) -> Position:
    """The middle of the town that the address names; unknown and flagged if it names none."""
    code = point.address_code or point.code
    town = reference.town_of(code, point.rest) if code else None
    if town is None:
        return _unknown(told, reason(ReasonCode.TOWN_NOT_FOUND, address=point.rest))
    also = reason(ReasonCode.POSITION_PROPOSED_FROM_TOWN, town=_name(code, reference) + town.name)
    return Position(town.lat, town.lng, CellStatus.PROPOSED, "town", reasons=(told, also))


def _name(code: str | None, reference: Reference) -> str:
    known = reference.municipality(code) if code else None
    return (known.name or known.prefecture) if known else "市区町村"


def _scaled_digits(angle: Angle, *, axis: int) -> str | None:
    """The digits with the decimal point put where a latitude (axis 0) or longitude (1) has it."""
    low, high = ((20.0, 46.5), (122.0, 154.5))[axis]
    if low <= angle.value <= high:
        return angle.digits
    digits = angle.digits.lstrip("+-").replace(".", "").lstrip("0")
    whole = 2 if axis == 0 else 3
    if angle.value <= 0 or len(digits) < whole + 1:
        return None
    pointed = f"{digits[:whole]}.{digits[whole:]}"
    return pointed if low <= float(pointed) <= high else None


def count_by_status(positions: Iterable[Position]) -> dict[str, int]:
    """How many positions have each status; `flagged` counts those a clerk must look at."""
    counted: dict[str, int] = {status.value: 0 for status in CellStatus} | {"flagged": 0}
    for position in positions:
        counted[position.status.value] += 1
        counted["flagged"] += position.flagged
    return counted
