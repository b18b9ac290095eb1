"""What the other tests stand on does what it says."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest
import sqlalchemy

from tests.support.browser import open_context, run_axe
from tests.support.needs import need

POOR_PAGE = b"""<!doctype html><html lang="ja"><title>x</title><main><h1>\xe9\x9a\xa3</h1>
<img src="/x.png"></main>"""


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = POOR_PAGE
        if self.path == "/away":
            body += b'<script src="http://outside.example/x.js"></script>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip), ("true", pytest.fail)])
def test_a_missing_package_skips_here_and_fails_in_ci(monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)

    with pytest.raises(outcome.Exception, match="apt-get install chromium"):
        need(None, "chromium")


def test_each_test_gets_an_empty_database_on_both_engines(database_url):
    engine = sqlalchemy.create_engine(database_url)

    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE once (id INTEGER PRIMARY KEY)"))
        count = connection.scalar(sqlalchemy.text("SELECT count(*) FROM once"))

    engine.dispose()
    assert count == 0


def test_two_databases_of_one_cluster_do_not_see_each_other(postgres_cluster):
    with postgres_cluster.fresh_database() as one, postgres_cluster.fresh_database() as other:
        assert one != other


def test_axe_finds_a_picture_without_words(page, site):
    page.goto(site)

    assert [line.split(":")[0] for line in run_axe(page)] == ["image-alt"]


def test_a_page_that_asks_another_machine_fails_its_test(browser, site):
    with (
        pytest.raises(
            AssertionError, match=r"asked another machine: http://outside\.example/x\.js"
        ),
        open_context(browser) as context,
    ):
        context.new_page().goto(f"{site}/away")


def test_japanese_is_drawn_with_a_font_and_not_with_boxes(page, site):
    page.goto(site)
    widths = page.evaluate("""() => ['隣', '\\uE000'].map(text => {
        const canvas = document.createElement('canvas').getContext('2d');
        canvas.font = '40px sans-serif'; canvas.fillText(text, 0, 40);
        return Array.from(canvas.getImageData(0, 0, 60, 60).data).join();
    })""")

    assert widths[0] != widths[1]
