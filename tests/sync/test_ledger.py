"""The ledger in SQL: the database refuses first, and the tables are those of the memory store."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from sync import exchange, ledger, tables
from sync.ledger import SqlStore
from sync.node import Draft
from sync.simulate.memory import MemoryStore
from sync.status import status
from sync.store import Aside, Store
from tests.sync.desks import GYM, Desk, Region, sync
from tests.sync.test_exchange import a_history

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def engine(database_url: str) -> Engine:
    engine = create_engine(database_url, poolclass=NullPool)
    tables.metadata.create_all(engine)
    return engine


def summary(store: Store) -> dict[str, object]:
    """Everything that a store says."""
    chains = store.chains()
    return {
        "chains": sorted(chains),
        "positions": {chain: store.position(chain) for chain in chains},
        "heads": store.heads(),
        "lines": {chain: list(store.lines(chain)) for chain in chains},
        "unwitnessed": sorted(store.unwitnessed()),
        "waiting": {on: {s.hash for s in store.pending(on)} for on in store.sheets_waiting()},
        "held": sorted(store.held(sorted({store.position(c).holder for c in chains}))),
        "aside": {why: store.aside(why=why) for why in Aside},
    }


def books(store: Store) -> dict[str, object]:
    claims = [f"p{part}:{slot}" for part in (0, 1) for slot in range(3)]
    return {
        chain: (
            dict(store.owners(chain, claims)),
            {s.hash for s in store.slips(chain)},
            store.settled(chain, [s.hash for s in store.slips(chain)]),
        )
        for chain in store.chains()
    }


def test_sql_and_memory_make_the_same_of_the_same_documents(engine):
    for seed in (1, 2, 3):
        directory, documents, _ = a_history(seed)
        memory = MemoryStore(directory)
        order = sorted(documents, key=lambda line: line.hash)
        with memory.transaction():
            exchange.receive(memory, directory, order)
        tables.metadata.drop_all(engine)
        tables.metadata.create_all(engine)

        with Session(engine) as session, session.begin():
            store = SqlStore(session, directory)
            exchange.receive(store, directory, order)

        with Session(engine) as session, session.begin():
            store = SqlStore(session, directory)
            assert summary(store) == summary(memory)
            assert books(store) == books(memory)


@settings(max_examples=10)
@given(seed=st.integers(1, 5), data=st.data())
def test_taking_back_leaves_what_was_before(seed, data):
    directory, documents, _ = a_history(seed)
    engine = create_engine("sqlite://")
    tables.metadata.create_all(engine)
    memory = MemoryStore(directory)
    with memory.transaction():
        exchange.receive(memory, directory, documents)
    chain = data.draw(st.sampled_from(sorted(memory.chains())))
    after = data.draw(st.integers(0, memory.position(chain).number))

    with Session(engine) as session, session.begin():
        store = SqlStore(session, directory)
        exchange.receive(store, directory, documents)
        assert store.take_back(chain, after) == memory.take_back(chain, after)
        assert summary(store) == summary(memory) | {"chains": sorted(store.chains())}
        assert books(store).get(chain) == books(memory).get(chain)
    engine.dispose()


def an_open_ledger(engine: Engine, region: Region) -> tuple[Session, SqlStore]:
    session = Session(engine)
    return session, SqlStore(session, region.hub.node.directory)


def test_a_number_is_written_once(engine, region):
    line = region.hub.write(GYM, "confirm", "a", claims=("court",))
    session, store = an_open_ledger(engine, region)
    after = region.hub.memory.position(GYM)

    store.append(line, after, is_witnessed=True)
    with pytest.raises(IntegrityError):
        store.append(replace(line, id="other"), after, is_witnessed=True)
    session.close()


def test_a_resource_is_occupied_once_whatever_the_program_thinks(engine, region):
    line = region.hub.write(GYM, "confirm", "a", claims=("court",))
    session, store = an_open_ledger(engine, region)
    after = region.hub.memory.position(GYM)
    store.append(line, after, is_witnessed=True)
    rival = replace(line, number=2, id="rival", settles=("b",))

    with pytest.raises(IntegrityError):
        store.append(rival, replace(after, number=2), is_witnessed=True)
    session.close()


def test_a_line_is_in_the_callers_transaction(engine, region):
    hub = region.hub
    with Session(engine) as session:
        ledger.post(session, hub.node, GYM, "request", at=1, asks=True, claims=["court"])
        ledger.write(session, hub.node, GYM, Draft("confirm", ("a",), ("court",)), at=1)
        session.rollback()

    with Session(engine) as session:
        assert session.execute(select(tables.line)).all() == []
        assert SqlStore(session, hub.node.directory).chains() == []


def test_a_carrier_reads_on_from_its_checkpoint(engine, region):
    directory, documents, _ = a_history(1)
    with Session(engine) as session, session.begin():
        store = SqlStore(session, directory)
        exchange.receive(store, directory, documents[:30])
        store.number_arrivals(limit=100)
        first = store.arrived(after=0, limit=20)
        rest = store.arrived(after=first[-1][0], limit=100)

        assert [number for number, _ in first + rest] == list(range(1, len(first + rest) + 1))
        assert {line.id for _, line in first + rest} == {
            line.id for chain in store.chains() for line in store.lines(chain)
        }


def test_a_row_that_the_disk_changed_ends_its_chain_at_the_next_start(tmp_path, region, hub):
    url = f"sqlite:///{tmp_path / 'gym.db'}"
    gym = region.desk("gym", sql=url)
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    slip = gym.request(GYM, "court")
    gym.answer()
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        broken = tables.line.update().where(tables.line.c.chain == GYM, tables.line.c.number == 2)
        connection.execute(broken.values(raw=b'{"type":"entr'))

    gym.node.start()

    assert gym.owner(GYM, "court") == slip.hash
    assert gym.lines(GYM) == ["hand over", "confirm"]


def test_a_booking_takes_few_statements(tmp_path, region):
    gym: Desk = region.desk("gym", sql=f"sqlite:///{tmp_path / 'gym.db'}")
    region.hub.hand_over(GYM, gym)
    sync(region.hub, gym)
    statements: list[str] = []

    def note(_c: object, _x: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    with gym.transaction() as store:
        assert isinstance(store, SqlStore)
        event.listen(store.session.get_bind(), "before_cursor_execute", note)
        gym.node.write(store, GYM, Draft("confirm", ("a",), ("court",)), at=1)

    assert len([s for s in statements if not s.startswith("BEGIN")]) <= 7


def test_the_strip_says_how_the_node_stands(region, hub, gym):
    hub.hand_over(GYM, gym)
    sync(hub, gym)
    region.silent.add("w-gym")
    gym.request(GYM, "court")
    gym.answer()

    with gym.transaction() as store:
        strip = status(gym.node, store, now_seconds=100, contact_seconds=80)
        fresh = status(gym.node, store, now_seconds=100, contact_seconds=90)

    assert (strip.node, strip.incarnation, strip.why_suspended) == ("gym", 1, "")
    assert strip.is_isolated and strip.lag_seconds == 20 and not fresh.is_isolated
    assert strip.held == (GYM,) and GYM in strip.unwitnessed
    assert strip.forked == () and strip.quarantine == {}
    assert strip.waiting_slips == 0


def test_a_slip_to_be_said_again_is_fetched_if_somebody_else_has_it(engine):
    directory, documents, _ = a_history(1)
    apart = dict(zip(Aside, documents, strict=False))
    with Session(engine) as session, session.begin():
        store = SqlStore(session, directory)
        for why, document in apart.items():
            store.set_aside(document, why)

        known = store.known([document.id for document in apart.values()])

    assert known == {each.id for why, each in apart.items() if why is not Aside.TO_SAY_AGAIN}
