"""The fallback pack: one file with everything, in order, numbered, and true to its cover."""

from __future__ import annotations

import dataclasses
import io
import subprocess
import sys
from typing import Any

import pypdf
import pytest

from printables import pack, qr
from printables.forms import town
from printables.japanese import columns
from tests.printables import pdf
from tests.printables.packs import KEY, LEASE, NODE, a_pack
from tests.tidy.repository import ROOT

PACK = a_pack()
DRAWN = pack.draw(PACK)
READER = pypdf.PdfReader(io.BytesIO(DRAWN.pdf))


def bookmarks(outline, depth=0):
    for each in outline:
        if isinstance(each, list):
            yield from bookmarks(each, depth + 1)
        else:
            yield depth, each.title, (READER.get_destination_page_number(each) or 0) + 1


def test_a_pack_meets_both_standards_and_no_text_leaves_its_box():
    assert pdf.faults(DRAWN.pdf) == []
    assert pdf.escapes(DRAWN.pdf) == []
    assert DRAWN.missing == ()
    assert DRAWN.moved == ()


def test_every_page_is_numbered_through_the_pack():
    total = len(READER.pages)

    assert total == DRAWN.pages
    for number, page in enumerate(READER.pages, start=1):
        assert f"通し{number}／{total}" in pdf.squeezed(page.extract_text())


def test_bookmarks_lead_to_the_parts_and_the_cover_names_their_pages():
    found = list(bookmarks(READER.outline))
    parts = [(title, page) for depth, title, page in found if depth == 0]
    cover = pdf.squeezed("".join(page.extract_text() for page in READER.pages[:2]))

    assert parts[0] == ("表紙・使い方", 1)
    assert [title for title, _ in parts[1:4]] == ["原簿（1日に1枚）", "受付台帳", "室場別予定表"]
    for (title, page), (_, following) in zip(
        parts[1:], [*parts[2:], ("", DRAWN.pages + 1)], strict=True
    ):
        pages = f"{page}－{following - 1}" if following > page + 1 else str(page)
        assert pdf.squeezed(f"{pages}□") in cover, title
    assert (1, "令和8年6月12日", 3) in found


def test_every_numbered_sheet_has_its_number_and_its_code():
    whole = pdf.text(DRAWN.pdf)

    numbered: list[Any] = [*PACK.forms, *PACK.shelter_cards, *PACK.grids]
    for form in numbered:
        assert form.form_number in whole
        serial = int(form.form_number.split("-")[1])
        assert qr.open_form(form.corner, KEY).serial == serial
        assert (qr.open_form(form.corner, KEY).node, qr.open_form(form.corner, KEY).lease) == (
            NODE,
            LEASE,
        )
    assert PACK.forms[0].form_number == "N014-00012345-20"


def test_the_same_pack_gives_the_same_bytes_in_another_process():
    code = (
        "import hashlib; from printables import pack; from tests.printables.packs import a_pack;"
        "print(hashlib.sha256(pack.draw(a_pack()).pdf).hexdigest())"
    )
    command = [sys.executable, "-c", code]
    other = subprocess.run(
        command, cwd=ROOT, env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )

    assert other.stdout.strip() == pdf.hash_of(DRAWN.pdf)


def test_a_pack_as_text_has_every_sheet_in_eighty_columns():
    sheets = pack.text(PACK).split("\f")

    assert len(sheets) == 1 + sum(
        len(getattr(PACK, part["records"])) for part in town().form("pack")["parts"]
    )
    assert [line for sheet in sheets for line in sheet.splitlines() if columns(line) > 80] == []
    assert "停電（ていでん）" in sheets[0]


def test_a_pack_survives_its_json_and_the_command_draws_it():
    data = pack.write(PACK)
    command = [sys.executable, "-m", "printables", "pack"]
    done = subprocess.run(
        command, cwd=ROOT, input=data.encode(), capture_output=True, check=True, timeout=50
    )

    assert pack.read(data) == PACK
    assert done.stdout == DRAWN.pdf


def test_a_part_without_records_is_left_out():
    small = pack.draw(dataclasses.replace(PACK, shelter_cards=(), boards=()))

    assert "避難者カード（番号つき）" not in pdf.text(small.pdf)
    assert "避難者カード（番号つき）" in pdf.text(DRAWN.pdf)


def test_a_town_names_and_orders_the_parts():
    parts = [{"records": "ledgers", "paper": "ledger_sheet", "title": "受付簿"}]

    drawn = pack.draw(PACK, town({"forms": {"pack": {"parts": parts}}}))

    assert drawn.pages == 3
    assert "受付簿" in pdf.text(drawn.pdf)


@pytest.mark.timeout(120)
def test_a_month_of_ten_rooms_is_small_enough_for_a_stick_and_a_night():
    drawn = pack.draw(a_pack(rooms=10, days=30, forms=200, cards=50))

    assert drawn.pages > 300
    assert len(drawn.pdf) / drawn.pages <= 20_000
