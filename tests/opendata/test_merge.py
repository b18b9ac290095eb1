"""A list imported again: damage never wins, corrections are never lost silently."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.opendata import Decision, match_key, merge_cell, merge_files
from tests.opendata.files import csv_of, read, real

OLDER, NEWER = "170003_public_facility_202402.csv", "170003_public_facility_202510_cp932.csv"
COLUMNS = ["ID", "名称", "所在地_連結表記", "所在地_市区町村", "緯度", "経度", "電話番号"]
GYM = ["A1", "中央体育館", "石川県金沢市広坂1丁目1番1号", "金沢市", "36.5612", "136.6560", "076-1"]
HALL = ["A2", "市民会館", "石川県金沢市本町2丁目15番1号", "金沢市", "36.5775", "136.6480", "076-2"]


def merged(base, theirs, **corrections):
    """The merge of two small lists; `corrections` are of the gym."""
    before = read(csv_of(COLUMNS, base))
    mine = {match_key(before.records[0]): corrections}
    return merge_files(before, read(csv_of(COLUMNS, theirs)), mine=mine)


def test_the_2025_list_over_the_2024_one_overwrites_nothing_and_shows_108_damaged_cells():
    report = merge_files(read(real(OLDER)), read(real(NEWER)))

    assert {d: report.totals[d] for d in ("take", "keep", "conflict")} == {
        "take": 0,
        "keep": 0,
        "conflict": 0,
    }
    assert Counter(cell.column for cell in report.suspicious) == {
        "法人番号": 77,
        "所在地_番地以下": 16,
        "POIコード": 15,
    }
    assert all(cell.value == cell.base for cell in report.suspicious)
    assert (report.totals["matched"], report.added, report.removed) == (83, (), ())


def test_the_undamaged_list_over_the_damaged_one_heals_it():
    report = merge_files(read(real(NEWER)), read(real(OLDER)))

    assert report.totals["take"] == 108
    assert report.suspicious == ()


@pytest.mark.parametrize(
    ("column", "base", "mine", "theirs", "decision"),
    [
        ("電話番号", "1", "1", "1", Decision.SAME),
        ("電話番号", "076-1", "076-1", "０７６－１", Decision.SAME),
        ("緯度", "36.30", "36.30", "36.3", Decision.SAME),
        ("電話番号", "1", "2", "2", Decision.SAME),
        ("電話番号", "1", "2", "1", Decision.KEEP),
        ("電話番号", "1", "1", "2", Decision.TAKE),
        ("電話番号", "", "", "2", Decision.TAKE),
        ("電話番号", "1", "2", "3", Decision.CONFLICT),
        ("電話番号", "1", "2", "", Decision.CONFLICT),
        ("電話番号", "1", "1", "", Decision.SUSPICIOUS),
        ("緯度", "36.56123", "36.56123", "36.56", Decision.SUSPICIOUS),
        ("緯度", "36.56123", "36.56123", "36.57123", Decision.TAKE),
        ("POIコード", "0801", "0801", "801", Decision.SUSPICIOUS),
        ("POIコード", "801", "0801", "801", Decision.SUSPICIOUS),
        ("法人番号", "5220005000175", "5220005000175", "5.22001E+12", Decision.SUSPICIOUS),
        ("法人番号", "", "", "5.22001E+12", Decision.SUSPICIOUS),
        ("所在地_番地以下", "3-7", "3-7", "3月7日", Decision.SUSPICIOUS),
    ],
)
def test_three_sides_decide_a_cell(column, base, mine, theirs, decision):
    decided, _, value = merge_cell(column, base=base, mine=mine, theirs=theirs)

    assert decided is decision
    assert value == (theirs if decision is Decision.TAKE else mine)


@given(st.text(max_size=9), st.text(max_size=9), st.text(max_size=9), st.sampled_from(COLUMNS))
def test_a_correction_is_never_replaced_without_being_shown(base, mine, theirs, column):
    decision, _, value = merge_cell(column, base=base, mine=mine, theirs=theirs)

    if decision is not Decision.TAKE:
        assert value == mine


def test_a_corrected_phone_number_survives_an_unchanged_file():
    report = merged([GYM, HALL], [GYM, HALL], 電話番号="076-9")

    assert [(c.decision, c.value) for c in report.cells] == [(Decision.KEEP, "076-9")]


def test_records_are_known_by_id_or_by_name_and_address():
    renumbered = [["A2", *GYM[1:]], ["A1", *HALL[1:]]]

    report = merged([GYM, HALL], renumbered)

    assert report.matched == {1: "id::A1", 2: "id::A2"}


def test_new_and_vanished_records_are_told():
    pool = ["A3", "市民プール", *GYM[2:]]

    report = merged([GYM, HALL], [GYM, pool])

    assert (report.added, report.removed) == ((2,), ("id::A2",))
