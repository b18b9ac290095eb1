"""紙の入力 at the counter: a number finds its form in one step, and the block has to balance."""

from __future__ import annotations

import re

import pytest
from PIL import Image
from sqlalchemy import select, update

from printables import qr
from printables.application_form import ApplicationForm
from printables.forms import town
from printables.registry import PAPERS
from reservations import sheets
from reservations.actions.packs import PackRequest, take_numbers
from reservations.clock import local
from reservations.db import write_transaction
from reservations.documents import paper as documents_paper
from reservations.events import PackMade
from reservations.models import Booking, PaperPack, Party, RoleGrant
from reservations.queries import memory, packs
from tests.support.pictures import as_png, picture_of, upload
from tests.support.scanned import as_pdf, bomb, locked, many
from tests.town import SATURDAY, TODAY, context


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
    code = code_of(counter, 2)

    staff.opens("/paper").presses("用紙をさがす", number=number if kind == "number" else code)

    assert staff.address == f"/paper/{pad}/2"
    assert number in staff.text


@pytest.mark.parametrize("number", ["N001-00000002-00", "N009-00000002-91", "abc", "TN1:0"])
def test_a_number_that_is_none_is_said_at_its_field(staff, number):
    staff.opens("/paper").presses("用紙をさがす", number=number)

    assert staff.status == 422
    assert "この番号の用紙は" in staff.text or "N009の用紙は" in staff.text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            qr.form_code(qr.FormCode(1, 1, 1, 2), bytes(32)),
            "この拠点が印刷したものではありません。",
        ),
        (
            qr.form_code(qr.FormCode(1, 9, 1, 2), bytes(32)),
            "N009の用紙は、この拠点では分かりません。",
        ),
        (qr.issued_code(qr.IssuedCode(1, bytes(4), b"x"), lambda _: bytes(64)), "許可書が本物か"),
    ],
    ids=["forged", "of another town", "a permit"],
)
def test_a_code_that_is_no_form_of_ours_says_what_to_do(staff, code, words):
    staff.opens("/paper").presses("用紙をさがす", number=code)

    assert staff.status == 422
    assert words in staff.text


# A picture


def form_picture(counter, number: int, **fields) -> Image.Image:
    """The page of a form of the pack, as it was printed, with what somebody wrote on it."""
    with counter.database.session() as session:
        pack = session.get_one(PaperPack, "N001-P01")
        known = memory.current(session)
        place = known.catalogue.places[pack.facility_id]
        forms = documents_paper.forms_of(place, place.town.rules_on(TODAY))
        record = ApplicationForm(
            issued_at=local(pack.made_at),
            form_number=qr.form_number("N001", number),
            corner=code_of(counter, number),
            **fields,
        )
    return picture_of(PAPERS["application_form"].draw(record, town(forms)).pdf)


def code_of(counter, number: int) -> str:
    desk = counter.app.extensions["tonari"].desk
    return qr.form_code(qr.FormCode(1, 1, 1, number), packs.form_key(desk, 1))


def sends(staff, image: Image.Image | bytes):
    content = image if isinstance(image, bytes) else as_png(image)
    return upload(staff.opens("/paper"), "/paper/scan", content)


def test_a_picture_finds_its_form_and_stands_beside_it(counter, staff):
    answer = sends(staff, form_picture(counter, 2))

    assert answer.status_code == 200
    assert qr.form_number("N001", 2) in answer.text
    assert "data:image/jpeg;base64," in answer.text
    assert 'action="/paper/N001-P01/2"' in answer.text


def test_a_picture_of_another_facilitys_form_shows_nothing(counter, staff):
    picture = form_picture(counter, 2)
    there = {"facility_id": counter.region.next_door.facility_id, "town": None}
    with counter.database.session() as session, write_transaction(session):
        for grant in session.scalars(select(RoleGrant).where(RoleGrant.town == "172014")):
            session.delete(grant)
        session.execute(update(RoleGrant).values(**there))

    answer = sends(staff, picture)

    assert answer.status_code == 403
    assert "data:image/jpeg" not in answer.text


def test_ticked_boxes_are_proposals_and_choose_the_room(counter, staff):
    page = form_picture(counter, 2, part="whole", sales="yes", admission="none")

    answer = sends(staff, page)

    assert "チェック欄の読み取り（案）" in answer.text
    assert re.search(r"営利・販売</dt><dd>✓ 有", answer.text)
    assert re.search(r'<option value="1" selected>\s*全面', answer.text)


def test_a_size_that_names_no_single_room_is_left_to_the_clerk(counter, staff):
    answer = sends(staff, form_picture(counter, 2, part="half"))

    assert "紙を見て選んでください" in answer.text
    assert not re.search(r'<option value="\d+" selected>\s*(全面|1/2面)', answer.text)


def test_of_half_a_page_the_number_is_read_and_no_box(counter, staff):
    page = form_picture(counter, 2, sales="yes")

    answer = sends(staff, page.crop((0, 0, page.width, page.height // 2)))

    assert answer.status_code == 200
    assert "用紙の半分しか写っていません。" in answer.text
    assert "チェック欄の読み取り" not in answer.text


def test_a_copied_form_is_told_when_its_number_comes_again(counter, staff, pad):
    fill(staff.opens(f"/paper/{pad}/2"), unit=str(counter.region.here.whole))

    answer = sends(staff, form_picture(counter, 2))

    assert "コピーされた用紙かもしれません。" in answer.text
    assert "入力済み：全面" in answer.text.replace("\n", "")


def test_two_forms_in_one_picture_are_asked_for_one_by_one(counter, staff):
    one, other = form_picture(counter, 1), form_picture(counter, 2)
    both = Image.new("RGB", (one.width * 2, one.height), "white")
    both.paste(one, (0, 0))
    both.paste(other, (one.width, 0))

    answer = sends(staff, both)

    assert answer.status_code == 422
    assert "用紙が2枚写っています。" in answer.text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "写真として読めません。"),
        (b"%PDF-1.7", "このPDFは壊れています。"),
        (locked(many(1)), "パスワードがかかっています。"),
        (many(51), "PDFは50ページまでです。"),
        (bomb(), "このPDFは重すぎて読めません。"),
        (many(1), "二次元コードが見つかりません。"),
        (as_png(Image.new("1", (20_000, 20_000))), "写真として読めません。"),
        (as_png(Image.new("L", (600, 800), 255)), "二次元コードが見つかりません。"),
    ],
    ids=[
        "nothing",
        "a broken PDF",
        "a locked PDF",
        "a long PDF",
        "a bomb of a PDF",
        "a white PDF",
        "a bomb",
        "white paper",
    ],
)
def test_what_is_no_picture_of_a_form_gets_a_clear_answer(staff, content, words):
    answer = sends(staff, content)

    assert answer.status_code == 422
    assert words in answer.text


def test_a_picture_that_is_too_large_says_how_large_it_may_be(staff):
    answer = sends(staff, b"x" * 9_000_000)

    assert answer.status_code == 413
    assert "8MBまでです。" in answer.text


def test_a_pdf_that_is_too_large_says_how_large_it_may_be(staff):
    answer = sends(staff, b"%PDF-" + b"x" * 41_000_000)

    assert answer.status_code == 413
    assert "40MBまでです。" in answer.text


def test_a_pdf_of_one_form_is_a_picture_of_it(counter, staff):
    answer = sends(staff, as_pdf([form_picture(counter, 2, part="whole", sales="yes")]))

    assert answer.status_code == 200
    assert 'action="/paper/N001-P01/2"' in answer.text
    assert re.search(r"営利・販売</dt><dd>✓ 有", answer.text)


def test_a_scanned_stack_is_listed_page_by_page(counter, staff, pad):
    fill(staff.opens(f"/paper/{pad}/1"), unit=str(counter.region.here.whole))
    one, three = form_picture(counter, 1), form_picture(counter, 3, sales="yes")
    white = Image.new("L", one.size, 255)
    letter = Image.new("L", one.size, 255)
    letter.paste(0, (300, 300, 900, 320))

    answer = sends(staff, as_pdf([one, white, three, letter, three.rotate(180)]))

    assert answer.status_code == 200
    assert "5ページのうち、用紙は3枚です。" in answer.text
    for number in (1, 3):
        assert qr.form_number("N001", number) in answer.text
        assert f'href="/paper/N001-P01/{number}"' in answer.text
    assert answer.text.count("data:image/jpeg;base64,") == 3
    assert len(re.findall(r"営利・販売</dt><dd>✓ 有", answer.text)) == 2
    assert answer.text.count("コピーされた用紙かもしれません。") == 1
    assert "2ページ：白紙" in answer.text
    assert "4ページ：入れられません" in answer.text


def test_no_picture_at_all_is_asked_for(staff):
    staff.opens("/paper").presses("写真から用紙をさがす")

    assert staff.status == 422
    assert "用紙の写真かスキャンを選んでください。" in staff.text


def test_nobody_else_sends_a_picture(counter):
    answer = counter.signed_in("resident").client.post("/paper/scan")

    assert answer.status_code in (400, 403)


def test_a_form_becomes_a_booking_with_its_name(counter, staff, pad):
    unit = str(counter.region.here.whole)
    fill(staff.opens(f"/paper/{pad}/1"), unit=unit)

    assert "入力しました。" in staff.text
    with counter.database.session() as session:
        made = session.get_one(Booking, sheets.booking_id_of(pad, 1))
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
        assert packs.bookings_known(session, [sheets.booking_id_of(pad, 1)])


def test_a_contradiction_is_shown_and_a_person_chooses(counter, staff, pad):
    unit = str(counter.region.here.whole)
    fill(staff.opens(f"/paper/{pad}/2"), unit=unit)
    fill(staff.opens(f"/paper/{pad}/2"), unit=unit, start="19:00")
    assert "同じ番号に別の内容があります。" in staff.text

    staff.opens(f"/paper/{pad}")
    assert "こちらが正しい" in staff.text
    staff.presses(f"こちらが正しい：全面 {SATURDAY} 19:00〜21:00")

    assert "こちらが正しい" not in staff.text


@pytest.mark.parametrize("numbers", ["", "x", "0", "3-2", "1-9", "1,,x"])
def test_numbers_of_no_form_are_refused(staff, pad, numbers):
    staff.opens(f"/paper/{pad}").presses("番号を入れる", numbers=numbers)

    assert staff.status == 422
    assert "この綴りの番号だけです。" in staff.text


def test_a_pack_that_is_not_there_is_not_found(counter, staff):
    for address in ("/paper/N099-P01", "/paper/N001-P01/99"):
        assert staff.opens(address).status == 404
