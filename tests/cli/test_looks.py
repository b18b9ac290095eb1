"""Whoever prints names by a command leaves a line, as at the counter; nobody is left out."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result
from sqlalchemy import select

from reservations.actions.bookings import BookingRequest, book
from reservations.cli import main
from reservations.commands import common
from reservations.db import Database
from reservations.models import AuditLine
from reservations.web.looks import PAGES
from tests import town
from tests.support.lending import EVENING


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(tmp_path, monkeypatch)


class House:
    """となり体育館 with one booking, at a machine where 佐藤 sits."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        state = folder / "state"
        state.mkdir()
        monkeypatch.setenv("TONARI_DATA_DIR", str(state))
        monkeypatch.delenv("TONARI_DATABASE_URL", raising=False)
        monkeypatch.setattr(common, "operator", lambda: "os:sato")
        self.url = f"sqlite:///{state / 'tonari.sqlite3'}"
        database = town.an_empty_database(self.url)
        self.region = town.a_region(database)
        with database.session() as session:
            wish = BookingRequest(
                self.region.here.whole, town.SATURDAY, EVENING, self.region.resident
            )
            self.booking = str(book(session, wish, town.context()))
        database.dispose()

    def tonari(self, *arguments: object) -> Result:
        words = [str(each) for each in arguments]
        # Days that are over are not printed.
        with time_machine.travel(town.NOW):
            return CliRunner().invoke(main, words, catch_exceptions=False)

    def looks(self) -> list[tuple[str, str, str]]:
        database = Database(self.url)
        with closing(database.session()) as session:
            query = select(AuditLine.actor, AuditLine.subject, AuditLine.reason)
            rows = session.execute(query.where(AuditLine.action == "look")).all()
        database.dispose()
        return [(row.actor, row.subject, row.reason) for row in rows]


def test_a_permit_is_a_look_of_whoever_printed_it_also_from_the_archive(house, tmp_path):
    line = ("os:sato", house.region.resident, "print")

    house.tonari("print", "permit", house.booking, "--out", tmp_path / "one.pdf")
    assert house.looks() == [line]

    # Within the hour the same look is one line.
    house.tonari("print", "permit", house.booking, "--out", tmp_path / "two.pdf")
    assert house.looks() == [line]
    assert "print" in PAGES


def sheet(audience: str) -> Callable[[House, Path], tuple[object, ...]]:
    def command(house: House, folder: Path) -> tuple[object, ...]:
        day = ("--date", town.SATURDAY, "--audience", audience)
        return ("timetable", house.region.here.facility_id, *day, "--out", folder / "t.pdf")

    return command


def pack(house: House, folder: Path) -> tuple[object, ...]:
    return ("pack", house.region.here.facility_id, "--forms", 1, "--out", folder / "pack")


@pytest.mark.parametrize(
    ("command", "is_named"),
    [(sheet("staff"), True), (sheet("public"), False), (pack, True)],
    ids=["for staff", "to be posted", "a pack"],
)
def test_a_day_sheet_or_a_pack_is_a_look_where_it_has_names(house, tmp_path, command, is_named):
    done = house.tonari("print", *command(house, tmp_path))

    assert done.exit_code == 0
    named = [("os:sato", house.region.resident, "print")]
    assert house.looks() == (named if is_named else [])


def test_what_is_refused_shows_nobody(house, tmp_path):
    done = house.tonari("print", "notice", "refund", house.booking, "--out", tmp_path / "n.pdf")

    assert done.exit_code == 2
    assert house.looks() == []


def test_lists_without_names_leave_no_line(house):
    for command in (("letters", "list"), ("feedback", "list"), ("staff", "list"), ("doctor",)):
        house.tonari(*command)

    assert house.looks() == []


def test_whoever_gave_the_command_is_known_to_the_operating_system(monkeypatch):
    def nobody() -> str:
        raise OSError("no terminal")

    monkeypatch.setattr(os, "getlogin", lambda: "sato")
    assert common.operator() == "os:sato"

    monkeypatch.setattr(os, "getlogin", nobody)
    assert common.operator().startswith("os:")
