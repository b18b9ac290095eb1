"""Bundles as programs of three ages write them; recorded once, read by every later program.

    python -m tests.sync.recorded

writes tests/sync/bundles anew. Do so only to add an age: a program that can no longer read what an
earlier one wrote is what these files are there to notice.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sync import sheet
from sync.carriers import bundle
from sync.document import log_of, seal
from sync.sheet import KINDS, Kind, form_key
from tests.sync.desks import GYM, HALL, SCOPE, Region

FOLDER = Path(__file__).parent / "bundles"
REGION = "recorded"
POOL = f"{SCOPE}/pool/2026-07-01"
PAPER = ("pad", "form", "pad back")
AGES: Mapping[str, Mapping[str, Kind]] = {
    "earlier": {name: kind for name, kind in KINDS.items() if name not in PAPER},
    "now": KINDS,
    "later": {**KINDS, "swap": Kind(settles=True, claims=True)},
}


@contextmanager
def program(age: str) -> Iterator[None]:
    """Within this the library is as old as that."""
    before, sheet.KINDS = sheet.KINDS, AGES[age]
    try:
        yield
    finally:
        sheet.KINDS = before


def record(age: str, path: Path) -> None:
    """What a hub of this age has on three sheets: every kind it knows, and fields of its own."""
    with tempfile.TemporaryDirectory() as folder, program(age):
        hub = Region(Path(folder), REGION).hub
        slip = hub.request(GYM, "court", wish=1)
        hub.request(GYM, "court", wish=2)
        hub.answer()
        hub.request(GYM, kind="cancel", of=slip.hash)
        hub.answer()
        hub.write(POOL, "confirm", "a", claims=("lane 1",))
        if age != "earlier":
            hub.write(HALL, "pad", claims=("room",), data={"pad": "P", "first": 1, "last": 1})
            hub.write(HALL, "form", form_key("P", 1), claims=("room",))
            hub.write(HALL, "pad back", frees="pad:P")
        if age == "later":
            hub.write(POOL, "swap", "b", claims=("lane 2",))
            position = hub.memory.position(log_of(SCOPE, hub.me.key))
            body = {"type": "slip", "chain": position.chain, "number": position.number + 1}
            body |= {"previous": position.hash, "at": position.at, "kind": "thanks", "sheet": GYM}
            line = seal({**body, "stars": 5, "data": {"wish": 3}}, hub.node.key, region=REGION)
            with hub.transaction() as store:
                store.append(line, sheet.follow(position, line), is_witnessed=False)
        hub.node.settle()
        bundle.export(hub.node, path)


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    for age in AGES:
        record(age, FOLDER / f"{age}.tonari")
    return 0


if __name__ == "__main__":
    sys.exit(main())
