"""減免 as people and clerks choose it: an item of the town's list, and what was seen for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask import request

from reservations.queries import money, reductions
from reservations.queries.bookings import BookingView
from reservations.queries.catalogue import LentUnit
from reservations.rules.money import reduced
from reservations.rules.rights import Right
from reservations.rules.town import Clause, TownRules
from reservations.web import auth, rights
from reservations.web.language import gettext
from reservations.web.services import session

# Between an item's code and the kind of what was seen, in one field of a form.
MARK = "|"


def rate_words(clause: Clause) -> str:
    """全額, 50％, or who decides."""
    if clause.percent is None:
        return gettext("町長などが決めます")
    if clause.percent == 100:
        return gettext("全額")
    return gettext("%(percent)s%%", percent=clause.percent)


def clause_words(clause: Clause) -> str:
    """An item in a line: its code, for whom, by how much."""
    return f"{clause.code} {clause.words}（{rate_words(clause)}）"


def own_options(clauses: Iterable[Clause]) -> list[tuple[str, str]]:
    """What somebody can ask for themselves."""
    return [(each.code, clause_words(each)) for each in clauses]


def seen_options(clauses: Iterable[Clause]) -> list[tuple[str, str]]:
    """The items with what the counter may have seen for each, one choice for both."""
    found = []
    for clause in clauses:
        for kind in clause.evidence:
            words = gettext("%(kind)sを確かめた", kind=kind)
            found.append((f"{clause.code}{MARK}{kind}", f"{clause_words(clause)} {words}"))
        words = gettext("書類はまだ") if clause.evidence else ""
        found.append((f"{clause.code}{MARK}", f"{clause_words(clause)} {words}".strip()))
    return found


def seen_of(text: str) -> tuple[str, str]:
    """The item's code and the kind of what was seen, from a choice of `seen_options`."""
    clause, _, evidence = text.rpartition(MARK)
    return (clause, evidence) if clause else (text, "")


def said_of_fee() -> bool | None:
    """What a form says of an entrance fee; None where nothing was chosen."""
    said = request.form.get("entrance_fee")
    return said == "yes" if said in ("yes", "no") else None


def fee_options() -> list[tuple[str, str]]:
    return [
        ("", gettext("選んでください")),
        ("no", gettext("取らない")),
        ("yes", gettext("取る")),
    ]


def of_booking(booking: BookingView) -> dict[str, Any]:
    """What a page about a booking shows of reductions.

    clauses    the town's list; empty where it has none, or where there is nothing to pay
    wishes     what waits for an answer
    counts     the decision that counts; None where there is none
    left_yen   what is owed after it
    """
    clauses = booking.rules.reductions if booking.fee_yen else ()
    answers = reductions.answers(session(), booking.id) if booking.fee_yen else []
    counts = reductions.counting(session(), booking.id) if answers else None
    found = money.statement(session(), booking.id) if counts is not None else None
    return {
        "clauses": clauses,
        "wishes": [each for each in reductions.of_booking(session(), booking.id) if each.is_open]
        if clauses
        else [],
        "counts": counts,
        "left_yen": found.account.fees_yen if found is not None else booking.fee_yen,
    }


def before_booking(unit: LentUnit, day: date, rules: TownRules, fee_yen: int) -> dict[str, Any]:
    """What the check page says of reductions to whoever is signed in.

    clauses   the town's list; empty where it has none, or where there is nothing to pay
    left_yen  what is owed by 減免登録; None where nothing is registered
    """
    clauses = rules.reductions if fee_yen else ()
    found = None
    if clauses:
        party_id = auth.party_id()
        found = reductions.registered(session(), party_id, unit.town.code, rules, day=day)
    left_yen = reduced(fee_yen, [found.percent or 0], rules) if found is not None else None
    return {"clauses": clauses, "left_yen": left_yen}


def count() -> int:
    """For the top of every page of the counter: wishes that wait for whoever is signed in."""
    return reductions.count(session(), rights.facilities(Right.REDUCE))
