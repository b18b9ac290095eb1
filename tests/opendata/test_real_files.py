"""The bars of the import, on the towns' own files."""

from __future__ import annotations

from collections import Counter

import pytest

from reservations.opendata import (
    CellStatus,
    RecordStatus,
    packaged,
    read_facilities,
    read_shelters,
)
from reservations.opendata.coordinates import METHOD_NAMES
from tests.opendata.files import ishikawa, read, real, rows_of

# Wrong each in its own way; found by hand on the map (石川県 merged list, record numbers).
ODD = [354, 355, 356, 357, 1263, 1429, 1611, 1746, 1760, 1761, 1798, 1813, 1816]


def test_every_record_of_ishikawa_is_accounted_for_and_only_the_blank_ones_are_rejected():
    file = ishikawa()

    assert file.totals["records"] == 3486 == len(file.records)
    assert file.totals["imported"] + file.totals["queued"] + file.totals["rejected"] == 3486
    rejected = [r.record_no for r in file.records if r.status is RecordStatus.REJECTED]
    assert rejected == [3346, 3347]


def test_packed_degrees_of_one_town_and_lost_points_of_another_are_repaired():
    repaired = [r for r in ishikawa().records if r.coordinate_status is CellStatus.REPAIRED]

    assert Counter((r.municipality, r.coordinate_method) for r in repaired) == {
        ("能登町", "packed_degrees"): 289,
        ("七尾市", "decimal_point_lost"): 15,
    }
    assert {r.coordinate_method for r in repaired} < set(METHOD_NAMES)


def test_no_good_coordinate_is_touched():
    raw = rows_of(real("ishikawa_facilities.csv"))

    good = [r for r in ishikawa().records if r.coordinate_status is CellStatus.OK]

    assert len(good) == 3024
    for record in good:
        row = raw[record.record_no - 1]
        assert (record.lat, record.lng) == (float(row["緯度"]), float(row["経度"]))


def test_odd_coordinates_are_queued_and_never_repaired():
    odd = [
        r.record_no
        for r in ishikawa().records
        if any(str(reason).startswith("coordinates_out") for reason in r.reasons)
    ]

    assert odd == ODD
    for record in (ishikawa().records[number - 1] for number in ODD):
        assert record.status is RecordStatus.QUEUED
        assert record.coordinate_status is CellStatus.UNKNOWN
        assert (record.lat, record.lng) == (None, None)


def test_missing_coordinates_get_the_middle_of_their_town_as_a_proposal():
    missing = [
        r
        for r in ishikawa().records
        if "coordinates_missing" in {str(reason) for reason in r.reasons}
    ]

    assert Counter(r.coordinate_status.value for r in missing) == {"proposed": 142, "unknown": 1}
    assert sum(r.coordinate_status is CellStatus.PROPOSED for r in ishikawa().records) == 142
    # 穴水町字小ロの22番地: no town of this name; 字小又 is likely, and not proved.
    assert [r.record_no for r in missing if r.coordinate_status is CellStatus.UNKNOWN] == [350]


def test_a_repaired_position_lies_where_the_town_is():
    gym = next(r for r in ishikawa().records if r.name == "柏木多目的集会所")

    assert (gym.lat, gym.lng) == (37.3086111, 136.9754861)
    assert gym.cells["緯度"].raw == "37.1831"


def test_a_town_that_leaves_its_own_name_out_is_known_by_address_and_position():
    town = [r for r in ishikawa().records if r.municipality_code == "174076"]

    assert Counter(str(r.reasons[0]) for r in town) == {
        "municipality_from_address": 93,
        "municipality_from_position": 1,
    }


def test_the_shelters_of_arakawa_that_lie_in_other_wards_are_flagged():
    file = read_shelters(real("tokyo_shelters.csv"), "a.csv", reference=packaged())

    flagged = [r for r in file.records if r.status is RecordStatus.QUEUED]
    assert file.totals["records"] == 2636
    assert Counter(r.municipality for r in flagged) == {"荒川区": 36}
    assert sum(r.status is RecordStatus.IMPORTED for r in file.records) == 2600


@pytest.mark.parametrize(
    ("name", "encoding", "generation", "totals"),
    [
        ("170003_public_facility_202402.csv", "utf-8-sig", "new", (87, 4)),
        ("170003_public_facility_202510_cp932.csv", "cp932", "new", (83, 0)),
        ("172120_public-facility.csv", "utf-8-sig", "new", (189, 0)),
        ("tokyo_metropolitan_facilities.csv", "utf-8", "old", (136, 0)),
    ],
)
def test_each_published_list_is_read(name, encoding, generation, totals):
    file = read(real(name), name)

    assert (file.encoding, file.generation) == (encoding, generation)
    assert (file.totals["records"], file.totals["rejected"]) == totals


def test_a_cp932_file_says_the_same_as_its_utf_8_twin():
    older = {r.external_id: r for r in read(real("170003_public_facility_202402.csv")).records}
    newer = read(real("170003_public_facility_202510_cp932.csv")).records

    assert [r.name for r in newer] == [older[r.external_id].name for r in newer]
    assert [r.kana for r in newer] == [older[r.external_id].kana for r in newer]


def test_a_contact_address_is_kept_and_marked_private():
    line = "名称,所在地_連結表記,所在地_市区町村,緯度,経度,連絡先メールアドレス\r\n"
    row = "役場,石川県羽咋市旭町ア200番地,羽咋市,36.89365,136.77899,office@example.jp\r\n"

    file = read_facilities((line + row).encode(), "list.csv", reference=packaged())

    assert [r.raw["連絡先メールアドレス"] for r in file.records] == ["office@example.jp"]
    assert file.private_columns == {"連絡先メールアドレス"}
    assert not any("@" in str(r.report_row()) for r in file.records)
