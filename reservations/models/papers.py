"""発行した紙: the bytes of every paper that was issued, so that a reprint is the same paper."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class IssuedPaper(Base):
    """One paper about one subject at one revision; never changed, never drawn again.

    kind      the paper's name in printables' registry
    subject   the id of what it is about; `revision` of it, so that a change gets a new paper
    record    what it says, as JSON that `Paper.read` takes: the print view is made from it
    """

    __tablename__ = "issued_paper"
    __table_args__ = (
        UniqueConstraint("subject", "kind", "revision"),
        CheckConstraint("pages > 0", name="pages"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    number: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(Text)
    record: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    pdf: Mapped[bytes] = mapped_column("bytes", LargeBinary)
    pages: Mapped[int]
