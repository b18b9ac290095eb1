"""避難所: where people can go. A shelter that is a facility of ours is linked to it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base


class Shelter(Base):
    """One designated shelter or emergency refuge.

    hazards   {"flood": true, ...}: for which dangers it is a refuge
    """

    __tablename__ = "shelter"

    id: Mapped[int] = mapped_column(primary_key=True)
    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"), index=True)
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"), index=True)
    external_id: Mapped[str] = mapped_column(Text, default="")
    name: Mapped[str] = mapped_column(Text)
    kana: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")
    lat: Mapped[float | None]
    lng: Mapped[float | None]
    coordinate_status: Mapped[str] = mapped_column(Text, default="unknown")
    capacity: Mapped[int | None]
    hazards: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    is_designated: Mapped[bool] = mapped_column(default=False)
