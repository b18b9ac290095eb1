"""What the people of the simulated region want, and the clerk's rules that answer them.

Three facilities, two sheets each, six things to lend on each sheet. Everybody wants the same few
things, so that every gap in the protocol becomes a double promise soon.
"""

from __future__ import annotations

from random import Random

from sync.document import Slip
from sync.node import Draft
from sync.sheet import Pad, form_key
from sync.store import Store

SCOPE = "13201-2026"
FACILITIES = ("f0", "f1", "f2")
SHEETS = tuple(f"{SCOPE}/{facility}/{day}" for facility in FACILITIES for day in (1, 2))
RESOURCES = tuple(f"p{part}:{slot}" for part in (0, 1) for slot in (0, 1, 2))
FORMS = 3


def facility_of(sheet: str) -> str:
    """The facility that a sheet belongs to, and the name of its node."""
    return sheet.split("/")[1]


def some_claims(random: Random) -> list[str]:
    """One resource, or two of the same part next to each other."""
    if random.random() < 0.7:
        return [random.choice(RESOURCES)]
    start = random.choice((0, 1, 3, 4))
    return list(RESOURCES[start : start + 2])


def decide(slip: Slip, store: Store) -> list[Draft]:
    """The clerk: what may be answered to a slip, the best answer first."""
    refuse = Draft("refuse", (slip.hash,))
    of = slip.data.get("of", "")
    match slip.kind:
        case "request":
            return [Draft("confirm", (slip.hash,), slip.claims), refuse]
        case "cancel":
            cancel = Draft("cancel", (slip.hash,), frees=of)
            return [cancel, refuse] if store.settled(slip.sheet, [of]) else []
        case "change":
            change = Draft("confirm", (slip.hash,), slip.claims, frees=of)
            return [change, refuse] if store.settled(slip.sheet, [of]) else []
        case "refund":
            return [Draft("record", (slip.hash, f"refund:{of}")), refuse]
        case "paper":
            key = form_key(slip.data["pad"], slip.data["form"])
            return [Draft("form", (key, slip.hash), slip.claims), refuse]
    return [refuse]


def unpaid(store: Store, sheet: str, deadline: int) -> list[Draft]:
    """Whose booking has a deadline, without a payment by it as far as is known here."""
    payments = {
        slip.data["of"]
        for slip in store.slips(sheet)
        if slip.kind == "payment" and slip.at <= deadline
    }
    due = [slip for slip in store.slips(sheet) if slip.kind == "request" and slip.data.get("pays")]
    return [
        Draft("cancel", (f"unpaid:{slip.hash}",), frees=slip.hash, data={"deadline": deadline})
        for slip in due
        if slip.hash not in payments and store.claims_of(sheet, slip.hash)
    ]


def free_claims(store: Store, sheet: str) -> list[str]:
    """What a pad could be lent."""
    taken = store.owners(sheet, RESOURCES)
    return [claim for claim in RESOURCES if claim not in taken]


def pads_ready(store: Store, sheet: str) -> list[Draft]:
    """The lines that take back pads whose forms are all typed in, as far as the clerk knows.

    Whether they are is the rule's affair (S12); this clerk just tries.
    """
    pads: tuple[Pad, ...] = store.position(sheet).pads
    return [Draft("pad back", frees=pad.owner) for pad in pads]
