"""The revisions and the models are two ways to the same tables, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from reservations.db import Database, write_transaction
from reservations.models import Account, Base, PartyUnsaid, RoleGrant, Unit, schema
from reservations.rules.rights import GIVEN
from tests import town


@pytest.fixture
def database(database_url):
    database = Database(database_url, threads=2, is_durable=False)
    yield database
    database.dispose()


def upgrade(database: Database) -> None:
    command.upgrade(schema.alembic_config(database), "head")


def tables_of(database: Database) -> dict[str, Any]:
    """Everything that a database says of its tables, in an order of its own."""
    inspector = inspect(database.engine)
    found = {}
    for name in inspector.get_table_names():
        found[name] = {
            "columns": [
                (each["name"], str(each["type"]), each["nullable"])
                for each in inspector.get_columns(name)
            ],
            "primary key": inspector.get_pk_constraint(name)["constrained_columns"],
            "foreign keys": sorted(
                (each["name"] or "", each["constrained_columns"], each["referred_table"])
                for each in inspector.get_foreign_keys(name)
            ),
            "unique": sorted(
                (each["name"] or "", each["column_names"])
                for each in inspector.get_unique_constraints(name)
            ),
            "checks": sorted(
                (each["name"] or "", each["sqltext"])
                for each in inspector.get_check_constraints(name)
            ),
            "indexes": sorted(
                (each["name"] or "", each["column_names"]) for each in inspector.get_indexes(name)
            ),
        }
    return found


def statements_of(database: Database) -> set[tuple[str, ...]]:
    """The words of the statements that SQLite keeps; with them come WITHOUT ROWID and the like.

    In no order, because a table may name its constraints in any.
    """
    with database.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT sql FROM sqlite_master"
                " WHERE sql IS NOT NULL AND tbl_name != 'alembic_version'"
            )
        )
        return {tuple(sorted(row[0].replace(",", " ").split())) for row in rows}


def test_the_newest_revision_is_the_one_that_the_program_expects():
    scripts = ScriptDirectory(str(schema.ROOT / "migrations"))

    assert scripts.get_heads() == [schema.HEAD]


def test_after_all_revisions_the_models_want_nothing_else(database):
    upgrade(database)

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_revisions_and_models_make_the_same_tables(database):
    upgrade(database)
    by_revisions = tables_of(database)
    command.downgrade(schema.alembic_config(database), "base")
    schema.drop(database)

    assert schema.ensure(database) == "made"
    assert tables_of(database) == by_revisions


def test_revisions_and_models_say_the_same_to_sqlite(sqlite_url):
    database = Database(sqlite_url, is_durable=False)
    upgrade(database)
    by_revisions = statements_of(database)
    schema.drop(database)

    schema.ensure(database)

    assert statements_of(database) == by_revisions


def test_the_way_down_leaves_nothing_even_of_filled_tables(database):
    upgrade(database)
    town.a_region(database, days=3)

    command.downgrade(schema.alembic_config(database), "base")

    assert inspect(database.engine).get_table_names() == ["alembic_version"]


def test_up_again_after_the_way_down_the_tables_take_rows(database):
    upgrade(database)
    command.downgrade(schema.alembic_config(database), "base")
    upgrade(database)

    region = town.a_region(database, days=3)

    with database.session() as session:
        assert session.scalar(select(Unit.id).where(Unit.id == region.here.whole)) is not None


def test_whoever_was_registered_before_parties_travelled_has_yet_to_be_told_of(database):
    upgrade(database)
    region = town.a_region(database, days=3)
    with database.engine.begin() as connection:
        columns = "id, kind, name, kana, phone, email, created_at"
        values = "'stub', 'person', '', '', '', '', '2026-06-06'"
        connection.execute(text(f"INSERT INTO party ({columns}) VALUES ({values})"))

    command.downgrade(schema.alembic_config(database), "0004")
    upgrade(database)

    with database.session() as session:
        assert session.scalars(select(PartyUnsaid.party_id)).all() == [region.resident]


def test_a_made_database_needs_no_revision(database):
    schema.ensure(database)
    before = tables_of(database)

    upgrade(database)

    assert schema.ensure(database) == "nothing"
    assert tables_of(database) == before


def test_tables_that_somebody_made_from_the_models_are_only_marked(database_url):
    database = town.an_empty_database(database_url)
    before = tables_of(database)

    assert schema.ensure(database) == "nothing"

    after = tables_of(database)
    assert after.pop("alembic_version")
    assert after == before
    database.dispose()


def test_letters_that_waited_before_they_could_go_out_are_a_clerks_to_tell(database):
    """0007, there and back: the rows stay."""
    config = schema.alembic_config(database)
    command.upgrade(config, "0004")
    with database.engine.begin() as connection:
        person = "INSERT INTO party (id, kind, name, kana, phone, email, created_at)"
        connection.execute(
            text(f"{person} VALUES ('p', 'person', 'p', '', '', '', '2026-06-06 03:00:00')")
        )
        letter = "INSERT INTO letter (id, party_id, booking_id, kind, body, at, sent_at)"
        for name, sent in (("waits", "NULL"), ("went", "'2026-06-06 04:00:00'")):
            values = f"'{name}', 'p', 'b', 'refused', '{{}}', '2026-06-06 03:00:00', {sent}"
            connection.execute(text(f"{letter} VALUES ({values})"))

    command.upgrade(config, "0007")
    with database.engine.connect() as connection:
        found = connection.execute(text("SELECT id, state, tries FROM letter ORDER BY id")).all()
    command.downgrade(config, "0004")
    with database.engine.connect() as connection:
        back = connection.execute(text("SELECT id FROM letter ORDER BY id")).all()

    assert [tuple(row) for row in found] == [("waits", "to_hand_over", 0), ("went", "sent", 0)]
    assert [row.id for row in back] == ["waits", "went"]


def test_whoever_worked_at_the_counter_before_there_were_roles_keeps_what_they_could_do(database):
    config = schema.alembic_config(database)
    upgrade(database)
    town.a_region(database, days=3)
    with database.session() as session, write_transaction(session):
        session.add(
            Account(id="s", login="s", password_hash="-", role="staff", created_at=town.NOW)
        )

    command.downgrade(config, "0010")
    upgrade(database)

    with database.session() as session:
        given = {(row.account_id, row.role, row.town) for row in session.query(RoleGrant)}
        on = {row.since for row in session.query(RoleGrant)}
    assert given == {("s", role.value, code) for role in GIVEN for code in ("172014", "172120")}
    assert max(on) <= town.TODAY


def test_payments_go_through_online_payment_and_back(database):
    config = schema.alembic_config(database)
    command.upgrade(config, "0016")
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO payment (id, booking_id, town, facility_id, date, method, amount_yen,"
                " received_at, day, node_no, reference) VALUES ('p', 'b', '172014', 1,"
                " '2026-06-13', 'online', 1800, '2026-06-06 03:00:00', '2026-06-06', 1, 'r')"
            )
        )

    upgrade(database)
    with database.engine.begin() as connection:
        there = connection.execute(text("SELECT id, method, reference FROM payment")).all()
        connection.execute(text("UPDATE payment SET method = 'moved'"))
    command.downgrade(config, "0016")
    with database.engine.connect() as connection:
        back = connection.execute(text("SELECT id, method, amount_yen FROM payment")).all()

    assert [tuple(row) for row in there] == [("p", "online", "r")]
    assert [tuple(row) for row in back] == [("p", "transfer", 1800)]
