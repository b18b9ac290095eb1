"""食い違い: of several texts under one number, which one the paper really says (I10).

The choice is a slip like the texts themselves, so every desk comes to the same answer in whatever
order it hears of them. Before a line of the ledger has settled a number, people choose; afterwards
its line has chosen, and the other paper needs a number of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.actions.form_texts import (
    Decided,
    decisions_of,
    forms_of,
    heads_of,
    keep_decision,
    standing,
)
from reservations.actions.step import Context, action
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode
from reservations.events import FormDecided
from reservations.models import PaperPack
from reservations.queries import packs
from reservations.sheets import SheetName
from sync import ledger, tables
from sync.ledger import SqlStore
from sync.sheet import form_key


def names_of(session: Session, pack: PaperPack) -> list[SheetName]:
    """The sheets that a pack was printed for."""
    town = packs.town_of(session, pack.facility_id)
    days = range((pack.last_day - pack.first_day).days + 1)
    return [
        SheetName(town, pack.facility_id, pack.first_day + timedelta(days=offset))
        for offset in days
    ]


def settled(session: Session, names: list[SheetName], pad: str) -> set[str]:
    """The forms of a pad that a line of one of its sheets has settled."""
    return {row.key for row in session.connection().execute(settled_of(names, pad))}


def settled_of(names: list[SheetName], pad: str) -> Select[Any]:
    """Sheet, key and number of the lines that have settled forms of this pad."""
    c = tables.settled.c
    return select(c.sheet, c.key, c.number).where(
        c.sheet.in_([name.text for name in names]),
        c.key.startswith(f"form:{pad}:", autoescape=True),
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """Of the texts under one number, the one that the paper really says."""

    pad: str
    number: int
    digest: str


@action("decide_form", subject=lambda decision: form_key(decision.pad, decision.number))
def decide_form(session: Session, decision: Decision, context: Context, key: str) -> FormDecided:
    """Choose one of several texts. Every desk hears of it, and leaves out the same ones.

    What a line of the ledger says already cannot be chosen away: there the other text is a form
    that needs a number of its own, and to choose the line is to say that it has been seen to.

    raises   Refusal not_found; form_settled where the ledger has another text under this number
    """
    desk: Desk = session.info["database"].desk
    pack = packs.one(session, decision.pad)
    rows = forms_of(session, decision.pad).get(decision.number, [])
    if pack is None or decision.digest not in {row.digest for row in rows}:
        raise Refusal(RefusalCode.NOT_FOUND)
    fixed = fixed_by(desk, session, pack, {decision.number})
    if fixed.get(decision.number, decision.digest) != decision.digest:
        raise Refusal(RefusalCode.FORM_SETTLED)
    earlier = decisions_of(session, decision.pad).get(decision.number, [])
    others = tuple(sorted(row.digest for row in rows if row.digest != decision.digest))
    decided = Decided(decision.digest, others, heads_of(earlier))
    keep_decision(session, decision.pad, decision.number, decided)
    data = {
        "pad": decision.pad,
        "number": decision.number,
        "digest": decided.digest,
        "left_out": list(decided.left_out),
        "after": list(decided.after),
    }
    post(session, desk, decision.pad, "form decided", data, context)
    return FormDecided(
        subject=key,
        pad=decision.pad,
        number=decision.number,
        digest=decision.digest,
        left_out=others,
        after=decided.after,
    )


def post(
    session: Session, desk: Desk, pad: str, kind: str, data: dict[str, Any], context: Context
) -> None:
    """A slip about a pack, on the first of its sheets."""
    pack = packs.one(session, pad)
    assert pack is not None, pad
    name, at = names_of(session, pack)[0], sheets.milliseconds(context.now)
    ledger.post(session, desk.node, name.text, kind, at=at, data=data)


def texts_standing(desk: Desk, session: Session, pack: PaperPack) -> dict[int, list[Any]]:
    """For each number that was typed in, the texts to be believed: one is what the form says.

    Where a line of the ledger has settled a number, its text stands, and beside it only what
    nobody has decided about yet. A text that is chosen and not known here yet leaves none.
    """
    decisions, forms = decisions_of(session, pack.pad), forms_of(session, pack.pad)
    asked = {number for number, rows in forms.items() if len(rows) > 1 or number in decisions}
    fixed = fixed_by(desk, session, pack, asked)
    found: dict[int, list[Any]] = defaultdict(list)
    for number, rows in forms.items():
        by_digest = {row.digest: row for row in rows}
        made = decisions.get(number, ())
        if number in fixed:
            made = [each for each in made if each.digest == fixed[number]]
            made = made or [Decided(fixed[number], ())]
        left = standing(by_digest, made)
        is_known = left <= set(by_digest)
        found[number] = [by_digest[each] for each in sorted(left)] if is_known else []
    return found


def fixed_by(
    desk: Desk, session: Session, pack: PaperPack, numbers: Collection[int]
) -> dict[int, str]:
    """Of these numbers those that the ledger has settled, with the text that its line has."""
    found: dict[int, str] = {}
    if not numbers:
        return found
    store = SqlStore(session, desk.directory)
    keys = {form_key(pack.pad, number): number for number in numbers}
    names = names_of(session, pack)
    for row in session.connection().execute(settled_of(names, pack.pad)).all():
        if row.key not in keys:
            continue
        (line,) = store.lines(row.sheet, after=row.number - 1, through=row.number)
        digest = line.data.get("digest")
        if isinstance(digest, str):
            found[keys[row.key]] = digest
    return found
