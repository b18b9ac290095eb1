"""What a paper form says, as it is typed in here or comes from another desk (returning.py)."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reservations import party_feed
from reservations.db import insert_new
from reservations.models import Booking, FormDecision, PaperForm, PaperPack, Party, PartyUnsaid
from reservations.models.base import table_of
from reservations.rules.period import Period
from reservations.sheets import booking_id_of, party_id_of
from sync.sheet import form_key

FATES = ("used", "void", "lost", "blank")
_FORM = table_of(PaperForm)
_PACK = table_of(PaperPack)
_DECISION = table_of(FormDecision)


@dataclass(frozen=True, slots=True)
class FormText:
    """What a form says. Everything but its fate is needed of a used one only.

    name, phone   stay at the desk where they are typed in; no line or slip carries them
    """

    pad: str
    number: int
    fate: str = "used"
    unit_id: int = 0
    date: date | None = None
    period: Period | None = None
    headcount: int | None = None
    name: str = ""
    phone: str = ""

    def said(self) -> dict[str, Any]:
        """As it is kept and sent to other desks."""
        if self.fate != "used" or self.date is None or self.period is None:
            return {}
        return {
            "unit_id": self.unit_id,
            "date": self.date.isoformat(),
            "start_slot": self.period.start,
            "end_slot": self.period.end,
            "headcount": self.headcount,
        }

    @property
    def digest(self) -> str:
        return digest_of(self.fate, self.said())

    @property
    def key(self) -> str:
        return form_key(self.pad, self.number)


def digest_of(fate: str, said: Mapping[str, Any]) -> str:
    """The same text has the same digest, wherever it was typed."""
    words = json.dumps([fate, dict(said)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()[:24]


# What comes from other desks (projection.py)


def know_pack(session: Session, data: Mapping[str, Any]) -> None:
    """A pack that another desk made and opened."""
    try:
        row = {
            "pad": str(data["pad"]),
            "facility_id": int(data["facility_id"]),
            "node_no": int(data["node_no"]),
            "lease": int(data["lease"]),
            "first": int(data["first"]),
            "last": int(data["last"]),
            "first_day": date.fromisoformat(data["first_day"]),
            "last_day": date.fromisoformat(data["last_day"]),
            "made_at": datetime.fromisoformat(data["made_at"]),
            "sha256": "",
        }
    except (KeyError, TypeError, ValueError):
        return
    session.connection().execute(insert_new(session, _PACK).values(row))


def know_form(session: Session, data: Mapping[str, Any], at: datetime) -> None:
    """A form that was typed in at another desk."""
    said, fate = data.get("said"), data.get("fate")
    if not isinstance(said, Mapping) or fate not in FATES or not isinstance(data.get("pad"), str):
        return
    if not isinstance(data.get("number"), int):
        return
    keep(session, data["pad"], data["number"], fate, dict(said), at, "")


def keep(
    session: Session,
    pad: str,
    number: int,
    fate: str,
    said: dict[str, Any],
    at: datetime,
    actor: str,
    *,
    name: str = "",
    phone: str = "",
) -> None:
    """Keep a text; again is no more than once. A name comes with the hand that typed it."""
    digest = digest_of(fate, said)
    row = {"pad": pad, "number": number, "digest": digest, "fate": fate, "said": said}
    row |= {"at": at, "actor": actor, "name": name, "phone": phone}
    session.connection().execute(insert_new(session, _FORM).values(row))
    if name:
        mine = (_FORM.c.pad == pad) & (_FORM.c.number == number) & (_FORM.c.digest == digest)
        session.connection().execute(update(_FORM).where(mine).values(name=name, phone=phone))
    know_name(session, pad, number)


# Of several texts under one number, which


@dataclass(frozen=True, slots=True)
class Decided:
    """A person's decision, as every desk hears it."""

    digest: str
    left_out: tuple[str, ...]
    after: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same decision has the same id, wherever it was made."""
        words = json.dumps([self.digest, sorted(self.left_out), sorted(self.after)])
        return hashlib.sha256(words.encode()).hexdigest()[:24]


def standing(digests: Collection[str], decisions: Iterable[Decided]) -> set[str]:
    """Which texts under one number are still to be believed: one is what the form says, several
    are for a person.

    Nothing depends on the order in which texts and decisions arrive. Decisions that do not know
    of each other stand side by side, and a text that none of them has seen stands beside them.
    """
    decisions = list(decisions)
    before = {each for decided in decisions for each in decided.after}
    heads = [decided for decided in decisions if decided.id not in before]
    if not heads:
        return set(digests)
    chosen = {decided.digest for decided in heads}
    left_out = {each for decided in heads for each in decided.left_out}
    return chosen | set(digests) - left_out


def heads_of(decisions: Iterable[Decided]) -> tuple[str, ...]:
    """The ids of the decisions in whose place a new one comes."""
    decisions = list(decisions)
    before = {each for decided in decisions for each in decided.after}
    return tuple(sorted(each.id for each in decisions if each.id not in before))


def decisions_of(session: Session, pad: str) -> dict[int, list[Decided]]:
    """Every decision about a pack's forms, by number."""
    found: dict[int, list[Decided]] = defaultdict(list)
    query = select(_DECISION).where(_DECISION.c.pad == pad).order_by(_DECISION.c.id)
    for row in session.connection().execute(query):
        found[row.number].append(Decided(row.digest, tuple(row.left_out), tuple(row.after)))
    return found


def keep_decision(session: Session, pad: str, number: int, decided: Decided) -> None:
    """Keep a decision; again is no more than once."""
    row = {"pad": pad, "number": number, "id": decided.id, "digest": decided.digest}
    row |= {"left_out": sorted(decided.left_out), "after": sorted(decided.after)}
    session.connection().execute(insert_new(session, _DECISION).values(row))
    know_name(session, pad, number)


def know_decision(session: Session, data: Mapping[str, Any]) -> None:
    """A decision that was made at another desk."""
    digest, lists = data.get("digest"), (data.get("left_out"), data.get("after"))
    pad, number = data.get("pad"), data.get("number")
    if not (isinstance(digest, str) and isinstance(pad, str) and isinstance(number, int)):
        return
    if not all(isinstance(each, list) and all(isinstance(x, str) for x in each) for each in lists):
        return
    decided = Decided(digest, tuple(data["left_out"]), tuple(data["after"]))
    keep_decision(session, pad, number, decided)


def know_name(session: Session, pad: str, number: int) -> None:
    """Who wrote the form: as its text has it, once that is certain. Where another text has become
    the booking already, its writer stays."""
    rows = {row.digest: row for row in forms_of(session, pad).get(number, ())}
    found = standing(rows, decisions_of(session, pad).get(number, ()))
    row = rows.get(found.pop()) if len(found) == 1 else None
    if row is not None and row.fate == "used" and row.name and _fits_booking(session, row):
        party_id = party_id_of(pad, number)
        # Whoever was forgotten is not named again by a paper that turns up late.
        if not party_feed.known_forgotten(session, party_id):
            session.merge(Party(id=party_id, name=row.name, phone=row.phone, created_at=row.at))
            session.merge(PartyUnsaid(party_id=party_id))
            session.flush()


def _fits_booking(session: Session, row: Any) -> bool:
    """Whether the form's booking, if there is one, says what this text says."""
    booking = session.get(Booking, booking_id_of(row.pad, row.number), populate_existing=True)
    if booking is None or booking.revision:
        return True
    said = (booking.unit_id, booking.date.isoformat(), booking.start_slot, booking.end_slot)
    return said == tuple(row.said[name] for name in ("unit_id", "date", "start_slot", "end_slot"))


def forms_of(session: Session, pad: str) -> dict[int, list[Any]]:
    """Every text that was typed in, by its number."""
    found: dict[int, list[Any]] = defaultdict(list)
    query = select(_FORM).where(_FORM.c.pad == pad).order_by(_FORM.c.number, _FORM.c.digest)
    for row in session.connection().execute(query):
        found[row.number].append(row)
    return found
