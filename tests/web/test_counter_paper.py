"""紙の入力 at the counter: a number finds its form in one step, and the block has to balance."""

from __future__ import annotations

import pytest

from printables import qr
from reservations.actions import form_texts
from reservations.actions.packs import PackRequest, take_numbers
from reservations.events import PackMade
from reservations.models import Booking, Party
from reservations.queries import packs
from tests.town import SATURDAY, context


@pytest.fixture
def pad(counter) -> str:
    """A pack of three forms for the Saturday."""
    with counter.database.session() as session:
        facility = counter.region.here.facility_id
        request = PackRequest(facility, SATURDAY, SATURDAY, forms=3, grids=1)
        fact = take_numbers(session, request, context("system")).fact
    assert isinstance(fact, PackMade)
    return fact.subject


@pytest.fixture
def staff(counter, pad):
    """A clerk who has opened the pack."""
    return counter.signed_in("staff").opens(f"/paper/{pad}").presses("この紙での受付を始める")


def fill(person, **other):
    typed = {
        "unit": str(1),
        "date_year": "2026",
        "date_month": "6",
        "date_day": "13",
        "start": "18:00",
        "end": "21:00",
        "headcount": "12",
        "name": "山﨑　葛󠄀子",
    }
    return person.presses("この用紙を入れる", **(typed | other))


def test_nobody_but_staff_sees_it(counter, pad):
    for address in ("/paper", f"/paper/{pad}", f"/paper/{pad}/1"):
        assert "/sign-in" in counter.stranger().opens(address).address
        assert counter.signed_in("resident").opens(address).status == 403


def test_the_list_names_the_pack(counter, staff, pad):
    assert pad in staff.opens("/paper").text


@pytest.mark.parametrize("kind", ["number", "code"])
def test_a_typed_or_scanned_number_finds_its_form_in_one_step(counter, staff, pad, kind):
    number = qr.form_number("N001", 2)
    code = qr.form_code(qr.FormCode(1, 1, 1, 2), bytes(32))

    staff.opens("/paper").presses("用紙をさがす", number=number if kind == "number" else code)

    assert staff.address == f"/paper/{pad}/2"
    assert number in staff.text


@pytest.mark.parametrize("number", ["N001-00000002-00", "N009-00000002-91", "abc", "TN1:0"])
def test_a_number_that_is_none_is_said_at_its_field(staff, number):
    staff.opens("/paper").presses("用紙をさがす", number=number)

    assert staff.status == 422
    assert "この番号の用紙はありません。" in staff.text


def test_a_form_becomes_a_booking_with_its_name(counter, staff, pad):
    unit = str(counter.region.here.whole)
    fill(staff.opens(f"/paper/{pad}/1"), unit=unit)

    assert "入力しました。" in staff.text
    with counter.database.session() as session:
        made = session.get_one(Booking, form_texts.booking_id_of(pad, 1))
        assert (made.status, made.date, made.headcount) == ("confirmed", SATURDAY, 12)
        assert session.get_one(Party, made.party_id).name == "山﨑　葛󠄀子"


def test_what_cannot_be_read_stands_at_its_field_with_what_was_typed(counter, staff, pad):
    fill(staff.opens(f"/paper/{pad}/1"), start="18:07", name="", headcount="many", date_day="31")

    assert staff.status == 422
    for words in ("15分きざみ", "氏名か団体名", "数字で", "その日付はありません"):
        assert words in staff.text
    assert 'value="many"' in staff.html


def test_the_whole_way_of_a_pack(counter, staff, pad):
    unit = str(counter.region.here.whole)
    staff.opens(f"/paper/{pad}").presses("番号を入れる", numbers="2-3", fate="blank")
    early = staff.presses("この紙の受付を終えて、台帳に戻す")
    assert (early.status, "まだ閉じられません" in early.text) == (422, True)

    fill(staff.opens(f"/paper/{pad}/1"), unit=unit)
    fill(staff.opens(f"/paper/{pad}/1"), unit=unit)
    assert "同じ内容が入力済みです。" in staff.text
    staff.opens(f"/paper/{pad}").presses("この紙の受付を終えて、台帳に戻す")

    assert "この紙での受付を始める" in staff.text
    with counter.database.session() as session:
        assert packs.bookings_known(session, [form_texts.booking_id_of(pad, 1)])


def test_a_contradiction_is_shown_and_a_person_chooses(counter, staff, pad):
    unit = str(counter.region.here.whole)
    fill(staff.opens(f"/paper/{pad}/2"), unit=unit)
    fill(staff.opens(f"/paper/{pad}/2"), unit=unit, start="19:00")
    assert "同じ番号に別の内容があります。" in staff.text

    staff.opens(f"/paper/{pad}")
    assert "食い違い" in staff.text
    staff.presses(f"こちらが正しい：全面 {SATURDAY} 19:00〜21:00")

    assert "食い違い" not in staff.text


@pytest.mark.parametrize("numbers", ["", "x", "0", "3-2", "1-9", "1,,x"])
def test_numbers_of_no_form_are_refused(staff, pad, numbers):
    staff.opens(f"/paper/{pad}").presses("番号を入れる", numbers=numbers)

    assert staff.status == 422
    assert "この綴りの番号だけです。" in staff.text


def test_a_pack_that_is_not_there_is_not_found(counter, staff):
    for address in ("/paper/N099-P01", "/paper/N001-P01/99"):
        assert staff.opens(address).status == 404
