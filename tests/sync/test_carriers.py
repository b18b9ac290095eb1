"""In process and on a stick: the same bytes, whole or not at all, and a reason when refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.carriers import bundle
from sync.carriers.bundle import NotAccepted
from sync.carriers.local import Link
from sync.document import scope_of
from tests.sync.desks import GYM, HALL, Region, sync


def a_busy_hub(region: Region) -> None:
    hub = region.hub
    for number in range(4):
        hub.request(GYM, f"court {number}")
        hub.request(HALL, f"room {number}")
    hub.answer()


def test_a_cut_link_carries_nothing_and_a_mended_one_everything(region, hub):
    gym = region.desk("gym")
    a_busy_hub(region)
    link = Link(hub.node, gym.node)
    link.is_cut = True

    assert link.sync() is None
    assert gym.lines(GYM) == []

    link.is_cut = False
    at_hub, at_gym = link.sync() or (None, None)
    assert at_hub and at_gym and len(at_gym.applied) == 16 and at_hub.applied == []
    assert gym.lines(GYM) == hub.lines(GYM) == ["confirm"] * 4


def test_a_bundle_brings_another_desk_to_the_same_state(region, hub, gym, tmp_path):
    a_busy_hub(region)
    path = tmp_path / "stick.tonari"

    count = bundle.export(hub.node, path)
    first, second = bundle.load(gym.node, path), bundle.load(gym.node, path)

    assert count == first.documents == len(first.receipt.applied) == 16
    assert first.writer == "hub"
    assert second.receipt.applied == [] and second.receipt.duplicates == 16
    with hub.transaction() as ours, gym.transaction() as theirs:
        assert ours.heads() == theirs.heads()


def test_a_bundle_holds_only_what_the_peer_lacks_and_carries(region, hub, tmp_path):
    gym = region.desk("gym")
    a_busy_hub(region)
    sync(hub, gym)
    with gym.transaction() as store:
        theirs = store.heads()
    hub.request(GYM, "court 9")
    hub.answer()

    assert bundle.export(hub.node, tmp_path / "a", theirs=theirs) == 2
    assert bundle.export(hub.node, tmp_path / "b", scope=lambda c: scope_of(c) == "other") == 0


def test_bundles_may_be_read_in_any_order(region, hub, tmp_path):
    gym = region.desk("gym")
    hub.write(GYM, "confirm", "a", claims=("x",))
    hub.node.settle()
    bundle.export(hub.node, tmp_path / "monday")
    with hub.transaction() as store:
        known = store.heads()
    hub.write(GYM, "confirm", "b", claims=("y",))
    hub.node.settle()
    bundle.export(hub.node, tmp_path / "tuesday", theirs=known)

    assert bundle.load(gym.node, tmp_path / "tuesday").receipt.waiting == 1
    assert len(bundle.load(gym.node, tmp_path / "monday").receipt.applied) == 2
    assert gym.lines(GYM) == ["confirm", "confirm"]


def test_a_new_node_starts_from_one_file(region, hub, tmp_path):
    a_busy_hub(region)
    annex = region.desk("annex")
    hub.node.directory.add(region.certificates[-1])
    bundle.export(hub.node, tmp_path / "stick")
    annex.node.directory._members.pop(hub.me.key)

    bundle.load(annex.node, tmp_path / "stick")

    assert annex.lines(GYM) == hub.lines(GYM)


def test_a_bundle_that_is_replaced_while_it_is_read_in_is_the_earlier_one(
    region, hub, tmp_path, monkeypatch
):
    """A race of two processes on one folder, found by killing them (tests/sync/killed.py)."""
    gym = region.desk("gym")
    a_busy_hub(region)
    path, opened = tmp_path / "stick", bundle._opened
    bundle.export(hub.node, path)

    def replaced(content):
        hub.request(GYM, "court 9")
        hub.answer()
        bundle.export(hub.node, path)
        return opened(content)

    monkeypatch.setattr(bundle, "_opened", replaced)

    assert len(bundle.load(gym.node, path).receipt.applied) == 16


def test_a_bundle_of_another_region_is_refused(region, hub, tmp_path):
    other = Region(tmp_path / "elsewhere", region="elsewhere")
    (tmp_path / "elsewhere").mkdir(exist_ok=True)
    bundle.export(other.hub.node, tmp_path / "stick")

    with pytest.raises(NotAccepted, match="another region"):
        bundle.load(hub.node, tmp_path / "stick")


def test_a_bundle_by_a_stranger_is_refused(region, hub, tmp_path):
    other = Region(tmp_path / "elsewhere")
    stranger = other.desk("stranger")
    stranger.node.directory._certificates.clear()
    bundle.export(stranger.node, tmp_path / "stick")

    with pytest.raises(NotAccepted, match="not known here"):
        bundle.load(hub.node, tmp_path / "stick")


@pytest.mark.parametrize("place", ["header", "signature", "document", "end"])
def test_an_altered_bundle_is_refused_and_changes_nothing(place, region, hub, tmp_path):
    gym = region.desk("gym")
    a_busy_hub(region)
    path: Path = tmp_path / "stick"
    bundle.export(hub.node, path)
    octets = path.read_bytes()
    header, signature, _ = octets.split(b"\n", 2)
    position = {
        "header": header.index(b'"writer"') + 12,
        "signature": len(header) + 5,
        "document": len(octets) - 40,
        "end": len(octets) - 1,
    }[place]
    changed = bytes([octets[position] ^ 1])
    path.write_bytes(octets[:position] + changed + octets[position + 1 :])

    with pytest.raises(NotAccepted):
        bundle.load(gym.node, path)
    assert gym.lines(GYM) == [] and len(signature) == 86


@pytest.mark.parametrize("content", [b"", b"{}\n", b"%PDF-1.7\n", b'{"format":"tonari bundle 1"}'])
def test_a_file_that_is_no_bundle_is_refused(content, hub, tmp_path):
    path = tmp_path / "stick"
    path.write_bytes(content)

    with pytest.raises(NotAccepted):
        bundle.load(hub.node, path)
