"""Who to telephone from a page: the operator, or the place that the page is about, or its town."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g
from markupsafe import Markup

from reservations.queries.catalogue import Place, Town
from reservations.web.resident.where import where
from reservations.web.services import memory
from reservations.web.templating import name_of, operator_line


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """A number with its owner; no number where nobody has published one."""

    name: Markup
    phone: str


def about(subject: Place | Town) -> None:
    """This page is about one place or town: its telephone is the one to offer."""
    g.help_subject = subject


def help_line() -> dict[str, str]:
    """The number that the operator has set; else that of the page's place, else its town's.

    A page about no place in particular has the viewer's town, the same that a search begins with.
    """
    set_by_operator = operator_line()
    if set_by_operator["phone"]:
        return set_by_operator
    subject: Place | Town | None = g.get("help_subject") or where(memory()).town
    if subject is None:
        return set_by_operator
    found = line_of(subject)
    return {"name": found.name, "phone": found.phone, "hours": ""}


def line_of(subject: Place | Town) -> PhoneLine:
    """The place's own number, else that of the town."""
    owner = subject
    if isinstance(subject, Place) and not subject.phone:
        owner = subject.town
    return PhoneLine(name_of(owner.name, owner.name_en), owner.phone)
