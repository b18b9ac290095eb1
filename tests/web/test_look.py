"""One style sheet a page, with all that it uses and nothing that it does not."""

from __future__ import annotations

import re

import pytest

from reservations.web.look import css


def address_in(html: str) -> str:
    (found,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', html)
    return str(found).replace("&amp;", "&")


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere"])
def test_a_page_has_one_style_sheet_that_may_be_kept_for_good(site, path):
    client = site.app.test_client()

    answer = client.get(address_in(client.get(path).text), headers={"Accept-Encoding": "gzip"})

    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"


def test_every_value_that_is_used_is_there_and_no_other():
    sheet = css("tonari", "booking")
    used = set(re.findall(r"var\((--[\w-]+)", sheet))
    given = set(re.findall(r"[{;](--[\w-]+) ?:", sheet))

    assert used == given
    assert "/*" not in sheet


@pytest.mark.parametrize("names", ["nothing", "tonari-tonari", "..", "vendor"])
def test_what_is_no_part_is_not_found(site, names):
    assert site.app.test_client().get(f"/look/{names}.css").status_code == 404
