"""紙運用セット: the packs of a facility, the keys of their forms, and what a typed number means."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from printables import qr
from printables.verify import FORM_NUMBERS
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode
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


@dataclass(frozen=True, slots=True)
class FoundForm:
    """A form of a pack that is known here.

    is_checked   whether its code was proved to be the printer's. A number that is typed has only
                 its check digits, and the code of another node's form only its line on the ledger:
                 the key of a form never leaves the node that printed it
    """

    pack: PaperPack
    number: int
    is_checked: bool


def form_of(desk: Desk, session: Session, text: str) -> FoundForm:
    """The form of a number as it is typed, or of a code as it is scanned.

    raises   Refusal form_number_wrong, form_unknown, not_a_form, form_forged
    """
    text = text.strip().upper().translate(_WIDE)
    if text.startswith(qr.PREFIX):
        return _of_code(desk, session, text)
    typed = serial_of(text)
    if typed is None:
        raise Refusal(RefusalCode.FORM_NUMBER_WRONG)
    pack = pack_of(session, *typed)
    if pack is None:
        raise Refusal(RefusalCode.FORM_UNKNOWN, node=node_label(typed[0]))
    return FoundForm(pack, typed[1], is_checked=False)


def _of_code(desk: Desk, session: Session, text: str) -> FoundForm:
    try:
        code = qr.parts_of_form(text)
    except qr.Unreadable:
        with contextlib.suppress(qr.Unreadable):
            qr.parts_of_issued(text)
            raise Refusal(RefusalCode.NOT_A_FORM) from None
        raise Refusal(RefusalCode.FORM_NUMBER_WRONG) from None
    is_ours = code.node == desk.settings.node_no
    if is_ours:
        try:
            qr.open_form(text, form_key(desk, code.lease))
        except qr.Unreadable:
            raise Refusal(RefusalCode.FORM_FORGED) from None
    if code.form != FORM_NUMBERS["application_form"]:
        raise Refusal(RefusalCode.NOT_A_FORM)
    pack = pack_of(session, code.node, code.serial)
    if pack is None or pack.lease != code.lease:
        raise Refusal(RefusalCode.FORM_UNKNOWN, node=node_label(code.node))
    return FoundForm(pack, code.serial, is_checked=is_ours)


def serial_of(text: str) -> tuple[int, int] | None:
    """(node, serial) of a form's number as it is typed; None where its check digits are wrong."""
    found = _NUMBER.fullmatch(text.strip().upper().translate(_WIDE).replace(" ", ""))
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


def newest(
    session: Session, *, limit: int, facilities: Collection[int] | None = None
) -> list[PaperPack]:
    """The packs that are known here, of these facilities or of all; the newest first."""
    query = select(PaperPack).order_by(PaperPack.made_at.desc(), PaperPack.pad).limit(limit)
    if facilities is not None:
        query = query.where(PaperPack.facility_id.in_(sorted(facilities)))
    return list(session.scalars(query))


def town_of(session: Session, facility_id: int) -> str:
    """The town of a facility: the first word of its sheets."""
    query = select(Facility.municipality_code).where(Facility.id == facility_id)
    return str(session.execute(query).scalar_one())


def bookings_known(session: Session, ids: list[str]) -> set[str]:
    """Those of these bookings that are known here."""
    return set(session.scalars(select(Booking.id).where(Booking.id.in_(ids))))
