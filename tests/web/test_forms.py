"""Reading forms: what is kept as written, what is folded, and what is said of a wrong field."""

from __future__ import annotations

import unicodedata

import jaconv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.errors import Refusal
from reservations.web import forms
from reservations.web.auth import own_path
from reservations.web.forms import (
    BookingForm,
    FrameForm,
    Malformed,
    PasswordForm,
    PersonForm,
    ProblemForm,
    fold_kana,
    three_part_date,
)

PERSON = {"name": "山田 花子", "kana": "やまだ はなこ", "login": "h@example.jp", "home": "172014"}
FRAME = {"unit": "1", "date": "2026-06-13", "start": "18:00", "end": "21:00"}
HIRAGANA = st.text(st.sampled_from("あいうえおかがきぎくぱぴゃっんゔー・ 　わをゐゑ"), min_size=1)


def errors_of(model, typed) -> dict[str, str]:
    with pytest.raises(Malformed) as caught:
        forms.read(model, typed)
    return caught.value.errors


@pytest.mark.parametrize(
    "name",
    ["𠮷田 太郎", "髙橋 﨑子", "葛󠄀城 さくら", "Nguyễn Thị Minh Khai", "O'Brien", "寿" * 80],
)
def test_a_name_is_kept_character_for_character(name):
    assert forms.read(PersonForm, {**PERSON, "name": name}).name == name


def test_only_spaces_around_a_name_are_taken_away():
    assert forms.read(PersonForm, {**PERSON, "name": " 山田　花子　"}).name == "山田　花子"


def test_a_line_break_in_a_name_is_refused():
    assert errors_of(PersonForm, {**PERSON, "name": "山田\n花子"}) == {
        "name": "氏名に、使えない文字（改行など）が入っています。"
    }


@given(HIRAGANA)
def test_every_kind_of_kana_is_stored_alike(hiragana):
    katakana = jaconv.hira2kata(hiragana)
    half_width = jaconv.z2h(katakana, kana=True)
    decomposed = unicodedata.normalize("NFD", katakana)

    assert fold_kana(katakana) == fold_kana(hiragana)
    assert fold_kana(half_width) == fold_kana(hiragana)
    assert fold_kana(decomposed) == fold_kana(hiragana)


@given(st.text())
def test_folding_a_reading_twice_changes_nothing_more(text):
    assert fold_kana(fold_kana(text)) == fold_kana(text)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ﾔﾏﾀﾞ ﾊﾅｺ", "やまだ はなこ"),
        ("ヤマダ　ハナコ", "やまだ はなこ"),
        ("カ゛", "が"),
        ("ヴェーラ", "ゔぇーら"),
        ("Smith", "Smith"),
    ],
)
def test_a_reading_is_stored_in_hiragana(typed, stored):
    assert forms.read(PersonForm, {**PERSON, "kana": typed}).kana == stored


def test_kanji_in_the_reading_are_asked_for_in_kana():
    assert errors_of(PersonForm, {**PERSON, "kana": "𠮷田"}) == {
        "kana": "ふりがなは、漢字ではなく、ひらがなかカタカナで入力してください。"
    }


def test_every_empty_field_is_named_in_the_order_of_the_form():
    assert list(errors_of(PersonForm, {"name": " ", "kana": "", "works": ""}).values()) == [
        "氏名を入力してください。",
        "ふりがなを入力してください。",
        "メールアドレスか電話番号を入力してください。",
        "住んでいる町を選んでください。",
    ]


@pytest.mark.parametrize(
    "login", ["０９０－１２３４－５６７８", "090 1234 5678", "ｈ＠example．ｊｐ"]
)
def test_full_width_logins_are_understood(login):
    assert forms.read(PersonForm, {**PERSON, "login": login}).login


@pytest.mark.parametrize("login", ["12345", "hanako", "h@example", "00012345678901234567"])
def test_a_serial_number_is_no_login(login):
    assert list(errors_of(PersonForm, {**PERSON, "login": login})) == ["login"]


def test_digits_may_be_full_width():
    typed = {**FRAME, "unit": "１", "date": "２０２６-０６-１３", "start": "１８：００"}
    form = forms.read(BookingForm, {**typed, "headcount": "１２"})

    assert (form.unit_id, form.date.isoformat(), form.start, form.headcount) == (
        1,
        "2026-06-13",
        "18:00",
        12,
    )


@pytest.mark.parametrize(
    ("headcount", "sentence"),
    [
        ("たくさん", "人数は、数字で入力してください。"),
        ("0", "人数は、1以上の数字にしてください。"),
        ("99999999", "人数は、100000以下の数字にしてください。"),
        ("9" * 5000, "人数の形が違います。もう一度確かめてください。"),
    ],
)
def test_a_wrong_number_says_what_would_be_right(headcount, sentence):
    assert errors_of(BookingForm, {**FRAME, "headcount": headcount}) == {"headcount": sentence}


def test_a_nul_is_left_out_because_no_database_stores_one():
    assert forms.read(ProblemForm, {"words": "字\x00が小さい"}).words == "字が小さい"


def test_typed_values_travel_with_the_errors():
    with pytest.raises(Malformed) as caught:
        forms.read(BookingForm, {**FRAME, "headcount": "x", "csrf_token": "secret"})

    assert caught.value.values == {**FRAME, "headcount": "x"}


def test_times_off_the_quarter_hour_are_a_refusal_with_its_own_code():
    form = forms.read(FrameForm, {**FRAME, "start": "18:10"})

    with pytest.raises(Refusal, match="off_grid"):
        _ = form.period


def test_a_password_keeps_its_spaces():
    assert forms.read(PasswordForm, {"password": "  four words  "}).password == "  four words  "


@pytest.mark.parametrize("parts", [("2026", "2", "30"), ("2026", "13", "1"), ("", "1", "1")])
def test_a_day_that_no_calendar_has_is_one_error(parts):
    typed = dict(zip(("on_year", "on_month", "on_day"), parts, strict=True))

    with pytest.raises(Malformed) as caught:
        three_part_date(typed, "on")

    assert caught.value.errors == {"on": "その日付はありません。年・月・日を確かめてください。"}


def test_three_fields_make_a_day():
    typed = {"on_year": "２０２６", "on_month": "6", "on_day": "13"}

    assert three_part_date(typed, "on").isoformat() == "2026-06-13"


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        None,
    ],
)
def test_nobody_is_sent_away_from_here(address):
    assert own_path(address) == "/"


@pytest.mark.parametrize("address", ["/", "/book?unit=1&date=2026-06-13", "/bookings"])
def test_paths_of_ours_are_kept(address):
    assert own_path(address) == address
