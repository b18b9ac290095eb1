"""減免: asked for, decided, and what stands for a party for a fiscal year.

Whoever asks tells which item of the town's list; whoever decides may sit at any desk, and two
answers are settled the same way everywhere (rules/reductions.py). What was seen, and what anybody
wrote of their reasons, stays at the desk where it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from reservations import sheets
from reservations.actions import letters, money, people
from reservations.actions.step import Context, action, record
from reservations.clock import local_day
from reservations.db import run
from reservations.errors import Refusal, RefusalCode
from reservations.events.money import FeeReduced
from reservations.events.reductions import ReductionAsked, ReductionRefused, StandingReduction
from reservations.models import Booking, PartyReduction, Reduction, ReductionRequest
from reservations.models.base import table_of
from reservations.money_feed import REDUCTION, REQUEST
from reservations.queries import memory
from reservations.queries import reductions as query
from reservations.rules import reductions as rules_of_reductions
from reservations.rules.town import Clause, TownRules
from reservations.sheets import SheetName

# Under which names lie the ids of what is reduced without anybody deciding it for this booking.
_ITSELF = UUID("4c0c5f43-7f0e-5f0b-8c0e-2b1f5d7a9e11")
CLAUSE_MAX = 40
WORDS_MAX = 300
# Who approved what follows from a registration.
BY_REGISTRATION = "減免登録"

_PARTY = table_of(PartyReduction)
# What a party has booked in a town from a day up to another.
_BOOKED = select(
    Booking.id,
    Booking.municipality_code,
    Booking.facility_id,
    Booking.date,
    Booking.fee_yen,
    Booking.party_id,
).where(
    Booking.party_id == bindparam("party_id"),
    Booking.municipality_code == bindparam("town"),
    Booking.date >= bindparam("since"),
    Booking.date <= bindparam("until"),
    Booking.status.in_(("confirmed", "tentative")),
)


@dataclass(frozen=True, slots=True)
class ReduceRequest:
    """A reduction by `percent` that was approved without a wish on paper or screen.

    clause       which item of the regulation; publishable
    evidence     what was seen, by its kind and never a copy; stays here
    approved_by  who approved; stays here
    """

    booking_id: str
    percent: int
    clause: str
    evidence: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class AskRequest:
    """減免申請 for an item of the town's list.

    words             why, as whoever asks says it; stays here
    evidence          the kind of what the counter has seen; stays here, and empty where a person
                      asks for themselves
    has_entrance_fee  whether those who come pay to enter; None: it was not asked
    """

    booking_id: str
    clause: str
    words: str = ""
    evidence: str = ""
    has_entrance_fee: bool | None = None


@dataclass(frozen=True, slots=True)
class DecideRequest:
    """The answer to a wish.

    percent    where the town's list leaves it to the mayor
    evidence   the kind of what was seen, where the counter had not seen it yet; stays here
    reason     of a refusal, or of a percent that is not in the list; stays here
    """

    request_id: str
    is_granted: bool
    percent: int | None = None
    evidence: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RegisterRequest:
    """減免登録: an item of a town's list for all that a party books there for these days.

    seen   the kind of what was shown
    """

    party_id: str
    town: str
    clause: str
    since: date
    until: date
    seen: str


@dataclass(frozen=True, slots=True)
class EndRequest:
    """A registration ends before its time; what was booked until now keeps its reduction."""

    party_id: str
    town: str
    clause: str
    since: date


@action("reduce", turn=lambda request: request.booking_id)
def reduce(
    session: Session, request: ReduceRequest, context: Context, reduction_id: str
) -> FeeReduced:
    """減免: what is owed becomes less; what was paid beyond it can be paid back.

    raises   Refusal not_found, reduction_wrong
    """
    booking = money.booking_of(session, request.booking_id)
    words = (request.clause, request.evidence, request.approved_by)
    is_whole = 0 < request.percent <= 100 and all(word.strip() for word in words)
    if not is_whole or len(request.clause) > CLAUSE_MAX:
        raise Refusal(RefusalCode.REDUCTION_WRONG)
    values = {
        "percent": request.percent,
        "clause": request.clause.strip(),
        "evidence": request.evidence.strip(),
        "approved_by": request.approved_by.strip(),
    }
    return _put(session, booking, reduction_id, values, context)


@action("ask_reduction", turn=lambda request: request.booking_id)
def ask(session: Session, request: AskRequest, context: Context, request_id: str) -> ReductionAsked:
    """減免申請: it waits for whoever decides, at this desk or another.

    Once the counter has seen what the item asks for, its wish takes the place of an earlier one.

    raises   Refusal not_found, not_active, reduction_wrong for an item that is not in the list,
             entrance_fee, reduction_asked where the same waits already
    """
    booking = money.booking_of(session, request.booking_id)
    if booking.status not in ("confirmed", "tentative"):
        raise Refusal(RefusalCode.NOT_ACTIVE)
    clause = rules_of_reductions.clause_of(_rules(session, booking), request.clause)
    rules_of_reductions.check_wish(clause, has_entrance_fee=request.has_entrance_fee)
    _check_words(clause, request.words, request.evidence)
    earlier = [
        each
        for each in query.of_booking(session, booking.id)
        if each.is_open and each.clause == clause.code
    ]
    is_seen = bool(request.evidence)
    if any(each.is_seen or not is_seen for each in earlier):
        raise Refusal(RefusalCode.REDUCTION_ASKED)
    values: dict[str, Any] = {
        "id": request_id,
        "clause": clause.code,
        "asked_at": context.now,
        "is_seen": is_seen,
        "instead_of": earlier[-1].id if earlier else "",
        "evidence": request.evidence,
        "words": request.words,
        "actor": context.actor,
    }
    return _wish(session, booking.id, _sheet(booking), values, context)


@action("decide_reduction", subject=lambda request: request.request_id)
def decide(
    session: Session, request: DecideRequest, context: Context, request_id: str
) -> FeeReduced | ReductionRefused:
    """減免の決定: granted by the percent of the item, or refused with a reason.

    raises   Refusal not_found, reduction_decided where it was answered already, as far as is known
             here; evidence_unseen; reduction_wrong without a reason or percent that is needed
    """
    wish = query.one(session, request_id)
    if wish is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    if not wish.is_open:
        raise Refusal(RefusalCode.REDUCTION_DECIDED)
    booking = money.booking_of(session, wish.booking_id)
    reason = request.reason.strip()
    if len(reason) > WORDS_MAX or (not request.is_granted and not reason):
        raise Refusal(RefusalCode.REDUCTION_WRONG)
    evidence = request.evidence or wish.evidence
    values = {"clause": wish.clause, "request_id": wish.id, "reason": reason}
    values |= {"evidence": evidence, "approved_by": context.actor}
    if not request.is_granted:
        return _refuse(session, booking, context, values)
    clause = rules_of_reductions.clause_of(_rules(session, booking), wish.clause)
    if request.evidence:
        _check_words(clause, "", request.evidence)
    seen = evidence or ("seen elsewhere" if wish.is_seen else "")
    values["percent"] = rules_of_reductions.granted_percent(
        clause, request.percent, evidence=seen, reason=reason
    )
    return _put(session, booking, context.new_id(), values, context)


@action("register_reduction", subject=lambda request: request.party_id)
def register(
    session: Session, request: RegisterRequest, context: Context, party_id: str
) -> StandingReduction:
    """減免登録: from now on what the party books there is reduced, and what it has booked.

    raises   Refusal party_not_here, not_found, reduction_wrong for an item that is not yearly or
             for other days than the town allows today, evidence_unseen
    """
    people.known_contact(session, party_id)
    towns = memory.current(session).catalogue.towns
    if request.town not in towns:
        raise Refusal(RefusalCode.NOT_FOUND)
    today = local_day(context.now)
    clause = rules_of_reductions.clause_of(towns[request.town].rules_on(today), request.clause)
    times = rules_of_reductions.years(clause, today)
    if (
        not clause.is_yearly
        or clause.percent is None
        or (request.since, request.until) not in times
    ):
        raise Refusal(RefusalCode.REDUCTION_WRONG)
    rules_of_reductions.granted_percent(clause, None, evidence=request.seen, reason="")
    _check_words(clause, "", request.seen)
    values = {
        "party_id": party_id,
        "municipality_code": request.town,
        "clause": clause.code,
        "since": request.since,
        "until": request.until,
        "seen": request.seen,
    }
    run(session, delete(_PARTY).where(*_registration(request)))
    run(session, insert(_PARTY), values)
    people.is_news(session, party_id)
    asked: dict[str, Any] = {"party_id": party_id, "town": request.town}
    asked |= {"since": max(request.since, today), "until": request.until}
    for booking in run(session, _BOOKED, asked).all():
        _stand(session, dict(booking._mapping), clause, context)
    return StandingReduction(subject=party_id, town=request.town)


@action("end_reduction", subject=lambda request: request.party_id)
def end(
    session: Session, request: EndRequest, context: Context, party_id: str
) -> StandingReduction:
    """A registration ends today.

    raises   Refusal party_not_here, not_active where there is none
    """
    people.known_contact(session, party_id)
    if not run(session, delete(_PARTY).where(*_registration(request))).rowcount:
        raise Refusal(RefusalCode.NOT_ACTIVE)
    people.is_news(session, party_id)
    return StandingReduction(subject=party_id, town=request.town, is_ended=True)


def stand(session: Session, booking: Mapping[str, Any], rules: TownRules, context: Context) -> None:
    """減免登録 of the party counts for a booking at once, an event of its own; in the caller's
    transaction.

    booking   its columns; of what those who come pay to enter nothing is known yet, so an item that
              is barred by that has to be asked for
    """
    if not booking["fee_yen"] or not booking["party_id"]:
        return
    town, day = booking["municipality_code"], booking["date"]
    clause = query.registered(session, booking["party_id"], town, rules, day=day)
    if clause is not None:
        _stand(session, booking, clause, context)


def carry(session: Session, old: Booking, booking: Mapping[str, Any], context: Context) -> None:
    """What was granted for a booking holds for the one that takes its place in the same town, and
    what was asked for waits for that one too; in the caller's transaction.

    Whichever of the two does not come to stand, its wishes wait no more.

    booking   the new one's columns
    """
    if not booking["fee_yen"] or booking["municipality_code"] != old.municipality_code:
        return
    found = query.counting(session, old.id)
    if found is not None and found.percent:
        words = ("percent", "clause", "reason", "evidence", "approved_by")
        _put_once(session, booking, {name: getattr(found, name) for name in words}, context)
    for wish in query.of_booking(session, old.id):
        if wish.is_open:
            values = {name: getattr(wish, name) for name in ("clause", "asked_at", "is_seen")}
            values |= {name: getattr(wish, name) for name in ("evidence", "words", "actor")}
            name = SheetName(booking["municipality_code"], booking["facility_id"], booking["date"])
            record(session, _wish(session, booking["id"], name, values, context), context)


def _stand(session: Session, booking: Mapping[str, Any], clause: Clause, context: Context) -> None:
    if not booking["fee_yen"] or clause.bars_entrance_fee:
        return
    values = {"percent": clause.percent, "clause": clause.code, "approved_by": BY_REGISTRATION}
    _put_once(session, booking, values, context)


def _put_once(
    session: Session, booking: Mapping[str, Any], values: dict[str, Any], context: Context
) -> None:
    """At whatever desk, and however often, it is one; an event of its own."""
    reduction_id = str(uuid5(_ITSELF, f"{booking['id']}:{values['clause']}"))
    known = select(Reduction.id).where(Reduction.id == reduction_id)
    if run(session, known).first() is None:
        record(session, _put(session, booking, reduction_id, values, context), context)


def _put(
    session: Session, booking: Any, reduction_id: str, values: dict[str, Any], context: Context
) -> FeeReduced:
    row = booking if isinstance(booking, Mapping) else dict(booking._mapping)
    own = {"id": reduction_id, "booking_id": row["id"], "decided_at": context.now}
    own |= {"node_no": context.node_no, "actor": context.actor}
    run(session, insert(table_of(Reduction)), {**own, **values})
    fact = FeeReduced(
        subject=row["id"],
        reduction=reduction_id,
        percent=values["percent"],
        clause=values["clause"],
        decided_at=sheets.instant_text(context.now),
        node_no=context.node_no,
        request=values.get("request_id", ""),
    )
    name = SheetName(row["municipality_code"], row["facility_id"], row["date"])
    money.post(session, fact, REDUCTION, name, context)
    if fact.request:
        letters.tell_of_reduction(session, row["id"], fact.body(), context.now, context.node_no)
    return fact


def _wish(
    session: Session, booking_id: str, on: SheetName, values: dict[str, Any], context: Context
) -> ReductionAsked:
    row = {"id": context.new_id(), "instead_of": "", **values}
    row |= {"booking_id": booking_id, "node_no": context.node_no}
    run(session, insert(table_of(ReductionRequest)), row)
    fact = ReductionAsked(
        subject=booking_id,
        request=row["id"],
        clause=row["clause"],
        asked_at=sheets.instant_text(row["asked_at"]),
        node_no=context.node_no,
        is_seen=row["is_seen"],
        instead_of=row["instead_of"],
    )
    money.post(session, fact, REQUEST, on, context)
    return fact


def _refuse(
    session: Session, booking: Any, context: Context, values: dict[str, Any]
) -> ReductionRefused:
    own = {"id": context.new_id(), "booking_id": booking.id, "percent": 0}
    own |= {"decided_at": context.now, "node_no": context.node_no, "actor": context.actor}
    run(session, insert(table_of(Reduction)), {**own, **values})
    fact = ReductionRefused(
        subject=booking.id,
        reduction=own["id"],
        request=values["request_id"],
        clause=values["clause"],
        decided_at=sheets.instant_text(context.now),
        node_no=context.node_no,
    )
    money.post(session, fact, REDUCTION, _sheet(booking), context)
    letters.tell_of_reduction(session, booking.id, fact.body(), context.now, context.node_no)
    return fact


def _check_words(clause: Clause, words: str, evidence: str) -> None:
    """raises   Refusal malformed, evidence_unseen for a kind that the item does not name"""
    if len(words) > WORDS_MAX or not words.isprintable():
        raise Refusal(RefusalCode.MALFORMED)
    if evidence and evidence not in clause.evidence:
        raise Refusal(RefusalCode.EVIDENCE_UNSEEN, kinds="、".join(clause.evidence))


def _rules(session: Session, booking: Any) -> TownRules:
    """The version that the booking was made under."""
    town = memory.current(session).catalogue.towns[booking.municipality_code]
    return town.rules_of(booking.town_rules_id, local_day(booking.made_at))


def _sheet(booking: Any) -> SheetName:
    return SheetName(booking.municipality_code, booking.facility_id, booking.date)


def _registration(request: RegisterRequest | EndRequest) -> tuple[Any, ...]:
    return (
        _PARTY.c.party_id == request.party_id,
        _PARTY.c.municipality_code == request.town,
        _PARTY.c.clause == request.clause,
        _PARTY.c.since == request.since,
    )
