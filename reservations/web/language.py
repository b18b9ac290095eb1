"""Which language an answer is in, and dates and yen as people read them.

Japanese is the language of the templates; other languages are catalogues in translations/. A
language is offered when its catalogue is complete (tests/tidy); ja@easy, zh and ko come later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import flask_babel
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel

from reservations.clock import HOLIDAYS, local
from reservations.rules.period import Period, clock_text

LANGUAGE_COOKIE = "tonari_language"


@dataclass(frozen=True, slots=True)
class Language:
    """`locale` for the catalogue, `tag` for lang= and hreflang=, `name` in its own words."""

    locale: str
    tag: str
    name: str


LANGUAGES = (Language("ja", "ja", "日本語"), Language("en", "en", "English"))
_BY_LOCALE = {language.locale: language for language in LANGUAGES}

WEEKDAYS_JA = "月火水木金土日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
ERAS = ((date(2019, 5, 1), "令和", "R"), (date(1989, 1, 8), "平成", "H"))

babel = Babel()


def install(app: Flask) -> None:
    """The catalogues, and the words of the templates."""
    babel.init_app(app, locale_selector=locale)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of Jinja's extension
        _catalogued, lambda one, many, count: _catalogue().ungettext(one, many, count), True
    )


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """A language's words where there is no request: a letter has a reader all the same."""
    with _speaker().test_request_context():
        g.locale = chosen if chosen in _BY_LOCALE else "ja"
        yield


@cache
def _speaker() -> Flask:
    """An application that can do nothing but speak."""
    app = Flask(__name__)
    app.config["BABEL_DEFAULT_LOCALE"] = "ja"
    install(app)
    return app


def gettext(text: str, /, **values: object) -> str:
    """The sentence from the reader's catalogue."""
    found = _catalogued(text)
    return found % values if values else found


def N_(text: str) -> str:
    """A sentence that is said later, in the language of whoever asks then."""
    return text


def _catalogued(text: str) -> str:
    return str(_catalogue().ugettext(text))


def _catalogue() -> Any:
    """Looked up once a request: a page says some hundred sentences."""
    try:
        return g.catalogue
    except (AttributeError, RuntimeError):
        found = flask_babel.get_translations()
        if has_request_context():
            g.catalogue = found
        return found


def locale() -> str:
    """?lang= wins, then the cookie, then what the browser asks for, then Japanese.

    Looked up once a request: a page asks some hundred times.
    """
    try:
        found: str = g.locale
    except (AttributeError, RuntimeError):
        found = _asked_for() if has_request_context() else "ja"
        if has_request_context():
            g.locale = found
    return found


def _asked_for() -> str:
    asked = (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE))
    known = [each for each in asked if each in _BY_LOCALE]
    best = request.accept_languages.best_match(list(_BY_LOCALE), default="ja")
    return known[0] if known else best


def remember(response: Response) -> Response:
    """A language that was chosen on a page stays chosen on this device."""
    chosen = request.args.get("lang")
    if chosen in _BY_LOCALE and request.cookies.get(LANGUAGE_COOKIE) != chosen:
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=400 * 86400, samesite="Lax")
    return response


def current() -> Language:
    return _BY_LOCALE[locale()]


def is_japanese() -> bool:
    return locale().startswith("ja")


def comma() -> str:
    """Between the parts of a spoken name."""
    return "、" if is_japanese() else ", "


def wareki(day: date) -> str:
    """令和8年11月21日; the first year of an era is 元年."""
    for first, name, _ in ERAS:
        if day >= first:
            year = day.year - first.year + 1
            return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return f"{day.year}年{day.month}月{day.day}日"


def weekday(day: date) -> str:
    return WEEKDAYS_JA[day.weekday()] if is_japanese() else WEEKDAYS_EN[day.weekday()]


def day_text(day: date) -> str:
    """11月21日（土） or Sat 21 Nov: where the year is plain."""
    if is_japanese():
        return f"{day.month}月{day.day}日（{weekday(day)}）"
    return f"{weekday(day)} {day.day} {MONTHS_EN[day.month - 1]}"


def short_day_text(day: date) -> str:
    """11/21（土） or Sat 21 Nov: in strips and cells."""
    return f"{day.month}/{day.day}（{weekday(day)}）" if is_japanese() else day_text(day)


def day_tone(day: date) -> str:
    """sat, sun (national holidays too) or nothing: a class beside the weekday's own word."""
    if day.weekday() == 6 or day in HOLIDAYS:
        return "sun"
    return "sat" if day.weekday() == 5 else ""


def long_day_text(day: date) -> str:
    """令和8年（2026年）11月21日（土） or Sat 21 Nov 2026: on confirmations and papers."""
    if is_japanese():
        era = wareki(day).partition("年")[0]
        return f"{era}年（{day.year}年）{day.month}月{day.day}日（{weekday(day)}）"
    return f"{weekday(day)} {day.day} {MONTHS_EN[day.month - 1]} {day.year}"


def month_text(month: date) -> str:
    """令和8年5月 or May 2026: any day of it."""
    if is_japanese():
        return f"{wareki(month).partition('年')[0]}年{month.month}月"
    return f"{MONTHS_EN[month.month - 1]} {month.year}"


def near_day_text(day: date, today: date) -> str:
    """きょう 11月21日（土）: with the word, and always with the date."""
    words = {0: gettext("きょう"), 1: gettext("あした"), 2: gettext("あさって")}
    word = words.get((day - today).days)
    return f"{word} {day_text(day)}" if word else day_text(day)


def time_text(period: Period) -> str:
    """18:00〜21:00; an end past midnight says so (翌2:00)."""
    end = period.end
    last = clock_text(end)
    if end > 96:
        last = gettext("翌%(time)s", time=clock_text(end - 96))
    return (
        f"{clock_text(period.start)}〜{last}"
        if is_japanese()
        else (f"{clock_text(period.start)}–{last}")
    )


def instant_text(instant: datetime) -> str:
    """A moment at the facility: 11月28日（土）23:59."""
    here = local(instant)
    return f"{day_text(here.date())} {here:%H:%M}"


def yen(amount: int) -> str:
    """1,200円 or ¥1,200; nothing to pay is said in words."""
    if amount == 0:
        return str(gettext("無料"))
    return f"{amount:,}円" if is_japanese() else f"¥{amount:,}"


def distance_text(metres: int) -> str:
    """Up to a kilometre in steps of 50 m, then in km with one digit."""
    if metres < 1000:
        return f"{max(50, round(metres / 50) * 50)} m"
    return f"{metres / 1000:.1f} km"


def named(japanese: str, english: str) -> str:
    """A name of the data in the reader's language; Japanese where no other is known."""
    return japanese if is_japanese() or not english else english
