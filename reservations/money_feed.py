"""Money as it travels: payments and reductions by slips, refunds by lines of a sheet (S6).

A wish for a reduction is a slip as well, and so is its answer; two answers are both kept, and
rules/reductions.py says which counts.

In whatever order and however often they come, the tables are the same (I7): a payment, a reduction
and a refund are known by their ids, and a refund's answer wins over its question. None of them
waits for its booking: the account is worked out when somebody asks (queries/money.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from reservations.events.money import RefundDecided
from reservations.models import Payment, Reduction, ReductionRequest, Refund
from reservations.models.base import table_of
from reservations.rules.money import YEN_MAX, Method
from reservations.sheets import SheetName
from reservations.slip_words import number, sheet, text
from sync.document import Document, Entry, Slip

PAYMENT, REDUCTION, REFUND = "payment", "reduction", "refund"
REQUEST = "reduction_request"
KINDS = (PAYMENT, REDUCTION, REFUND, REQUEST)
# What a refund's line settles beside the slip that it answers (sheets.py: refund_keys).
OWN_KEYS = 2
# Why a refund is none: its line had to be taken back before anybody was told.
TAKEN_BACK = "taken_back"

log = structlog.get_logger("tonari.money")

_PAYMENT, _REDUCTION, _REFUND = table_of(Payment), table_of(Reduction), table_of(Refund)
_REQUEST = table_of(ReductionRequest)
_PAYMENT_ORDER = ("received_at", "node_no", "amount_yen")
_REDUCTION_ORDER = ("decided_at", "node_no", "percent")


def take(session: Session, slip: Slip) -> None:
    """A payment, a reduction, or a wish for one or for a refund, from any desk. Idempotent."""
    try:
        match slip.kind:
            case "payment":
                _put_earlier(session, _PAYMENT, payment_row(slip.data), _PAYMENT_ORDER)
            case "reduction":
                _put_earlier(session, _REDUCTION, reduction_row(slip.data), _REDUCTION_ORDER)
            case "reduction_request":
                _put_new(session, _REQUEST, request_row(slip.data))
            case "refund":
                _put_new(session, _REFUND, refund_row(slip.data) | {"status": "asked"})
    except (KeyError, TypeError, ValueError) as fault:
        log.error("money that this program cannot read", line=slip.id, fault=repr(fault))


def is_refund(entry: Entry) -> bool:
    """Whether the line answers a wish for a refund, or is one."""
    asked = entry.kind == "refuse" and entry.data.get("asked") == REFUND
    is_one = entry.kind == "record" and entry.data.get("event") == RefundDecided.name
    return asked or is_one


def answered(session: Session, entry: Entry, *, is_told: bool) -> None:
    """A line about a refund: it is decided, or refused for the reason in `code`. Idempotent."""
    try:
        values = refund_row(entry.data)
    except (KeyError, TypeError, ValueError) as fault:
        log.error("a refund that this program cannot read", line=entry.id, fault=repr(fault))
        return
    values["status"] = "decided" if is_told else "written"
    values["code"] = ""
    if entry.kind == "refuse":
        values |= {"status": "refused", "code": str(entry.data.get("code", ""))}
    before = session.connection().scalar(_status_of(values["id"]))
    if before is None:
        session.connection().execute(insert(_REFUND), values)
    elif before != "decided":
        change = update(_REFUND).where(_REFUND.c.id == values["id"]).values(**values)
        session.connection().execute(change)


def undo(session: Session, entry: Entry) -> None:
    """A line about a refund stands no more; nobody was told.

    A slip waits again for its answer. What was decided without one is refused, so that the clerk
    sees that it has to be asked for anew.
    """
    has_slip = entry.kind == "refuse" or len(entry.settles) > OWN_KEYS
    values = {"status": "asked" if has_slip else "refused", "code": "" if has_slip else TAKEN_BACK}
    mine = _REFUND.c.id == entry.data.get("refund")
    session.connection().execute(update(_REFUND).where(mine).values(**values))


def tell(session: Session, name: SheetName, later: Collection[Document]) -> None:
    """Refunds on this sheet are on two media, but for those in `later` lines."""
    waiting = {str(line.data.get("refund")) for line in later}
    on = _REFUND.c.town == name.town, _REFUND.c.facility_id == name.facility_id
    told = (
        update(_REFUND)
        .where(*on, _REFUND.c.date == name.date, _REFUND.c.status == "written")
        .where(_REFUND.c.id.not_in(waiting))
    )
    session.connection().execute(told.values(status="decided"))


def payment_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that every desk knows of a payment, from a slip's words.

    raises   KeyError, TypeError, ValueError where they are not whole
    """
    return {
        "id": text(data["payment"]),
        "booking_id": text(data["booking"]),
        **sheet(data),
        "method": Method(data["method"]).value,
        "amount_yen": _yen(data["amount_yen"]),
        "received_at": datetime.fromisoformat(data["received_at"]),
        "day": date.fromisoformat(data["day"]),
        "node_no": number(data["node_no"]),
        "account_town": _account_town(data),
    }


def refund_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that every desk knows of a refund; raises as `payment_row`."""
    return {
        "id": text(data["refund"]),
        "payment_id": text(data["payment"]),
        "booking_id": text(data["booking"]),
        **sheet(data),
        "method": Method(data["method"]).value,
        "amount_yen": _yen(data["amount_yen"]),
        "node_no": number(data["node_no"]),
        "asked_at": datetime.fromisoformat(data["asked_at"]),
        "account_town": _account_town(data),
    }


def reduction_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that every desk knows of a reduction; raises as `payment_row`.

    0 percent is a wish that was refused, and says which.
    """
    percent, request = number(data["percent"]), data.get("request") or ""
    if not (percent > 0 or request) or percent > 100:
        raise ValueError(percent)
    return {
        "id": text(data["reduction"]),
        "booking_id": text(data["booking"]),
        "percent": percent,
        "clause": text(data["clause"]),
        "decided_at": datetime.fromisoformat(data["decided_at"]),
        "node_no": number(data["node_no"]),
        "request_id": text(request) if request else "",
    }


def request_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that every desk knows of a wish for a reduction; raises as `payment_row`."""
    instead_of = data.get("instead_of") or ""
    return {
        "id": text(data["request"]),
        "booking_id": text(data["booking"]),
        "clause": text(data["clause"]),
        "asked_at": datetime.fromisoformat(data["asked_at"]),
        "node_no": number(data["node_no"]),
        "is_seen": data["is_seen"] is True,
        "instead_of": text(instead_of) if instead_of else "",
    }


def _put_earlier(
    session: Session, table: Table, values: dict[str, Any], order: tuple[str, ...]
) -> None:
    """Told under one id at two desks (a payment by its reference, a reduction by a registration):
    both keep the earlier one."""
    mine = table.c.id == values["id"]
    known = session.connection().execute(select(table).where(mine)).one_or_none()
    if known is None:
        session.connection().execute(insert(table), values)
        return
    if tuple(values[name] for name in order) < tuple(known._mapping[name] for name in order):
        session.connection().execute(update(table).where(mine), values)


def _put_new(session: Session, table: Table, values: dict[str, Any]) -> None:
    known = select(table.c.id).where(table.c.id == values["id"])
    if session.connection().scalar(known) is None:
        session.connection().execute(insert(table), values)


def _status_of(refund_id: str) -> Any:
    return select(_REFUND.c.status).where(_REFUND.c.id == refund_id)


def _account_town(data: Mapping[str, Any]) -> str:
    """Money of which nobody said whose desk took it is the facility's own town's."""
    return text(data.get("account_town") or data["town"])


def _yen(value: Any) -> int:
    if not 0 < number(value) <= YEN_MAX:
        raise ValueError(value)
    return int(value)
