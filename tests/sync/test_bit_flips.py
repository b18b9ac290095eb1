"""One bit that a disk changes, anywhere: it is noticed, and nothing false is believed."""

from __future__ import annotations

from random import Random

import pytest
from sqlalchemy import create_engine, select, update
from sqlalchemy.pool import NullPool

from sync import tables
from sync.witness import FileWitness, Silent
from tests.sync.desks import GYM, SCOPE, sync
from tests.sync.test_witness import chain

pytestmark = pytest.mark.timeout(120)


def flipped(octets: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(octets)
    changed[place] ^= 1 << bit
    return bytes(changed)


def test_a_witness_with_a_bit_changed_anywhere_is_silent_and_stays_as_it_is(tmp_path):
    path, random = tmp_path / "witness", Random(1)
    FileWitness.create(path).append(GYM, chain(3))
    octets = path.read_bytes()

    for place in range(len(octets)):
        changed = flipped(octets, place, random.randrange(8))
        path.write_bytes(changed)
        with pytest.raises(Silent):
            FileWitness(path)
        assert path.read_bytes() == changed


@pytest.mark.parametrize("column", ["raw", "signature", "hash", "author", "id"])
def test_a_row_of_the_ledger_with_a_bit_changed_comes_again(column, region, hub, tmp_path):
    url, random = f"sqlite:///{tmp_path / 'gym.db'}", Random(column)
    gym = region.desk("gym", sql=url)
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    for number in range(4):
        gym.request(GYM, f"court {number}")
    gym.answer()
    sync(gym, hub)
    engine = create_engine(url, poolclass=NullPool)
    c = tables.line.c
    with engine.begin() as connection:
        rows = connection.execute(select(tables.line).order_by(c.chain, c.number)).all()

    for row in rows:
        value = getattr(row, column)
        octets = value if isinstance(value, bytes) else value.encode()
        changed = flipped(octets, random.randrange(len(octets)), random.randrange(7))
        here = (c.chain == row.chain, c.number == row.number)
        with engine.begin() as connection:
            new = changed if isinstance(value, bytes) else changed.decode("ascii")
            connection.execute(update(tables.line).where(*here).values({column: new}))
        gym.node.start()
        sync(gym, hub)
        with engine.begin() as connection:
            after = connection.execute(select(tables.line).order_by(c.chain, c.number)).all()
        assert [(r.chain, r.number, r.raw) for r in after] == [
            (r.chain, r.number, r.raw) for r in rows
        ]
        with gym.transaction() as store:
            slips = [slip.data for slip in store.slips(GYM)]
            assert len(slips) == 4 and not store.position(GYM).is_forked
            assert not store.position(f"{SCOPE}/log/{gym.me.key}").is_forked
            assert store.unwitnessed() == []
    assert len(rows) == 9
