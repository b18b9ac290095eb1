"""Shelters: the two CSV formats, GSI's GeoJSON, and towns that publish nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from reservations.opendata import CellStatus, FileRefused, RecordStatus, packaged, read_shelters
from tests.opendata.files import real


def shelters(name: str):
    return read_shelters(real(name), name, reference=packaged())


def test_the_evacuation_sites_of_ishikawa_are_read_with_their_hazards():
    file = shelters("ishikawa_shelters.csv")

    assert (file.kind, file.totals["records"], file.totals["rejected"]) == ("site", 1528, 3)
    first = file.records[0]
    assert (first.name, first.municipality) == ("旧金沢市立野町小学校", "金沢市")
    assert "earthquake" in first.hazards


def test_sites_that_lie_in_another_town_are_queued():
    file = shelters("ishikawa_shelters.csv")

    queued = [r.name for r in file.records if r.status is RecordStatus.QUEUED]
    assert queued == ["あすなろ公園", "中央公園", "朝日小学校", "中島小学校"]


def test_the_master_list_of_nanao_is_good_throughout():
    file = shelters("nanao_shelters_2024.csv")

    assert file.totals["records"] == 112 == file.totals["untouched"]
    assert file.records[0].capacity == 191


@pytest.mark.parametrize(
    ("name", "kind", "records"),
    [("gsi/evacuation_172120.json", "shelter", 25), ("gsi/emergency_172120.json", "site", 10)],
)
def test_geojson_of_one_town_is_read(name, kind, records):
    file = shelters(name)

    assert (file.kind, file.totals["records"]) == (kind, records)
    assert Counter(r.coordinate_status for r in file.records) == {CellStatus.OK: records}
    assert {r.municipality for r in file.records} == {"野々市市"}
    assert file.records[0].external_id.startswith("E172120")


def test_a_town_that_publishes_nothing_is_no_error():
    file = shelters("gsi/emergency_132039.json")

    assert file.records == ()
    assert file.unavailable == "この自治体の緊急避難所データは公開されていません。"


@pytest.mark.parametrize("data", [b"{", b"{}", b'{"type": "Feature"}', b'{"type": "unknown"}'])
def test_other_json_is_refused(data):
    with pytest.raises(FileRefused):
        read_shelters(data, "a.json", reference=packaged())


def test_a_feature_without_geometry_or_properties_is_still_a_record():
    features = b'[{}, null, {"properties": null}]'
    data = b'{"type": "FeatureCollection", "name": "172120", "features": ' + features + b"}"

    file = read_shelters(data, "a.json", reference=packaged())

    assert file.totals == {**file.totals, "records": 3, "rejected": 3}
