"""紙運用セット: numbers that are given once, the packs that carry them, and what came back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Date, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class NumberCounter(Base):
    """The next number of a kind that this node prints. It only grows: no number is given twice."""

    __tablename__ = "number_counter"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    next: Mapped[int] = mapped_column(BigInteger)


class PaperPack(Base):
    """One pack of a facility: under which name it writes, and which forms it has.

    pad     the holder's name on the ledger; known at other nodes once a line names it
    sheets  the dates on whose sheets it may write once it is opened
    sha256  of its PDF; empty where it was not printed here
    """

    __tablename__ = "paper_pack"
    __table_args__ = (
        CheckConstraint("first > 0 AND first <= last", name="forms"),
        UniqueConstraint("node_no", "lease"),
        Index("ix_paper_pack_facility_id", "facility_id"),
    )

    pad: Mapped[str] = mapped_column(Text, primary_key=True)
    facility_id: Mapped[int]
    node_no: Mapped[int]
    lease: Mapped[int]
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(Instant)
    sha256: Mapped[str] = mapped_column(Text, default="")


class PaperForm(Base):
    """A form that came back, as somebody typed it in; a second text under its number is a row more.

    digest  of what it says, so that typing the same again is nothing new
    fate    used, void, lost or blank
    said    what the form says, without names
    name    who wrote it, with `phone`: at the desk where it was typed in, and nowhere else
    """

    __tablename__ = "paper_form"
    __table_args__ = (CheckConstraint("fate IN ('used', 'void', 'lost', 'blank')", name="fate"),)

    pad: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    fate: Mapped[str] = mapped_column(Text)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text, default="", server_default="")
    phone: Mapped[str] = mapped_column(Text, default="", server_default="")


class FormDecision(Base):
    """Somebody looked at the paper and said which of several texts it really says.

    id        of what was decided: the same decision at two desks is one
    digest    the text that was chosen; `left_out` those that were seen and are not on the paper
    after     the decisions that this one takes the place of
    """

    __tablename__ = "form_decision"

    pad: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[str] = mapped_column(Text)
    left_out: Mapped[list[str]] = mapped_column(JSON)
    after: Mapped[list[str]] = mapped_column(JSON)
