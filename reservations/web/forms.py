"""HTML forms, read with pydantic like the API's bodies; what does not fit is said at its field.

A form that cannot be read becomes `Malformed`, which carries the typed values and a sentence a
field, so that the page can be shown again with everything that was typed. Names are kept as they
were written, character for character; readings in any kind of kana are stored alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import jaconv
from flask_babel import lazy_gettext as _l
from pydantic import (
    AfterValidator,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from reservations.queries.declaring import REASON_MAX
from reservations.web.auth import PASSWORD_LENGTH_MIN
from reservations.web.language import gettext
from reservations.web.wishes import HEADCOUNT_MAX, FrameWish, PurposeCode, When, Wish

Model = TypeVar("Model", bound=BaseModel)

NAME_LENGTH_MAX = 200
LOGIN_LENGTH_MAX = 254
PASSWORD_LENGTH_MAX = 200
WORDS_LENGTH_MAX = 2000
PAGE_LENGTH_MAX = 500
ROSTER_LENGTH_MAX = 60_000
KEY_LENGTH_MAX = 80

# What stays out of a name: line breaks, tabs and other controls. Every other character is a name's.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_SPACES = re.compile(r"\s+")
# Kana that lie outside of the range that the library shifts.
_MORE_KANA = str.maketrans({"ヷ": "わ\u3099", "ヸ": "ゐ\u3099", "ヹ": "ゑ\u3099", "ヺ": "を\u3099"})
_VOICING = str.maketrans({"゛": "\u3099", "゜": "\u309a"})
_KANJI = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[0-9]{9,15}")


class Malformed(Exception):  # noqa: N818  like a refusal it is an answer, not an error
    """A form that cannot be read.

    values   what was typed, to be shown again
    errors   field name to the sentence that stands at the field, in the form's order
    """

    def __init__(self, values: Mapping[str, str], errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.values = dict(values)
        self.errors = dict(errors)


def read(model: type[Model], source: Mapping[str, str]) -> Model:
    """The form's fields as a value; a field left empty counts as not sent.

    raises   Malformed
    """
    # No keyboard sends a NUL, and PostgreSQL stores none.
    typed = {
        name: source.get(name, "").replace("\x00", "") for name in _names(model) if name in source
    }
    try:
        return model.model_validate({name: text for name, text in typed.items() if text.strip()})
    except ValidationError as error:
        found: dict[str, str] = {}
        for detail in error.errors(include_url=False, include_context=True):
            field = str(detail["loc"][0]) if detail["loc"] else ""
            found.setdefault(field, _sentence(field, detail))
        order = [*_names(model), ""]
        ranked = {name: found[name] for name in sorted(found, key=order.index)}
        raise Malformed(typed, ranked) from None


def _names(model: type[BaseModel]) -> list[str]:
    """Field names as the form has them."""
    return [str(field.validation_alias or name) for name, field in model.model_fields.items()]


def _sentence(field: str, detail: ErrorDetails) -> str:
    """Which field, what is wrong and what to do, by the kind of error that pydantic names.

    The field is named, because the summary lists the sentences away from their fields.
    """
    context = detail.get("ctx", {})
    label = str(LABELS.get(field, field))
    words = {
        "missing": gettext("%(field)sを入力してください。"),
        "missing_choice": gettext("%(field)sを選んでください。"),
        "int_parsing": gettext("%(field)sは、数字で入力してください。"),
        "float_parsing": gettext("%(field)sは、数字で入力してください。"),
        "int_from_float": gettext("%(field)sは、小数のない数字で入力してください。"),
        "greater_than_equal": gettext("%(field)sは、%(ge)s以上の数字にしてください。"),
        "less_than_equal": gettext("%(field)sは、%(le)s以下の数字にしてください。"),
        "string_too_long": gettext("%(field)sは、%(max_length)s文字までにしてください。"),
        "string_too_short": gettext("%(field)sは、%(min_length)s文字以上にしてください。"),
        "not_a_day": gettext("%(field)sは、2000年から2099年までの、暦にある日にしてください。"),
        "no_length": gettext("終わりの時刻を、始まりと別の時刻にしてください。"),
        "kanji_in_reading": gettext(
            "%(field)sは、漢字ではなく、ひらがなかカタカナで入力してください。"
        ),
        "not_a_login": gettext(
            "メールアドレス（例 hanako@example.jp）か、電話番号（例 090-1234-5678）を"
            "入力してください。"
        ),
        "not_a_phone": gettext("電話番号を、市外局番から入力してください（例 076-123-4567）。"),
        "not_a_mail": gettext("メールアドレスの形が違います（例 hanako@example.jp）。"),
        "control_character": gettext("%(field)sに、使えない文字（改行など）が入っています。"),
    }
    kind = detail["type"]
    if kind == "missing" and field in CHOSEN:
        kind = "missing_choice"
    plain = gettext("%(field)sの形が違います。もう一度確かめてください。")
    return words.get(kind, plain) % {"field": label, **context}


LABELS: dict[str, Any] = {
    "name": _l("氏名"),
    "kana": _l("ふりがな"),
    "login": _l("メールアドレスか電話番号"),
    "password": _l("パスワード"),
    "home": _l("住んでいる町"),
    "works": _l("働いている町"),
    "studies": _l("通学している町"),
    "unit": _l("室場"),
    "date": _l("日付"),
    "start": _l("始まりの時刻"),
    "end": _l("終わりの時刻"),
    "purpose": _l("使う目的"),
    "headcount": _l("人数"),
    "words": _l("文章"),
    "score": _l("評価"),
    "days": _l("利用できる曜日"),
    "notes": _l("備考"),
    "lat": _l("緯度"),
    "lng": _l("経度"),
    "who": _l("電話番号・かな・予約番号"),
    "residency": _l("区分"),
    "reason": _l("理由"),
    "town": _l("町"),
    "kind": _l("種類"),
    "lines": _l("名簿"),
    "giver": _l("同意した方の氏名"),
    "phone": _l("電話番号"),
    "email": _l("メールアドレス"),
}
# A field of a form that has a shorter name in addresses.
NAMES = {"unit_id": "unit"}
# Fields that are chosen from a list, not typed.
CHOSEN = frozenset({"home", "works", "studies", "purpose", "score"})


def folded(text: Any) -> Any:
    """Full-width digits, colons and letters as half-width ones: for numbers, dates and times."""
    return unicodedata.normalize("NFKC", text).strip() if isinstance(text, str) else text


def fold_kana(text: str) -> str:
    """A reading in one form: hiragana, single spaces. ﾔﾏﾀﾞ, ヤマダ and やまだ become the same."""
    composed = unicodedata.normalize("NFKC", text.translate(_VOICING))
    hiragana = str(jaconv.kata2hira(composed.translate(_MORE_KANA)))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", hiragana)).strip()


def _reading(text: str) -> str:
    if _KANJI.search(text):
        raise PydanticCustomError("kanji_in_reading", "kanji in a reading")
    return fold_kana(text)


def _as_written(text: str) -> str:
    """A name: not one character is replaced, and none is refused but line breaks and the like."""
    stripped = text.strip(" \u3000")
    if _CONTROLS.search(stripped):
        raise PydanticCustomError("control_character", "control character")
    return stripped


def _login(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = re.sub(r"[\s()‐‑–−ー-]", "", plain)
    if _MAIL.fullmatch(plain) or _PHONE.fullmatch(digits):
        return plain
    raise PydanticCustomError("not_a_login", "neither a mail address nor a phone number")


def _phone(text: str) -> str:
    if _PHONE.fullmatch(re.sub(r"[\s()‐‑–−ー-]", "", text)):
        return text
    raise PydanticCustomError("not_a_phone", "no phone number")


def _mail(text: str) -> str:
    if _MAIL.fullmatch(text):
        return text
    raise PydanticCustomError("not_a_mail", "no mail address")


Number = Annotated[int, BeforeValidator(folded)]
Decimal = Annotated[float, BeforeValidator(folded)]
Name = Annotated[str, Field(max_length=NAME_LENGTH_MAX), AfterValidator(_as_written)]
Reading = Annotated[str, Field(max_length=NAME_LENGTH_MAX), AfterValidator(_reading)]
Login = Annotated[str, Field(max_length=LOGIN_LENGTH_MAX), AfterValidator(_login)]
Phone = Annotated[str, Field(max_length=40), BeforeValidator(folded), AfterValidator(_phone)]
Mail = Annotated[
    str, Field(max_length=LOGIN_LENGTH_MAX), BeforeValidator(folded), AfterValidator(_mail)
]
Words = Annotated[str, Field(max_length=WORDS_LENGTH_MAX)]
Folded = Annotated[
    str, Field(max_length=NAME_LENGTH_MAX), BeforeValidator(folded), AfterValidator(_as_written)
]
Id = Annotated[str, Field(max_length=KEY_LENGTH_MAX)]
Key = Annotated[str, Field(max_length=KEY_LENGTH_MAX)]


class Form(BaseModel):
    """What every form has in common; unknown fields (the CSRF token) are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class WishForm(Form):
    """What wishes.py describes, as people type it: full-width digits, 9:00, `unit` for short."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: NAMES.get(name, name))
    )

    @field_validator(
        "unit_id", "date", "start", "end", "headcount", mode="before", check_fields=False
    )
    @classmethod
    def _fold(cls, typed: Any, info: ValidationInfo) -> Any:
        text = folded(typed)
        return text.zfill(len("09:00")) if info.field_name in ("start", "end") else text


class FrameForm(FrameWish, WishForm):
    """Which unit, when: the query of the check page. Times may be any on the grid."""


class BookingForm(Wish, WishForm):
    """予約の確認: the frame, what for, how many people, and the key against a double click."""

    key: Key = ""


class CounterForm(Form):
    """窓口の予約: for whom. The frame is read on its own (FrameForm).

    who      telephone, kana, name, or the number of a booking
    name     of somebody whom nobody knows yet
    pick     a party to look at; party: one to book for
    is_new   though the telephone is known, it is somebody else's
    delegate   the party's delegate who stands there, or nobody: the party does
    """

    who: Folded = ""
    name: Name = ""
    residency: Literal["resident", "works", "studies", "outside"] = "resident"
    purpose: PurposeCode = ""
    headcount: Number | None = Field(None, ge=1, le=HEADCOUNT_MAX)
    reason: Words = ""
    pick: Id = ""
    party: Id = ""
    is_new: bool = False
    delegate: Id = ""
    key: Key = ""


class FindForm(Form):
    """利用者をさがす: by telephone, kana, name, or the number of a booking."""

    who: Folded = ""


class ContactForm(Form):
    """How a party is called and reached. Whoever is known by name alone has no kana yet."""

    name: Name
    kana: Reading = ""
    phone: Phone = ""
    email: Mail = ""
    key: Key = ""


class ResidencyForm(Form):
    """What a town believes of a party; until when is read on its own (three_part_date)."""

    town: str = Field(max_length=6)
    residency: Literal["resident", "works", "studies", "outside"]
    seen: Id = ""
    key: Key = ""


class NewPartyForm(ContactForm):
    """窓口での利用者登録, without what the town believes (ResidencyForm).

    is_new   though somebody is known who is called or reached so
    """

    kind: Literal["person", "group"] = "person"
    kana: Reading
    is_new: bool = False


class RosterForm(Form):
    """名簿, one member a line (web/counter/groups.py); version: of the roster that was shown."""

    lines: str = Field("", max_length=ROSTER_LENGTH_MAX)
    version: Id
    key: Key = ""


class DelegateForm(Form):
    """代理: who may book, who consented and how that was shown. Until when is read on its own.

    pick   of several who were found, the one who was meant
    """

    who: Folded
    giver: Name
    seen: Id
    pick: Id = ""
    key: Key = ""


class PlaceForm(FrameWish, WishForm):
    """Another time or unit for a booking, and the key against a double click."""

    reason: Words = ""
    delegate: Id = ""
    key: Key = ""


class ChangeForm(When, WishForm):
    """Another time for a booking of one's own."""

    key: Key = ""


class DateForm(Form):
    """A day as three number fields."""

    year: Number = Field(ge=2000, le=2099)
    month: Number = Field(ge=1, le=12)
    day: Number = Field(ge=1, le=31)


class RatingForm(Form):
    score: Number = Field(ge=1, le=5)
    words: Words = ""


class ProblemForm(Form):
    """このページで困ったこと."""

    words: Words
    page: str = ""
    key: Key = ""


class DeclareForm(Form):
    """災害時の宣言, or its end: why, and what was seen to stand."""

    reason: Annotated[str, Field(max_length=REASON_MAX)]
    after: str = ""
    word: str = ""


class SignInForm(Form):
    login: str = Field(max_length=LOGIN_LENGTH_MAX)
    password: str = Field(max_length=PASSWORD_LENGTH_MAX)


class PersonForm(Form):
    """利用者登録, first page: who, how to reach them, and what they are to which town."""

    name: Name
    kana: Reading
    login: Login
    home: str = Field(max_length=6)
    works: str = Field("", max_length=6)
    studies: str = Field("", max_length=6)


class PasswordForm(Form):
    """利用者登録, second page. Spaces belong to a password, so it is taken as it is."""

    password: str = Field(min_length=PASSWORD_LENGTH_MIN, max_length=PASSWORD_LENGTH_MAX)
    key: Key = ""


class HoursForm(Form):
    """The four cells of the national list that say when a facility is open; empty: as it was read.

    They are read by the same grammar as the lists, so a clerk may write as the town does.
    """

    days: str = Field("", max_length=200)
    start: str = Field("", max_length=40)
    end: str = Field("", max_length=40)
    notes: str = Field("", max_length=400)


class PositionForm(Form):
    """A point in Japan, in degrees."""

    lat: Decimal = Field(ge=20, le=46)
    lng: Decimal = Field(ge=122, le=154)


def three_part_date(source: Mapping[str, str], name: str) -> date:
    """The day of the fields `<name>_year`, `<name>_month` and `<name>_day`.

    raises   Malformed, with one sentence for the three fields together, under `name`
    """
    typed = {part: source.get(f"{name}_{part}", "") for part in ("year", "month", "day")}
    try:
        parts = read(DateForm, typed)
        return date(parts.year, parts.month, parts.day)
    except (Malformed, ValueError):
        raise Malformed(typed, {name: no_such_day()}) from None


def has_kanji(text: str) -> bool:
    """Whether it cannot be a reading."""
    return _KANJI.search(text) is not None


def is_name(text: str) -> bool:
    """Whether a name has no line breaks or other controls in it."""
    return _CONTROLS.search(text) is None


def no_such_day() -> str:
    return gettext("その日付はありません。年・月・日を確かめてください。")
