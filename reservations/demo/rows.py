"""Bookings as rows, made in bulk: what actions/bookings.py writes, a hundred thousand at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.orm import Session

from reservations.actions.bulk import run_many
from reservations.clock import HOLIDAYS, LOCAL
from reservations.demo.days import Made
from reservations.models import Booking, DayMask
from reservations.models.base import table_of
from reservations.queries.catalogue import Catalogue
from reservations.queries.masks import next_version
from reservations.rules import refunds
from reservations.rules.availability import Kind
from reservations.rules.period import Period, by_day, day_bit
from reservations.rules.town import Residency


def booking_row(
    made: Made, party_id: str | None, made_at: datetime, random: Random
) -> dict[str, Any] | None:
    """One booking as a row; None when the unit has no price for that time."""
    unit, day, period = made.unit, made.date, made.period
    rules = unit.town.rules_on(day)
    fee_yen, until, tariff_from = 0, None, None
    if made.kind is Kind.USE:
        bit = day_bit(day, is_holiday=day in HOLIDAYS)
        fee = unit.fee(day, period, bit, Residency.RESIDENT, rules)
        if fee is None:
            return None
        fee_yen, tariff_from = fee.total_yen, unit.tariff_on(day).valid_from
        starts_at = period.starts_at(day, LOCAL)
        until = refunds.free_until(made_at=made_at, starts_at=starts_at, rules=rules)
    return {
        "id": uuid_of(made_at, random), "node_no": 1, "serial": 0, "unit_id": unit.id,
        "facility_id": unit.place.id, "municipality_code": unit.town.code, "party_id": party_id,
        "kind": made.kind.value, "status": "confirmed", "date": day, "start_slot": period.start,
        "end_slot": period.end, "purpose_code": made.purpose, "headcount": made.headcount,
        "fee_yen": fee_yen, "tariff_from": tariff_from, "town_rules_id": rules.version or None,
        "made_at": made_at, "free_cancel_until": until, "note": made.note, "revision": 0,
        "decide_by": None,
    }  # fmt: skip


def uuid_of(instant: datetime, random: Random) -> str:
    """A UUIDv7 of this instant whose rest comes from the seed."""
    milliseconds = int(instant.timestamp() * 1000)
    bits = milliseconds << 80 | 7 << 76 | random.getrandbits(12) << 64
    return str(UUID(int=bits | 2 << 62 | random.getrandbits(62)))


def number(session: Session, bookings: Sequence[dict[str, Any]]) -> None:
    """Give the rows their serial numbers, in the order in which the bookings were made."""
    in_order = sorted(bookings, key=lambda row: (row["made_at"], row["id"]))
    if session.get_bind().dialect.name == "postgresql":
        found = session.execute(
            text("SELECT nextval('booking_serial') FROM generate_series(1, :count)"),
            {"count": len(in_order)},
        )
        serials = sorted(row[0] for row in found)
    else:
        first = (session.execute(select(func.max(Booking.serial))).scalar() or 0) + 1
        serials = list(range(first, first + len(in_order)))
    for row, serial in zip(in_order, serials, strict=True):
        row["serial"] = serial


_OCCUPY = (
    update(table_of(DayMask))
    .where(DayMask.date == bindparam("date_"), DayMask.part_id == bindparam("part_"))
    .values(
        am=DayMask.am.bitwise_or(bindparam("am_")),
        pm=DayMask.pm.bitwise_or(bindparam("pm_")),
        version=bindparam("version_"),
    )
)


def occupy(session: Session, catalogue: Catalogue, bookings: Sequence[dict[str, Any]]) -> None:
    """Set the masks' bits of these bookings, a row once; the caller knows that they are free."""
    bits: dict[tuple[date, int], list[int]] = defaultdict(lambda: [0, 0])
    for row in bookings:
        period = Period(row["start_slot"], row["end_slot"])
        for offset, am, pm in by_day(period):
            for part_id in catalogue.units[row["unit_id"]].parts:
                held = bits[row["date"] + timedelta(days=offset), part_id]
                assert not held[0] & am and not held[1] & pm, f"made twice: {row}"
                held[0] |= am
                held[1] |= pm
    if not bits:
        return
    version = session.execute(select(next_version(session.get_bind().dialect.name))).scalar_one()
    values = [
        {"date_": day, "part_": part_id, "am_": am, "pm_": pm, "version_": version}
        for (day, part_id), (am, pm) in sorted(bits.items())
    ]
    run_many(session, _OCCUPY, values)
