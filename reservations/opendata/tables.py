"""From the bytes of a file to named columns and rows of text, whatever program saved it.

Handles UTF-8 with and without BOM, CP932, EUC-JP, ISO-2022-JP and UTF-16; comma, tab, semicolon and
bar; titles above the header; headers that are repeated, full-width or broken over lines; newlines
in cells. Spreadsheets go through sheets.py. Nothing is interpreted here: a cell is the text that
was in the file.

Counting: every row below the header is a record, except lines with nothing at all on them. A row of
empty cells is a record (and will be rejected as blank), so that no row is lost silently.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from reservations.opendata.cells import squeezed
from reservations.opendata.reasons import FileRefused, RefusedCode

FILE_BYTES_MAX = 100 * 1024 * 1024
CELL_CHARACTERS_MAX = 32_767  # what a spreadsheet can hold; more is an open quote, not a value
COLUMNS_MAX = 500
RECORDS_MAX = 200_000
HEADER_SEARCHED_ROWS = 40
HEADER_KNOWN_COLUMNS_MIN = 2
DELIMITERS = (",", "\t", ";", "|")
REPLACED_SHARE_MAX = 0.01

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "画像"),
    (b"\xff\xd8\xff", "画像"),
    (b"GIF8", "画像"),
    (b"{\\rtf", "文書(RTF)"),
    (b"\x1f\x8b", "圧縮ファイル"),
    (b"7z\xbc\xaf", "圧縮ファイル"),
    (b"SQLite format 3", "データベース"),
)


@dataclass(frozen=True)
class Table:
    """A table as it stood in the file.

    columns      header texts as written, one per column, "" for a column without a header
    rows         every row as long as `columns`; longer ones keep their surplus at the end
    first_line   number of the first row's line (or spreadsheet row), for messages
    titles       what stood above the header
    filled       (row index, column index) of cells that were filled from a merged cell
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    encoding: str
    delimiter: str
    sheet: str | None = None
    first_line: int = 2
    titles: tuple[str, ...] = ()
    filled: frozenset[tuple[int, int]] = frozenset()


def read_table(data: bytes, filename: str, *, known: Mapping[str, str]) -> Table:
    """The one table of a file.

    known    squeezed header text -> canonical column: what tells a header row from a title
    raises   FileRefused where there is no table, no header, or rows would be lost by reading it
    """
    if not data.strip(b"\x00\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise FileRefused(RefusedCode.EMPTY_FILE, filename=filename)
    if len(data) > FILE_BYTES_MAX:
        megabytes, limit = len(data) // 2**20, FILE_BYTES_MAX // 2**20
        raise FileRefused(
            RefusedCode.FILE_TOO_LARGE, filename=filename, megabytes=megabytes, limit=limit
        )
    if data.startswith(b"PK\x03\x04"):
        # Two modules that read one kind of file each; the spreadsheet one is needed rarely.
        from reservations.opendata.sheets import read_sheet  # noqa: PLC0415 - it imports Table

        return read_sheet(data, filename, known=known)
    refuse_other_kinds(data, filename)
    text, encoding = decoded(data, filename, known=known)
    return delimited(text, filename, encoding=encoding, known=known)


def refuse_other_kinds(data: bytes, filename: str) -> None:
    """Raise for what is plainly not a table of text, whatever its name says."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused(RefusedCode.OLD_EXCEL, filename=filename)
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            raise FileRefused(RefusedCode.NOT_A_TABLE, filename=filename, kind=kind)
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<table")):
        raise FileRefused(
            RefusedCode.NOT_A_TABLE, filename=filename, kind="ウェブページ(HTML・XML)"
        )
    if start.startswith((b"{", b"[{", b"[\n", b"[\r", b"[ ")):
        raise FileRefused(RefusedCode.NOT_A_TABLE, filename=filename, kind="JSON")


def decoded(data: bytes, filename: str, *, known: Mapping[str, str]) -> tuple[str, str]:
    """The text and the encoding it was in; unreadable bytes become U+FFFD where they are few."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), encoding
    if b"\x00" in data[:2000]:
        return _utf_16_without_mark(data, filename)
    if b"\x1b$" in data[:20000]:
        candidates = ["iso2022_jp_ext"]
    else:
        candidates = ["utf-8", "cp932", "euc_jp", "shift_jisx0213"]
    readable = [(text, e) for e in candidates if (text := _strictly(data, e)) is not None]
    for text, encoding in readable:
        if _header_words(text, known):
            return text, encoding
    if readable:
        return readable[0]
    return _with_losses(data, filename)


def delimited(text: str, filename: str, *, encoding: str, known: Mapping[str, str]) -> Table:
    """Split text by the delimiter under which the most known column names appear."""
    scored = [(_best_header(text, delimiter, known), delimiter) for delimiter in DELIMITERS]
    (score, header_at), delimiter = max(scored, key=lambda found: found[0][0])
    if score < HEADER_KNOWN_COLUMNS_MIN:
        raise FileRefused(RefusedCode.HEADER_NOT_FOUND, column="名称")
    return _rows(text, delimiter, header_at, encoding=encoding)


def header_score(row: tuple[str, ...] | list[str], known: Mapping[str, str]) -> int:
    """How many different known columns a row names; 0 for a row of data."""
    return len({known[key] for cell in row if (key := header_key(cell)) in known})


def header_key(header: str) -> str:
    """A header reduced to what identifies it: width, blanks, marks and 必須/任意 notes removed."""
    key = squeezed(header).casefold()
    for note in ("(必須)", "(任意)", "(推奨)", "【必須】", "【任意】", "[必須]", "[任意]"):
        key = key.replace(note, "")
    return key.strip("*※◎○●・:")


def _utf_16_without_mark(data: bytes, filename: str) -> tuple[str, str]:
    """UTF-16 is told by its zero bytes: in ASCII parts every second byte is one."""
    sample = data[:2000]
    encoding = "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"
    text = _strictly(data, encoding)
    zeros = sample.count(0) / max(1, len(sample))
    if text is None or zeros < 0.02 or "\x00" in text[:2000]:
        raise FileRefused(RefusedCode.NOT_A_TABLE, filename=filename, kind="文字ではないデータ")
    return text, encoding


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _header_words(text: str, known: Mapping[str, str]) -> bool:
    start = squeezed(text[:6000]).casefold()
    return any(len(word) > 1 and word in start for word in known)


def _with_losses(data: bytes, filename: str) -> tuple[str, str]:
    """A file cut in the middle of a character, or with a stray byte, is still worth reading."""
    tries = [(data.decode(e, errors="replace"), e) for e in ("utf-8", "cp932")]
    text, encoding = min(tries, key=lambda found: found[0].count("\ufffd"))
    if text.count("\ufffd") > REPLACED_SHARE_MAX * len(text):
        raise FileRefused(RefusedCode.UNKNOWN_ENCODING, filename=filename)
    return text, encoding


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line number at which the row ends, cells); a csv.Error is an overlong cell."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line, limit = reader.line_num, CELL_CHARACTERS_MAX
            raise FileRefused(RefusedCode.CELL_TOO_LONG, line=line, limit=limit) from error
        yield reader.line_num, row


def _best_header(text: str, delimiter: str, known: Mapping[str, str]) -> tuple[int, int]:
    """(score, index among the rows) of the likeliest header row; the earliest of equals."""
    best = (0, 0)
    try:
        for index, (_, row) in enumerate(islice(_lines(text, delimiter), HEADER_SEARCHED_ROWS)):
            score = header_score(row, known)
            if score > best[0]:
                best = (score, index)
    except FileRefused:
        # Under the wrong delimiter a whole file may look like one cell; the right one decides.
        if delimiter == ",":
            raise
    return best


def _rows(text: str, delimiter: str, header_at: int, *, encoding: str) -> Table:
    lines = _lines(text, delimiter)
    titles = [row for _, row in islice(lines, header_at)]
    line, header = next(lines)
    if len(header) > COLUMNS_MAX:
        raise FileRefused(RefusedCode.TOO_MANY_COLUMNS, columns=len(header))
    while header and not header[-1].strip():
        header.pop()
    width, rows = len(header), []
    first_line, before = line + 1, line
    for line, row in lines:
        if row:
            _refuse_lost_rows(row, delimiter, width, line=before + 1)
            rows.append(tuple(_fitted(row, width)))
        if len(rows) > RECORDS_MAX:
            raise FileRefused(RefusedCode.TOO_MANY_RECORDS, limit=RECORDS_MAX)
        before = line
    said = tuple(" ".join(cell for cell in row if cell.strip()) for row in titles)
    return Table(tuple(header), tuple(rows), encoding, delimiter, None, first_line, said)


def _fitted(row: list[str], width: int) -> list[str]:
    """Short rows filled up; empty surplus cells, as spreadsheets add them, cut off."""
    if len(row) < width:
        return row + [""] * (width - len(row))
    while len(row) > width and not row[-1].strip():
        row.pop()
    return row


def _refuse_lost_rows(row: list[str], delimiter: str, width: int, *, line: int) -> None:
    """A cell that holds whole rows means a quote was never closed: refuse, or records vanish."""
    for cell in row:
        if len(cell) > CELL_CHARACTERS_MAX:
            raise FileRefused(RefusedCode.CELL_TOO_LONG, line=line, limit=CELL_CHARACTERS_MAX)
        if "\n" in cell or "\r" in cell:
            swallowed = max(2, width // 2)
            if any(part.count(delimiter) >= swallowed for part in cell.splitlines()[1:]):
                raise FileRefused(RefusedCode.QUOTE_NOT_CLOSED, line=line)
