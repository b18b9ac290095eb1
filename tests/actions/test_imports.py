"""Lists of open data taken in: what they become, what a second file may change, what waits."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from reservations.actions.import_files import Source, run
from reservations.actions.import_shelters import ShelterImport, import_shelters
from reservations.actions.imports import FacilityImport, import_facilities
from reservations.actions.openings import ConfirmRequest, confirm_hours
from reservations.db import Database, write_transaction
from reservations.demo import prepare
from reservations.errors import Refusal, RefusalCode
from reservations.models import (
    Event,
    Facility,
    ImportFile,
    ImportRecord,
    Municipality,
    OpeningVersion,
    Part,
    Shelter,
)
from reservations.opendata import packaged, read_facilities, read_shelters
from reservations.queries import memory
from tests import town
from tests.support.lists import count, rooms
from tests.town import TODAY

DATA = Path(__file__).parents[1] / "data"
HEADER = (
    "全国地方公共団体コード,ID,名称,所在地_連結表記,緯度,経度,電話番号,"
    "利用可能曜日,開始時間,終了時間,利用可能時間特記事項"
)
GYM = (
    "172120,A1,となり体育館,石川県野々市市三納一丁目1番地,36.5194,136.6097,076-000-0000,"
    "月火水木金土日,9:00,21:30,"
)


@pytest.fixture
def database(database_url):
    database = town.an_empty_database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def sqlite(sqlite_url):
    database = town.an_empty_database(sqlite_url)
    yield database
    database.dispose()


def table(*lines: str) -> bytes:
    return "\r\n".join((HEADER, *lines)).encode()


def changed(line: str, **cells: str) -> str:
    """A line with some of its cells changed, by the header's name."""
    row = dict(zip(HEADER.split(","), line.split(","), strict=True)) | cells
    return ",".join(row.values())


def facilities(database: Database, data: bytes, *, is_dry_run: bool = False, days: int = 5):
    """Import a 公共施設一覧; returns its report."""
    file = read_facilities(data, "list.csv", reference=packaged())
    source = Source("list.csv", hashlib.sha256(data).hexdigest(), file.encoding, file.columns)
    request = FacilityImport(file, source, packaged(), days, is_dry_run)
    with database.session() as session:
        return run(import_facilities, session, request, town.context("system"))


def shelters(database: Database, data: bytes, name: str = "shelters.csv"):
    file = read_shelters(data, name, reference=packaged())
    request = ShelterImport(file, Source(name, "", file.encoding), packaged())
    with database.session() as session:
        return run(import_shelters, session, request, town.context("system"))


def the_gym(database: Database) -> Facility:
    with database.session() as session:
        return session.scalars(select(Facility)).one()


def a_unit_of(database: Database, facility_id: int) -> int:
    """A unit with frames in a facility that came from a file."""
    with database.session() as session, write_transaction(session):
        part = Part(facility_id=facility_id, name="1面")
        session.add(part)
        session.flush()
        unit_id = town.a_unit(session, facility_id, "全面", [part.id])
        town.open_for(session, TODAY, 5)
    return unit_id


# What a file becomes


def test_a_facility_comes_in_with_its_town_and_its_hours(database):
    report = facilities(database, table(GYM))

    gym = the_gym(database)
    assert report.totals["imported"] == report.totals["records"] == 1
    assert (gym.municipality_code, gym.name, gym.lat, gym.lng) == (
        "172120", "となり体育館", 36.5194, 136.6097,
    )  # fmt: skip
    with database.session() as session:
        opening = session.scalars(select(OpeningVersion)).one()
        assert (opening.hours, opening.is_confirmed) == ([[255, 36, 86]], True)
        town_row = session.get(Municipality, "172120")
        assert town_row is not None and town_row.name == "野々市市"
    assert count(database, Municipality) == 19


def test_every_raw_cell_is_kept_beside_what_was_read(database):
    facilities(database, table(changed(GYM, 緯度="36.3110 00", 経度="北緯")))

    with database.session() as session:
        record = session.scalars(select(ImportRecord)).one()
    assert record.cells["緯度"]["raw"] == "36.3110 00"
    assert set(record.cells["名称"]) == {"raw", "value", "status", "reason"}
    assert record.cells["緯度"]["value"] != record.cells["緯度"]["raw"]
    assert record.status == "proposed"


def test_the_event_and_the_file_say_the_same_totals(database):
    facilities(database, table(GYM, "", ",,,,,,,,,,"))

    with database.session() as session:
        file = session.scalars(select(ImportFile)).one()
        body = session.scalars(select(Event.body)).one()
    assert body == {
        "kind": "facilities", "records": 2, "imported": 1, "queued": 0, "rejected": 1,
    }  # fmt: skip
    assert {name: file.totals[name] for name in body if name != "kind"} == {
        name: value for name, value in body.items() if name != "kind"
    }


def test_a_dry_run_reports_the_same_and_keeps_nothing(database):
    data = (DATA / "172120_public-facility.csv").read_bytes()

    tried = facilities(database, data, is_dry_run=True)
    assert [count(database, model) for model in (Facility, ImportFile, Municipality)] == [0, 0, 0]
    done = facilities(database, data)

    assert (tried.totals, tried.rows) == (done.totals, done.rows)
    assert count(database, Facility) > 150


def test_a_record_without_a_name_or_twice_the_same_becomes_no_facility(database):
    report = facilities(database, table(GYM, changed(GYM, ID="A2"), changed(GYM, ID="A3", 名称="")))

    assert report.totals["queued"] == 2
    assert count(database, Facility) == 1


def test_a_position_that_is_wrong_in_its_own_way_is_not_used(database):
    facilities(database, table(changed(GYM, 緯度="35.0", 経度="135.0")))

    gym = the_gym(database)
    assert (gym.lat, gym.lng, gym.coordinate_status) == (None, None, "unknown")


def test_a_closed_day_is_never_read_as_an_open_day(database):
    note = "休館日：月曜日（祝日の場合は翌日）、年末年始（12/29〜1/3）"
    facilities(database, table(changed(GYM, 利用可能時間特記事項=note)))
    unit_id = a_unit_of(database, the_gym(database).id)

    with database.session() as session:
        known = memory.current(session)
        parts = known.catalogue.units[unit_id].parts
        sunday, monday = (known.masks.open_bits(parts, TODAY.replace(day=d)) for d in (7, 8))
    assert sunday and not monday


# Files that speak of a facility again


def test_the_same_file_twice_changes_nothing(database):
    facilities(database, table(GYM))

    report = facilities(database, table(GYM))

    assert (report.totals["matched"], report.totals["suspicious"]) == (1, 0)
    assert count(database, Facility) == count(database, OpeningVersion) == 1


def test_what_the_town_changed_is_taken(database):
    facilities(database, table(GYM))

    facilities(database, table(changed(GYM, 電話番号="076-111-1111", 名称="となり総合体育館")))

    gym = the_gym(database)
    assert (gym.phone, gym.name) == ("076-111-1111", "となり総合体育館")


def test_damage_and_emptied_cells_never_overwrite_a_good_value(database):
    facilities(database, table(GYM))

    broken = changed(GYM, 電話番号="760000000", 緯度="36.5", 経度="")
    report = facilities(database, table(broken))

    gym = the_gym(database)
    assert (gym.phone, gym.lat, gym.lng) == ("076-000-0000", 36.5194, 136.6097)
    assert report.totals["suspicious"] >= 2


def test_what_a_clerk_corrected_stays_when_the_file_is_as_before(database):
    facilities(database, table(GYM))
    with database.session() as session, write_transaction(session):
        session.get(Facility, the_gym(database).id).phone = "076-222-2222"

    facilities(database, table(GYM))

    assert the_gym(database).phone == "076-222-2222"


def test_a_clerk_and_the_town_at_odds_leave_the_choice_to_a_clerk(database):
    facilities(database, table(GYM))
    with database.session() as session, write_transaction(session):
        session.get(Facility, the_gym(database).id).phone = "076-222-2222"

    report = facilities(database, table(changed(GYM, 電話番号="076-333-3333")))

    assert the_gym(database).phone == "076-222-2222"
    assert (report.totals["conflicts"], report.totals["queued"]) == (1, 1)


def test_new_hours_hold_from_today_and_make_new_masks(database):
    facilities(database, table(GYM))
    unit_id = a_unit_of(database, the_gym(database).id)

    facilities(database, table(changed(GYM, 終了時間="18:00")))

    with database.session() as session:
        known = memory.current(session)
        bits = known.masks.open_bits(known.catalogue.units[unit_id].parts, TODAY)
        versions = session.scalars(select(OpeningVersion.valid_from).order_by(OpeningVersion.id))
        assert list(versions)[-1] == TODAY
    assert bits == (1 << 72) - (1 << 36)


def test_hours_that_are_not_understood_do_not_end_those_that_were(database):
    facilities(database, table(GYM))

    report = facilities(database, table(changed(GYM, 利用可能曜日="館長の指定する日")))

    assert report.totals["queued"] == 1
    assert count(database, OpeningVersion) == 1


def test_ids_given_out_anew_do_not_mix_facilities(database):
    hall = changed(
        GYM, ID="A2", 名称="となり公民館", 所在地_連結表記="石川県野々市市三納二丁目2番地"
    )
    facilities(database, table(GYM, hall))

    facilities(database, table(changed(GYM, ID="A2"), changed(hall, ID="A1")))

    with database.session() as session:
        rows = session.execute(select(Facility.name, Facility.address))
        named = {row.name: row.address for row in rows}
    assert named == {
        "となり体育館": "石川県野々市市三納一丁目1番地",
        "となり公民館": "石川県野々市市三納二丁目2番地",
    }


# The queue


def test_unread_hours_lend_nothing_until_a_clerk_has_confirmed_them(database):
    facilities(database, table(changed(GYM, 利用可能時間特記事項="12月～3月は21時まで")))
    facility_id = the_gym(database).id
    unit_id = a_unit_of(database, facility_id)
    with database.session() as session:
        known = memory.current(session)
        assert known.masks.open_bits(known.catalogue.units[unit_id].parts, TODAY) == 0

        typed = ConfirmRequest(facility_id, "月火水木金土日", "9:00", "21:00", horizon_days=5)
        confirm_hours(session, typed, town.context("clerk"))

        known = memory.current(session)
        bits = known.masks.open_bits(known.catalogue.units[unit_id].parts, TODAY)
        assert bits == (1 << 84) - (1 << 36)
        record = session.scalars(select(ImportRecord)).one()
        assert (record.settled_by, record.settled_at) == ("clerk", town.NOW)


def test_hours_can_be_confirmed_as_they_were_read(database):
    facilities(database, table(changed(GYM, 利用可能時間特記事項="12月～3月は21時まで")))
    facility_id = the_gym(database).id

    with database.session() as session:
        confirm_hours(session, ConfirmRequest(facility_id), town.context("clerk"))
        newest = session.scalars(
            select(OpeningVersion).order_by(OpeningVersion.id.desc()).limit(1)
        ).one()
    assert (newest.hours, newest.is_confirmed) == ([[255, 36, 86]], True)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({}, RefusalCode.NOT_QUEUED),
        ({"days": "館長の指定する日", "start": "9:00", "end": "17:00"}, RefusalCode.FILE_REFUSED),
    ],
)
def test_nothing_to_confirm_and_unreadable_hours_are_refused(sqlite, typed, code):
    facilities(sqlite, table(GYM))

    with sqlite.session() as session, pytest.raises(Refusal) as refused:
        request = ConfirmRequest(the_gym(sqlite).id, **typed)
        confirm_hours(session, request, town.context("clerk"))

    assert refused.value.code is code


# Shelters


def test_a_shelter_is_linked_to_the_facility_that_it_is(database):
    facilities(database, table(GYM))
    header = "避難所_名称,地方公共団体コード,都道府県,指定区市町村名,住所,緯度,経度\r\n"
    line = "となり体育館,172120,石川県,野々市市,石川県野々市市三納一丁目1番地,36.5194,136.6097"

    shelters(database, (header + line).encode())
    shelters(database, (header + line).encode())

    with database.session() as session:
        assert session.scalars(select(Shelter.facility_id)).all() == [the_gym(database).id]


def test_two_lists_of_one_town_add_up(sqlite):
    folder = DATA / "gsi"
    for path in sorted(folder.glob("*")):
        shelters(sqlite, path.read_bytes(), path.name)

    again = count(sqlite, Shelter)
    for path in sorted(folder.glob("*")):
        shelters(sqlite, path.read_bytes(), path.name)
    assert count(sqlite, Shelter) == again > 0


# The real lists


def test_ishikawa_s_list_is_accounted_for_to_the_last_record(sqlite):
    report = facilities(sqlite, prepare.unpacked("ishikawa_facilities"))

    totals = report.totals
    assert totals["records"] == 3486 == totals["imported"] + totals["queued"] + totals["rejected"]
    assert totals["rejected"] == 2
    positions = Counter(row["coordinate_status"] for row in report.rows)
    assert positions["repaired"] >= 304
    assert (positions["proposed"], positions["unknown"]) == (142, 14)


def test_a_damaged_year_overwrites_no_good_value_and_shows_108_cells(sqlite):
    facilities(sqlite, (DATA / "170003_public_facility_202402.csv").read_bytes())
    before = standing(sqlite)

    report = facilities(sqlite, (DATA / "170003_public_facility_202510_cp932.csv").read_bytes())

    codes = Counter(each["code"] for row in report.rows for each in row["reasons"])
    assert codes["spreadsheet_damage"] == report.totals["suspicious"] == 108
    after = standing(sqlite)
    lost = {key for key, value in before.items() if value and not after.get(key)}
    assert lost == set()


def standing(database: Database) -> dict[tuple[int, str], object]:
    """Every value of every facility."""
    with database.session() as session:
        found = session.scalars(select(Facility)).all()
    names = ("name", "address", "phone", "poi_code", "lat", "lng", "url")
    return {(each.id, name): getattr(each, name) for each in found for name in names}


def test_tokyo_s_rooms_keep_their_prices_though_none_can_be_lent_yet(sqlite):
    report = rooms(
        sqlite, prepare.unpacked("tokyo_rooms"), fees=prepare.unpacked("tokyo_room_fees")
    )

    assert report.totals["records"] == 591 + 983
    with sqlite.session() as session:
        kept = session.scalar(
            select(func.count()).where(
                ImportRecord.target_kind == "unit", ImportRecord.record_no > 591
            )
        )
    assert kept == 983
    fees = list(csv.DictReader(io.StringIO(prepare.unpacked("tokyo_room_fees").decode())))
    assert len(fees) == 983
