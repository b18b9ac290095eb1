"""Through a mailbox: what goes in comes out at the others, once, whatever the order."""

from __future__ import annotations

import pytest

from sync.carriers.courier import Courier
from sync.document import revision_of, wire
from tests.sync.couch.towns import (
    carry,
    follow,
    heads,
    post,
    quarantine,
    recorder,
    refused,
    rows,
    sql,
    status,
    write,
)
from tests.sync.desks import GYM, HALL, SCOPE, sql_transaction

pytestmark = pytest.mark.timeout(120)


def test_what_one_desk_wrote_stands_at_the_other(towns, box, hub, gym):
    slip = write(hub, "court a")
    hub.answer()

    receipt = carry(towns.carrier(hub), towns.carrier(gym))

    assert [line.kind for line in receipt.applied] == ["confirm", "request"] or [
        line.kind for line in receipt.applied
    ] == ["request", "confirm"]
    assert gym.owner(GYM, "court a") == slip.hash
    assert heads(gym) == heads(hub)


def test_a_mailbox_holds_each_document_once_under_its_first_revision(towns, box, hub):
    slip = write(hub, "court a")
    post(towns.carrier(hub))

    document = rows(box)[slip.id]

    assert document == {**wire(slip), "_rev": revision_of(slip.id)}
