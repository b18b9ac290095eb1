"""食い違い as the counter has to know of them: how many stand, and what paper contradicts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from printables import qr
from reservations.actions import returning
from reservations.queries import matters, packs
from reservations.rules.rights import Right
from reservations.web import rights
from reservations.web.services import now, services, session


@dataclass(frozen=True, slots=True)
class OnPaper:
    """A numbered form: several texts under its number, or a promise whose time was not its own."""

    key: str
    pad: str
    number: int
    number_text: str
    is_promise: bool


def on_paper(facilities: Collection[int]) -> list[OnPaper]:
    """What was typed in lately of these facilities' paper and does not go together."""
    found: list[OnPaper] = []
    for pad in matters.pads_entered(session(), now=now()):
        pack = packs.one(session(), pad)
        if pack is None or pack.facility_id not in facilities:
            continue
        account = returning.account(services().desk, pad)
        label = packs.node_label(pack.node_no)
        found += [
            OnPaper(
                f"paper:{pad}:{number}:{is_promise:d}",
                pad,
                number,
                qr.form_number(label, number),
                is_promise,
            )
            for numbers, is_promise in ((account.conflicts, False), (account.no_place, True))
            for number in numbers
        ]
    done = matters.seen(session(), (each.key for each in found))
    return [each for each in found if each.key not in done]


def count() -> int:
    """For the top of every page of the counter: what this clerk may see to."""
    there = rights.facilities(Right.TELL_PEOPLE)
    if not there:
        return 0
    node_no = services().settings.node_no
    found = matters.count(session(), node_no, now=now(), facilities=there)
    return found + len(on_paper(there))
