"""Receipts, the sheet of a day and its table from the command line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from reservations.actions import receipts
from reservations.actions.bookings import book
from reservations.actions.drawers import CloseRequest, close_drawer
from reservations.actions.money import PayRequest, pay
from reservations.actions.reductions import ReduceRequest, reduce
from reservations.cli import main
from reservations.db import Database
from reservations.models import Booking
from reservations.queries import memory
from tests import town
from tests.printables import pdf
from tests.support.lending import a_wish
from tests.town import TODAY


@pytest.fixture
def tonari(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A data folder with one receipt on a day that was closed, 2026-06-06."""
    state = tmp_path / "state"
    state.mkdir()
    database = town.an_empty_database(f"sqlite:///{state / 'tonari.sqlite3'}")
    region = town.a_region(database)
    with database.session() as session:
        made = book(session, a_wish(region.here.whole, region.resident), town.context())
        paid = pay(session, PayRequest(str(made), 1800), town.context("account-clerk"))
        known = memory.current(session)
        receipts.receipt(session, known, str(paid), town.context("account-clerk"))
        close_drawer(session, CloseRequest(TODAY, 0, {1000: 1, 500: 1, 100: 3}), town.context())
    database.dispose()
    monkeypatch.setenv("TONARI_DATA_DIR", str(state))
    monkeypatch.delenv("TONARI_DATABASE_URL", raising=False)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(each) for each in arguments])

    return run


def test_a_receipt_is_printed_by_its_number_with_the_same_bytes(tonari, tmp_path):
    one, other = tmp_path / "one.pdf", tmp_path / "other.pdf"

    printed = tonari("print", "receipt", "01-R000001", "--out", one, "--json")
    tonari("print", "receipt", "01-r000001", "--out", other)

    line = json.loads(printed.stdout)
    assert (line["number"], line["pages"]) == ("01-R000001", 1)
    assert line["sha256"] == hashlib.sha256(one.read_bytes()).hexdigest()
    assert one.read_bytes() == other.read_bytes()
    assert "￥1,800－" in pdf.text(one.read_bytes())


def test_a_copy_is_marked(tonari, tmp_path):
    out = tmp_path / "copy.pdf"

    tonari("print", "receipt", "01-R000001", "--copy", "--out", out)

    assert "再発行" in pdf.text(out.read_bytes())


def test_a_number_that_nobody_gave_prints_nothing(tonari, tmp_path):
    result = tonari("print", "receipt", "01-R000002", "--out", tmp_path / "none.pdf")

    assert (result.exit_code, (tmp_path / "none.pdf").exists()) == (2, False)


def test_the_sheet_of_a_closed_day_is_kept_and_of_another_it_is_not(tonari, tmp_path):
    out = tmp_path / "day.pdf"
    yesterday = (TODAY - timedelta(days=1)).isoformat()

    closed = json.loads(tonari("print", "day-end", "--date", TODAY, "--out", out, "--json").stdout)
    open_day = json.loads(
        tonari(
            "print", "day-end", "--date", yesterday, "--out", tmp_path / "o.pdf", "--json"
        ).stdout
    )

    assert (closed["closed"], closed["number"]) == (True, "01-20260606")
    assert closed["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert "01-R000001" in pdf.text(out.read_bytes())
    assert (open_day["closed"], "sha256" in open_day) == (False, False)


def test_a_day_is_exported_by_budget_code(tonari, tmp_path):
    out = tmp_path / "day.csv"

    line = json.loads(tonari("export", "day", out, "--date", TODAY, "--json").stdout)

    assert line["lines"] == 1
    rows = out.read_text("utf-8-sig").splitlines()
    assert rows[1:] == ["2026-06-06,172014,となり市,,使用料,01,収納,現金,1,1800"]


def test_a_month_of_other_towns_money_is_exported_as_a_table(tonari, tmp_path, monkeypatch):
    monkeypatch.setenv("TONARI_ACCOUNT_TOWN", "172120")
    path = tmp_path / "settlement.csv"

    nothing = tonari("export", "settlement", path, "--month", "2026-06", "--json")
    lines = path.read_bytes().decode("utf-8-sig").splitlines()

    assert json.loads(nothing.stdout) == {
        "file": "settlement.csv", "month": "2026-06", "pairs": 0, "yen": 0,
        "bytes": path.stat().st_size,
    }  # fmt: skip
    assert lines[0].startswith("精算月,預かった団体コード")


def test_a_month_that_is_none_is_refused(tonari, tmp_path):
    assert tonari("export", "settlement", tmp_path / "x", "--month", "June").exit_code == 2


def test_a_notice_of_a_reduction_is_printed_by_the_bookings_number(tonari, tmp_path):
    path = tmp_path / "n.pdf"
    before = tonari("print", "notice", "reduction", "01-000001-6", "--out", path)
    with _session(tmp_path) as session:
        booking_id = session.scalars(select(Booking.id)).one()
        session.rollback()
        asked = ReduceRequest(booking_id, 50, "第8条第1号", "登録証", "館長")
        reduce(session, asked, town.context("account-head"))

    printed = tonari("print", "notice", "reduction", "01-000001-6", "--out", path, "--json")
    refused = tonari("print", "notice", "reduction-refusal", "01-000001-6", "--out", path)

    assert (before.exit_code, refused.exit_code) == (2, 2)
    assert json.loads(printed.stdout)["number"] == "減第2026-01-000001-6号"
    assert "第8条第1号（50％）" in pdf.text(path.read_bytes())


@contextmanager
def _session(folder: Path) -> Iterator[Session]:
    database = Database(f"sqlite:///{folder / 'state' / 'tonari.sqlite3'}", is_durable=False)
    with database.session() as session:
        yield session
    database.dispose()
