"""Which facility a page of the counter is about: where its right is asked for (web/rights.py).

A right to a booking is never worked out from what a form says of it, but from the booking itself.
What is not known here is about no place: its page finds nothing either, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl
from uuid import UUID

from flask import request

from reservations.errors import Refusal, RefusalCode
from reservations.queries import board, rights
from reservations.queries.catalogue import Place
from reservations.rules.rights import Right
from reservations.sheets import owner_of
from reservations.web import forms
from reservations.web.forms import FrameForm
from reservations.web.resident.flow import Frame, frame_of
from reservations.web.rights import may
from reservations.web.services import memory, services, session


def facility(facility_id: int) -> list[Place]:
    return _places(facility_id)


def booking(booking_id: UUID, **_more: object) -> list[Place]:
    return _of("booking", booking_id)


def booking_and_frame(booking_id: UUID) -> list[Place]:
    """A booking that moves: where it is, and where it goes."""
    return booking(booking_id) + framed()


def booking_and_payment(booking_id: UUID) -> list[Place]:
    """The booking of the address and the payment of the form, whatever they have in common."""
    return booking(booking_id) + _of("payment", request.form.get("payment", ""))


def booking_and_refund(booking_id: UUID, refund_id: UUID) -> list[Place]:
    return booking(booking_id) + _of("refund", refund_id)


def frame() -> Frame:
    """The frame that a form or an address names; `to` of a form is an offer's whole address.

    Views take it from here too, so that what is asked about is what is done.

    raises   Malformed, Refusal unit_unknown
    """
    if request.method != "POST":
        return frame_of(forms.read(FrameForm, request.args))
    wanted: Mapping[str, str] = dict(parse_qsl(request.form.get("to", ""))) or request.form
    return frame_of(forms.read(FrameForm, wanted))


def framed() -> list[Place]:
    return [frame().unit.place]


def payment(payment_id: UUID) -> list[Place]:
    return _of("payment", payment_id)


def reduction(request_id: UUID) -> list[Place]:
    return _of("reduction", request_id)


def reductions() -> list[Place]:
    """Several wishes for reductions, as a form names them."""
    return [place for each in request.form.getlist("wish") for place in _of("reduction", each)]


def reducing_town(**_more: object) -> list[Place]:
    """What a form's choice begins with: a town. One place of theirs in it, else one of it."""
    town = request.form.get("choice", "").partition("|")[0]
    return _in_town(town, Right.REDUCE)


def paper(paper_id: UUID) -> list[Place]:
    return _of("paper", paper_id)


def applications() -> list[Place]:
    """The ticked ones, each by its booking's id and revision."""
    ticked = request.form.getlist("application")
    return [place for each in ticked for place in _of("booking", owner_of(each)[0])]


def decision() -> list[Place]:
    kind, _, its_id = request.form.get("decision", "").partition(":")
    return _of("decision", its_id) if kind == "decision" else []


def letter(letter_id: UUID) -> list[Place]:
    return _of("letter", letter_id)


def matter() -> list[Place]:
    """What a matter of the desk of conflicts is about, by its key (queries/matters.py)."""
    kind, _, rest = request.form.get("matter", "").partition(":")
    what = {"lost": "letter", "over": "booking", "refund": "refund", "closure": "booking"}
    what["paper"] = "pack"
    return _of(what[kind], rest.partition(":")[0]) if kind in what else []


def handout(handout_id: UUID) -> list[Place]:
    """Something handed out: where the booking is that it went with."""
    return _of("handout", handout_id)


def closure(closure_id: UUID) -> list[Place]:
    return _of("booking", closure_id)


def house() -> list[Place]:
    """?facility=, or the node's own.

    raises   Refusal not_found where nothing is lent
    """
    known = memory().catalogue
    asked = request.values.get("facility", 0, type=int)
    if asked in known.units_of_place:
        return [known.places[asked]]
    own = board.own_place(session(), memory(), services().settings.node_name)
    if own is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return [own]


def in_town(**_more: object) -> list[Place]:
    """What somebody is to a town is any of its clerks' affair: one place of theirs, or, where they
    have none in it, one of the town's."""
    return _in_town(request.values.get("town", ""), Right.KEEP_PEOPLE)


def closing_town() -> list[Place]:
    """The town whose month a form closes: whoever closes drawers there."""
    return _in_town(request.form.get("town", ""), Right.CLOSE_DAY)


def settled_towns(giver: str, taker: str, **_more: object) -> list[Place]:
    """Either of two towns that settle with each other will do."""
    one, other = (_in_town(town, Right.SEE_MONEY) for town in (giver, taker))
    return one if one and may(Right.SEE_MONEY, one[0]) else other or one


def _in_town(town: str, right: Right) -> list[Place]:
    known = [each for each in memory().catalogue.places.values() if each.town.code == town]
    mine = [each for each in known if may(right, each)]
    return mine[:1] or known[:1]


def pack(pad: str, **_more: object) -> list[Place]:
    return _of("pack", pad)


def record(file_id: str, record_no: int) -> list[Place]:
    return _places(rights.facility_of_record(session(), file_id, record_no))


def desk(**_more: object) -> list[Place]:
    """What this machine does for all of its facilities at once: its drawer. A hub has none."""
    return _places(*rights.served(session(), services().settings.node_name))


def whole_desk(**_more: object) -> list[Place]:
    """Everything that is done here at all; at a hub, which serves no facility of its own, that is
    the whole region."""
    return desk() or list(memory().catalogue.places.values())


def _of(kind: str, its_id: object) -> list[Place]:
    return _places(rights.facility_of(session(), kind, str(its_id)))


def _places(*facility_ids: int | None) -> list[Place]:
    known = memory().catalogue.places
    return [known[each] for each in facility_ids if each is not None and each in known]
