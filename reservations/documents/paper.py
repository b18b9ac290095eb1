"""A paper before it is drawn: what it says, and by which forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from printables.forms import Data, FormFault, merged
from printables.forms import Town as FormsOfTown
from printables.forms import town as of_forms
from reservations.queries.catalogue import Place, Town
from reservations.rules import papers
from reservations.rules.period import SLOTS_PER_DAY, Period, clock_text
from reservations.rules.town import TownRules

# The papers that this application issues by now.
ISSUED = (
    "permit",
    "change_permit",
    "change_refusal",
    "revocation_notice",
    "cancel_request",
    "refund_notice",
    "refusal_notice",
    "reduction_notice",
    "reduction_refusal",
    "timetable",
    "receipt",
    "day_sheet",
    "settlement_sheet",
)

if TYPE_CHECKING:
    from printables.layout import Drawn
    from printables.registry import Paper


@dataclass(frozen=True)
class Document:
    """A paper that can be drawn: its name in printables' registry, what it says, by which forms."""

    paper: str
    record: Any
    forms: Data

    def draw(self) -> Drawn:
        """As PDF: 20 ms, the first of a process up to half a second for its fonts."""
        return self._paper.draw(self.record, self._town)

    def html(self, **options: Any) -> str:
        """As a page for the browser's own printing."""
        return self._paper.html(self.record, self._town, **options)

    def text(self) -> str:
        """In 80 columns."""
        return self._paper.text(self.record, self._town)

    def json(self) -> str:
        """What it says, as `read` takes it."""
        return self._paper.write(self.record)

    @property
    def _paper(self) -> Paper:
        return _papers()[self.paper]

    @property
    def _town(self) -> FormsOfTown:
        return of_forms(self.forms)


def read(paper: str, text: str) -> Any:
    """The record of a paper from `Document.json`."""
    return _papers()[paper].read(text)


def _papers() -> Mapping[str, Paper]:
    from printables.registry import PAPERS  # noqa: PLC0415 - reportlab, for who prints only

    return PAPERS


def forms_of(place: Place, rules: TownRules) -> Data:
    """The town's own forms over the general ones; whom to ask is the place itself if it has a
    telephone, else the town."""
    asked = (place.name, place.phone) if place.phone else (place.town.name, place.town.phone)
    contact = "　".join(part for part in (asked[0], asked[1] and f"電話 {asked[1]}") if part)
    return merged(papers.forms(place.town.name, rules, contact=contact), rules.forms)


def forms_of_town(town: Town, rules: TownRules) -> Data:
    """The same for a paper that is about no place."""
    contact = "　".join(part for part in (town.name, town.phone and f"電話 {town.phone}") if part)
    return merged(papers.forms(town.name, rules, contact=contact), rules.forms)


def faults(town: Town, rules: TownRules) -> list[str]:
    """What does not hold together in a town's forms, a sentence each, with the place of the fault.

    Every paper that the application issues is put together from the library's samples.
    """
    of_town = of_forms(merged(papers.forms(town.name, rules, contact=town.name), rules.forms))
    found = []
    for name in ISSUED:
        paper = _papers()[name]
        try:
            for record in paper.samples().values():
                paper.sheet(record, of_town)
        except (FormFault, KeyError, TypeError, ValueError, AttributeError) as fault:
            found.append(f"{name}: {fault!r}")
    return found


def clock_span(period: Period) -> str:
    """18:00〜21:00; 22:00〜翌2:00."""
    end = period.end - SLOTS_PER_DAY
    last = clock_text(period.end) if end <= 0 else f"翌{clock_text(end)}"
    return f"{clock_text(period.start)}〜{last}"
