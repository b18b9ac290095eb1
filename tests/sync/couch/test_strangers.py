"""Whatever somebody lays into a mailbox: it is refused, it is seen, and it stops nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sync.carriers.couch import Mailbox
from sync.document import DOCUMENT_BYTES_MAX, Slip, revision_of, wire
from tests.sync.couch.towns import follow, heads, post, quarantine, refused, rows, write
from tests.sync.desks import GYM, Region

pytestmark = pytest.mark.timeout(120)
PROSE = {
    "deleted": "somebody deleted it",
    "changed": "somebody changed it",
    "another": "somebody put another one under its name",
    "file": "somebody attached a file to it",
}
FILE = {"a.txt": {"content_type": "text/plain", "data": "aGVsbG8="}}
Vandal = Callable[[Mailbox, Slip], None]


def put(box: Mailbox, *documents: dict[str, Any], new_edits: bool = True) -> list[dict[str, Any]]:
    """As somebody with another program would."""
    body = {"docs": list(documents), "new_edits": new_edits}
    answer: list[dict[str, Any]] = box._call("post_bulk_docs", bulk_docs=body)
    return answer


def edit(box: Mailbox, slip: Slip) -> None:
    put(box, {**rows(box)[slip.id], "note": "reviewed"})


def edit_thrice(box: Mailbox, slip: Slip) -> None:
    for number in range(3):
        put(box, {**rows(box)[slip.id], "note": number})


def delete(box: Mailbox, slip: Slip) -> None:
    put(box, {"_id": slip.id, "_rev": revision_of(slip.id), "_deleted": True})


def delete_and_write_anew(box: Mailbox, slip: Slip) -> None:
    delete(box, slip)
    put(box, {"_id": slip.id, "body": {}, "signature": ""})


def edit_and_delete(box: Mailbox, slip: Slip) -> None:
    edit(box, slip)
    put(box, {**rows(box)[slip.id], "_deleted": True})


def attach(box: Mailbox, slip: Slip) -> None:
    put(box, {**rows(box)[slip.id], "_attachments": FILE})


def another_that_wins(box: Mailbox, slip: Slip) -> None:
    put(box, {"_id": slip.id, "_rev": f"1-{'f' * 32}", "x": 1}, new_edits=False)


def another_that_loses(box: Mailbox, slip: Slip) -> None:
    put(box, {"_id": slip.id, "_rev": f"1-{'0' * 32}", "x": 1}, new_edits=False)


def a_tombstone_beside_it(box: Mailbox, slip: Slip) -> None:
    tombstone = {"_id": slip.id, "_rev": f"1-{'e' * 32}", "_deleted": True}
    put(box, tombstone, new_edits=False)


VANDALS: dict[str, tuple[Vandal, str]] = {
    "an edit": (edit, PROSE["changed"]),
    "three edits": (edit_thrice, PROSE["changed"]),
    "a deletion": (delete, PROSE["deleted"]),
    "a deletion and another": (delete_and_write_anew, PROSE["changed"]),
    "an edit and a deletion": (edit_and_delete, PROSE["deleted"]),
    "an attachment": (attach, PROSE["changed"]),
    "another that wins": (another_that_wins, PROSE["another"]),
    "another that loses": (another_that_loses, PROSE["another"]),
    "a tombstone beside it": (a_tombstone_beside_it, PROSE["another"]),
}


@pytest.mark.parametrize("name", VANDALS)
def test_what_was_laid_on_a_document_is_seen_and_the_document_arrives(towns, box, hub, gym, name):
    vandalise, why = VANDALS[name]
    first, second = write(hub, "court a"), write(hub, "court b")
    post(towns.carrier(hub))
    vandalise(box, first)

    receipt = follow(towns.carrier(gym))

    assert [line.id for line in receipt.applied] == [first.id, second.id]
    assert [(each.id, each.why) for each in refused(gym)] == [(first.id, why)]
    assert heads(gym) == heads(hub)


@pytest.mark.parametrize("name", VANDALS)
def test_a_document_that_was_read_before_stays_as_it_was(towns, box, hub, gym, name):
    vandalise, why = VANDALS[name]
    slip = write(hub, "court a")
    carrier = towns.carrier(gym)
    post(towns.carrier(hub))
    follow(carrier)
    before = heads(gym)
    vandalise(box, slip)

    receipt = follow(carrier)

    assert (receipt.applied, receipt.gone) == ([], [])
    assert heads(gym) == before
    assert [(each.id, each.why) for each in refused(gym)] == [(slip.id, why)]


def test_a_document_that_is_gone_for_good_holds_back_only_what_stands_on_it(towns, box, hub, gym):
    first = write(hub, "court a")
    other = write(gym, "court b")
    put(box, {"_id": first.id, "_rev": f"1-{'a' * 32}", "_deleted": True}, new_edits=False)
    put(box, {"_id": first.id, "_rev": f"2-{'b' * 32}", "x": 1}, new_edits=False)
    post(towns.carrier(gym))

    receipt = follow(towns.carrier(hub))

    assert [line.id for line in receipt.applied] == [other.id]


def test_a_file_on_a_first_revision_is_refused_and_the_document_comes_from_its_author(
    towns, box, hub, gym
):
    slip = write(hub, "court a")
    put(box, {**wire(slip), "_attachments": FILE})
    carrier = towns.carrier(gym)

    assert follow(carrier).applied == []
    assert [each.why for each in refused(gym)] == [PROSE["file"]]

    post(towns.carrier(hub))
    assert [line.id for line in follow(carrier).applied] == [slip.id]


def test_a_document_posted_by_another_program_is_as_good(towns, box, hub, gym):
    slip = write(hub, "court a")
    put(box, wire(slip))

    assert [line.id for line in follow(towns.carrier(gym)).applied] == [slip.id]
    assert refused(gym) == []


def altered(parcel: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**parcel, "body": {**parcel["body"], **changes}}


FOREIGN: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "a shopping list": lambda p: {"_id": "milk", "litres": 2},
    "an empty document": lambda p: {"_id": "nothing"},
    "a body that is a list": lambda p: {"_id": "x", "body": [], "signature": "x"},
    "a body without a signature": lambda p: {"_id": "x", "body": p["body"]},
    "a signature that is a number": lambda p: {**p, "_id": "x", "signature": 5},
    "a document under another name": lambda p: {**p, "_id": "slip:elsewhere"},
    "a changed body under its old name": lambda p: altered(p, kind="gift"),
    "a float": lambda p: {**altered(p, at=1.5), "_id": "float"},
    "a number beyond 53 bits": lambda p: {**altered(p, at=2**60), "_id": "large"},
    "a line beyond what a database counts": lambda p: {**altered(p, number=2**40), "_id": "far"},
    "a name longer than a name": lambda p: {**altered(p, sheet="x" * 300), "_id": "long"},
    "a name with a NUL": lambda p: {**altered(p, sheet="a\0b"), "_id": "nul"},
    "a body of another type": lambda p: {**altered(p, type="event"), "_id": "type"},
    "a body longer than a document": lambda p: {
        **altered(p, data={"x": "y" * DOCUMENT_BYTES_MAX}),
        "_id": "heavy",
    },
    "half a character": lambda p: {**altered(p, kind="\ud800"), "_id": "half"},
    "an id with a NUL": lambda p: {"_id": "nul\0id", "x": 1},
    "an id longer than a name": lambda p: {"_id": "i" * 2000, "x": 1},
    "a certificate of nobody": lambda p: {"_id": "member:x", "member": {}, "signature": "x"},
    "a certificate that is a text": lambda p: {"_id": "member:y", "member": "hub"},
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_document_is_refused_and_seen_and_stops_nobody(towns, box, hub, gym, name):
    slip, after = write(hub, "court a"), write(hub, "court b")
    box.post(towns.region.certificates)
    put(box, FOREIGN[name](wire(slip)))
    box.post([wire(slip), wire(after)])

    receipt = follow(towns.carrier(gym))

    assert [line.id for line in receipt.applied] == [slip.id, after.id]
    assert len(refused(gym)) == 1
    assert not refused(gym)[0].is_ours


def test_a_forged_signature_ends_in_the_quarantine(towns, box, hub, gym):
    slip = write(hub, "court a")
    other = write(hub, "court b")
    put(box, {**wire(slip), "signature": other.signature})

    follow(towns.carrier(gym))

    assert quarantine(gym) == {"the signature is not its author's": 1}


def test_the_true_document_arrives_although_a_forgery_took_its_name(towns, box, hub, gym):
    slip = write(hub, "court a")
    put(box, {**wire(slip), "signature": "forged"})
    carrier = towns.carrier(gym)
    follow(carrier)

    post(towns.carrier(hub))
    receipt = follow(carrier)

    assert [line.id for line in receipt.applied] == [slip.id]
    assert [each.why for each in refused(gym)] == [PROSE["another"]]
    assert quarantine(gym) == {}


def test_a_document_of_another_region_ends_in_the_quarantine(towns, box, gym, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Region(tmp_path / "elsewhere", region="elsewhere")
    box.post([wire(write(elsewhere.hub, "court a"))])

    follow(towns.carrier(gym))

    assert quarantine(gym) == {"signed by a key that is not known here": 1}


def test_a_certificate_of_another_region_is_refused(towns, box, gym, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Region(tmp_path / "elsewhere", region="elsewhere")
    box.post(elsewhere.certificates)

    follow(towns.carrier(gym))

    assert {each.why for each in refused(gym)} == {"not signed by the region's key"}


def test_a_certificate_under_another_name_is_refused(towns, box, gym):
    put(box, {**towns.region.certificates[-1], "_id": "member:somebody"})

    follow(towns.carrier(gym))

    assert [each.why for each in refused(gym)] == ["the id does not fit the content"]


def test_an_entry_by_somebody_who_does_not_hold_the_sheet_is_set_aside(towns, box, hub, gym):
    thief = towns.region.desk("thief")
    thief.node.directory.home = thief.me.key
    line = thief.write(GYM, "confirm", "a", claims=("x",))
    hub.node.directory.add(towns.region.certificates[-1])
    box.post([*towns.region.certificates, wire(line)])

    follow(towns.carrier(gym))

    assert quarantine(gym) == {"its author could not write this line": 1}
    assert gym.lines(GYM) == []


def test_a_design_document_is_nobodys_business(towns, box, hub, gym):
    slip = write(hub, "court a")
    put(box, {"_id": "_design/views", "views": {}})
    post(towns.carrier(hub))

    assert [line.id for line in follow(towns.carrier(gym)).applied] == [slip.id]
    assert refused(gym) == []


def test_a_thousand_strangers_do_not_hide_one_document(towns, box, hub, gym):
    put(box, *({"_id": f"junk {number}"} for number in range(1000)))
    slip = write(hub, "court a")
    post(towns.carrier(hub))

    assert [line.id for line in follow(towns.carrier(gym)).applied] == [slip.id]
    assert len(refused(gym)) == 1000
