"""予約: who has which unit when. What it occupies stands in the day masks as well."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Sequence,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant

# A field is called `date`; inside its class the type needs another name.
Day = date

# Where PostgreSQL takes the serial from; SQLite counts in the insert itself (actions/bookings.py).
SERIAL = Sequence("booking_serial", metadata=Base.metadata)

# Few bookings are on two sheets, take the place of another, or wait for a permission: only they are
# in these indexes.
_PAST_MIDNIGHT = text("end_slot > 96")
_INSTEAD = text("instead_of IS NOT NULL")
_ASKED = text("decide_by IS NOT NULL")


class Booking(Base):
    """One booking, closure or official use, on one sheet (facility and date).

    (node_no, serial)  printed as the number; unique over all nodes without asking any of them
    kind               rules/availability.py:Kind; closures and maintenance have no party
    status             confirmed or cancelled by an entry of its sheet; tentative: a slip that the
                       sheet's holder has not answered; refused by the holder
    is_told            False while a confirmed one stands on one medium only (DESIGN.md, S2): it
                       holds its place, and people still hear 仮受付
    answer_by          until when a tentative one will be answered
    instead_of         the booking that this one takes the place of: a change over two holders; the
                       other is given up when this one is confirmed (actions/following.py)
    decide_by          審査: the day by which the town answers; None where the use needs no
                       permission of its own. What was decided stands in models/approval.py
    tariff_from, town_rules_id   the versions it was made under
    """

    __tablename__ = "booking"
    __table_args__ = (
        UniqueConstraint("node_no", "serial"),
        CheckConstraint("start_slot >= 0 AND start_slot < end_slot", name="period"),
        CheckConstraint("fee_yen >= 0", name="fee"),
        CheckConstraint(
            "status IN ('confirmed', 'cancelled', 'tentative', 'refused')", name="status"
        ),
        Index("ix_booking_unit_id_date", "unit_id", "date"),
        Index("ix_booking_facility_id_date", "facility_id", "date"),
        Index("ix_booking_party_id_date", "party_id", "date"),
        Index(
            "ix_booking_past_midnight",
            "date",
            sqlite_where=_PAST_MIDNIGHT,
            postgresql_where=_PAST_MIDNIGHT,
        ),
        Index(
            "ix_booking_instead_of",
            "instead_of",
            sqlite_where=_INSTEAD,
            postgresql_where=_INSTEAD,
        ),
        Index(
            "ix_booking_decide_by",
            "decide_by",
            sqlite_where=_ASKED,
            postgresql_where=_ASKED,
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    node_no: Mapped[int]
    serial: Mapped[int] = mapped_column(BigInteger)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"))
    party_id: Mapped[str | None] = mapped_column(ForeignKey("party.id"))
    kind: Mapped[str] = mapped_column(Text, default="use")
    status: Mapped[str] = mapped_column(Text, default="confirmed")
    date: Mapped[Day] = mapped_column(Date)
    start_slot: Mapped[int]
    end_slot: Mapped[int]
    purpose_code: Mapped[str] = mapped_column(Text, default="")
    headcount: Mapped[int | None]
    fee_yen: Mapped[int] = mapped_column(default=0)
    tariff_from: Mapped[Day | None] = mapped_column(Date)
    town_rules_id: Mapped[int | None] = mapped_column(ForeignKey("town_rules.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    free_cancel_until: Mapped[datetime | None] = mapped_column(Instant)
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)
    cancel_due_yen: Mapped[int | None]
    is_told: Mapped[bool] = mapped_column(Boolean(name="is_told"), default=True)
    answer_by: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(Text, default="")
    # Raised by every change, so that a calendar file replaces the older one (iCalendar SEQUENCE).
    revision: Mapped[int] = mapped_column(default=0)
    instead_of: Mapped[str | None] = mapped_column(Text)
    decide_by: Mapped[Day | None] = mapped_column(Date)
