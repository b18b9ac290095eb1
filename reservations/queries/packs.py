"""紙運用セット: the packs of a facility, the keys of their forms, and what a typed number means."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from printables import qr
from reservations.desk import Desk
from reservations.models import Booking, Facility, PaperPack
from reservations.models.base import table_of

_PACK = table_of(PaperPack)
_OF = (
    select(PaperPack)
    .where(
        _PACK.c.node_no == bindparam("node_no"),
        _PACK.c.first <= bindparam("serial"),
        _PACK.c.last >= bindparam("serial"),
    )
    .execution_options(populate_existing=True)
)
_NUMBER = re.compile(r"N(\d{3})-?(\d{8})-?(\d{2})")


def form_key(desk: Desk, lease: int) -> bytes:
    """The key of one pack's numbered forms: from a secret made once, which never leaves here."""
    path = desk.folder / "form-key"
    if not path.exists():
        # Of two processes that begin at once one wins; neither reads a half-written key.
        draft = path.with_name(f"form-key.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    secret = bytes.fromhex(path.read_text().strip())
    return hmac.new(secret, lease.to_bytes(2), hashlib.sha256).digest()


def node_label(node_no: int) -> str:
    """N014: how a node is named on numbered paper."""
    return f"N{node_no:03d}"


def pad_name(node_no: int, lease: int) -> str:
    """N014-P07: under which name a pack writes on the ledger."""
    return f"{node_label(node_no)}-P{lease:02d}"


def serial_of(text: str) -> tuple[int, int] | None:
    """(node, serial) of a form's number as it is typed, or of its code as it is scanned.

    None where it is neither, or its check digits are wrong. A code's MAC is not asked for here:
    what it names must be a form of a pack that is open, and each settles its number once.
    """
    text = text.strip().upper().translate(_WIDE)
    if text.startswith(qr.PREFIX):
        try:
            code = qr.parts_of_form(text)
        except qr.Unreadable:
            return None
        return code.node, code.serial
    found = _NUMBER.fullmatch(text.replace(" ", ""))
    if found is None or qr.check_digits(int(found[2])) != found[3]:
        return None
    return int(found[1]), int(found[2])


# A Japanese keyboard types these as often as the narrow ones.
_WIDE = str.maketrans("０１２３４５６７８９Ｎ－ー―‐", "0123456789N----")


def pack_of(session: Session, node_no: int, serial: int) -> PaperPack | None:
    """The pack that has this form."""
    found = session.execute(_OF, {"node_no": node_no, "serial": serial})
    return found.scalar_one_or_none()


def one(session: Session, pad: str) -> PaperPack | None:
    """The pack of this name."""
    return session.get(PaperPack, pad, populate_existing=True)


def newest(session: Session, *, limit: int) -> list[PaperPack]:
    """The packs that are known here, the newest first."""
    query = select(PaperPack).order_by(PaperPack.made_at.desc(), PaperPack.pad).limit(limit)
    return list(session.scalars(query))


def town_of(session: Session, facility_id: int) -> str:
    """The town of a facility: the first word of its sheets."""
    query = select(Facility.municipality_code).where(Facility.id == facility_id)
    return str(session.execute(query).scalar_one())


def bookings_known(session: Session, ids: list[str]) -> set[str]:
    """Those of these bookings that are known here."""
    return set(session.scalars(select(Booking.id).where(Booking.id.in_(ids))))
