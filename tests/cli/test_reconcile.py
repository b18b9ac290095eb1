"""`tonari money reconcile`: every row of the payment service's statement is accounted for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from reservations import clock
from reservations.actions.bookings import CancelRequest, cancel
from reservations.actions.money import PayRequest, RefundRequest, pay, refund
from reservations.cli import main
from reservations.models import GiveBack, Payment
from reservations.rules.money import Account, Method
from tests import town
from tests.support.paying import Paying, a_paying_site
from tests.support.provider import Service

Run = Callable[..., Result]
HEAD = "kind,provider_id,reference,order,amount_yen,at"


@pytest.fixture
def paying(
    database_url: str, tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Paying]:
    """Everything stands at noon of 2026-06-06, ours and the statements below."""
    monkeypatch.setattr(clock, "now", lambda: made.site.now)
    made: Paying = a_paying_site(database_url, tmp_path / "state", service)
    yield made
    made.site.database.dispose()


@pytest.fixture
def tonari(paying: Paying, monkeypatch: pytest.MonkeyPatch) -> Run:
    url = paying.site.database.url.render_as_string(hide_password=False)
    environment = paying.service.environment | {
        "TONARI_DATA_DIR": str(paying.settings.data_dir),
        "TONARI_DATABASE_URL": url,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return lambda *given: CliRunner().invoke(main, ["money", *(str(each) for each in given)])


def statement(tmp_path: Path, *rows: str) -> Path:
    file = tmp_path / "statement.csv"
    file.write_text("\n".join((HEAD, *rows)) + "\n", encoding="utf-8")
    return file


def paid(paying: Paying, reference: str, yen: int = 1800) -> str:
    with paying.site.database.session() as session:
        wish = PayRequest(paying.booking_id, yen, Method.ONLINE, reference)
        return str(pay(session, wish, town.context("system")))


def row(
    paying: Paying, provider_id: str, *, yen: int = 1800, kind: str = "payment", **other
) -> str:
    reference, order = other.get("reference", "-"), other.get("order", paying.booking_id)
    return f"{kind},{provider_id},{reference},{order},{yen},2026-06-06T12:00:00+09:00"


def test_a_payment_that_both_know_matches(paying: Paying, tonari: Run, tmp_path: Path):
    paid(paying, "p1")

    result = tonari("reconcile", statement(tmp_path, row(paying, "p1")), "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["rows"], told["counts"]["matched"]) == (0, 1, 1)
    assert (told["lines"], told["missing_there"]) == ([], [])


def test_a_payment_that_is_missing_here_is_recorded_once(
    paying: Paying, tonari: Run, tmp_path: Path
):
    file = statement(tmp_path, row(paying, "p1"))

    first = json.loads(tonari("reconcile", file, "--json").stdout)
    second = json.loads(tonari("reconcile", file, "--json").stdout)

    assert (first["counts"]["recorded"], second["counts"]["matched"]) == (1, 1)
    assert paying.stated().account == Account(1800, 1800, 0)


def test_a_checkout_that_nobody_told_of_is_paid_by_the_statement(
    paying: Paying, tonari: Run, tmp_path: Path
):
    _, address = paying.begins()
    paying.service.pays(address, "silent")
    file = tmp_path / "statement.csv"
    mine = [each for each in paying.service.statement().splitlines() if paying.booking_id in each]
    file.write_text("\n".join((HEAD, *mine)), encoding="utf-8")

    result = tonari("reconcile", file, "--json")

    assert json.loads(result.stdout)["counts"]["recorded"] == 1
    assert [each.state for each in paying.checkouts()] == ["paid"]
    assert "すべて納められています。" in paying.resident().text


def test_every_other_row_is_told_with_its_line(paying: Paying, tonari: Run, tmp_path: Path):
    paid(paying, "p1")
    rows = (
        row(paying, "p1", yen=1700),
        row(paying, "p2", order="nobody"),
        row(paying, "p1"),
        "payment,p3,x",
        row(paying, "p4", yen=-1),
        row(paying, "r1", kind="refund", reference="nobody"),
    )

    result = tonari("reconcile", statement(tmp_path, *rows), "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [(each["line"], each["outcome"]) for each in told["lines"]] == [
        (2, "differs"),
        (3, "unknown"),
        (4, "repeated"),
        (5, "unreadable"),
        (6, "unreadable"),
        (7, "unknown"),
    ]
    assert sum(told["counts"].values()) == told["rows"] == len(rows)
    assert told["lines"][0]["here_yen"] == 1800
    with paying.site.database.session() as session:
        assert session.scalars(select(Payment.amount_yen)).all() == [1800]


def test_what_the_statement_lacks_is_told(paying: Paying, tonari: Run, tmp_path: Path):
    paid(paying, "p1")
    missing = paid(paying, "p2", 500)

    result = tonari("reconcile", statement(tmp_path, row(paying, "p1")), "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 1
    (only,) = told["missing_there"]
    assert (only["id"], only["provider_id"], only["amount_yen"]) == (missing, "p2", 500)


def test_a_refund_of_the_statement_is_one_that_was_given(
    paying: Paying, tonari: Run, tmp_path: Path
):
    payment = paid(paying, "p1")
    with paying.site.database.session() as session:
        cancel(session, CancelRequest(paying.booking_id), town.context())
        wish = RefundRequest(payment, 1800, Method.ONLINE)
        back = str(refund(session, wish, town.context("account-staff")))
    rows = row(paying, "p1"), row(paying, "r1", kind="refund", reference=back)

    told = json.loads(tonari("reconcile", statement(tmp_path, *rows), "--json").stdout)

    assert (told["counts"]["matched"], told["counts"]["recorded"]) == (1, 1)
    with paying.site.database.session() as session:
        assert session.get_one(GiveBack, back).state == "given"


def test_what_is_no_statement_is_refused_and_nothing_is_recorded(
    paying: Paying, tonari: Run, tmp_path: Path
):
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")

    result = tonari("reconcile", file)

    assert result.exit_code == 2
    assert "この支払いサービスの明細ではありません" in result.output
    assert paying.stated().account == Account(1800, 0, 0)


def test_a_round_by_hand_asks_what_nobody_told(paying: Paying, tonari: Run):
    _, address = paying.begins()
    paying.service.pays(address, "silent")
    paying.site.now += timedelta(minutes=2)

    result = tonari("ask", "--json")

    assert json.loads(result.stdout) == {"asked": 1, "paid": 1, "given": 0, "failed": 0}
