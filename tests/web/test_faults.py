"""A bug and a database that is away: a page of our own, with a number that the log has too."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reservations.actions.feedback import TICKET_LENGTH, TICKET_LETTERS
from reservations.app import create_app
from reservations.config import Settings
from tests.support import postgres
from tests.support.forms import Person
from tests.support.needs import need
from tests.support.site import Site, a_site

TICKET = re.compile(rf"[{TICKET_LETTERS}]{{{TICKET_LENGTH}}}")
SECRET = "a secret of the fault"
TITLES = {
    500: {"ja": "こちらの不具合で、表示できませんでした", "en": "Something went wrong on our side"},
    503: {
        "ja": "いま、予約の台帳につながりません",
        "en": "The booking ledger cannot be reached right now",
    },
}


def breaks() -> str:
    raise LookupError(SECRET)


@pytest.fixture
def broken(site: Site) -> Site:
    """A site with a view that has a bug."""
    for path in ("/broken", "/api/v1/broken"):
        site.app.add_url_rule(path, path, breaks, methods=["GET"])
    return site


@pytest.fixture
def without_file(site: Site, sqlite_url: str) -> Site:
    """A site that has answered, and whose database file is then taken away."""
    assert site.stranger().opens("/").status == 200
    site.database.dispose()
    for path in Path(sqlite_url.removeprefix("sqlite:///")).parent.glob("tonari.db*"):
        path.unlink()
    return site


@pytest.fixture
def without_server(tmp_path: Path) -> Iterator[Site]:
    """A site whose PostgreSQL was stopped after it had answered."""
    need(postgres.binaries(), "postgresql")
    with postgres.postgres_cluster() as cluster:
        cluster.execute("CREATE DATABASE tonari")
        site = a_site(cluster.url("tonari"), tmp_path)
        assert site.stranger().opens("/").status == 200
    yield site
    site.database.dispose()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_bug_is_a_page_of_ours_without_a_word_of_the_fault(broken, caplog, language):
    with caplog.at_level(logging.ERROR):
        page = broken.stranger().opens(f"/broken?lang={language}")

    assert page.status == 500
    assert TITLES[500][language] in page.html
    assert f'<html lang="{language}">' in page.html
    assert SECRET not in page.html
    assert "LookupError" not in page.html
    ticket = shown(page.html)
    assert [ticket in record.getMessage() for record in caplog.records] == [True]
    assert SECRET in caplog.text


def shown(html: str) -> str:
    found = re.search(rf"<b class=\"nowrap\">({TICKET.pattern})</b>", html)
    assert found is not None
    return found[1]


def test_a_bug_in_the_api_is_a_problem_document_with_the_number_of_the_log(broken, caplog):
    answer = broken.app.test_client().get("/api/v1/broken")

    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert answer.json is not None
    assert answer.json["code"] == "internal"
    assert TICKET.fullmatch(answer.json["ticket"])
    assert answer.json["ticket"] in caplog.text
    assert SECRET not in answer.text


@pytest.mark.parametrize("path", ["/", "/map", "/about", "/search", "/bookings", "/units/1"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_without_its_file_every_page_says_when_to_come_back(without_file, path, language):
    person = without_file.stranger()
    person.client.set_cookie("tonari_session", "somebody")

    page = person.opens(f"{path}?lang={language}")

    assert (page.status, page.answer.headers["Retry-After"]) == (503, "30")
    assert TITLES[503][language] in page.html
    assert TICKET.fullmatch(shown(page.html))
    assert "tonari.db" not in page.html


def test_without_its_file_the_api_says_outage(without_file):
    answer = without_file.app.test_client().get("/api/v1/towns")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.json is not None
    assert answer.json["code"] == "outage"


@pytest.mark.postgres
def test_with_its_server_stopped_pages_and_api_say_when_to_come_back(without_server):
    page = without_server.stranger().opens("/")
    answer = without_server.app.test_client().get("/api/v1/towns")

    assert (page.status, page.answer.headers["Retry-After"]) == (503, "30")
    assert TITLES[503]["ja"] in page.html
    assert (answer.status_code, answer.json["code"]) == (503, "outage")


def test_a_damaged_file_is_an_outage_not_a_bug(site, sqlite_url):
    site.database.dispose()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    for each in path.parent.glob("tonari.db*"):
        each.unlink()
    path.write_bytes(b"no database" * 1000)

    assert site.stranger().opens("/").status == 503


def test_an_outage_page_still_has_the_operators_telephone(site, without_file, tmp_path):
    settings = Settings(data_dir=tmp_path, support_phone="0120-000-000")
    app = create_app(settings, now=lambda: site.now, database=without_file.database)

    page = Person(app).opens("/map")

    assert page.status == 503
    assert 'href="tel:0120-000-000"' in page.html


def test_a_form_that_meets_an_outage_is_told_to_look_before_trying_again(without_file):
    client = without_file.app.test_client()
    without_file.app.config["WTF_CSRF_ENABLED"] = False

    answer = client.post("/problem", data={"words": "字が小さい", "page": "/"})

    assert answer.status_code == 503
    assert "予約一覧で確かめてください" in answer.text
    assert "もう一度開く" not in answer.text


def test_what_a_statement_was_run_with_stays_out_of_the_log(site):
    assert site.database.engine.hide_parameters
