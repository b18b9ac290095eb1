"""Documents: the same bytes everywhere, and nothing of a document can be changed unnoticed."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.document import (
    INTEGER_MAX,
    Entry,
    Malformed,
    Slip,
    canonical,
    hash_of,
    is_signed_by,
    log_of,
    message,
    packed,
    read,
    seal,
    wire,
)
from sync.members import Directory, Member, certify
from tests.sync.desks import GYM, REGION, SCOPE, a_key

KEY = a_key("desk")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(texts, values, max_size=6)


def an_entry(**more: object) -> Entry:
    body = {"type": "entry", "chain": GYM, "number": 1, "kind": "confirm", "claims": ["面A"]}
    entry = seal({**body, "settles": ["x"], **more}, KEY, region=REGION)
    assert isinstance(entry, Entry)
    return entry


def a_directory() -> Directory:
    root = a_key("root")
    directory = Directory(REGION, root.public, KEY.id)
    member = Member("desk", 1, KEY.public, frozenset({"node"}), "w")
    directory.add(certify(member, root, region=REGION))
    return directory


@given(bodies)
def test_canonical_bytes_do_not_depend_on_who_wrote_the_json(body):
    shuffled = dict(reversed(list(body.items())))
    elsewhere = json.loads(json.dumps(body))

    assert canonical(body) == canonical(shuffled) == canonical(elsewhere)
    assert orjson.loads(canonical(body)) == body


@given(bodies)
def test_a_document_survives_every_carrier(data):
    entry = an_entry(data=data)

    assert read(packed(entry)) == entry
    assert read(wire(entry)) == entry
    assert read({**wire(entry), "_rev": "1-abc"}) == entry
    assert entry.id.endswith(entry.hash) and entry.hash == hash_of(entry.raw)


@given(st.data())
def test_no_bit_of_a_document_can_be_changed_unnoticed(data):
    directory, entry = a_directory(), an_entry()
    octets = bytearray(packed(entry))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    try:
        changed = read(bytes(octets))
    except Malformed:
        return
    assert directory.check(changed) is not None or changed == entry


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), 2**53, -(2**53), {1: "x"}, object(), {"x": {1.0}}]
)
def test_what_cannot_be_said_the_same_everywhere_is_refused(value):
    with pytest.raises(Malformed):
        canonical({"x": value})


@pytest.mark.parametrize(
    "change",
    [
        {"type": "note"},
        {"number": 0},
        {"number": True},
        {"number": "1"},
        {"chain": ""},
        {"kind": 7},
        {"claims": "abc"},
        {"claims": ["a", "a"]},
        {"settles": [1]},
        {"data": []},
        {"at": "yesterday"},
    ],
)
def test_a_field_of_the_wrong_shape_is_malformed(change):
    with pytest.raises(Malformed):
        an_entry(**change)


@pytest.mark.parametrize(
    "parcel", [b"", b"[]", b"{}", b'{"body": 1}', b'{"body": {}, "signature": 1}', b"x" * 70_000]
)
def test_what_is_no_document_is_malformed(parcel):
    with pytest.raises(Malformed):
        read(parcel)


def test_an_id_that_does_not_fit_is_malformed():
    with pytest.raises(Malformed):
        read({**wire(an_entry()), "_id": wire(an_entry(at=5))["_id"]})


def test_a_signature_counts_in_its_own_region_only():
    entry = an_entry()

    assert is_signed_by(KEY.public, message(entry.raw, REGION), entry.signature)
    assert not is_signed_by(KEY.public, message(entry.raw, "elsewhere"), entry.signature)
    assert not is_signed_by(KEY.public, message(entry.raw, REGION), "?" * 7)


def test_a_slip_stands_in_its_authors_own_log_only():
    directory = a_directory()
    body = {"type": "slip", "number": 1, "kind": "request", "sheet": GYM}
    own = seal({**body, "chain": log_of(SCOPE, KEY.id)}, KEY, region=REGION)
    other = seal({**body, "chain": log_of(SCOPE, a_key("other").id)}, KEY, region=REGION)
    assert isinstance(own, Slip)

    assert directory.check(own) is None
    assert directory.check(other) == "bad signature"


def test_fields_of_a_later_program_travel_along():
    entry = an_entry(colour="blue")

    assert b'"colour":"blue"' in read(packed(entry)).raw
