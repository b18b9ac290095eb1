"""取込: every file and every record that came in, with each raw cell beside its parsed value."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class ImportFile(Base):
    """One file as it was read. `totals` as printed: records = imported + queued + rejected."""

    __tablename__ = "import_file"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    encoding: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    totals: Mapped[dict[str, Any]] = mapped_column(JSON)


class ImportRecord(Base):
    """One record of a file.

    status       imported, repaired, proposed, queued, rejected
    cells        {column: {"raw", "value", "status", "reason"}}
    target       what it became: facility, unit, shelter id; None when rejected or waiting
    settled_at   when a clerk confirmed or dropped a queued record
    """

    __tablename__ = "import_record"
    __table_args__ = (
        Index("ix_import_record_status", "status"),
        Index("ix_import_record_target", "target_kind", "target_id"),
    )

    file_id: Mapped[str] = mapped_column(ForeignKey("import_file.id"), primary_key=True)
    record_no: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(Text)
    reasons: Mapped[list[Any]] = mapped_column(JSON, default=list)
    cells: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    target_kind: Mapped[str | None] = mapped_column(Text)
    target_id: Mapped[int | None]
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_by: Mapped[str | None] = mapped_column(Text)
