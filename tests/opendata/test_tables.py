"""From bytes to rows: encodings, delimiters, headers in odd places, spreadsheets, refusals."""

from __future__ import annotations

import datetime
import gzip
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.opendata import FileRefused, RecordStatus
from tests.opendata.files import codes, csv_of, read, real

COLUMNS = ["名称", "所在地_連結表記", "所在地_市区町村", "緯度", "経度"]
GYM = ["中央体育館", "石川県金沢市広坂1丁目1番1号", "金沢市", "36.5612", "136.6560"]
HALL = ["㈱髙橋ホール①", "石川県金沢市本町2丁目15番1号", "金沢市", "36.5775", "136.6480"]


def names(file) -> list[str]:
    return [record.name for record in file.records]


def workbook(**sheets) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp932", "utf-16", "utf-16-le", "utf-16-be", "euc_jp"],
)
def test_a_list_is_read_in_every_encoding_that_towns_use(encoding):
    rows = [GYM, HALL] if encoding != "euc_jp" else [GYM]

    file = read(csv_of(COLUMNS, rows).encode(encoding))

    assert names(file) == [row[0] for row in rows]


def test_a_list_in_iso_2022_jp_is_read():
    assert names(read(csv_of(COLUMNS, [GYM]).encode("iso2022_jp"))) == ["中央体育館"]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found_whatever_the_file_is_called(delimiter):
    assert names(read(csv_of(COLUMNS, [GYM, HALL], delimiter))) == [GYM[0], HALL[0]]


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_any_line_end_will_do(newline):
    text = csv_of(COLUMNS, [GYM, HALL]).replace("\r\n", newline)

    assert names(read(text)) == [GYM[0], HALL[0]]


def test_titles_above_the_header_are_no_records():
    titles = "公共施設一覧,,,,\r\n令和6年4月1日現在,,,,\r\n\r\n"

    file = read(titles + csv_of(COLUMNS, [GYM]))

    assert file.totals["records"] == 1
    assert names(file) == ["中央体育館"]


@pytest.mark.parametrize(
    "header",
    [
        ["施設名", "住所", "市区町村名", "緯度", "経度"],
        [" 名 称 ", "所在地＿連結表記", "所在地_市区町村", "緯　度", "経　度"],
        ["名称\n(必須)", "所在地_連結表記", "所在地_市区町村", "緯度", "経度"],
        ["※名称", "住所（所在地）", "市町村名", "ＬＡＴ", "ＬＮＧ"],
        ["施設名称", "所在地", "自治体", "latitude", "longitude"],
    ],
)
def test_headers_are_known_under_their_other_spellings(header):
    (record,) = read(csv_of(header, [GYM])).records

    assert (record.name, record.municipality, record.lat) == ("中央体育館", "金沢市", 36.5612)


def test_newlines_in_a_cell_stay_in_the_cell():
    row = ["代本住宅\n(特定公共賃貸住宅)", *GYM[1:]]

    (record,) = read(csv_of(COLUMNS, [row])).records

    assert record.name == "代本住宅\n(特定公共賃貸住宅)"


def test_rows_that_are_no_records_are_rejected_and_counted():
    rows = [
        GYM,
        ["", "", "", "", ""],
        COLUMNS,
        ["記入例", "東京都千代田区", "", "", ""],
        ["必須", "文字列", "任意", "数値", "数値"],
        ["※緯度・経度は世界測地系です", "", "", "", ""],
        HALL,
    ]

    file = read(csv_of(COLUMNS, rows))

    reasons = [codes(r)[0] for r in file.records if r.status is RecordStatus.REJECTED]
    assert reasons == ["blank_record", "repeated_header", "example_row", "note_row", "note_row"]
    assert (file.totals["records"], file.totals["imported"]) == (7, 2)


def test_a_row_with_a_comma_too_many_is_queued_not_shifted_silently():
    text = csv_of(COLUMNS, [GYM]) + "本館,分館,石川県金沢市広坂1,金沢市,36.5612,136.656\r\n"

    record = read(text).records[1]

    assert record.status is RecordStatus.QUEUED
    assert "too_many_cells" in codes(record)


def test_a_row_that_ends_early_is_filled_up():
    record = read("名称,所在地_市区町村,緯度,経度,URL\r\n体育館,金沢市,36.56,136.65\r\n").records[0]

    assert (record.name, record.url) == ("体育館", "")


def test_two_columns_with_one_name_give_the_value_that_is_there():
    file = read("名称,住所,住所\r\n体育館,,石川県金沢市広坂1丁目1\r\n")

    assert file.records[0].address == "石川県金沢市広坂1丁目1"
    assert list(file.records[0].raw) == ["名称", "住所", "住所#2"]


def test_a_stray_byte_costs_one_record_not_the_file():
    data = csv_of(COLUMNS, [GYM] * 200).encode() + b"\xff\xfe\x80,a,\r\n"

    file = read(data)

    assert file.records[-1].status is RecordStatus.QUEUED
    assert codes(file.records[-1])[0] == "undecodable_bytes"


def test_the_data_sheet_of_a_workbook_is_chosen_among_examples_and_lists():
    data = workbook(
        記入例=[COLUMNS, ["例の館", *GYM[1:]], ["例の館2", *GYM[1:]], ["例の館3", *GYM[1:]]],
        POIコード一覧=[["POIコード", "名称"], ["1110", "体育館"]],
        公共施設一覧=[["公共施設一覧"], [], COLUMNS, GYM, HALL],
    )

    file = read(data, "a.xlsx")

    assert (file.sheet, names(file)) == ("公共施設一覧", [GYM[0], HALL[0]])


def test_a_merged_title_is_no_record_and_a_cell_merged_downwards_holds_for_each_row():
    book = openpyxl.load_workbook(io.BytesIO(workbook(一覧=[["公共施設一覧"], COLUMNS, GYM, HALL])))
    sheet = book["一覧"]
    sheet.merge_cells("A1:E1")
    sheet.merge_cells("C3:C4")
    data = io.BytesIO()
    book.save(data)

    file = read(data.getvalue(), "a.xlsx")

    assert [r.municipality for r in file.records] == ["金沢市", "金沢市"]
    assert "merged_cell_filled" in codes(file.records[1])


def test_numbers_times_and_dates_of_a_workbook_become_what_the_town_saw():
    columns = [*COLUMNS, "POIコード", "利用可能曜日", "開始時間", "終了時間", "所在地_番地以下"]
    row = ["体育館", "石川県金沢市出羽町3-7", "金沢市", 36.5612, 136.656, 801, "月火"]
    row += [datetime.time(9), datetime.time(17, 30), datetime.datetime(2025, 3, 7)]

    (record,) = read(workbook(一覧=[columns, row]), "a.xlsx").records

    assert record.poi_code == "0801"
    assert record.hours.weekly[0][0] == type(record.hours.weekly[0][0])(540, 1050)
    assert record.cells["所在地_番地以下"].value == "3-7"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf\r\n \r\n", "empty_file"),
        (b"%PDF-1.7 not a table", "not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel"),
        (b"PK\x03\x04broken", "broken_excel"),
        (gzip.compress(b"a,b", mtime=0), "not_a_table"),
        (b"<!DOCTYPE html><html></html>", "not_a_table"),
        (b'{"type": "FeatureCollection"}', "not_a_table"),
        (bytes(range(256)) * 20, "not_a_table"),
        ("住所,緯度,経度\r\n金沢市,36,136\r\n".encode(), "header_not_found"),
        (csv_of(COLUMNS, []).encode(), "no_records"),
        (csv_of(COLUMNS, [[""] * 5] * 3).encode(), "no_records"),
        (csv_of(COLUMNS, [["あ" * 40_000, *GYM[1:]]]).encode(), "cell_too_long"),
    ],
)
def test_what_is_no_list_is_refused_with_a_code_and_a_way_out(data, code):
    with pytest.raises(FileRefused) as refused:
        read(data, "list.csv")

    assert refused.value.code == code
    assert "。" in refused.value.sentence


def test_a_cell_of_fifty_megabytes_is_refused():
    data = "名称,緯度,経度\r\n".encode() + b'"' + b"a" * 50_000_000 + b'",36,136\r\n'

    with pytest.raises(FileRefused) as refused:
        read(data)

    assert refused.value.code == "cell_too_long"


def test_a_quote_that_is_never_closed_is_refused_and_loses_no_rows():
    text = csv_of(COLUMNS, [GYM]) + '"体育館,金沢市,,,\r\n' + csv_of(COLUMNS, [GYM, HALL])

    with pytest.raises(FileRefused) as refused:
        read(text)

    assert refused.value.code == "quote_not_closed"
    assert refused.value.params["line"] == "3"


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("tokyo_rooms.csv", "室場"),
        ("tokyo_room_fees.csv", "室場"),
        ("tokyo_shelters.csv", "避難所"),
    ],
)
def test_another_list_is_named_in_the_refusal(name, seen):
    with pytest.raises(FileRefused) as refused:
        read(real(name), name)

    assert refused.value.code == "wrong_kind"
    assert seen in refused.value.sentence


def test_an_unknown_municipality_code_is_refused():
    with pytest.raises(FileRefused) as refused:
        read(csv_of(COLUMNS, [GYM]), municipality_code="999999")

    assert refused.value.code == "unknown_municipality"


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    try:
        file = read(data)
    except FileRefused:
        return
    assert file.totals["records"] == len(file.records)


@given(st.lists(st.lists(st.text(max_size=8), min_size=5, max_size=5), min_size=1, max_size=6))
def test_any_rows_below_a_header_are_all_accounted_for(rows):
    try:
        file = read(csv_of(COLUMNS, [GYM, *rows]).encode("utf-8", errors="replace"))
    except FileRefused:
        return
    totals = file.totals
    assert totals["records"] == 1 + len(rows)
    assert totals["records"] == totals["imported"] + totals["queued"] + totals["rejected"]
