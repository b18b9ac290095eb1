"""Do the checks see? Each seeded fault in sealing, sharing or forgetting is noticed by a story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from reservations import clock, party_feed
from reservations.actions import sharing
from reservations.models import Party, PartyKey
from reservations.models.base import table_of
from reservations.queries import forgetting
from sync import ledger, sealing
from sync.document import packed
from sync.sealing import NotOpened
from tests.support.desks import Offices, two_offices
from tests.support.people import (
    WORDS,
    Three,
    changes,
    forget,
    opens,
    person,
    registers,
    slips,
    tend,
    three,
)
from tests.town import NOW, TODAY

Mutant = Callable[[pytest.MonkeyPatch], None]
PHONE = "076-222-2222"


@pytest.fixture
def region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Three]:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    made: Offices = two_offices(
        tmp_path, *(f"sqlite:///{tmp_path}/{name}.sqlite3" for name in ("hub", "gym"))
    )
    region = three(made, tmp_path)
    yield region
    for office in region.offices:
        office.session.close()
        office.database.dispose()


def story(region: Three) -> list[str]:
    """Three people, a cut, a new key and an order to forget; returns what is wrong in the end."""
    hub, gym, hall = region.offices
    first, second = registers(hub), registers(hub, name="西野　みお", login="mio@example.jp")
    for days, party in enumerate((first, second), 1):
        hub.books(hub.region.here.whole, party, date=TODAY + timedelta(days=days))
    region.meet()
    changes(gym, first, phone=PHONE)
    region.meet(at=6)
    wrong = while_all_know(region, first, second)

    region.to_gym.is_cut = True
    third = registers(hub, name="向井　つかさ", login="tsukasa@example.jp")
    hub.books(hub.region.here.whole, third, date=TODAY + timedelta(days=9))
    tend(hub)
    sharing.renew(gym.desk, at=9)
    changes(gym, first, email="other@example.jp")
    gym.books(gym.region.next_door.whole, first)
    tend(gym)
    forget(hub, first)
    region.meet()
    wrong += [] if waiting(region) == {first: ["gym"]} else ["who has yet to forget"]
    region.to_gym.is_cut = False
    region.meet()

    named = [(person(gym, party) or ("",))[0] for party in (second, third)]
    wrong += [] if named == ["西野　みお", "向井　つかさ"] else ["others are not read on"]
    wrong += [] if waiting(region) == {} else ["it never ends"]
    for office in (hub, gym, hall):
        wrong += ["a text opens"] if opens(office, first) else []
        wrong += ["a name is left"] if (person(office, first) or ("",))[0] else []
    return wrong


def while_all_know(region: Three, first: str, second: str) -> list[str]:
    """What must hold before anybody is forgotten."""
    hub, gym, hall = region.offices
    documents = sorted(slips(hub), key=lambda slip: slip.at)
    with gym.desk.transaction() as store:
        for slip in documents[::-1]:
            party_feed.take(store.session, gym.desk, slip)
        # A text and its boxes under another's number, and an order that is not the hub's.
        for slip in documents:
            for told in party_feed._told(slip) if slip.kind == party_feed.KIND else ():
                party_feed._take_party(
                    store.session, gym.desk, slip, replace(told, party="somebody else")
                )
        node, sheet, kind = gym.desk.node, party_feed.SHEET, party_feed.FORGET
        ledger.post(store.session, node, sheet, kind, at=1, data={"party": second})
    region.carry()
    with hall.desk.transaction() as store:
        lines = [line for chain in store.chains() for line in store.lines(chain)]
    carried = b"\n".join(packed(line) for line in lines)
    found = {
        "a word is carried": any(word.encode() in carried for word in WORDS),
        "out of scope": bool(opens(hall, first)),
        "not read": not opens(gym, first) or not opens(hub, second),
        "an older text": [(person(at, first) or ("",) * 3)[2] for at in (hub, gym)] != [PHONE] * 2,
        "another's text": person(gym, "somebody else") is not None,
        "anybody's order": (person(hub, second) or ("",))[0] == "",
    }
    return [name for name, is_so in found.items() if is_so]


def waiting(region: Three) -> dict[str, list[str]]:
    region.hub.session.rollback()
    return forgetting.undestroyed(region.hub.session, region.hub.desk)


def text_not_sealed(patch):
    """The text travels as it is."""
    patch.setattr(sealing, "seal_text", lambda text, key, *, nonce, about: text.decode())
    patch.setattr(sealing, "open_text", lambda sealed, key, *, about: sealed.encode())


def bound_to_nothing(patch):
    """Neither text nor box says what it is about."""
    patch.setattr(sealing, "canonical", lambda about: b"")


def given_to_everybody(patch):
    """Every desk gets a box."""
    original = sharing.errands

    def errands(session, desk, today):
        found = original(session, desk, today)
        for errand in found.values():
            for members in errand.readers.values():
                members.update(sharing._readers(session, desk))
        return found

    patch.setattr(sharing, "errands", errands)


def last_come_wins(patch):
    """A text replaces the one that was there, whatever its revision."""
    original = party_feed._keep_text

    def keep(session, told):
        table = party_feed._TEXT
        mine = table.c.party_id == told.party, table.c.key == told.key
        session.connection().execute(table.delete().where(*mine))
        original(session, told)

    patch.setattr(party_feed, "_keep_text", keep)


def anybody_orders(patch):
    """A node's order is obeyed like the hub's."""
    patch.setattr(party_feed, "is_from_home", lambda desk, slip: True)


def order_not_remembered(patch):
    """What comes after the order is opened again."""
    patch.setattr(party_feed, "known_forgotten", lambda session, party: False)


def key_not_destroyed(patch):
    """The tables are blanked, and the party's key stays."""
    original = party_feed.forget

    def forget(session, desk, party, at):
        mine = select(table_of(PartyKey)).where(PartyKey.party_id == party)
        rows = [dict(row._mapping) for row in session.connection().execute(mine)]
        original(session, desk, party, at)
        if rows:
            session.connection().execute(insert(table_of(PartyKey)), rows)

    patch.setattr(party_feed, "forget", forget)


def names_not_blanked(patch):
    """The keys are destroyed, and the name stays."""
    original = party_feed.forget

    def forget(session, desk, party, at):
        mine = Party.id == party
        name = session.connection().scalar(select(Party.name).where(mine))
        original(session, desk, party, at)
        session.connection().execute(update(table_of(Party)).where(mine).values(name=name))

    patch.setattr(party_feed, "forget", forget)


def sealing_key_kept(patch):
    """The new sealing key is the old one."""
    patch.setattr("secrets.token_bytes", lambda count: b"k" * count)


def late_boxes_left(patch):
    """A box that comes after the order is left as it is."""
    original = party_feed._take_party

    def take(session, desk, slip, told):
        if not party_feed.known_forgotten(session, told.party):
            original(session, desk, slip, told)

    patch.setattr(party_feed, "_take_party", take)


def all_said_to_be_read(patch):
    """Whoever takes a new key says that he has read everything."""
    original = party_feed.read_so_far

    def read(session, desk):
        return dict.fromkeys(original(session, desk), 10**6)

    patch.setattr(party_feed, "read_so_far", read)


def nothing_said_to_be_read(patch):
    """Whoever takes a new key never says what he has read."""
    patch.setattr(party_feed, "read_so_far", lambda session, desk: {})


def new_key_not_heeded(patch):
    """Boxes go on being made for the key that was destroyed."""
    original = party_feed.put_seal

    def put(session, member, seal):
        if seal.secret is not None or seal.number < 2:
            original(session, member, seal)

    patch.setattr(party_feed, "put_seal", put)


MUTANTS: tuple[Mutant, ...] = (
    text_not_sealed, bound_to_nothing, given_to_everybody, last_come_wins, anybody_orders,
    order_not_remembered, key_not_destroyed, names_not_blanked, sealing_key_kept, late_boxes_left,
    all_said_to_be_read, nothing_said_to_be_read, new_key_not_heeded,
)  # fmt: skip


def test_nothing_is_wrong_with_the_story_as_it_is(region: Three):
    assert story(region) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_mutant_is_noticed(region: Three, mutant: Mutant):
    with pytest.MonkeyPatch.context() as patch:
        mutant(patch)
        try:
            wrong = story(region)
        except (AssertionError, NotOpened, ValueError):
            wrong = ["it stops"]

    assert wrong != []
