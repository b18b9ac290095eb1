"""自治体・施設・面・室場: what is lent, where, when, at what price, and the day masks.

Rules, opening times, frames and prices are versions with the day from which they hold; rows are
added, never changed, so that a booking keeps the version it was made under.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, CheckConstraint, Date, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base

# From when a version holds that has no day of its own: before any day that is booked.
ALWAYS = date(2000, 1, 1)


class Municipality(Base):
    """自治体: the tenant. `code` is the six-digit code with its check digit."""

    __tablename__ = "municipality"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    prefecture: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    kana: Mapped[str] = mapped_column(Text, default="")
    name_en: Mapped[str] = mapped_column(Text, default="")
    lat: Mapped[float | None]
    lng: Mapped[float | None]
    phone: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(Text, default="")


class TownRulesVersion(Base):
    """One version of a town's rules; `body` has the fields of rules/town.py:TownRules."""

    __tablename__ = "town_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"), index=True)
    valid_from: Mapped[date] = mapped_column(Date)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class Facility(Base):
    """施設: a building or ground with an address.

    external_id        the id in the town's own list: how a re-import finds it again
    coordinate_status  ok / repaired / proposed / unknown: a proposed point is approximate
    is_invented        made for a demonstration, and said so wherever it is shown as data
    """

    __tablename__ = "facility"

    id: Mapped[int] = mapped_column(primary_key=True)
    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"), index=True)
    external_id: Mapped[str] = mapped_column(Text, default="")
    name: Mapped[str] = mapped_column(Text)
    kana: Mapped[str] = mapped_column(Text, default="")
    name_en: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")
    lat: Mapped[float | None]
    lng: Mapped[float | None]
    coordinate_status: Mapped[str] = mapped_column(Text, default="unknown")
    phone: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(Text, default="")
    poi_code: Mapped[str] = mapped_column(Text, default="")
    description: Mapped[str] = mapped_column(Text, default="")
    access: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    is_invented: Mapped[bool] = mapped_column(default=False)


class OpeningVersion(Base):
    """開館時間と休館日 of a facility; `hours` and `closings` as in rules/opening.py."""

    __tablename__ = "opening"

    id: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), index=True)
    valid_from: Mapped[date] = mapped_column(Date)
    hours: Mapped[list[Any]] = mapped_column(JSON, default=list)
    closings: Mapped[list[Any]] = mapped_column(JSON, default=list)
    is_confirmed: Mapped[bool] = mapped_column(default=True)
    raw_text: Mapped[str] = mapped_column(Text, default="")


class Part(Base):
    """面: the smallest piece that can be lent apart. It is what the day masks count."""

    __tablename__ = "part"

    id: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), index=True)
    name: Mapped[str] = mapped_column(Text)


class Unit(Base):
    """室場: what is lent, as a set of parts.

    kind         gym, court, field, hall, room, music, kitchen, pool, other
    step_slots   without frames: start and length in multiples of this many quarter-hours
    max_slots    longest booking; None is no limit
    """

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), index=True)
    external_id: Mapped[str] = mapped_column(Text, default="")
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[str] = mapped_column(Text, default="room")
    capacity: Mapped[int | None]
    area_m2: Mapped[float | None]
    step_slots: Mapped[int] = mapped_column(default=4)
    max_slots: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)
    is_bookable: Mapped[bool] = mapped_column(default=True)
    is_invented: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(Text, default="")


class UnitPart(Base):
    __tablename__ = "unit_part"

    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), primary_key=True, index=True)


class Purpose(Base):
    """利用目的: badminton, choir, meeting. `code` is stable, the names are shown."""

    __tablename__ = "purpose"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(default=0)


class UnitPurpose(Base):
    __tablename__ = "unit_purpose"

    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    purpose_code: Mapped[str] = mapped_column(ForeignKey("purpose.code"), primary_key=True)


class UnitFrame(Base):
    """コマ of a unit; `days` as in rules/period.py."""

    __tablename__ = "unit_frame"
    __table_args__ = (CheckConstraint("start_slot < end_slot", name="period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    valid_from: Mapped[date] = mapped_column(Date)
    label: Mapped[str] = mapped_column(Text)
    start_slot: Mapped[int]
    end_slot: Mapped[int]
    days: Mapped[int] = mapped_column(default=255)


class FramePrice(Base):
    """料金表の行: one frame, one combination, or a rate (`per_minutes`)."""

    __tablename__ = "frame_price"
    __table_args__ = (
        CheckConstraint("start_slot < end_slot", name="period"),
        CheckConstraint("fee_yen >= 0", name="fee"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    valid_from: Mapped[date] = mapped_column(Date)
    label: Mapped[str] = mapped_column(Text)
    start_slot: Mapped[int]
    end_slot: Mapped[int]
    days: Mapped[int] = mapped_column(default=255)
    fee_yen: Mapped[int]
    per_minutes: Mapped[int | None]


class DayMask(Base):
    """The guard against double booking and the index of free time in one row.

    One row a part and day; a missing row is not bookable. `am` and `pm` have a bit for each
    occupied quarter-hour, `open_am` and `open_pm` for each that may be lent. `version` tells
    readers in other processes what has changed (queries/masks.py). Masks never travel: each node
    makes its own from the bookings.

    is_held   this node holds the sheet of the part's facility and this date: only then may anything
              be written on it here (actions/occupancy.py)
    """

    __tablename__ = "day_mask"
    __table_args__ = (
        CheckConstraint("am >= 0 AND pm >= 0 AND open_am >= 0 AND open_pm >= 0", name="bits"),
        Index("ix_day_mask_version", "version"),
        {"sqlite_with_rowid": False},
    )

    date: Mapped[date] = mapped_column(Date, primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), primary_key=True)
    am: Mapped[int] = mapped_column(BigInteger, default=0)
    pm: Mapped[int] = mapped_column(BigInteger, default=0)
    open_am: Mapped[int] = mapped_column(BigInteger, default=0)
    open_pm: Mapped[int] = mapped_column(BigInteger, default=0)
    is_held: Mapped[bool] = mapped_column(Boolean(name="is_held"), default=True)
    version: Mapped[int] = mapped_column(BigInteger, default=0)


class CatalogueVersion(Base):
    """One row: raised by every change of what is lent, so that processes reload it."""

    __tablename__ = "catalogue_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, default=0)
