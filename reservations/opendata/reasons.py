"""Why a cell, a record or a whole file was not taken as it stood.

A code is stable and goes to programs; the sentence is for the clerk who has to decide, so it says
what was seen and what to do. The catalogue below is the only place where the words are.

    Reason        about one cell or one record; the file is read on
    FileRefused   about the whole file; nothing of it is read

The web layer may word the codes in other languages; Japanese is the language of the clerk's sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# A raw value is quoted in a sentence only so far: a cell may hold a page of text.
QUOTED_CHARACTERS_MAX = 60


class ReasonCode(StrEnum):
    """Codes of single cells and records, grouped by what they speak of."""

    BLANK_RECORD = "blank_record"
    EXAMPLE_ROW = "example_row"
    NOTE_ROW = "note_row"
    REPEATED_HEADER = "repeated_header"
    TOO_MANY_CELLS = "too_many_cells"
    UNDECODABLE_BYTES = "undecodable_bytes"
    NAME_MISSING = "name_missing"
    DUPLICATE_RECORD = "duplicate_record"
    DUPLICATE_ID = "duplicate_id"
    COLUMNS_DISAGREE = "columns_disagree"

    MUNICIPALITY_FROM_ADDRESS = "municipality_from_address"
    MUNICIPALITY_FROM_POSITION = "municipality_from_position"
    MUNICIPALITY_UNKNOWN = "municipality_unknown"
    MUNICIPALITY_DISAGREES = "municipality_disagrees"
    CODE_COMPLETED = "code_completed"
    CODE_WRONG = "code_wrong"

    COORDINATES_MISSING = "coordinates_missing"
    COORDINATES_UNREADABLE = "coordinates_unreadable"
    COORDINATES_REWRITTEN = "coordinates_rewritten"
    COORDINATES_OUT_OF_RANGE = "coordinates_out_of_range"
    COORDINATES_OUTSIDE_MUNICIPALITY = "coordinates_outside_municipality"
    COORDINATES_REPAIRED = "coordinates_repaired"
    COORDINATES_AMBIGUOUS = "coordinates_ambiguous"
    COORDINATES_NOT_CHECKED = "coordinates_not_checked"
    POSITION_PROPOSED_FROM_TOWN = "position_proposed_from_town"
    POSITION_INSIDE_ADDRESS = "position_inside_address"
    TOWN_NOT_FOUND = "town_not_found"

    HOURS_NOT_UNDERSTOOD = "hours_not_understood"
    HOURS_INCOMPLETE = "hours_incomplete"
    HOURS_NARROWED_TO_DAYLIGHT = "hours_narrowed_to_daylight"
    CLOSED_DAYS_IN_OPEN_COLUMN = "closed_days_in_open_column"
    CLOSED_DAYS_ASSUMED = "closed_days_assumed"
    CLOSED_DAYS_WITHOUT_DATES = "closed_days_without_dates"
    CLOSED_DAYS_NOT_UNDERSTOOD = "closed_days_not_understood"
    OPEN_BY_ARRANGEMENT = "open_by_arrangement"
    SUSPENDED = "suspended"

    NUMBER_ROUNDED = "number_rounded"
    CORPORATE_NUMBER_WRONG = "corporate_number_wrong"
    LEADING_ZERO_LOST = "leading_zero_lost"
    POI_CODE_UNKNOWN = "poi_code_unknown"
    BECAME_A_DATE = "became_a_date"
    DATE_REPAIRED = "date_repaired"
    MERGED_CELL_FILLED = "merged_cell_filled"
    VALUE_NOT_UNDERSTOOD = "value_not_understood"

    FRAMES_OVERLAP = "frames_overlap"
    FRAME_NOT_UNDERSTOOD = "frame_not_understood"
    FEE_NOT_UNDERSTOOD = "fee_not_understood"
    FEES_MISSING = "fees_missing"
    ROOM_MISSING = "room_missing"
    CAPACITY_NOT_UNDERSTOOD = "capacity_not_understood"


SENTENCES: dict[ReasonCode, str] = {
    ReasonCode.BLANK_RECORD: "空の行です。取り込みません。",
    ReasonCode.EXAMPLE_ROW: "記入例の行です。取り込みません。",
    ReasonCode.NOTE_ROW: "説明の行です。取り込みません。",
    ReasonCode.REPEATED_HEADER: "見出しの行がもう一度出てきました。取り込みません。",
    ReasonCode.TOO_MANY_CELLS: (
        "列が見出しより多く、ずれている恐れがあります。元の行を確認してください。"
    ),
    ReasonCode.UNDECODABLE_BYTES: (
        "「{column}」に読めない文字があります。元のファイルで確認してください。"
    ),
    ReasonCode.NAME_MISSING: "名称がありません。名称を入れてください。",
    ReasonCode.DUPLICATE_RECORD: (
        "{record_no}件目と同じ名称・所在地です。どちらかを選んでください。"
    ),
    ReasonCode.DUPLICATE_ID: "IDが{record_no}件目と同じです。IDを確認してください。",
    ReasonCode.COLUMNS_DISAGREE: (
        "同じ見出し「{column}」の列が二つあり、値が違います。どちらか選んでください。"
    ),
    ReasonCode.MUNICIPALITY_FROM_ADDRESS: (
        "市区町村の欄が空のため、所在地から「{name}」としました。"
    ),
    ReasonCode.MUNICIPALITY_FROM_POSITION: (
        "市区町村の欄が空のため、座標と町名から「{name}」としました。"
    ),
    ReasonCode.MUNICIPALITY_UNKNOWN: (
        "市区町村が分かりません(「{raw}」)。市区町村を入れてください。"
    ),
    ReasonCode.MUNICIPALITY_DISAGREES: (
        "市区町村の欄は「{column}」、所在地は「{address}」です。どちらか確認してください。"
    ),
    ReasonCode.CODE_COMPLETED: "団体コード「{raw}」を6桁の「{code}」として読みました。",
    ReasonCode.CODE_WRONG: "団体コード「{raw}」は正しくありません。確認してください。",
    ReasonCode.COORDINATES_MISSING: "緯度・経度がありません。",
    ReasonCode.COORDINATES_UNREADABLE: "緯度・経度「{raw}」を数として読めません。",
    ReasonCode.COORDINATES_REWRITTEN: "緯度・経度の書き方を直して読みました({method})。",
    ReasonCode.COORDINATES_OUT_OF_RANGE: (
        "緯度・経度({raw})が日本の範囲にありません。地図で確認してください。"
    ),
    ReasonCode.COORDINATES_OUTSIDE_MUNICIPALITY: (
        "緯度・経度({raw})が{municipality}の外、約{distance_km}kmの所です。地図で確認してください。"
    ),
    ReasonCode.COORDINATES_REPAIRED: (
        "緯度・経度を直しました({method})。"
        "同じ誤りの{home}/{failing}件が{municipality}に収まります。"
    ),
    ReasonCode.COORDINATES_AMBIGUOUS: (
        "緯度・経度({raw})は、小数とも度分秒とも読めます。地図で確認してください。"
    ),
    ReasonCode.COORDINATES_NOT_CHECKED: (
        "行政界のデータがない地域のため、位置は大まかにだけ確かめました。"
    ),
    ReasonCode.POSITION_PROPOSED_FROM_TOWN: (
        "所在地から、{town}のおおよその中心を案としました。地図で確かめて直してください。"
    ),
    ReasonCode.POSITION_INSIDE_ADDRESS: (
        "座標は所在地の{municipality}の中にあります。そのままでよいか確認してください。"
    ),
    ReasonCode.TOWN_NOT_FOUND: (
        "所在地「{address}」の町・大字が見つかりません。位置を入れてください。"
    ),
    ReasonCode.HOURS_NOT_UNDERSTOOD: (
        "{column}「{raw}」を読み取れません。利用できる曜日と時間を入れてください。"
    ),
    ReasonCode.HOURS_INCOMPLETE: "開始時間と終了時間の片方がありません。時間を入れてください。",
    ReasonCode.HOURS_NARROWED_TO_DAYLIGHT: (
        "日の出・日没を、一年中明るい{start}〜{end}としました。季節ごとの時間を確認してください。"
    ),
    ReasonCode.CLOSED_DAYS_IN_OPEN_COLUMN: (
        "利用可能曜日の欄に休みの日が書かれています(「{raw}」)。休みとして読みました。"
    ),
    ReasonCode.CLOSED_DAYS_ASSUMED: (
        "「{text}」の日付がないため、{assumed}としました。確認してください。"
    ),
    ReasonCode.CLOSED_DAYS_WITHOUT_DATES: "「{text}」の日付がありません。休む日を入れてください。",
    ReasonCode.CLOSED_DAYS_NOT_UNDERSTOOD: (
        "「{text}」を読み取れません。休む日・時間を確認してください。"
    ),
    ReasonCode.OPEN_BY_ARRANGEMENT: (
        "「{raw}」とあり、決まった曜日・時間がありません。貸し出す時間を入れてください。"
    ),
    ReasonCode.SUSPENDED: "「{raw}」とあり、今は利用できません。再開の時期を確認してください。",
    ReasonCode.NUMBER_ROUNDED: (
        "{column}「{raw}」は表計算ソフトで丸められ、"
        "元の番号に戻せません。正しい番号を入れてください。"
    ),
    ReasonCode.CORPORATE_NUMBER_WRONG: (
        "法人番号「{raw}」は13桁の正しい番号ではありません。確認してください。"
    ),
    ReasonCode.LEADING_ZERO_LOST: (
        "{column}「{raw}」の先頭の0が消えています。「{value}」としました。"
    ),
    ReasonCode.POI_CODE_UNKNOWN: "POIコード「{raw}」は一覧にありません。確認してください。",
    ReasonCode.BECAME_A_DATE: (
        "{column}「{raw}」は番地が日付に変わったものです。正しい番地を入れてください。"
    ),
    ReasonCode.DATE_REPAIRED: (
        "{column}「{raw}」は日付に変わった番地です。所在地から「{value}」に直しました。"
    ),
    ReasonCode.MERGED_CELL_FILLED: "結合セルの値「{value}」を入れました。",
    ReasonCode.VALUE_NOT_UNDERSTOOD: "{column}「{raw}」を読み取れません。確認してください。",
    ReasonCode.FRAMES_OVERLAP: (
        "コマ「{frame}」が「{other}」と重なっています({times})。正しい時間を確認してください。"
    ),
    ReasonCode.FRAME_NOT_UNDERSTOOD: "コマの区分「{raw}」を読み取れません。時間を入れてください。",
    ReasonCode.FEE_NOT_UNDERSTOOD: "使用料「{raw}」を金額として読めません。金額を入れてください。",
    ReasonCode.FEES_MISSING: "使用料がありません。料金表を入れるまで料金は未定です。",
    ReasonCode.ROOM_MISSING: "室場の名前がありません。名前を入れてください。",
    ReasonCode.CAPACITY_NOT_UNDERSTOOD: (
        "定員・面積「{raw}」を数として読めません。確認してください。"
    ),
}


@dataclass(frozen=True)
class Reason:
    """One remark: a stable code, its parameters, and the sentence made from both.

    params   (name, value) pairs in the order of the sentence; long values are cut when worded
    """

    code: ReasonCode
    params: tuple[tuple[str, str], ...] = ()

    def sentence(self) -> str:
        """The remark in the clerk's words."""
        shown = {name: _quoted(value) for name, value in self.params}
        return SENTENCES[self.code].format(**shown)

    def __str__(self) -> str:
        return self.code.value


def reason(code: ReasonCode, /, **params: object) -> Reason:
    """A Reason with its parameters written as text, in the order given."""
    return Reason(code, tuple((name, str(value)) for name, value in params.items()))


class RefusedCode(StrEnum):
    """Codes of whole files; the first that applies is the one raised."""

    EMPTY_FILE = "empty_file"
    FILE_TOO_LARGE = "file_too_large"
    NOT_A_TABLE = "not_a_table"
    OLD_EXCEL = "old_excel"
    BROKEN_EXCEL = "broken_excel"
    UNKNOWN_ENCODING = "unknown_encoding"
    CELL_TOO_LONG = "cell_too_long"
    TOO_MANY_COLUMNS = "too_many_columns"
    TOO_MANY_RECORDS = "too_many_records"
    QUOTE_NOT_CLOSED = "quote_not_closed"
    HEADER_NOT_FOUND = "header_not_found"
    WRONG_KIND = "wrong_kind"
    NO_RECORDS = "no_records"
    UNKNOWN_MUNICIPALITY = "unknown_municipality"


REFUSED_SENTENCES: dict[RefusedCode, str] = {
    RefusedCode.EMPTY_FILE: "「{filename}」は空です。データの入ったファイルを選んでください。",
    RefusedCode.FILE_TOO_LARGE: (
        "「{filename}」は{megabytes}MBあり、上限の{limit}MBを超えます。分けてください。"
    ),
    RefusedCode.NOT_A_TABLE: (
        "「{filename}」は表ではなく{kind}です。CSVまたはExcel(xlsx)で保存し直してください。"
    ),
    RefusedCode.OLD_EXCEL: (
        "「{filename}」は古いExcel形式(xls)です。xlsxかCSVで保存し直してください。"
    ),
    RefusedCode.BROKEN_EXCEL: (
        "「{filename}」をExcelとして開けません。開き直して保存し直してください。"
    ),
    RefusedCode.UNKNOWN_ENCODING: (
        "「{filename}」の文字を読めません。CSV UTF-8で保存し直してください。"
    ),
    RefusedCode.CELL_TOO_LONG: (
        "{line}行目のセルが{limit}文字を超えます。引用符の閉じ忘れがないか確認してください。"
    ),
    RefusedCode.TOO_MANY_COLUMNS: "列が{columns}もあります。区切り文字を確認してください。",
    RefusedCode.TOO_MANY_RECORDS: "{limit}件を超えます。ファイルを分けてください。",
    RefusedCode.QUOTE_NOT_CLOSED: (
        '{line}行目の近くで引用符「"」が閉じていません。そのまま読むと行が失われます。直してください。'
    ),
    RefusedCode.HEADER_NOT_FOUND: (
        "見出しの行に「{column}」の列がありません。見出しの行が残っているか確認してください。"
    ),
    RefusedCode.WRONG_KIND: (
        "「{filename}」は{seen}のファイルです。"
        "{wanted}のファイルを選ぶか、{command}で取り込んでください。"
    ),
    RefusedCode.NO_RECORDS: "「{filename}」には見出しだけで、データの行がありません。",
    RefusedCode.UNKNOWN_MUNICIPALITY: (
        "団体コード「{code}」はありません。6桁のコードを確認してください。"
    ),
}


class FileRefused(Exception):  # noqa: N818 - an answer to whoever sent the file, not a fault
    """A file of which nothing can be read: a stable code, parameters, a sentence that helps.

    code       member of RefusedCode
    params     plain values for the sentence; safe to show
    sentence   Japanese, says what to do next
    """

    def __init__(self, code: RefusedCode, /, **params: object) -> None:
        self.code = code
        self.params = {name: str(value) for name, value in params.items()}
        shown = {name: _quoted(value) for name, value in self.params.items()}
        self.sentence = REFUSED_SENTENCES[code].format(**shown)
        super().__init__(f"{code.value}: {self.sentence}")


def _quoted(value: str) -> str:
    """One line of a raw value, cut, so that a sentence stays a sentence."""
    line = " ".join(value.split())
    if len(line) <= QUOTED_CHARACTERS_MAX:
        return line
    return line[: QUOTED_CHARACTERS_MAX - 1] + "…"
