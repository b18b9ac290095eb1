"""What hangs on a door or is read out to strangers holds nothing that only the staff may know."""

from __future__ import annotations

import dataclasses

import pytest

from printables.registry import PAPERS
from tests.printables import pdf

BOARD, ROSTER = PAPERS["timetable"], PAPERS["roster"]
SHOWN = ("pdf", "html", "text")


def shown(paper, record, how):
    if how == "pdf":
        return pdf.text(paper.draw(record).pdf)
    return pdf.squeezed(paper.html(record) if how == "html" else paper.text(record))


@pytest.mark.parametrize("how", SHOWN)
def test_a_board_for_the_door_has_no_telephone_and_no_payment(how):
    staff = BOARD.samples()["staff"]
    public = dataclasses.replace(staff, audience="public")

    for secret in ("00-0000-0001", "支払済", "未払", "2026-N014-000457", "鍵"):
        assert secret in shown(BOARD, staff, how)
        assert secret not in shown(BOARD, public, how)
    assert "掲示用" in shown(BOARD, public, how)
    assert "職員用（掲示禁止）" in shown(BOARD, staff, how)


@pytest.mark.parametrize("how", SHOWN)
def test_the_public_roster_names_only_who_agreed_and_where_they_live_roughly(how):
    staff = ROSTER.samples()["typical"]
    public = ROSTER.samples()["public"]

    secrets = ("山﨑", "卵", "45番地6", "たかはし", "要介護")
    # In eighty columns only short words stay in one piece.
    for secret in secrets[:2] if how == "text" else secrets:
        assert secret in shown(ROSTER, staff, how)
        assert secret not in shown(ROSTER, public, how)
    assert "髙橋　一郎".replace("　", "") in shown(ROSTER, public, how)


def test_a_disaster_certificate_without_its_grade_is_refused():
    record = PAPERS["disaster_certificate"].samples()["typical"]

    with pytest.raises(ValueError, match="grade"):
        dataclasses.replace(record, grade="")


def test_a_disaster_certificate_has_both_addresses_and_ticks_one_grade():
    paper = PAPERS["disaster_certificate"]
    sheet = paper.text(paper.samples()["typical"])

    assert sheet.count("[x]") == 1
    assert "[x] 半壊" in sheet
    assert "【世帯主住所】 隣野県隣野市中央一丁目2番3号" in sheet
    assert "【被災住家※の所在地】 隣野県隣野市北隣野45番地6" in sheet
    assert "%" not in sheet
