"""What we know of the country: municipalities, their borders, their towns, and the POI codes.

Loaded once from the packaged files of `data/` (see its README for sources and licences). Borders
and towns are there for the regions we serve, Ishikawa and Tokyo; elsewhere a position can only be
checked roughly, by its distance from the municipal office, and says so.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files

from reservations.opendata.cells import squeezed

METRES_PER_DEGREE = 111_195.0
JAPAN_LATITUDES = (20.0, 46.5)
JAPAN_LONGITUDES = (122.0, 154.5)
OFFICE_DISTANCE_MAX_METRES = 60_000.0

_DIGITS = str.maketrans("〇一二三四五六七八九", "0123456789")
_CHOME = re.compile("([一二三四五六七八九十]+)丁目")

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Municipality:
    """A town, ward, city or prefecture with its 6-digit code.

    county    郡 or 支庁, "" where there is none
    lat, lng  its office; None for a prefecture
    """

    code: str
    prefecture: str
    county: str
    name: str
    kana: str = ""
    romaji: str = ""
    lat: float | None = None
    lng: float | None = None

    @property
    def is_prefecture(self) -> bool:
        return not self.name

    @property
    def full_name(self) -> str:
        return self.prefecture + self.county + self.name


@dataclass(frozen=True)
class Border:
    """Rings of a municipality as (lng, lat) and the box around them."""

    rings: tuple[Ring, ...]
    west: float
    south: float
    east: float
    north: float

    def distance_metres(self, lat: float, lng: float, *, wanted_metres: float = math.inf) -> float:
        """0 inside, else the distance to the border on a plane tangent at the point.

        wanted_metres   beyond this the distance to the surrounding box is good enough
        """
        east_metres = METRES_PER_DEGREE * math.cos(math.radians(lat))
        dx = max(self.west - lng, 0.0, lng - self.east) * east_metres
        dy = max(self.south - lat, 0.0, lat - self.north) * METRES_PER_DEGREE
        to_box = math.hypot(dx, dy)
        if to_box > wanted_metres:
            return to_box
        if to_box == 0 and _inside(self.rings, lat, lng):
            return 0.0
        return min(_to_ring(ring, lat, lng, east_metres) for ring in self.rings)


@dataclass(frozen=True)
class Town:
    """町・大字: the middle of its known points, and how far these lie from it."""

    name: str
    lat: float
    lng: float
    spread_metres: float


@dataclass(frozen=True)
class Reference:
    """Everything that reading a file needs to know besides the file."""

    municipalities: dict[str, Municipality]
    borders: dict[str, Border] = field(default_factory=dict)
    towns: dict[str, dict[str, Town]] = field(default_factory=dict)
    poi_codes: dict[str, str] = field(default_factory=dict)
    _by_name: dict[str, tuple[Municipality, ...]] = field(default_factory=dict, repr=False)

    def municipality(self, code: str) -> Municipality | None:
        return self.municipalities.get(code)

    def named(self, text: str, *, prefecture: str = "") -> Municipality | None:
        """The municipality written as `text`, with or without prefecture and county.

        None where nothing or more than one fits (府中市 without its prefecture).
        """
        key = _place_key(text)
        if prefecture and key in _place_keys(prefecture):
            return self._prefecture(prefecture)
        found = self._by_name.get(key, ())
        if prefecture:
            found = tuple(m for m in found if m.prefecture == prefecture)
        return found[0] if len(found) == 1 else None

    def romanized(self, word: str, *, prefecture: str) -> Municipality | None:
        """The municipality of a prefecture written `word` in Latin letters, in any spelling."""
        key = re.sub("ou|oo", "o", word.casefold()).replace("uu", "u")
        found = [
            m
            for m in self.municipalities.values()
            if m.prefecture == prefecture and m.romaji.partition(" ")[0].casefold() == key
        ]
        return found[0] if len(found) == 1 else None

    def at_start_of(self, address: str, *, prefecture: str = "") -> tuple[Municipality | None, str]:
        """The municipality with which an address begins, and the rest of the address.

        The longest name wins. Without a prefecture in the text, `prefecture` narrows the choice.
        """
        rest = _place_key(address)
        for key, name in self._prefectures:
            if rest.startswith(key):
                prefecture, rest = name, rest[len(key) :]
                break
        for length in range(min(len(rest), 14), 1, -1):
            found = self._by_name.get(rest[:length], ())
            if prefecture:
                found = tuple(m for m in found if m.prefecture == prefecture)
            if len(found) == 1 and not found[0].is_prefecture:
                return found[0], rest[length:]
        return None, rest

    def town_of(self, code: str, rest: str) -> Town | None:
        """The town with which the rest of an address begins; the longest name wins.

        rest   what follows the municipality, in any width; 大字 and 字 may be missing or added
        """
        towns = self.towns.get(code)
        if not towns:
            return None
        key = town_key(rest)
        with_chome = _with_chome(key)
        for text in (with_chome, key) if with_chome != key else (key,):
            for length in range(min(len(text), 24), 0, -1):
                if (town := towns.get(text[:length])) is not None:
                    return town
        return None

    def distance_metres(
        self, code: str, lat: float, lng: float, *, wanted_metres: float
    ) -> float | None:
        """How far a position lies outside a municipality or prefecture; None where we cannot tell.

        Without a border the distance from the office counts, less what a large town extends.
        """
        place = self.municipalities.get(code)
        if place is None:
            return None
        if place.is_prefecture:
            inside = [c for c in self.borders if c[:2] == code[:2]]
            if not inside:
                return None
            return min(
                self.borders[c].distance_metres(lat, lng, wanted_metres=wanted_metres)
                for c in inside
            )
        if (border := self.borders.get(code)) is not None:
            return border.distance_metres(lat, lng, wanted_metres=wanted_metres)
        if place.lat is None or place.lng is None:
            return None
        away = distance_metres(place.lat, place.lng, lat, lng)
        return max(0.0, away - OFFICE_DISTANCE_MAX_METRES)

    def containing(self, lat: float, lng: float) -> Municipality | None:
        """The municipality in whose border a position lies, where borders are known."""
        for code, border in self.borders.items():
            if border.distance_metres(lat, lng, wanted_metres=0.0) == 0.0:
                return self.municipalities[code]
        return None

    def has_border(self, code: str) -> bool:
        if code in self.borders:
            return True
        place = self.municipalities.get(code)
        return bool(place and place.is_prefecture and any(c[:2] == code[:2] for c in self.borders))

    @cached_property
    def _prefectures(self) -> tuple[tuple[str, str], ...]:
        """(key, name) of every prefecture, for the start of an address."""
        return tuple(
            (_place_key(m.prefecture), m.prefecture)
            for m in self.municipalities.values()
            if m.is_prefecture
        )

    def _prefecture(self, name: str) -> Municipality | None:
        return next(
            (m for m in self.municipalities.values() if m.is_prefecture and m.prefecture == name),
            None,
        )


@cache
def packaged() -> Reference:
    """The reference data that is installed with the program; read once a process."""
    data = files("reservations.opendata") / "data"
    municipalities = {
        row["code"]: Municipality(
            row["code"], row["prefecture"], row["county"], row["name"], row["kana"], row["romaji"],
            float(row["lat"]) if row["lat"] else None, float(row["lng"]) if row["lng"] else None,
        )
        for row in csv.DictReader(io.StringIO((data / "municipalities.csv").read_text("utf-8")))
    }  # fmt: skip
    borders = {}
    for region in ("ishikawa", "tokyo"):
        rings = json.loads((data / f"borders_{region}.json").read_text("utf-8"))["rings"]
        for short, parts in rings.items():
            borders[with_check_digit(short)] = border_of(parts)
    unpacked = gzip.decompress((data / "towns.csv.gz").read_bytes()).decode("utf-8")
    codes = (data / "poi_codes.csv").read_text("utf-8")
    return Reference(
        municipalities=municipalities,
        borders=borders,
        towns=towns_of(csv.DictReader(io.StringIO(unpacked))),
        poi_codes={row["code"]: row["name"] for row in csv.DictReader(io.StringIO(codes))},
        _by_name=_by_names(municipalities.values()),
    )


def with_check_digit(short: str) -> str:
    """The 6-digit code of a 5-digit one (総務省 全国地方公共団体コード, check digit modulo 11)."""
    total = sum(int(digit) * weight for digit, weight in zip(short, (6, 5, 4, 3, 2), strict=True))
    return short + str((11 - total % 11) % 10)


def border_of(parts: Iterable[Iterable[Iterable[float]]]) -> Border:
    """A Border of rings of (lng, lat) pairs."""
    rings = tuple(tuple((float(x), float(y)) for x, y in part) for part in parts)
    points = [point for ring in rings for point in ring]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Border(rings, min(xs), min(ys), max(xs), max(ys))


def towns_of(rows: Iterable[dict[str, str]]) -> dict[str, dict[str, Town]]:
    """code -> town key -> Town; 丁目 are towns, and so is what they have in common."""
    points: dict[str, dict[str, list[tuple[float, float]]]] = {}
    names: dict[tuple[str, str], str] = {}
    for row in rows:
        if not row["lat"] or not row["lng"]:
            continue
        of_code = points.setdefault(row["code"], {})
        point, key = (float(row["lat"]), float(row["lng"])), town_key(row["town"])
        of_code.setdefault(key, []).append(point)
        names.setdefault((row["code"], key), row["town"])
        if (cut := re.match(r"(.+?)\d+丁目$", key)) is not None:
            of_code.setdefault(cut[1], []).append(point)
    return {
        code: {
            key: _town(names.get((code, key), key), where) for key, where in of_code.items() if key
        }
        for code, of_code in points.items()
    }


def town_key(text: str) -> str:
    """A town's name reduced to what identifies it: width, ヶ/ケ/が, 大字, 字, 丁目 in figures."""
    key = squeezed(text)
    key = re.sub("[ヶヵケが]", "ケ", key.replace("之", "の"))
    key = re.sub("^大?字", "", key)
    return _CHOME.sub(lambda found: f"{_number(found[1])}丁目", key)


def distance_metres(lat: float, lng: float, other_lat: float, other_lng: float) -> float:
    """Great-circle distance (haversine, mean earth radius)."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = math.radians(other_lng - lng) / 2
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(half) ** 2
    return 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(h)))


def in_japan(lat: float, lng: float) -> bool:
    """Whether the numbers can be a place in Japan at all."""
    return (
        JAPAN_LATITUDES[0] <= lat <= JAPAN_LATITUDES[1]
        and JAPAN_LONGITUDES[0] <= lng <= JAPAN_LONGITUDES[1]
    )


def _inside(rings: tuple[Ring, ...], lat: float, lng: float) -> bool:
    crossed = False
    for ring in rings:
        x1, y1 = ring[-1]
        for x2, y2 in ring:
            if (y1 > lat) != (y2 > lat) and lng < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
                crossed = not crossed
            x1, y1 = x2, y2
    return crossed


def _to_ring(ring: Ring, lat: float, lng: float, east_metres: float) -> float:
    best = math.inf
    ax, ay = (ring[-1][0] - lng) * east_metres, (ring[-1][1] - lat) * METRES_PER_DEGREE
    for x, y in ring:
        bx, by = (x - lng) * east_metres, (y - lat) * METRES_PER_DEGREE
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        along = 0.0 if length == 0 else max(0.0, min(1.0, -(ax * dx + ay * dy) / length))
        best = min(best, (ax + along * dx) ** 2 + (ay + along * dy) ** 2)
        ax, ay = bx, by
    return math.sqrt(best)


def _town(name: str, points: list[tuple[float, float]]) -> Town:
    lat = sum(point[0] for point in points) / len(points)
    lng = sum(point[1] for point in points) / len(points)
    spread = max(distance_metres(lat, lng, *point) for point in points)
    return Town(name, round(lat, 6), round(lng, 6), spread)


def _number(kanji: str) -> str:
    """一 to 九十九 in figures."""
    tens, ten, ones = kanji.rpartition("十")
    if not ten:
        return kanji.translate(_DIGITS)
    return str(int(tens.translate(_DIGITS) or 1) * 10 + int(ones.translate(_DIGITS) or 0))


def _with_chome(key: str) -> str:
    """南千住1-51-1 is 南千住1丁目51-1; only tried where the town is known to have 丁目."""
    return re.sub(r"^([^\d]+)(\d+)(?=-|の|番|$)", r"\1\2丁目", key, count=1)


def _place_key(text: str) -> str:
    return re.sub("[ヶケヵ]", "ケ", squeezed(text)).replace("檮", "梼")


def _place_keys(prefecture: str) -> tuple[str, ...]:
    return (_place_key(prefecture), _place_key(prefecture + "庁"))


def _by_names(places: Iterable[Municipality]) -> dict[str, tuple[Municipality, ...]]:
    names: dict[str, tuple[Municipality, ...]] = {}
    for place in places:
        spellings = {
            place.full_name,
            place.county + place.name,
            place.name,
            place.prefecture + place.name,
        }
        if place.is_prefecture:
            spellings = {place.prefecture, place.prefecture + "庁"}
        for spelling in spellings:
            if spelling:
                key = _place_key(spelling)
                names[key] = (*names.get(key, ()), place)
    return names
