"""What is sealed of a party: its words as they travel, and our tables as they say.

A text is whole: whoever reads it knows all that the desk knew which wrote it. What a later program
adds has a word of its own beside the others, so that an older one reads the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.models import (
    GroupMember,
    GroupRoster,
    Municipality,
    Party,
    PartyDelegate,
    PartyReduction,
    PartyResidency,
)
from reservations.models.base import table_of

BLANK = {"kind": "person", "name": "", "kana": "", "phone": "", "email": "", "home_code": None}

_PARTY, _RESIDENCY = table_of(Party), table_of(PartyResidency)
_ROSTER, _MEMBER = table_of(GroupRoster), table_of(GroupMember)
_DELEGATE, _REDUCTION = table_of(PartyDelegate), table_of(PartyReduction)


@dataclass(frozen=True, slots=True)
class Said:
    """The columns of a party and the rows of what belongs to it, by the words of its text."""

    values: dict[str, Any]
    residencies: list[dict[str, Any]]
    rosters: list[dict[str, Any]]
    delegates: list[dict[str, Any]]
    reductions: list[dict[str, Any]]


def body_of(session: Session, party: str) -> bytes | None:
    """What is sealed of a party: all that a desk must know of it, and nothing of its sign-in."""
    connection = session.connection()
    row = connection.execute(select(_PARTY).where(_PARTY.c.id == party)).one_or_none()
    if row is None or not row.name:
        return None
    query = select(_RESIDENCY).where(_RESIDENCY.c.party_id == party)
    rows = connection.execute(query.order_by(_RESIDENCY.c.municipality_code)).all()
    words: dict[str, Any] = {name: getattr(row, name) for name in BLANK}
    words["created_at"] = sheets.instant_text(row.created_at)
    words["residencies"] = [
        [each.municipality_code, each.residency, each.valid_until and each.valid_until.isoformat()]
        for each in rows
    ]
    if seen := {each.municipality_code: each.seen for each in rows if each.seen}:
        words["seen"] = seen
    query = select(_ROSTER).where(_ROSTER.c.party_id == party)
    rosters = connection.execute(query.order_by(_ROSTER.c.municipality_code)).all()
    if rosters:
        words["rosters"] = [
            [each.municipality_code, each.members, each.local, each.marks] for each in rosters
        ]
    query = select(_DELEGATE).where(_DELEGATE.c.party_id == party)
    delegates = connection.execute(query.order_by(_DELEGATE.c.delegate_id)).all()
    if delegates:
        words["delegates"] = [
            [each.delegate_id, each.giver, each.seen, each.since, each.until] for each in delegates
        ]
    query = select(_REDUCTION).where(_REDUCTION.c.party_id == party)
    standing = connection.execute(query.order_by(*_REDUCTION.primary_key)).all()
    if standing:
        words["reductions"] = [
            [each.municipality_code, each.clause, each.since, each.until, each.seen]
            for each in standing
        ]
    return orjson.dumps(words, option=orjson.OPT_SORT_KEYS)


def said(words: Any) -> Said:
    """A text's words as rows.

    raises   KeyError, TypeError, ValueError where it is none that this program can read
    """
    texts = {name: words[name] for name in BLANK}
    home = texts.pop("home_code")
    if not all(
        isinstance(text, str) and "\0" not in text for text in (*texts.values(), home or "")
    ):
        raise TypeError("no texts")
    if texts["kind"] not in ("person", "group"):
        raise ValueError("neither a person nor a group")
    values = {**texts, "home_code": home, "created_at": datetime.fromisoformat(words["created_at"])}
    seen = words.get("seen", {})
    residencies = [
        {
            "municipality_code": word(town),
            "residency": word(residency),
            "valid_until": until and date.fromisoformat(until),
            "seen": word(seen[town]) if town in seen else "",
        }
        for town, residency, until in words["residencies"]
    ]
    rosters = [
        {
            "municipality_code": word(town),
            "members": int(members),
            "local": int(local),
            "marks": [word(each) for each in marks],
        }
        for town, members, local, marks in words.get("rosters", ())
    ]
    delegates = [
        {
            "delegate_id": word(delegate),
            "giver": word(giver),
            "seen": word(seen_of),
            "since": date.fromisoformat(since),
            "until": date.fromisoformat(until),
        }
        for delegate, giver, seen_of, since, until in words.get("delegates", ())
    ]
    reductions = [
        {
            "municipality_code": word(town),
            "clause": word(clause),
            "since": date.fromisoformat(since),
            "until": date.fromisoformat(until),
            "seen": word(seen_of) if seen_of else "",
        }
        for town, clause, since, until, seen_of in words.get("reductions", ())
    ]
    return Said(values, residencies, rosters, delegates, reductions)


def put(session: Session, party: str, text: Said) -> None:
    """The party is what its text says; of towns that are not known here, nothing."""
    connection = session.connection()
    towns = set(connection.scalars(select(Municipality.code)))
    home = text.values["home_code"]
    values = text.values | {"home_code": home if home in towns else None}
    mine = update(_PARTY).where(_PARTY.c.id == party)
    if not connection.execute(mine.values(**values)).rowcount:
        connection.execute(insert(_PARTY), {"id": party, **values})
    connection.execute(delete(_RESIDENCY).where(_RESIDENCY.c.party_id == party))
    known = [
        {"party_id": party, **each}
        for each in text.residencies
        if each["municipality_code"] in towns
    ]
    if known:
        connection.execute(insert(_RESIDENCY), known)
    _put_rosters(
        session, party, [each for each in text.rosters if each["municipality_code"] in towns]
    )

    connection.execute(delete(_DELEGATE).where(_DELEGATE.c.party_id == party))
    if text.delegates:
        rows = [{"party_id": party, **each} for each in text.delegates]
        connection.execute(insert(_DELEGATE), rows)
    connection.execute(delete(_REDUCTION).where(_REDUCTION.c.party_id == party))
    standing = [
        {"party_id": party, **each}
        for each in text.reductions
        if each["municipality_code"] in towns
    ]
    if standing:
        connection.execute(insert(_REDUCTION), standing)


def _put_rosters(session: Session, party: str, rosters: list[dict[str, Any]]) -> None:
    """Names that were typed here go when another roster was typed elsewhere in their stead."""
    connection = session.connection()
    of_party = select(_ROSTER).where(_ROSTER.c.party_id == party)
    before = {each.municipality_code: each for each in connection.execute(of_party)}
    connection.execute(delete(_ROSTER).where(_ROSTER.c.party_id == party))
    if rosters:
        connection.execute(insert(_ROSTER), [{"party_id": party, **each} for each in rosters])
    same = {
        each["municipality_code"]
        for each in rosters
        if (known := before.get(each["municipality_code"])) is not None
        and (known.members, known.local, known.marks)
        == (each["members"], each["local"], each["marks"])
    }
    gone = _MEMBER.c.municipality_code.not_in(same)
    connection.execute(delete(_MEMBER).where(_MEMBER.c.party_id == party, gone))


def word(value: object) -> str:
    """A text that every database keeps.

    raises   TypeError
    """
    if not isinstance(value, str) or not value or "\0" in value:
        raise TypeError("no text that every database keeps")
    return value
