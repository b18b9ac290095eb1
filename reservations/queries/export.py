"""公共施設一覧 out: our facilities with what their town's own list said besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.models import (
    Facility,
    ImportFile,
    ImportRecord,
    Municipality,
    OpeningVersion,
)
from reservations.models.base import table_of
from reservations.opendata import (
    ClosedKind,
    ClosedRule,
    FacilityValues,
    Hours,
    HoursState,
    OnHoliday,
    Span,
)
from reservations.opendata.columns import STANDARD
from reservations.opendata.hours import NEVER
from reservations.rules.period import HOLIDAY, SLOT_MINUTES

BELIEVED = ("ok", "repaired")


def facilities(session: Session, *, municipality_code: str | None = None) -> list[FacilityValues]:
    """Every real facility of one town or of all, in order of id; four statements.

    A position that nobody confirmed is left out, hours that nobody confirmed stand as a remark in
    the town's own words. Mail addresses are handed on; the writer leaves them out.
    """
    f, m = table_of(Facility), table_of(Municipality)
    statement = select(f, m.c.prefecture, m.c.name.label("town")).join(
        m, m.c.code == f.c.municipality_code
    )
    statement = statement.where(f.c.is_invented.is_(False)).order_by(f.c.id)
    if municipality_code is not None:
        statement = statement.where(f.c.municipality_code == municipality_code)
    openings = _openings(session)
    cells = _cells(session)
    return [
        _values({**row}, openings.get(row["id"]), cells.get(row["id"], {}))
        for row in session.execute(statement).mappings()
    ]


def _openings(session: Session) -> dict[int, Any]:
    """The newest opening version of each facility."""
    statement = select(table_of(OpeningVersion)).order_by(
        OpeningVersion.valid_from, OpeningVersion.id
    )
    return {row.facility_id: row for row in session.execute(statement)}


def _cells(session: Session) -> dict[int, dict[str, Any]]:
    """What the lists said of each facility, a later list over an earlier one, by column."""
    statement = (
        select(ImportRecord.target_id, ImportRecord.cells)
        .join(ImportFile, ImportFile.id == ImportRecord.file_id)
        .where(ImportRecord.target_kind == "facility")
        .order_by(ImportFile.at, ImportFile.id)
    )
    found: dict[int, dict[str, Any]] = {}
    for target_id, cells in session.execute(statement):
        if target_id is not None:
            found.setdefault(target_id, {}).update(cells)
    return found


def _values(
    row: Mapping[str, Any], opening: Any | None, cells: Mapping[str, Mapping[str, Any]]
) -> FacilityValues:
    def said(column: str) -> str:
        value = cells.get(column, {}).get("value")
        return value if isinstance(value, str) else ""

    is_believed = row["coordinate_status"] in BELIEVED
    hours, note = Hours(), said("備考")
    if opening is not None and opening.is_confirmed:
        hours = hours_of(opening.hours, opening.closings)
    elif opening is not None and opening.raw_text:
        note = " ".join(filter(None, (note, f"利用可能時間(確認中): {opening.raw_text}")))
    return FacilityValues(
        name=row["name"],
        publisher_code=said("全国地方公共団体コード") or row["municipality_code"],
        publisher=said("地方公共団体名") or row["town"],
        external_id=row["external_id"],
        kana=row["kana"],
        name_en=row["name_en"],
        common_name=said("名称_通称"),
        poi_code=row["poi_code"],
        municipality_code=row["municipality_code"],
        prefecture=row["prefecture"],
        municipality=row["town"],
        address=row["address"],
        town=said("所在地_町字"),
        house_number=said("所在地_番地以下"),
        building=said("建物名等(方書)"),
        lat=row["lat"] if is_believed else None,
        lng=row["lng"] if is_believed else None,
        phone=row["phone"],
        url=row["url"],
        description=row["description"],
        note=note,
        hours=hours,
        accessibility=row["access"],
        other={column: said(column) for column in STANDARD},
    )


def hours_of(hours: Iterable[Any], closings: Iterable[Mapping[str, Any]]) -> Hours:
    """The stored form of opening times as the lists' reading: import_hours.py, backwards."""
    weekly: list[tuple[Span, ...]] = list(NEVER)
    holiday: tuple[Span, ...] = ()
    for bits, start, end in hours:
        span = Span(start * SLOT_MINUTES, end * SLOT_MINUTES)
        for weekday in range(7):
            if bits >> weekday & 1:
                weekly[weekday] = (*weekly[weekday], span)
        if bits & HOLIDAY:
            holiday = (*holiday, span)
    if not any(weekly):
        return Hours(HoursState.SUSPENDED)
    rules = []
    for closing in closings:
        every_week = set(closing) == {"weekday"}
        if every_week:
            weekly[closing["weekday"]] = ()
        else:
            rules.append(_rule(closing))
    if not holiday and not any(rule.kind is ClosedKind.HOLIDAY for rule in rules):
        rules.append(ClosedRule(ClosedKind.HOLIDAY))
    differs = bool(holiday) and {holiday} != {spans for spans in weekly if spans}
    return Hours(
        HoursState.OPEN,
        frozenset(day for day in range(7) if weekly[day]),
        tuple(weekly),
        holiday if differs else None,
        tuple(rules),
    )


def _rule(closing: Mapping[str, Any]) -> ClosedRule:
    if "month_days" in closing:
        first, last = closing["month_days"]
        return ClosedRule(ClosedKind.DATES, first=(first[0], first[1]), last=(last[0], last[1]))
    if closing.get("on_holidays"):
        after = ClosedKind.DAY_AFTER_HOLIDAY if closing.get("days_after") else ClosedKind.HOLIDAY
        return ClosedRule(after)
    nth = closing.get("nth")
    return ClosedRule(
        ClosedKind.NTH_WEEKDAY if nth else ClosedKind.WEEKDAY,
        weekday=closing.get("weekday"),
        nth=nth[0] if nth else None,
        days_after=closing.get("days_after", 0),
        on_holiday=OnHoliday.NEXT_DAY if closing.get("moves") else OnHoliday.CLOSED,
    )
