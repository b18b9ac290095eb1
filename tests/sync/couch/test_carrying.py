"""Through a mailbox: what goes in comes out at the others, once, whatever the order."""

from __future__ import annotations

import random

import pytest

from sync import checkpoint
from sync.carriers.courier import Courier
from sync.carriers.post import Carrier
from sync.document import revision_of, scope_of, wire
from sync.node import Draft
from tests.sync.couch.towns import (
    Towns,
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
from tests.sync.desks import GYM, HALL, Desk, sync

pytestmark = pytest.mark.timeout(120)
OTHER = "13202-2026/gym/2026-07-01"


@pytest.fixture
def gym(towns: Towns, database_url: str) -> Desk:
    return towns.desk("gym", sql=database_url)


def test_what_one_desk_wrote_stands_at_the_other(towns, box, hub, gym):
    slip = write(hub, "court a")
    hub.answer()

    receipt = carry(towns.carrier(hub), towns.carrier(gym))

    assert sorted(line.kind for line in receipt.applied) == ["confirm", "request"]
    assert gym.owner(GYM, "court a") == slip.hash
    assert heads(gym) == heads(hub)


def test_a_slip_is_answered_over_the_mailbox(towns, box, hub, gym):
    slip = write(gym, "court a")
    carry(towns.carrier(gym), towns.carrier(hub))
    hub.answer()
    carry(towns.carrier(hub), towns.carrier(gym))

    assert gym.lines(GYM) == ["confirm"]
    assert gym.owner(GYM, "court a") == slip.hash


def test_a_sheet_is_handed_over_and_written_on_there(towns, box, hub, gym):
    at_hub, at_gym = towns.carrier(hub), towns.carrier(gym)
    hub.hand_over(GYM, gym)
    carry(at_hub, at_gym)
    write(gym, "court a")

    assert gym.answer() == ["confirm"]
    carry(at_gym, at_hub)
    assert hub.lines(GYM) == ["hand over", "confirm"]


def test_a_crash_before_the_commit_loses_nothing_and_applies_nothing_twice(towns, box, hub, gym):
    write(hub, "court a")
    post(towns.carrier(hub))

    def crash(store, receipt):
        raise RuntimeError("the power is gone")

    with pytest.raises(RuntimeError):
        towns.carrier(gym, apply=crash).follow()
    assert heads(gym) == {}

    told, apply = recorder()
    again = towns.carrier(gym, apply=apply)
    follow(again)
    follow(towns.carrier(gym, apply=apply))
    assert told == ["+ request"]


def test_the_carriers_of_a_town_pass_on_what_they_hear(towns, box, hub, gym):
    towns.prepare("town", "town", "gym")
    town = towns.desk("town")
    courier = Courier(town.node, [towns.carrier(town, "town"), towns.carrier(town, "hub")])
    write(gym, "court a")
    post(towns.carrier(gym, "town"))

    assert courier.once() == {}
    follow(towns.carrier(hub))
    hub.answer()
    post(towns.carrier(hub))
    assert courier.once() == {}
    follow(towns.carrier(gym, "town"))

    assert gym.lines(GYM) == ["confirm"]
    assert heads(gym) == heads(town) == heads(hub)


# From here on the engine makes no difference.


@pytest.fixture
def annex(towns: Towns) -> Desk:
    return towns.desk("town")


def test_a_mailbox_holds_each_document_once_under_its_first_revision(towns, box, hub):
    slip = write(hub, "court a")
    post(towns.carrier(hub))

    assert rows(box)[slip.id] == {**wire(slip), "_rev": revision_of(slip.id)}


def test_posting_again_changes_nothing(towns, box, hub):
    write(hub, "court a")
    post(towns.carrier(hub))
    before = rows(box)

    assert post(towns.carrier(hub)) == len(towns.region.certificates)
    assert rows(box) == before


def test_two_desks_may_post_the_same_document(towns, box, hub, annex):
    slip = write(hub, "court a")
    sync(hub, annex)

    post(towns.carrier(hub))
    post(towns.carrier(annex))

    assert [each for each in rows(box) if each.startswith("slip:")] == [slip.id]
    page = box.changes("", limit=100)
    assert {found.odd for found in page.found} == {""}


@pytest.mark.parametrize("seed", range(5))
def test_documents_may_come_in_any_order_and_twice(towns, box, hub, annex, seed):
    for number in range(4):
        write(hub, f"court {number}")
    hub.answer()
    with sql(hub) as store:
        lines = [wire(line) for chain in store.chains() for line in store.lines(chain)]
    certificates = list(hub.node.directory.certificates())
    shuffled = lines + certificates
    random.Random(seed).shuffle(shuffled)
    carrier = towns.carrier(annex)
    for parcel in [*shuffled, *shuffled[::2]]:
        assert box.post([parcel]) == {}
        if seed % 2:
            follow(carrier)
    follow(carrier)

    assert heads(annex) == heads(hub)
    assert quarantine(annex) == {}


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_the_size_of_a_page_makes_no_difference(towns, box, hub, annex, limit):
    for number in range(4):
        write(hub, f"court {number}")
    hub.answer()
    post(towns.carrier(hub))

    follow(towns.carrier(annex), limit=limit)

    assert heads(annex) == heads(hub)


def test_certificates_travel_too_and_are_there_at_the_next_start(towns, box, hub):
    stranger = towns.desk("town")
    late = towns.desk("gym")
    for desk in (hub, late):
        desk.node.directory._members.pop(stranger.me.key, None)
        desk.node.directory._certificates.pop(stranger.me.key, None)
    write(stranger, "court a")
    post(towns.carrier(stranger))

    follow(towns.carrier(late))

    assert late.node.directory.member(stranger.me.key) == stranger.me
    with sql(late) as store:
        kept = {each["_id"] for each in checkpoint.certificates(store.session)}
    assert kept == {each["_id"] for each in stranger.node.directory.certificates()}


def test_a_document_waits_for_the_certificate_of_its_author(towns, box, hub, annex):
    gym = towns.desk("gym")
    hub.node.directory._members.pop(gym.me.key, None)
    hub.node.directory._certificates.pop(gym.me.key, None)
    slip = write(gym, "court a")
    carrier = towns.carrier(hub)
    box.post([wire(slip)])
    follow(carrier)
    assert quarantine(hub) == {"signed by a key that is not known here": 1}

    box.post(towns.region.certificates)
    receipt = follow(carrier)

    assert [line.id for line in receipt.applied] == [slip.id]
    assert quarantine(hub) == {}


def test_a_new_program_goes_on_where_the_old_one_stopped(towns, box, hub, annex):
    write(hub, "court a")
    carry(towns.carrier(hub), towns.carrier(annex))
    second = write(hub, "court b")
    post(towns.carrier(hub))

    page = towns.carrier(annex).follow()

    assert page is not None
    assert [line.id for line in page.applied] == [second.id]
    assert page.duplicates == 0


def test_a_poster_goes_on_where_it_stopped(towns, box, hub):
    write(hub, "court a")
    post(towns.carrier(hub))
    write(hub, "court b")

    assert post(towns.carrier(hub)) == len(towns.region.certificates) + 1


def test_what_came_from_a_mailbox_is_not_offered_to_it_again(towns, box, hub, annex):
    write(hub, "court a")
    carrier = towns.carrier(annex)
    carry(towns.carrier(hub), carrier)

    assert post(carrier) == len(annex.node.directory.certificates())


def test_a_line_without_its_witness_is_not_posted(towns, box, hub):
    slip = hub.request(GYM, "court a")
    post(towns.carrier(hub))
    assert slip.id not in rows(box)

    hub.node.settle()
    post(towns.carrier(hub))
    assert slip.id in rows(box)


def test_the_application_hears_of_lines_in_the_order_in_which_they_stand(towns, box, hub, annex):
    write(hub, "court a")
    write(hub, "court b")
    told, apply = recorder()

    carry(towns.carrier(hub), towns.carrier(annex, apply=apply))

    assert told == ["+ request", "+ request"]


def test_a_document_of_another_scope_never_arrives(towns, box, hub, annex):
    mine, other = write(hub, "court a"), write(hub, "court a", on=OTHER)
    post(towns.carrier(hub))
    assert other.id not in rows(box)
    assert mine.id in rows(box)

    box.post([wire(other)])
    follow(towns.carrier(annex))

    with sql(annex) as store:
        assert {scope_of(chain) for chain in store.chains()} == {scope_of(GYM)}
    assert [(each.id, each.why) for each in refused(annex)] == [
        (other.id, "it belongs to another mailbox")
    ]


def test_a_kind_that_this_program_does_not_know_is_passed_on(towns, box, hub, annex):
    towns.prepare("town", "town", "gym")
    gym = towns.desk("gym")
    hub.write(GYM, "a kind of next year", "x")
    hub.node.settle()
    post(towns.carrier(hub))

    Courier(annex.node, [towns.carrier(annex, "hub"), towns.carrier(annex, "town")]).once()
    follow(towns.carrier(gym, "town"))

    assert gym.lines(GYM) == ["a kind of next year"]


def test_the_evidence_of_a_fork_travels(towns, box, hub, annex):
    twin = towns.region.desk("twin")
    twin.node = type(hub.node)(
        hub.node.key, twin.node.directory, twin.transaction, towns.region.witness
    )
    twin.node.why_suspended = ""
    hub.write(GYM, "confirm", "a", claims=("x",))
    hub.node.settle()
    with twin.transaction() as store:
        other = twin.node.write(store, GYM, Draft("confirm", ("b",), ("y",)), at=99)
    gym = towns.desk("gym")
    post(towns.carrier(hub))
    box.post([wire(other)])
    carrier = towns.carrier(annex)
    follow(carrier)
    post(carrier)

    receipt = follow(towns.carrier(gym))

    assert receipt.forked == [GYM]
    with gym.transaction() as store:
        assert store.position(GYM).is_forked


def test_a_line_that_the_disk_changed_is_not_shown_to_others(towns, box, hub):
    write(hub, "court a")
    second = write(hub, "court b")
    carrier = towns.carrier(hub)
    Courier(hub.node, [carrier])._number()
    with sql(hub) as store:
        table = "UPDATE sync_line SET raw = X'00' WHERE id = :id"
        store.session.connection().exec_driver_sql(table, {"id": second.id})

    carrier.post()

    assert second.id not in rows(box)


def test_the_status_says_what_waits_and_since_when(towns, box, hub):
    for number in range(3):
        write(hub, f"court {number}")
    write(hub, "court a", on=OTHER)
    carrier = towns.carrier(hub, clock=lambda: 42.0)
    before = status(carrier)
    post(carrier)
    after = status(carrier)

    assert (before.waiting, before.contact) == (3, None)
    assert (after.waiting, after.contact, after.error, after.refused) == (0, 42.0, "", ())


def test_each_side_books_its_own_sheet_and_both_agree_afterwards(towns, box, hub, annex):
    hub.hand_over(HALL, annex)
    carry(towns.carrier(hub), towns.carrier(annex))
    write(hub, "court a")
    write(annex, "room a", on=HALL)
    hub.answer()
    annex.answer()

    carriers: list[Carrier] = [towns.carrier(hub), towns.carrier(annex)]
    for carrier in [*carriers, *carriers]:
        post(carrier)
        follow(carrier)

    assert heads(hub) == heads(annex)
    assert hub.lines(HALL) == ["hand over", "confirm"]
    assert annex.lines(GYM) == ["confirm"]
