"""A pack's application form as it was printed: where its boxes lie, for who reads a scan of it."""

from __future__ import annotations

from datetime import datetime

from printables.application_form import ApplicationForm
from printables.forms import Filled, merged
from printables.forms import town as of_forms
from printables.layout import Drawn
from printables.registry import PAPERS
from reservations.clock import local
from reservations.documents.paper import forms_of
from reservations.queries.catalogue import Place
from reservations.rules import papers


def blank_form(place: Place, made_at: datetime, number: str, code: str) -> Drawn:
    """The application form of a pack of that day, with nothing written on it: where its boxes
    and codes lie, for whoever reads a scan of it."""
    rules = place.town.rules_on(local(made_at).date())
    mark = {"marking": papers.marking(rules)}
    forms = merged(forms_of(place, rules), {"forms": {"application_form": mark}})
    record = ApplicationForm(issued_at=local(made_at), form_number=number, corner=code)
    return PAPERS["application_form"].draw(record, of_forms(forms))


def tick_labels(place: Place, made_at: datetime) -> dict[str, tuple[str, dict[str, str]]]:
    """What the boxes of the form are called: field to its label and its options' labels."""
    rules = place.town.rules_on(local(made_at).date())
    town = of_forms(forms_of(place, rules))
    filled = Filled({"name": "application_form", **town.form("application_form")}, town, None)
    return {
        name: (
            filled.say(about["label"]),
            {each["id"]: filled.say(each["label"]) for each in about["options"]},
        )
        for name, about in filled.form["fields"].items()
        if "options" in about
    }
