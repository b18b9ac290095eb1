"""The pack: what the ledger knows, on paper a clerk can work with, with numbers given once."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from printables import qr
from printables.verify import Verdict, verify
from reservations import clock, jobs, projection
from reservations.actions import packs
from reservations.actions.packs import PackRequest, take_numbers
from reservations.config import Settings
from reservations.db import write_transaction
from reservations.documents import packs as pack_documents
from reservations.errors import Refusal, RefusalCode
from reservations.events import PackMade
from reservations.models import FacilityNode
from reservations.queries import genuine, memory
from reservations.queries import packs as packs_query
from tests.printables import pdf
from tests.support.lending import booked
from tests.town import NOW, TODAY, context

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "state")


@pytest.fixture
def desk(database, settings):
    return projection.open_desk(database, settings)


def make(database, settings, region, out, **more):
    known = memory.newest(database)
    place = known.catalogue.places[region.here.facility_id]
    return packs.make(database, settings, known, place, context("system"), out=out, **more)


def test_a_pack_has_what_the_ledger_knows_and_everything_a_desk_needs(
    database, desk, session, settings, region, tmp_path
):
    booked(session, region.here.halves[0], region.resident, date=TOMORROW)

    made = make(database, settings, region, tmp_path / "out", forms=5)

    text = made.text.read_text()
    for words in (
        "紙運用セット", "原簿", "受付台帳", "室場別予定表", "使用許可申請書", "領収書",
        "現金出納帳", "用紙受払簿", "料金表", "避難者カード", "避難所状況報告書", "物資要請書",
        "連絡先", "後日入力",
        "N001-P01", "N001-00000001", "resident", "01-000001-6",
    ):  # fmt: skip
        assert words.replace(" ", "") in pdf.squeezed(text), words
    assert made.pages > 30
    assert hashlib.sha256(made.pdf.read_bytes()).hexdigest() == made.sha256
    assert made.sha256 in made.pdf.with_suffix(".sha256").read_text()
    assert pdf.squeezed("原簿") in pdf.text(made.pdf.read_bytes())
    assert oct(made.pdf.stat().st_mode)[-3:] == "600"


def test_the_cover_says_what_is_not_in_the_pack(database, desk, settings, region, tmp_path):
    made = make(database, settings, region, tmp_path, forms=2)

    text = pdf.squeezed(made.text.read_text())
    for words in (
        "入っていないもの",
        "原簿は、6月6日（土）から6月12日（金）までの日だけ",
        "電話番号はありません",
    ):
        assert words in text
    assert "全1冊" not in text


def test_a_house_of_many_rooms_has_volumes_and_each_cover_says_which(
    database, desk, session, settings, region, tmp_path, monkeypatch
):
    monkeypatch.setattr(pack_documents, "ROOMS_A_VOLUME", 2)

    made = make(database, settings, region, tmp_path, forms=2)

    assert [each.name for each in (made.pdf, *made.more)] == [
        f"N001-P01-{made.facility_id}.pdf", f"N001-P01-{made.facility_id}-2.pdf",
    ]  # fmt: skip
    first, second = (pdf.text(each.read_bytes()) for each in (made.pdf, *made.more))
    assert "全2冊の第1冊" in first and "全2冊の第2冊" in second
    assert "1から2（全部で3室）" in first and "3から3（全部で3室）" in second
    assert "ほかの1室の予定表と料金表は、別の冊にあります。" in first
    assert "領収書、避難所の用紙は、第1冊にあります。" in second
    assert "N001-00000001" in first and "N001-00000001" not in second
    listed = made.pdf.with_suffix(".sha256").read_text().splitlines()
    assert [line.split()[1] for line in listed] == [
        made.pdf.name, made.more[0].name, made.text.name,
    ]  # fmt: skip


def test_every_room_is_on_the_master_grid_whatever_the_volumes(
    database, desk, settings, region, tmp_path, monkeypatch
):
    monkeypatch.setattr(pack_documents, "ROOMS_A_VOLUME", 1)

    made = make(database, settings, region, tmp_path, forms=2)

    grids = pdf.text(made.pdf.read_bytes())
    known = memory.newest(database)
    units = known.catalogue.units_of_place[made.facility_id]
    assert len(made.more) == len(units) - 1
    for unit in pack_documents.smallest(units):
        assert pdf.squeezed(units[unit].name) in grids


def test_for_a_full_room_the_pack_names_the_nearest_next_door_with_its_price(
    database, desk, session, settings, region, tmp_path
):
    booked(session, region.here.halves[0], region.resident, date=TOMORROW)

    made = make(database, settings, region, tmp_path, forms=2)

    text = pdf.squeezed(made.text.read_text())
    assert "この室場が満室のとき" in text
    rows = text.split("いちばん近い空き")[1][:400]
    known = memory.newest(database)
    other = known.catalogue.units[region.next_door.whole].place
    assert pdf.squeezed(other.name) in rows
    assert "km" in rows and "円" in rows


def test_without_a_full_room_the_sheet_says_so(database, desk, settings, region, tmp_path):
    made = make(database, settings, region, tmp_path, forms=2)

    assert "満室の時間はありませんでした" in pdf.squeezed(made.text.read_text())


def test_the_same_pack_is_told_by_its_pad_in_the_table(
    database, desk, session, settings, region, tmp_path
):
    made = make(database, settings, region, tmp_path, forms=5)

    kept = packs_query.one(session, made.pad)

    assert kept is not None
    assert (kept.first, kept.last, kept.first_day) == (1, 5, TODAY)
    assert kept.last_day == TODAY + timedelta(days=packs.COVERED_DAYS - 1)
    assert kept.sha256 == made.sha256


def test_no_number_is_given_twice_by_however_many_at_once(database, desk, region):
    found: list[PackMade] = []

    def take() -> None:
        with database.session() as session:
            request = PackRequest(region.here.facility_id, TODAY, TODAY, forms=7, grids=1)
            fact = take_numbers(session, request, context("system")).fact
            assert isinstance(fact, PackMade)
            found.append(fact)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ranges = sorted((fact.first, fact.first + fact.count) for fact in found)
    assert len({fact.lease for fact in found}) == 6
    assert all(one[1] <= other[0] for one, other in pairwise(ranges))
    assert len({fact.first_receipt for fact in found}) == 6


def test_a_numbered_form_is_genuine_here_and_a_strange_one_is_not(
    database, desk, session, settings, region, tmp_path
):
    make(database, settings, region, tmp_path, forms=5)
    code = qr.form_code(qr.FormCode(1, 1, 1, 3), packs_query.form_key(desk, 1))
    strange = qr.form_code(qr.FormCode(1, 1, 1, 3), bytes(32))

    assert verify(code, genuine.keys(desk, code)).verdict is Verdict.GENUINE
    assert verify(strange, genuine.keys(desk, strange)).verdict is Verdict.ALTERED


def test_a_number_is_read_as_it_is_typed():
    number = qr.form_number("N001", 3)
    wide = number.translate(str.maketrans("0123456789N-", "０１２３４５６７８９Ｎ－"))

    for text in (number, number.lower(), number.replace("-", " "), wide, f" {number}\n"):
        assert packs_query.serial_of(text) == (1, 3), text


def test_a_scanned_code_is_proved_here_and_a_typed_number_has_only_its_check_digits(
    database, desk, session, settings, region, tmp_path
):
    make(database, settings, region, tmp_path, forms=5)
    code = qr.form_code(qr.FormCode(1, 1, 1, 3), packs_query.form_key(desk, 1))

    scanned = packs_query.form_of(desk, session, code.lower())
    typed = packs_query.form_of(desk, session, qr.form_number("N001", 3))

    assert (scanned.number, scanned.is_checked) == (3, True)
    assert (typed.number, typed.is_checked) == (3, False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (qr.form_code(qr.FormCode(1, 1, 1, 3), bytes(32)), "form_forged"),
        (qr.form_code(qr.FormCode(1, 1, 2, 3), bytes(32)), "form_forged"),
        (qr.form_code(qr.FormCode(1, 14, 1, 3), bytes(32)), "form_unknown"),
        (qr.form_number("N001", 99), "form_unknown"),
        ("N001-00000003-00", "form_number_wrong"),
        ("TN1:%%%", "form_number_wrong"),
        (qr.issued_code(qr.IssuedCode(1, bytes(4), b"x"), lambda _: bytes(64)), "not_a_form"),
    ],
)
def test_what_is_no_form_here_is_refused_with_a_stable_code(
    database, desk, session, settings, region, tmp_path, text, code
):
    make(database, settings, region, tmp_path, forms=5)

    with pytest.raises(Refusal) as refused:
        packs_query.form_of(desk, session, text)

    assert refused.value.code.value == code


def test_a_master_grid_s_code_is_genuine_and_no_form(
    database, desk, session, settings, region, tmp_path
):
    make(database, settings, region, tmp_path, forms=5)
    grid = qr.form_code(qr.FormCode(3, 1, 1, 6), packs_query.form_key(desk, 1))

    with pytest.raises(Refusal) as refused:
        packs_query.form_of(desk, session, grid)

    assert refused.value.code is RefusalCode.NOT_A_FORM


def test_a_number_with_a_slip_of_the_hand_is_none():
    number = qr.form_number("N001", 123)

    assert packs_query.serial_of(number) == (1, 123)
    assert packs_query.serial_of(number.replace("123", "132")) is None
    assert packs_query.serial_of("") is None


def test_the_evening_makes_packs_of_what_is_served_here_and_keeps_a_week(
    database, desk, session, settings, region, tmp_path, monkeypatch
):
    with write_transaction(session):
        session.add(FacilityNode(facility_id=region.here.facility_id, node="hub"))
    drive = tmp_path / "drive"
    drive.mkdir()
    chosen = settings.model_copy(update={"pack_dir": str(drive)})
    for day in range(1, 10):
        (chosen.data_dir / "packs" / f"2026-05-{day:02}").mkdir(parents=True)
    monkeypatch.setattr(packs, "FORMS", 3)
    monkeypatch.setattr(clock, "now", lambda: NOW)

    (made,) = jobs.print_packs(database, chosen)

    assert made.pdf.parent.name == TODAY.isoformat()
    assert (drive / TODAY.isoformat() / made.pdf.name).read_bytes() == made.pdf.read_bytes()
    kept = sorted(each.name for each in (chosen.data_dir / "packs").iterdir())
    assert kept == [f"2026-05-{day:02}" for day in range(4, 10)] + [TODAY.isoformat()]


def test_a_drive_that_is_not_there_stops_nothing(database, desk, settings, region, tmp_path):
    chosen = settings.model_copy(update={"pack_dir": str(tmp_path / "unplugged")})

    made = make(database, chosen, region, tmp_path / "out", forms=2)

    assert made.copied_to == ""
    assert made.pdf.exists()
