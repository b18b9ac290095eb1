"""Spreadsheets: which sheet holds the data, and its cells as the text a CSV would have had.

A municipal workbook has sheets of examples, explanations and code lists beside the data; they are
told by their names and by their headers. Dates stay visible as dates, because in a column of house
numbers a date is damage (facilities.py decides).
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from reservations.opendata.cells import squeezed
from reservations.opendata.reasons import FileRefused, RefusedCode
from reservations.opendata.tables import (
    CELL_CHARACTERS_MAX,
    COLUMNS_MAX,
    HEADER_KNOWN_COLUMNS_MIN,
    HEADER_SEARCHED_ROWS,
    RECORDS_MAX,
    Table,
    header_score,
)

UNPACKED_BYTES_MAX = 400 * 1024 * 1024
_NOT_DATA = re.compile(
    "記入例|入力例|記載例|サンプル|見本|例$|^例|説明|凡例|解説|記入要領|手引|テンプレート|雛形|ひな形|ひな型"
    "|コード|リスト|選択肢|マスタ|更新履歴|履歴|改訂|表紙|目次|readme|sample|example|template|code|list",
    re.IGNORECASE,
)

Grid = list[list[str]]


def read_sheet(data: bytes, filename: str, *, known: Mapping[str, str]) -> Table:
    """The table of the workbook's data sheet.

    The sheet with the most known column names wins, then the one with the most rows; a sheet whose
    name says example, explanation or list is taken only if no other has a header.

    raises   FileRefused for a damaged, oversized or tableless workbook
    """
    book = _opened(data, filename)
    found: list[tuple[tuple[bool, int, int], str, Grid, int, frozenset[tuple[int, int]]]] = []
    for sheet in book.worksheets:
        grid, filled = _grid(sheet)
        score, header_at = _header(grid, known)
        if score >= HEADER_KNOWN_COLUMNS_MIN:
            looks_like_data = not _NOT_DATA.search(squeezed(sheet.title))
            key = (looks_like_data, score, len(grid))
            found.append((key, sheet.title, grid, header_at, filled))
    if not found:
        raise FileRefused(RefusedCode.HEADER_NOT_FOUND, column="名称")
    _, title, grid, header_at, filled = max(found, key=lambda entry: entry[0])
    return _table(title, grid, header_at, filled)


def _opened(data: bytes, filename: str) -> Any:
    import openpyxl  # noqa: PLC0415 - a fifth of a second that a CSV need not wait for

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            names = archive.namelist()
        if not any(name.startswith("xl/") for name in names):
            raise FileRefused(RefusedCode.NOT_A_TABLE, filename=filename, kind="圧縮ファイルか文書")
        if unpacked > UNPACKED_BYTES_MAX:
            megabytes, limit = unpacked // 2**20, UNPACKED_BYTES_MAX // 2**20
            raise FileRefused(
                RefusedCode.FILE_TOO_LARGE, filename=filename, megabytes=megabytes, limit=limit
            )
        return openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    except FileRefused:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError, SyntaxError) as error:
        # openpyxl names no exception of its own for a damaged workbook; these are what it lets out.
        raise FileRefused(RefusedCode.BROKEN_EXCEL, filename=filename) from error


def _grid(sheet: Any) -> tuple[Grid, frozenset[tuple[int, int]]]:
    """The cells as text, cells merged downwards filled, empty rows at the end dropped."""
    if sheet.max_column is not None and sheet.max_column > COLUMNS_MAX * 40:
        raise FileRefused(RefusedCode.TOO_MANY_COLUMNS, columns=sheet.max_column)
    grid = [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    filled = set()
    for merged in sheet.merged_cells.ranges:
        # A cell merged sideways is a title or a note; only one merged downwards means "the same".
        if merged.min_col == merged.max_col and merged.max_row - 1 < len(grid):
            top = grid[merged.min_row - 1][merged.min_col - 1]
            for row in range(merged.min_row, merged.max_row):
                grid[row][merged.min_col - 1] = top
                filled.add((row, merged.min_col - 1))
    while grid and not any(cell.strip() for cell in grid[-1]):
        grid.pop()
    return grid, frozenset(filled)


def _text(value: Any) -> str:
    """What a CSV export would say, except that a date keeps its year."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime.datetime() if value.time() == datetime.time():
            return f"{value.year}/{value.month}/{value.day}"
        case datetime.datetime():
            return value.strftime("%Y/%m/%d %H:%M")
        case datetime.date():
            return f"{value.year}/{value.month}/{value.day}"
        case datetime.time():
            return f"{value.hour}:{value.minute:02}"
        case datetime.timedelta():
            minutes = int(value.total_seconds()) // 60
            return f"{minutes // 60}:{minutes % 60:02}"
        case float() if value.is_integer() and abs(value) < 10**15:
            return str(int(value))
        case _:
            return str(value)[: CELL_CHARACTERS_MAX + 1]


def _header(grid: Grid, known: Mapping[str, str]) -> tuple[int, int]:
    scored = [
        (header_score(row, known), -index) for index, row in enumerate(grid[:HEADER_SEARCHED_ROWS])
    ]
    score, negative = max(scored, default=(0, 0))
    return score, -negative


def _table(title: str, grid: Grid, header_at: int, filled: frozenset[tuple[int, int]]) -> Table:
    header = list(grid[header_at])
    while header and not header[-1].strip():
        header.pop()
    width, body = len(header), grid[header_at + 1 :]
    if len(body) > RECORDS_MAX:
        raise FileRefused(RefusedCode.TOO_MANY_RECORDS, limit=RECORDS_MAX)
    for line, row in enumerate(body, header_at + 2):
        if any(len(cell) > CELL_CHARACTERS_MAX for cell in row):
            raise FileRefused(RefusedCode.CELL_TOO_LONG, line=line, limit=CELL_CHARACTERS_MAX)
        while len(row) > width and not row[-1].strip():
            row.pop()
    moved = frozenset((row - header_at - 1, column) for row, column in filled if row > header_at)
    said = tuple(" ".join(cell for cell in row if cell.strip()) for row in grid[:header_at])
    rows = tuple(tuple(row + [""] * (width - len(row))) for row in body)
    return Table(tuple(header), rows, "xlsx", "", title, header_at + 2, said, moved)
