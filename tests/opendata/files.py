"""Real files by name, and small files made by hand; what these tests read."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files as installed
from pathlib import Path

from reservations.opendata import FacilityFile, FacilityRecord, packaged, read_facilities

HERE = Path(__file__).parent.parent / "data"


@cache
def real(name: str) -> bytes:
    """A real file of tests/data, or of the demo's data where that has it."""
    if (HERE / name).exists():
        return (HERE / name).read_bytes()
    packed = installed("reservations.demo") / "data" / f"{name}.gz"
    return gzip.decompress(packed.read_bytes())


@cache
def ishikawa() -> FacilityFile:
    """The merged list of Ishikawa: 3,486 records with every kind of dirt."""
    return read_facilities(real("ishikawa_facilities.csv"), "a.csv", reference=packaged())


def rows_of(data: bytes, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(encoding), newline="")))


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """A table as text with CRLF, quoted where needed."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def read(data: bytes | str, filename: str = "a.csv", **options: str) -> FacilityFile:
    raw = data.encode() if isinstance(data, str) else data
    return read_facilities(raw, filename, reference=packaged(), **options)


def one(**cells: str) -> FacilityRecord:
    """The single record of a file with these columns; a name and a place are given if missing."""
    filled = {
        "名称": "中央体育館",
        "所在地_市区町村": "金沢市",
        "緯度": "36.5612",
        "経度": "136.6560",
    } | cells
    file = read(csv_of(list(filled), [list(filled.values())]))
    assert len(file.records) == 1
    return file.records[0]


def codes(record: FacilityRecord) -> list[str]:
    return [str(reason) for reason in record.reasons]
