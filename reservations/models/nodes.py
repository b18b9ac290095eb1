"""拠点: which node serves which facility, the ledger's tables, and what all desks were told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant
from sync import tables

# The ledger keeps its tables to itself (sync/tables.py); here they are made and migrated with ours.
for _table in tables.metadata.sorted_tables:
    _table.to_metadata(Base.metadata)


class FacilityNode(Base):
    """The node that holds a facility's near dates: today and the next `days` - 1 days.

    A facility without a row stays with the hub.
    """

    __tablename__ = "facility_node"

    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"), primary_key=True)
    node: Mapped[str] = mapped_column(Text)
    days: Mapped[int] = mapped_column(default=3)


class Declaration(Base):
    """災害時の宣言 and its end: the last one by its time says which mode is declared."""

    __tablename__ = "declaration"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    mode: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    node: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")


class Notice(Base):
    """The last that was said, or heard, of a thing that all desks know: who is there, what is lent.

    name       `node/gym`, `facility/12/0`, `town/172014`, `purposes`
    state      present or away; of a piece of the catalogue its hash
    revision   a later one wins, in whatever order they come
    """

    __tablename__ = "notice"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(BigInteger)
