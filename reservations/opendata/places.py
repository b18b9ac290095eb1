"""In which municipality a record lies: from its columns, its code, its address or its position.

The columns and the address must agree; where they do not, the columns are kept and a clerk is told.
A prefecture's own facility is published by the prefecture but lies in a town: its code is the
prefecture's, its place the town's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reservations.opendata.cells import Cell, CellStatus, squeezed, text_of
from reservations.opendata.coordinates import read_angle
from reservations.opendata.reasons import Reason, ReasonCode, reason
from reservations.opendata.reference import Municipality, Reference, with_check_digit


@dataclass(frozen=True)
class Place:
    """The municipality of one record.

    municipality   None where nothing tells it
    rest           the address after the municipality
    address_code   what the address alone says, None if it says nothing
    status         ok, repaired (derived), unknown
    """

    municipality: Municipality | None
    rest: str
    address_code: str | None
    status: CellStatus
    reasons: tuple[Reason, ...] = ()


def read_code(raw: str, reference: Reference) -> Cell:
    """全国地方公共団体コード as six digits: five get their check digit, a lost zero comes back."""
    text = squeezed(text_of(raw)).removesuffix(".0")
    if not text:
        return Cell(raw, None)
    if text in reference.municipalities:
        return Cell(raw, text)
    if re.fullmatch(r"\d{1,2}", text):
        text = text.zfill(2) + "000"
    if re.fullmatch(r"\d{4,5}", text):
        candidates = [with_check_digit(text.zfill(5)), text.zfill(6)]
        known = [code for code in candidates if code in reference.municipalities]
        if len(set(known)) == 1:
            told = reason(ReasonCode.CODE_COMPLETED, raw=raw, code=known[0])
            return Cell(raw, known[0], CellStatus.REPAIRED, told)
    return Cell(raw, None, CellStatus.UNKNOWN, reason(ReasonCode.CODE_WRONG, raw=raw))


def read_place(
    *,
    prefecture: str,
    town: str,
    code: Municipality | None,
    address: str,
    position: tuple[str, str],
    usual: str,
    reference: Reference,
) -> Place:
    """The municipality of a record, by the first of its sources that tells it.

    prefecture, town   所在地_都道府県 and 所在地_市区町村 as written
    code               of 所在地_全国地方公共団体コード, or of the publisher where that is a town
    address            所在地_連結表記
    position           緯度 and 経度 as written, only asked where the address is not enough
    usual              the prefecture of the rest of the file, for addresses without one
    """
    prefecture = text_of(prefecture) or usual
    by_address, rest = reference.at_start_of(address, prefecture=prefecture)
    address_code = by_address.code if by_address else None
    if town := text_of(town):
        by_name = reference.named(town, prefecture=prefecture) or reference.named(town)
        if by_name is None:
            by_name, _ = reference.at_start_of(prefecture + town)
        if by_name is not None and not by_name.is_prefecture:
            return Place(by_name, rest, address_code, CellStatus.OK)
        if by_name is None and by_address is None and (code is None or code.is_prefecture):
            told = reason(ReasonCode.MUNICIPALITY_UNKNOWN, raw=town)
            return Place(None, rest, None, CellStatus.UNKNOWN, (told,))
    if code is not None and not code.is_prefecture:
        return Place(code, rest, address_code, CellStatus.OK)
    if by_address is not None:
        told = reason(ReasonCode.MUNICIPALITY_FROM_ADDRESS, name=by_address.full_name)
        return Place(by_address, rest, address_code, CellStatus.REPAIRED, (told,))
    return _by_position(position, rest, code, reference, address)


def _by_position(
    position: tuple[str, str],
    rest: str,
    code: Municipality | None,
    reference: Reference,
    address: str,
) -> Place:
    """A position proves a municipality if the address names one of its towns."""
    lat, lng = read_angle(position[0]), read_angle(position[1])
    found = reference.containing(lat.value, lng.value) if lat and lng else None
    if found is not None:
        # What stands before the town may be a county without its town: 鹿島郡能登部下.
        bare = rest.removeprefix(found.county)
        if reference.town_of(found.code, bare) is not None:
            told = reason(ReasonCode.MUNICIPALITY_FROM_POSITION, name=found.full_name)
            return Place(found, bare, found.code, CellStatus.REPAIRED, (told,))
    if code is not None:
        return Place(code, rest, None, CellStatus.OK)
    told = reason(ReasonCode.MUNICIPALITY_UNKNOWN, raw=address)
    return Place(None, rest, None, CellStatus.UNKNOWN, (told,))
