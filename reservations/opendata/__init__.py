"""The national open-data lists in and out, parsed to values before anything is stored.

    from reservations.opendata import packaged, read_facilities

    file = read_facilities(data, "list.csv", reference=packaged())
    file.totals    {"records", "imported", "queued", "rejected",
                    "untouched", "repaired", "proposed"}
    file.records   FacilityRecord each, with status, reasons, position, hours, cells
    record.report_row()   a line of the clerk's sheet

    packaged() -> Reference
        borders, towns and codes; load once a process
    read_facilities(data, filename, *, reference, municipality_code=None) -> FacilityFile
        公共施設一覧, both generations
    read_rooms(data, filename, *, reference, municipality_code=None, fees=None,
               fees_filename="") -> RoomFile
        室場と料金, one file or two
    read_shelters(data, filename, *, reference, municipality_code=None) -> ShelterFile
        避難所・避難場所, CSV and GeoJSON
    read_hours(days, start, end, notes="") -> HoursReading
        the four cells of one record
    merge_files(base, theirs, *, mine=None) -> MergeReport
        a file imported again; merge_cell does one cell of it
    facility_csv(facilities, *, include_private=False) -> bytes
        公共施設一覧, 56 columns

A file that cannot be read at all raises `FileRefused(code, params, sentence)`. Otherwise every row
below the header is a record with exactly one status, and records == imported + queued + rejected
(imported counts repaired and proposed). Pure: no database, no clock, no network.
"""

from __future__ import annotations

from reservations.opendata.cells import Cell, CellStatus, RecordStatus
from reservations.opendata.closures import ClosedKind, ClosedRule, OnHoliday
from reservations.opendata.columns import PRIVATE_COLUMNS
from reservations.opendata.export import FacilityValues, facility_csv
from reservations.opendata.facilities import FacilityFile, FacilityRecord, read_facilities
from reservations.opendata.fees import FeeRecord
from reservations.opendata.hours import (
    Hours,
    HoursReading,
    HoursState,
    Span,
    format_hours,
    read_hours,
)
from reservations.opendata.merge import (
    CellMerge,
    Decision,
    MergeReason,
    MergeReport,
    match_key,
    merge_cell,
    merge_files,
)
from reservations.opendata.reasons import FileRefused, Reason, ReasonCode, RefusedCode
from reservations.opendata.reference import Municipality, Reference, packaged
from reservations.opendata.rooms import RoomFile, RoomRecord, read_rooms
from reservations.opendata.shelters import ShelterFile, ShelterRecord, read_shelters

__all__ = [
    "PRIVATE_COLUMNS",
    "Cell",
    "CellMerge",
    "CellStatus",
    "ClosedKind",
    "ClosedRule",
    "Decision",
    "FacilityFile",
    "FacilityRecord",
    "FacilityValues",
    "FeeRecord",
    "FileRefused",
    "Hours",
    "HoursReading",
    "HoursState",
    "MergeReason",
    "MergeReport",
    "Municipality",
    "OnHoliday",
    "Reason",
    "ReasonCode",
    "RecordStatus",
    "Reference",
    "RefusedCode",
    "RoomFile",
    "RoomRecord",
    "ShelterFile",
    "ShelterRecord",
    "Span",
    "facility_csv",
    "format_hours",
    "match_key",
    "merge_cell",
    "merge_files",
    "packaged",
    "read_facilities",
    "read_hours",
    "read_rooms",
    "read_shelters",
]
