"""The words in which bookings stand on the ledger: a sheet's name, its claims, its lines.

A sheet is one facility on one date. What a line occupies are quarter-hours of parts: `412.72` is
part 412 from 18:00 on. A booking is known by its id and revision, so that a change frees exactly
what the revision before it occupied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

from reservations import events
from reservations.events.approval import PermissionGranted
from reservations.events.attendance import StrikeDecided
from reservations.events.money import RefundDecided
from reservations.rules.period import SLOTS_PER_DAY
from reservations.rules.town import StrikeKind
from sync.node import Draft
from sync.sheet import form_key

EVENT_WORDS = ("event", "version", "booking")


@dataclass(frozen=True, order=True, slots=True)
class SheetName:
    """Which facility, on which date; `text` is the chain's name."""

    town: str
    facility_id: int
    date: date

    @property
    def text(self) -> str:
        return events.sheet_of(self.town, self.facility_id, self.date.isoformat())


def parsed(text: str) -> SheetName | None:
    """The sheet of this name, or None if it is no facility's day."""
    scope, _, rest = text.partition("/")
    facility, _, day = rest.partition("/")
    town = scope.partition("-")[0]
    try:
        return SheetName(town, int(facility), date.fromisoformat(day))
    except ValueError:
        return None


def claims_of(parts: Iterable[int], start: int, end: int) -> tuple[str, ...]:
    """The quarter-hours [start, end) of these parts, as the ledger keeps them."""
    return tuple(f"{part}.{slot}" for part in parts for slot in range(start, end))


def bits_of(claims: Iterable[str]) -> dict[int, int]:
    """Part id to the 96 bits that these claims occupy."""
    bits: dict[int, int] = defaultdict(int)
    for claim in claims:
        part, _, slot = claim.partition(".")
        bits[int(part)] |= 1 << int(slot)
    return dict(bits)


def key_of(booking_id: str, revision: int | str) -> str:
    """The booking as it is since this revision: who occupies, and what a line settles."""
    return f"{booking_id}:{revision}"


def words_of(name: str, version: int, subject: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """An event as the `data` of a line or of a slip; `event_body` takes the body out again."""
    return {"event": name, "version": version, "booking": subject, **body}


def draft_of(name: str, version: int, subject: str, body: Mapping[str, Any]) -> Draft:
    """The line of the sheet that this event is."""
    if name == RefundDecided.name:
        return Draft("record", refund_keys(body), data=words_of(name, version, subject, body))
    if name == PermissionGranted.name:
        decides = permission_key(subject, body["revision"])
        return Draft("record", (decides,), data=words_of(name, version, subject, body))
    if name == StrikeDecided.name:
        return Draft(
            "record", strike_keys(subject, body), data=words_of(name, version, subject, body)
        )
    revision = body["revision"]
    settles: tuple[str, ...] = (key_of(subject, revision),)
    data = words_of(name, version, subject, body)
    before = key_of(subject, revision - 1)
    match name:
        case (
            events.BookingConfirmed.name
            | events.BookingConfirmedInstead.name
            | events.BookingChanged.name
        ):
            until = min(body["end_slot"], SLOTS_PER_DAY)
            claims = claims_of(body["parts"], body["start_slot"], until)
            return Draft("confirm", settles, claims, before if body["stays"] else "", data)
        case events.BookingReaches.name:
            claims = claims_of(body["parts"], 0, body["end_slot"] - SLOTS_PER_DAY)
            return Draft("confirm", settles, claims, before if body["stays"] else "", data)
        case events.BookingCancelled.name if "decision" in body:
            settles = (*settles, permission_key(subject, revision - 1))
            return Draft("cancel", settles, (), before, data)
        case events.BookingCancelled.name | events.BookingLeft.name:
            return Draft("cancel", settles, (), before, data)
    raise AssertionError(f"no line for {name}")


def refund_keys(body: Mapping[str, Any]) -> tuple[str, str]:
    """What a refund settles: itself, and the next yen of its payment, so that no two lines of a
    sheet pay the same money back (S6)."""
    return f"refund:{body['refund']}", f"refund:{body['payment']}:{body['before_yen']}"


def permission_key(booking_id: str, revision: int) -> str:
    """What a decision settles: of one revision there is one, whoever decides."""
    return f"permission:{booking_id}:{revision}"


def strike_keys(booking_id: str, body: Mapping[str, Any]) -> tuple[str]:
    """What a strike settles: a booking has one of each kind, and is missed once."""
    kind = StrikeKind(body["kind"])
    return (f"strike:{booking_id}:{'absence' if kind.is_absence else kind.value}",)


def owner_of(key: str) -> tuple[str, int]:
    """The booking and the revision that a key of `key_of` names; revision -1 for any other key."""
    booking_id, _, revision = key.rpartition(":")
    return booking_id, int(revision) if revision.isdecimal() else -1


def milliseconds(instant: datetime) -> int:
    """An instant as the ledger's lines have it."""
    return int(instant.timestamp() * 1000)


def instant_of(at: int) -> datetime:
    """The instant of a line's `at`."""
    return datetime.fromtimestamp(at / 1000, tz=UTC)


def instant_text(instant: datetime) -> str:
    """An instant as bodies have it: always in UTC, so that the same moment has the same words."""
    return instant.astimezone(UTC).isoformat()


def event_body(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the event's body was, from a line's or slip's data."""
    return {name: value for name, value in data.items() if name not in EVENT_WORDS}


def stated(values: Mapping[str, Any], parts: tuple[int, ...]) -> dict[str, Any]:
    """A booking's columns as the fields of its event."""
    tariff_from, free_until = values["tariff_from"], values["free_cancel_until"]
    decide_by = values["decide_by"]
    return {
        "subject": values["id"],
        "town": values["municipality_code"],
        "facility_id": values["facility_id"],
        "unit_id": values["unit_id"],
        "parts": parts,
        "kind": values["kind"],
        "date": values["date"].isoformat(),
        "start_slot": values["start_slot"],
        "end_slot": values["end_slot"],
        "party_id": values["party_id"],
        "purpose": values["purpose_code"],
        "headcount": values["headcount"],
        "fee_yen": values["fee_yen"],
        "node_no": values["node_no"],
        "serial": values["serial"],
        "made_at": instant_text(values["made_at"]),
        "tariff_from": tariff_from and tariff_from.isoformat(),
        "town_rules_id": values["town_rules_id"],
        "free_cancel_until": free_until and instant_text(free_until),
        "note": values["note"],
        "revision": values["revision"],
        "decide_by": decide_by and decide_by.isoformat(),
    }


def row_of(booking_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a booking from a line's or slip's words."""
    tariff_from, free_until = data["tariff_from"], data["free_cancel_until"]
    decide_by = data.get("decide_by")
    return {
        "id": booking_id,
        "node_no": data["node_no"],
        "serial": data["serial"],
        "unit_id": data["unit_id"],
        "facility_id": data["facility_id"],
        "municipality_code": data["town"],
        "party_id": data["party_id"],
        "kind": data["kind"],
        "date": date.fromisoformat(data["date"]),
        "start_slot": data["start_slot"],
        "end_slot": data["end_slot"],
        "purpose_code": data["purpose"],
        "headcount": data["headcount"],
        "fee_yen": data["fee_yen"],
        "tariff_from": tariff_from and date.fromisoformat(tariff_from),
        "town_rules_id": data["town_rules_id"],
        "made_at": datetime.fromisoformat(data["made_at"]),
        "free_cancel_until": free_until and datetime.fromisoformat(free_until),
        "note": data["note"],
        "revision": data["revision"],
        "decide_by": decide_by and date.fromisoformat(decide_by),
        # Said once, by the first line; a later change of the booking says nothing of it.
        **({"instead_of": data["instead_of"]} if "instead_of" in data else {}),
    }


# Paper forms

_FORMS = UUID("6f1c3c0e-7e0b-5d43-9c5e-2f4a8f9f1d20")


def booking_id_of(pad: str, number: int) -> str:
    """The booking that a form makes, the same at every desk."""
    return str(uuid5(_FORMS, form_key(pad, number)))


def party_id_of(pad: str, number: int) -> str:
    """Who wrote the form."""
    return str(uuid5(_FORMS, f"party:{form_key(pad, number)}"))
