"""What is lent, as values in memory: one object a process, reloaded when its version changes.

Every request needs units, parts, frames, prices and rules, and they change a few times a day;
masks change with every booking and are kept apart (masks.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.models import (
    CatalogueVersion,
    Facility,
    FacilityGroupMember,
    FramePrice,
    Municipality,
    OpeningVersion,
    Purpose,
    TownRulesVersion,
    Unit,
    UnitFrame,
    UnitPart,
    UnitPurpose,
)
from reservations.rules import approval, rights, strikes
from reservations.rules.availability import Lending
from reservations.rules.fees import Fee, Price, quote
from reservations.rules.opening import Closing, Hours, OpeningTimes
from reservations.rules.period import Frame, Period, frames_on
from reservations.rules.town import Clause, RefundStep, Residency, Rounding, TownRules

# Answers that a unit remembers: more than its frames and days of the week can make.
FEES_KEPT = 128


class Versioned(Protocol):
    """Anything that holds from a day on."""

    @property
    def valid_from(self) -> date: ...


Version = TypeVar("Version", bound=Versioned)


@dataclass(frozen=True, slots=True)
class Town:
    """A municipality with the versions of its rules, oldest first."""

    code: str
    prefecture: str
    name: str
    name_en: str
    kana: str
    lat: float | None
    lng: float | None
    phone: str
    url: str
    rules: tuple[TownRules, ...]

    def rules_on(self, day: date) -> TownRules:
        """The version that holds on `day` (the day of booking, not of use)."""
        return _on(self.rules, day)

    def rules_of(self, version: int | None, day: date) -> TownRules:
        """The version with this number; without one, what held on `day`."""
        for rules in self.rules:
            if rules.version == version:
                return rules
        return self.rules_on(day)


@dataclass(frozen=True, slots=True)
class Place:
    """A facility as every screen needs it; `groups` are those of rules/rights.py."""

    id: int
    town: Town
    name: str
    name_en: str
    kana: str
    address: str
    lat: float | None
    lng: float | None
    coordinate_status: str
    phone: str
    url: str
    description: str
    access: Mapping[str, Any]
    openings: tuple[tuple[date, OpeningTimes], ...]
    is_invented: bool
    groups: frozenset[int] = frozenset()

    @property
    def where(self) -> rights.Place:
        """What the rules of who may do something know of it."""
        return rights.Place(self.town.code, self.id, self.groups)

    def opening_on(self, day: date) -> OpeningTimes | None:
        """The times that hold on `day`; None when none were ever confirmed or read."""
        held = [times for valid_from, times in self.openings if valid_from <= day]
        return held[-1] if held else None


@dataclass(frozen=True, slots=True)
class Tariff:
    """One version of a unit's frames and prices."""

    valid_from: date
    frames: tuple[Frame, ...]
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True)
class LentUnit:
    """A unit with everything that its rules need."""

    id: int
    place: Place
    name: str
    name_en: str
    kind: str
    parts: tuple[int, ...]
    capacity: int | None
    area_m2: float | None
    step_slots: int
    max_slots: int | None
    purposes: frozenset[str]
    tariffs: tuple[Tariff, ...]
    is_bookable: bool
    is_invented: bool
    note: str
    # Whether the same floor is lent with more of it too.
    is_part: bool
    # Worked out once for all units with the same table, which hold the same two.
    _lendings: dict[tuple[date, int], Lending] = field(default_factory=dict, compare=False)
    _fees: dict[tuple[Any, ...], Fee | None] = field(default_factory=dict, compare=False)

    @property
    def town(self) -> Town:
        return self.place.town

    def tariff_on(self, day: date) -> Tariff:
        """The version that holds on `day`, the day of use."""
        return _on(self.tariffs, day)

    def lending_on(self, day: date, day_bit: int) -> Lending:
        """How it is lent on `day`, whose bit is `day_bit`."""
        tariff = self.tariff_on(day)
        known = self._lendings.get((tariff.valid_from, day_bit))
        if known is None:
            known = Lending(frames_on(tariff.frames, day_bit), self.step_slots, self.max_slots)
            self._lendings[tariff.valid_from, day_bit] = known
        return known

    def fee(
        self, day: date, period: Period, day_bit: int, residency: Residency, rules: TownRules
    ) -> Fee | None:
        """rules/fees.py:quote with this unit's table; the same question is answered from memory."""
        tariff = self.tariff_on(day)
        asked = (tariff.valid_from, period, day_bit, residency.is_local, rules.version)
        try:
            return self._fees[asked]
        except KeyError:
            fee = quote(tariff.prices, period, day_bit=day_bit, residency=residency, rules=rules)
        if len(self._fees) >= FEES_KEPT:
            # Whoever asks for every thinkable time must not fill the memory.
            self._fees.clear()
        self._fees[asked] = fee
        return fee


@dataclass(frozen=True)
class Catalogue:
    """Everything that is lent, at one version.

    middle   the town that lends most units, of those whose point is known: where most people look
    """

    version: int
    towns: Mapping[str, Town]
    places: Mapping[int, Place]
    units: Mapping[int, LentUnit]
    units_of_place: Mapping[int, tuple[LentUnit, ...]]
    units_of_part: Mapping[int, tuple[LentUnit, ...]]
    purposes: Mapping[str, tuple[str, str]]
    middle: Town | None = None

    def siblings(self, unit: LentUnit) -> tuple[LentUnit, ...]:
        """The other units of its facility that share a part with it, in order of position."""
        own = set(unit.parts)
        return tuple(
            other
            for other in self.units_of_place[unit.place.id]
            if other.id != unit.id and own.intersection(other.parts)
        )


VERSION = select(CatalogueVersion.version)


def load(session: Session) -> Catalogue:
    """Read the whole catalogue: eleven statements, about 0.2 s for 5,000 units."""
    version = session.execute(VERSION).scalar() or 0
    towns = _towns(session)
    places = _places(session, towns)
    units = _units(session, places)
    of_place: dict[int, list[LentUnit]] = defaultdict(list)
    of_part: dict[int, list[LentUnit]] = defaultdict(list)
    for unit in units.values():
        of_place[unit.place.id].append(unit)
        for part_id in unit.parts:
            of_part[part_id].append(unit)
    purposes = session.execute(
        select(Purpose.code, Purpose.name, Purpose.name_en).order_by(Purpose.position)
    )
    return Catalogue(
        version,
        towns,
        places,
        units,
        {key: tuple(value) for key, value in of_place.items()},
        {key: tuple(value) for key, value in of_part.items()},
        {row.code: (row.name, row.name_en) for row in purposes},
        _middle(units.values()),
    )


def _middle(units: Collection[LentUnit]) -> Town | None:
    counts = Counter(unit.town.code for unit in units if unit.town.lat is not None)
    most = counts.most_common(1)
    return next(unit.town for unit in units if unit.town.code == most[0][0]) if most else None


def _towns(session: Session) -> dict[str, Town]:
    rules: dict[str, list[TownRules]] = defaultdict(list)
    statement = select(
        TownRulesVersion.id,
        TownRulesVersion.municipality_code,
        TownRulesVersion.valid_from,
        TownRulesVersion.body,
    ).order_by(TownRulesVersion.valid_from, TownRulesVersion.id)
    for row in session.execute(statement):
        try:
            rules[row.municipality_code].append(rules_of(row.id, row.valid_from, row.body))
        except ValueError as fault:
            raise ValueError(f"rules of {row.municipality_code}: {fault}") from fault
    statement_towns = select(
        Municipality.code,
        Municipality.prefecture,
        Municipality.name,
        Municipality.name_en,
        Municipality.kana,
        Municipality.lat,
        Municipality.lng,
        Municipality.phone,
        Municipality.url,
    ).order_by(Municipality.code)
    standard = (TownRules(0, date.min),)
    return {
        row.code: Town(*row, rules=tuple(rules.get(row.code, standard)))
        for row in session.execute(statement_towns)
    }


def rules_of(version: int, valid_from: date, body: Mapping[str, Any]) -> TownRules:
    """One stored version as values; fields that the town has not set keep their defaults."""
    fields = dict(body)
    if "refund_steps" in fields:
        fields["refund_steps"] = tuple(RefundStep(*step) for step in fields["refund_steps"])
    if "rounding" in fields:
        fields["rounding"] = Rounding(fields["rounding"])
    if "approval" in fields:
        fields["approval"] = approval.read(fields["approval"])
    if "refusal_reasons" in fields:
        fields["refusal_reasons"] = tuple(fields["refusal_reasons"])
    fields["reductions"] = tuple(_clause(each) for each in fields.get("reductions", ()))
    fields["reduced_steps"] = tuple(map(tuple, fields.get("reduced_steps", ())))
    if "strikes" in fields:
        fields["strikes"] = strikes.rules_of(fields["strikes"])
    return TownRules(version, valid_from, **fields)


def _clause(stored: Mapping[str, Any]) -> Clause:
    """{"code": …, "words": …, "percent": …, "evidence": [...], …}"""
    lists = {name: tuple(stored.get(name, ())) for name in ("evidence", "renewed_in")}
    return Clause(**{**stored, **lists})


def _places(session: Session, towns: Mapping[str, Town]) -> dict[int, Place]:
    openings: dict[int, list[tuple[date, OpeningTimes]]] = defaultdict(list)
    statement = select(
        OpeningVersion.facility_id,
        OpeningVersion.valid_from,
        OpeningVersion.hours,
        OpeningVersion.closings,
        OpeningVersion.is_confirmed,
    ).order_by(OpeningVersion.valid_from, OpeningVersion.id)
    for row in session.execute(statement):
        times = opening_times(row.hours, row.closings, is_confirmed=row.is_confirmed)
        openings[row.facility_id].append((row.valid_from, times))
    groups: dict[int, set[int]] = defaultdict(set)
    member = FacilityGroupMember
    for row in session.execute(select(member.facility_id, member.group_id)):
        groups[row.facility_id].add(row.group_id)
    statement_places = select(
        Facility.id,
        Facility.municipality_code,
        Facility.name,
        Facility.name_en,
        Facility.kana,
        Facility.address,
        Facility.lat,
        Facility.lng,
        Facility.coordinate_status,
        Facility.phone,
        Facility.url,
        Facility.description,
        Facility.access,
        Facility.is_invented,
    ).order_by(Facility.id)
    found = session.execute(statement_places)
    return {
        row.id: Place(
            id=row.id,
            town=towns[row.municipality_code],
            name=row.name,
            name_en=row.name_en,
            kana=row.kana,
            address=row.address,
            lat=row.lat,
            lng=row.lng,
            coordinate_status=row.coordinate_status,
            phone=row.phone,
            url=row.url,
            description=row.description,
            access=row.access,
            openings=tuple(openings[row.id]),
            is_invented=row.is_invented,
            groups=frozenset(groups.get(row.id, ())),
        )
        for row in found
    }


def opening_times(
    hours: Iterable[Any], closings: Iterable[Mapping[str, Any]], *, is_confirmed: bool
) -> OpeningTimes:
    """The stored form ([[days, start, end], …] and one object a closing) as values."""
    return OpeningTimes(
        tuple(Hours(days, Period(start, end)) for days, start, end in hours),
        tuple(closing_of(each) for each in closings),
        is_confirmed,
    )


def closing_of(stored: Mapping[str, Any]) -> Closing:
    """One stored closing rule as a value."""
    span = stored.get("month_days")
    return Closing(
        weekday=stored.get("weekday"),
        nth=tuple(stored.get("nth", ())),
        month_days=((span[0][0], span[0][1]), (span[1][0], span[1][1])) if span else None,
        on_holidays=bool(stored.get("on_holidays", False)),
        moves=bool(stored.get("moves", False)),
        days_after=stored.get("days_after", 0),
    )


def _units(session: Session, places: Mapping[int, Place]) -> dict[int, LentUnit]:
    parts: dict[int, list[int]] = defaultdict(list)
    for row in session.execute(
        select(UnitPart.unit_id, UnitPart.part_id).order_by(UnitPart.part_id)
    ):
        parts[row.unit_id].append(row.part_id)
    purposes: dict[int, set[str]] = defaultdict(set)
    for used in session.execute(select(UnitPurpose.unit_id, UnitPurpose.purpose_code)):
        purposes[used.unit_id].add(used.purpose_code)
    tariffs = _tariffs(session)
    statement = select(
        Unit.id,
        Unit.facility_id,
        Unit.name,
        Unit.name_en,
        Unit.kind,
        Unit.capacity,
        Unit.area_m2,
        Unit.step_slots,
        Unit.max_slots,
        Unit.is_bookable,
        Unit.is_invented,
        Unit.note,
    ).order_by(Unit.facility_id, Unit.position, Unit.id)
    nothing = (Tariff(date.min, (), ()),)
    rows = session.execute(statement).all()
    floors: dict[int, list[set[int]]] = defaultdict(list)
    for each in rows:
        floors[each.facility_id].append(set(parts[each.id]))
    # Most units have the same purposes and the same table as many others: one object serves them
    # all, and what a search touches stays small.
    worked_out: dict[Any, tuple[Any, dict[Any, Any], dict[Any, Any]]] = {}
    same: dict[frozenset[str], frozenset[str]] = {}
    found: dict[int, LentUnit] = {}
    for each in rows:
        table = tariffs.get(each.id, nothing)
        key = (table, each.step_slots, each.max_slots)
        table, lendings, fees = worked_out.setdefault(key, (table, {}, {}))
        used_for = frozenset(purposes[each.id])
        found[each.id] = LentUnit(
            each.id,
            places[each.facility_id],
            each.name,
            each.name_en,
            each.kind,
            tuple(parts[each.id]),
            each.capacity,
            each.area_m2,
            each.step_slots,
            each.max_slots,
            same.setdefault(used_for, used_for),
            table,
            each.is_bookable,
            each.is_invented,
            each.note,
            any(set(parts[each.id]) < more for more in floors[each.facility_id]),
            lendings,
            fees,
        )
    return found


def _tariffs(session: Session) -> dict[int, tuple[Tariff, ...]]:
    """Frames and prices by unit and day from which they hold, oldest first."""
    frames: dict[tuple[int, date], list[Frame]] = defaultdict(list)
    for row in session.execute(
        select(
            UnitFrame.unit_id,
            UnitFrame.valid_from,
            UnitFrame.label,
            UnitFrame.start_slot,
            UnitFrame.end_slot,
            UnitFrame.days,
        ).order_by(UnitFrame.start_slot, UnitFrame.id)
    ):
        frame = Frame(row.label, Period(row.start_slot, row.end_slot), row.days)
        frames[row.unit_id, row.valid_from].append(frame)
    prices: dict[tuple[int, date], list[Price]] = defaultdict(list)
    for found in session.execute(
        select(
            FramePrice.unit_id,
            FramePrice.valid_from,
            FramePrice.label,
            FramePrice.start_slot,
            FramePrice.end_slot,
            FramePrice.fee_yen,
            FramePrice.days,
            FramePrice.per_minutes,
        ).order_by(FramePrice.start_slot, FramePrice.id)
    ):
        period = Period(found.start_slot, found.end_slot)
        price = Price(found.label, period, found.fee_yen, found.days, found.per_minutes)
        prices[found.unit_id, found.valid_from].append(price)
    versions: dict[int, list[Tariff]] = defaultdict(list)
    for unit_id, valid_from in sorted(frames.keys() | prices.keys()):
        key = (unit_id, valid_from)
        versions[unit_id].append(
            Tariff(valid_from, tuple(frames.get(key, ())), tuple(prices.get(key, ())))
        )
    return {unit_id: tuple(found) for unit_id, found in versions.items()}


def _on(versions: tuple[Version, ...], day: date) -> Version:
    """The newest version whose first day is not after `day`; before all of them, the oldest."""
    held = versions[0]
    for version in versions[1:]:
        if version.valid_from <= day:
            held = version
    return held
