"""The short way: a few lines go on before they are applied, and the checkpoint comes after."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from sync import checkpoint
from sync.carriers.courier import Courier
from sync.carriers.post import MARK_SECONDS
from sync.document import Document, revision_of, wire
from tests.sync.couch.towns import (
    Clock,
    follow,
    heads,
    post,
    rows,
    sql,
    status,
    write,
)

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def town(towns, box, gym):
    towns.prepare("town", "town", "gym")
    return towns.desk("town")


def kept(carrier) -> str:
    """Up to where a machine that starts again reads nothing twice."""
    with carrier.node.transaction() as store:
        return checkpoint.load(store.session, carrier.mailbox.name).since


def test_a_line_has_gone_on_before_it_is_applied(towns, box, town, gym):
    slip = write(gym, "court a")
    is_there: list[bool] = []
    post(towns.carrier(gym, "town"))
    up, down = towns.carrier(town, "hub"), towns.carrier(town, "town")
    down.apply = lambda store, receipt: is_there.append(slip.id in rows(box))
    courier = Courier(town.node, [up, down])
    poster = threading.Thread(target=courier.post, args=(up,), daemon=True)
    poster.start()

    def pass_on(lines: Sequence[Document]) -> None:
        courier._pass_on(down, lines)
        assert up.is_through.wait(30)

    down.ahead = pass_on
    follow(down)
    courier.stop()
    poster.join(15)

    assert is_there == [True]
    assert town.lines(slip.chain) == ["request"]


def test_what_does_not_prove_itself_goes_nowhere(towns, box, town, gym):
    good, bad = write(gym, "court a"), write(gym, "court b")
    parcel = wire(bad)
    boxed = towns.mailbox("town", user="gym")
    boxed.post([wire(good), {**parcel, "signature": wire(good)["signature"]}])
    down = towns.carrier(town, "town")
    handed: list[Document] = []
    down.ahead = handed.extend

    follow(down)

    assert [line.id for line in handed] == [good.id]


def test_what_was_handed_is_posted_at_once_and_the_checkpoint_follows_in_a_quiet_moment(
    towns, box, hub
):
    slip = write(hub, "court a")
    with sql(hub) as store:
        store.number_arrivals(limit=10)
    carrier = towns.carrier(hub)
    carrier.post()
    late = write(hub, "court b")
    Courier(hub.node, [carrier])._number()

    carrier.send(is_quiet=False)
    assert {slip.id, late.id} <= rows(box).keys()
    assert status(carrier).waiting == 1

    carrier.send(is_quiet=True)
    assert status(carrier).waiting == 0


def test_where_it_is_never_quiet_the_checkpoint_follows_all_the_same(towns, box, hub):
    clock = Clock()
    carrier = towns.carrier(hub, clock=clock)
    carrier.post()
    for number in range(3):
        write(hub, f"court {number}")
        Courier(hub.node, [carrier])._number()
        carrier.send(is_quiet=False)
        assert status(carrier).waiting == number + 1

    clock.seconds += MARK_SECONDS
    carrier.send(is_quiet=False)

    assert status(carrier).waiting == 0


def test_what_a_cut_takes_from_the_short_way_takes_the_long_one(towns, box, hub):
    slip = write(hub, "court a")
    carrier = towns.carrier(hub)
    Courier(hub.node, [carrier])._number()
    carrier._queue.clear()  # as after a post that was not answered
    carrier.failed("it does not answer")

    carrier.send(is_quiet=False)

    assert slip.id in rows(box)
    assert status(carrier).waiting == 0


def test_what_we_posted_is_known_again_and_costs_no_commit(towns, box, hub):
    carrier = towns.carrier(hub)
    write(hub, "court a")
    post(carrier)
    before = kept(carrier)

    receipt = carrier.follow()

    assert receipt is not None and receipt.applied == []
    assert (kept(carrier), before) == ("", "")
    assert carrier.follow() is None
    assert kept(carrier) != ""
    assert towns.carrier(hub).follow() is None


def test_another_document_under_our_name_is_not_taken_for_ours(towns, box, hub):
    slip = write(hub, "court a")
    false = {**wire(slip), "signature": "x" * 86}
    box._call(
        "post_bulk_docs",
        bulk_docs={"new_edits": False, "docs": [{**false, "_rev": revision_of(slip.id)}]},
    )
    carrier = towns.carrier(hub)
    post(carrier)

    receipt = follow(carrier)

    assert rows(box)[slip.id]["signature"] == "x" * 86
    assert receipt.duplicates == 1


def test_a_line_that_went_on_and_is_not_here_yet_is_read_again(towns, box, town, gym):
    """The machine stops after passing a line on, and the mailbox it came from is lost."""
    slip = write(gym, "court a")
    up = towns.carrier(town, "hub")
    up.hand([slip])
    up.send(is_quiet=False)
    assert slip.id in rows(box)
    while up.follow():
        continue
    assert heads(town) == {}

    receipt = follow(towns.carrier(town, "hub"))

    assert [line.id for line in receipt.applied] == [slip.id]
