"""Programs of three ages read each other's recorded bundles: nothing is dropped or guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.carriers import bundle
from sync.node import NotWritten
from sync.sheet import Fault
from tests.sync.desks import GYM, HALL, Desk, Region
from tests.sync.recorded import AGES, FOLDER, POOL, REGION, program

ages = pytest.mark.parametrize("reader", AGES)
writers = pytest.mark.parametrize("writer", AGES)


@pytest.fixture
def hub(tmp_path: Path) -> Desk:
    """The hub that wrote the bundles, with an empty ledger."""
    return Region(tmp_path, REGION).hub


def lines_of(path: Path) -> set[bytes]:
    return set(path.read_bytes().splitlines()[2:])


@ages
@writers
def test_what_one_age_wrote_another_keeps_and_hands_on_to_the_last_byte(
    writer, reader, hub, tmp_path
):
    path = FOLDER / f"{writer}.tonari"
    with program(reader):
        summary = bundle.load(hub.node, path)
        bundle.export(hub.node, tmp_path / "again")

    assert summary.receipt.refused == summary.receipt.waiting == 0
    assert lines_of(tmp_path / "again") == lines_of(path)


@ages
@writers
def test_nobody_writes_on_a_sheet_with_a_line_of_a_later_kind(writer, reader, hub):
    order = list(AGES)
    with program(reader):
        bundle.load(hub.node, FOLDER / f"{writer}.tonari")
        written = {on: try_to_write(hub, on) for on in (GYM, HALL, POOL)}

    knows_paper = writer == "earlier" or reader != "earlier"
    knows_swap = writer != "later" or reader == "later"
    assert written == {
        GYM: None,
        HALL: None if knows_paper else Fault.UNKNOWN_KIND,
        POOL: None if knows_swap else Fault.UNKNOWN_KIND,
    }
    assert all(written[on] is None for on in written if order.index(reader) >= order.index(writer))


def try_to_write(desk: Desk, on: str) -> Fault | None:
    try:
        desk.write(on, "confirm", f"news on {on}", claims=("something else",))
    except NotWritten as answer:
        return answer.fault
    return None


@pytest.mark.parametrize("reader", ["earlier", "now"])
def test_a_program_that_is_renewed_understands_what_it_had_kept(reader, hub):
    with program(reader):
        bundle.load(hub.node, FOLDER / "later.tonari")
        assert hub.owner(POOL, "lane 1") == "a" and hub.owner(POOL, "lane 2") == ""

    with program("later"):
        hub.node.start()
        assert hub.owner(POOL, "lane 2") == "b" and hub.owner(HALL, "room") == "form:P:1"
        assert try_to_write(hub, POOL) is None
