"""鍵受払簿: what printables/desk.py draws, from the keys that went out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from printables import japanese
from printables.desk import KeyBook, KeyLine
from reservations.clock import local, local_day
from reservations.documents.paper import Document, forms_of
from reservations.queries.catalogue import Place
from reservations.queries.items import KEY, Line

KEY_BOOK = "key_book"


def key_book(
    place: Place, lines: Iterable[Line], day: date, *, at: datetime, node: str = ""
) -> Document:
    """The keys of a facility on a day, in the order in which they went out, and room for more."""
    keys = sorted((line for line in lines if line.kind == KEY), key=lambda line: line.handed_at)
    record = KeyBook(
        issued_at=local(at),
        facility=place.name,
        period=japanese.wareki_weekday(day),
        lines=tuple(_line(each) for each in keys),
        node=node,
    )
    return Document(KEY_BOOK, record, forms_of(place, place.town.rules_on(day)))


def _line(line: Line) -> KeyLine:
    return KeyLine(
        day=local_day(line.handed_at),
        key=line.name,
        permit_number=line.number,
        taker=line.party.shown if line.party else "",
        taken=_clock(line.handed_at),
        returned=_clock(line.returned_at) if line.returned_at else "",
    )


def _clock(instant: datetime) -> str:
    here = local(instant)
    return f"{here.hour}:{here:%M}"
