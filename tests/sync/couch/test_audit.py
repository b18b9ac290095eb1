"""Completeness apart from transport: both sides are compared by ids, and gaps are fetched."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from sync.carriers.post import Audited
from sync.document import wire
from tests.sync.couch.test_strangers import delete, put
from tests.sync.couch.towns import carry, heads, post, quarantine, refused, rows, sql, write

pytestmark = pytest.mark.timeout(120)


def skip_to_the_end(carrier):
    """A checkpoint that claims that everything was read and posted."""
    page = carrier.mailbox.changes("", limit=10_000)
    with carrier.node.transaction() as store:
        change = text("UPDATE sync_checkpoint SET since = :since, posted = 999999")
        store.session.execute(change, {"since": page.since})


def test_nothing_is_to_be_done_where_both_have_the_same(towns, box, hub, gym):
    write(hub, "court a")
    carrier = towns.carrier(gym)
    carry(towns.carrier(hub), carrier)

    assert carrier.audit() == Audited(0, 0, {})


def test_what_the_reader_passed_over_is_fetched(towns, box, hub, gym):
    reader, writer = towns.carrier(gym), towns.carrier(hub)
    write(hub, "court a")
    carry(writer, reader)
    for number in range(3):
        write(hub, f"court {number}")
    post(writer)
    skip_to_the_end(reader)
    reader = towns.carrier(gym)
    assert reader.follow() is None

    assert reader.audit() == Audited(3, 0, {})
    assert heads(gym) == heads(hub)


def test_a_gap_in_the_middle_of_a_chain_is_closed(towns, box, hub, gym):
    lines = [write(hub, f"court {number}") for number in range(5)]
    reader = towns.carrier(gym)
    box.post([*towns.region.certificates, *(wire(line) for line in (lines[0], lines[4]))])
    while reader.follow():
        continue
    assert quarantine(gym) == {"the line before it has not come yet": 1}
    box.post([wire(line) for line in lines])
    skip_to_the_end(reader)

    assert reader.audit().fetched == 3
    assert quarantine(gym) == {}
    assert heads(gym) == heads(hub)


def test_what_the_mailbox_lacks_is_posted(towns, box, hub):
    lines = [write(hub, f"court {number}").id for number in range(3)]
    carrier = towns.carrier(hub)
    post(carrier)
    write(hub, "court 9")
    with sql(hub) as store:
        store.number_arrivals(limit=10)
    skip_to_the_end(carrier)
    assert post(carrier) == 0

    assert carrier.audit() == Audited(0, 1, {})
    assert set(lines) <= set(rows(box))


def test_many_ids_are_listed_in_pages(towns, box, hub, gym, monkeypatch):
    monkeypatch.setattr("sync.carriers.post.AUDIT_IDS", 3)
    for number in range(10):
        write(hub, f"court {number}")
    reader = towns.carrier(gym)
    post(towns.carrier(hub))

    assert reader.audit().fetched == 10 + len(towns.region.certificates) - len(
        gym.node.directory.certificates()
    )
    assert heads(gym) == heads(hub)


def test_foreign_documents_are_not_fetched_again_and_again(towns, box, hub, gym):
    put(box, {"_id": "milk"})
    reader = towns.carrier(gym)
    reader.audit()

    assert [each.id for each in refused(gym)] == ["milk"]
    assert reader.audit() == Audited(0, 0, {})


def test_a_line_that_nobody_has_is_named(towns, box, hub, gym):
    first, second = write(hub, "court a"), write(hub, "court b")
    box.post([*towns.region.certificates, wire(second)])
    reader = towns.carrier(gym)
    while reader.follow():
        continue

    assert reader.audit() == Audited(0, 0, {first.chain: range(1, 2)})


def test_a_deleted_document_is_not_missed_by_whoever_has_it(towns, box, hub):
    slip = write(hub, "court a")
    carrier = towns.carrier(hub)
    post(carrier)
    delete(box, slip)

    assert carrier.audit().missing == {}
    assert heads(hub) != {}
