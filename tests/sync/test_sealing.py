"""A sealed text opens to those it was closed for, about what it was written about, no further."""

from __future__ import annotations

import hashlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import sealing
from sync.document import Malformed
from sync.members import Directory, Member, certify
from sync.sealing import NotOpened
from tests.sync.desks import a_key

ABOUT = {"party": "p", "revision": 1}


def bytes_of(name: str, count: int = 32) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:count]


KEY, NONCE, OWN, OTHER = bytes_of("key"), bytes_of("n", 12), bytes_of("own"), bytes_of("other")
SEALED = sealing.seal_text(b'{"name":"x"}', KEY, nonce=NONCE, about=ABOUT)
BOX = sealing.seal_key(KEY, sealing.public_of(OWN), about=ABOUT)
LETTERS = string.ascii_letters + string.digits + "-_"


def test_whoever_has_a_box_opens_the_text():
    sealed = sealing.seal_text(b'{"name":"x"}', KEY, nonce=NONCE, about=ABOUT)
    boxes = [sealing.seal_key(KEY, sealing.public_of(who), about=ABOUT) for who in (OWN, OTHER)]

    for box, who in zip(boxes, (OWN, OTHER), strict=True):
        key = sealing.open_key(box, who, about=ABOUT)
        assert sealing.open_text(sealed, key, about=ABOUT).rstrip() == b'{"name":"x"}'
    with pytest.raises(NotOpened):
        sealing.open_key(boxes[0], OTHER, about=ABOUT)


def test_a_box_and_a_text_are_about_one_thing_only():
    sealed = sealing.seal_text(b"{}", KEY, nonce=NONCE, about=ABOUT)
    box = sealing.seal_key(KEY, sealing.public_of(OWN), about=ABOUT)

    with pytest.raises(NotOpened):
        sealing.open_text(sealed, KEY, about=ABOUT | {"revision": 2})
    with pytest.raises(NotOpened):
        sealing.open_key(box, OWN, about=ABOUT | {"party": "q"})


def test_the_same_key_in_two_boxes_looks_different():
    one, other = (sealing.seal_key(KEY, sealing.public_of(OWN), about=ABOUT) for _ in range(2))

    assert one != other


def test_lengths_do_not_tell_a_short_name_from_a_long_one():
    short, longer = (
        sealing.seal_text(b"x" * count, KEY, nonce=NONCE, about=ABOUT) for count in (3, 120)
    )

    assert len(short) == len(longer)


@given(st.text(max_size=200))
def test_what_was_never_sealed_opens_to_nobody(text):
    for attempt in (
        lambda: sealing.open_text(text, KEY, about=ABOUT),
        lambda: sealing.open_key(text, OWN, about=ABOUT),
    ):
        with pytest.raises(NotOpened):
            attempt()


@given(st.integers(0, 10_000), st.integers(1, len(LETTERS) - 1))
def test_no_letter_of_a_sealed_text_or_a_box_can_be_changed(place, step):
    for whole, opened in (
        (SEALED, lambda text: sealing.open_text(text, KEY, about=ABOUT)),
        (BOX, lambda text: sealing.open_key(text, OWN, about=ABOUT)),
    ):
        # The last letter has bits that stand for nothing.
        here = place % (len(whole) - 1)
        letter = LETTERS[(LETTERS.index(whole[here]) + step) % len(LETTERS)]
        with pytest.raises(NotOpened):
            opened(whole[:here] + letter + whole[here + 1 :])


def test_nobody_can_be_given_a_box_under_what_is_no_key():
    for public in ("", "x", "A" * 43):
        with pytest.raises(NotOpened):
            sealing.seal_key(KEY, public, about=ABOUT)
        assert not sealing.is_public(public)
    assert sealing.is_public(sealing.public_of(OWN))


def test_a_certificate_names_the_sealing_key_and_an_older_one_without_is_read():
    root, key = a_key("root"), a_key("desk")
    directory = Directory("r", root.public, key.id)
    older = Member("desk", 1, key.public, frozenset({"node"}), "w")
    newer = Member("gym", 1, a_key("gym").public, frozenset({"node"}), "w", sealing.public_of(OWN))

    for member in (older, newer):
        assert directory.add(certify(member, root, region="r"))

    assert "sealing" not in older.body
    assert [member.sealing for member in directory.members()] == ["", sealing.public_of(OWN)]
    forged = certify(newer, root, region="r")
    forged["member"]["sealing"] = sealing.public_of(OTHER)
    with pytest.raises(Malformed):
        directory.add(forged)
