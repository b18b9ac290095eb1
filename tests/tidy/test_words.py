"""Every refusal is worded, and every sentence is there in every language that is offered."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from reservations.errors import RefusalCode
from tests.tidy.repository import ROOT

WEB = ROOT / "reservations" / "web"
TRANSLATIONS = WEB / "translations"
# Japanese is the source of the templates; English is complete from the first day.
LANGUAGES = sorted({"en"} | {path.name for path in TRANSLATIONS.glob("*") if path.is_dir()})
METHODS = [
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
]
KEYWORDS = ("_", "gettext", "lazy_gettext", "pgettext", "lazy_pgettext", "ngettext", "N_", "_l")
PLACES = re.compile(r"%\((\w+)\)|\{(\w+)\}")

pytestmark = pytest.mark.skipif(not any(WEB.glob("*.py")), reason="no screens yet")


@functools.cache
def catalogue(language: str) -> Catalog:
    path: Path = TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


@functools.cache
def said() -> frozenset[str]:
    """Every msgid that the code and the templates of the web layer ask for."""
    keywords = dict.fromkeys(KEYWORDS)
    keywords |= {"ngettext": (1, 2), "pgettext": ((1, "c"), 2), "lazy_pgettext": ((1, "c"), 2)}
    found = extract_from_dir(
        WEB, METHODS, {"**/templates/**": {"silent": "false"}}, keywords=keywords
    )
    ids = (message if isinstance(message, str) else message[0] for _, _, message, _, _ in found)
    return frozenset(ids) - {""}


def words(language: str) -> dict[str, str]:
    return {
        (each.id if isinstance(each.id, str) else each.id[0]): (
            each.string if isinstance(each.string, str) else " ".join(each.string or ())
        )
        for each in catalogue(language)
        if each.id and not each.fuzzy
    }


def test_every_refusal_has_its_words():
    from reservations.web.refusals import WORDS  # noqa: PLC0415 - skipped while there are no screens

    assert set(WORDS) == set(RefusalCode)
    assert [code for code, sentence in WORDS.items() if not str(sentence).strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_is_worded_in_the_language(language):
    from reservations.web.refusals import WORDS  # noqa: PLC0415 - as above

    translated = words(language)
    assert [code for code, sentence in WORDS.items() if not translated.get(str(sentence))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(language):
    assert len(said()) > 50
    assert {msgid for msgid in said() if not words(language).get(msgid, "").strip()} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_same_places_to_fill(language):
    def places(text: str) -> set[tuple[str, str]]:
        return set(PLACES.findall(text))

    wrong = [msgid for msgid, text in words(language).items() if places(msgid) != places(text)]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_not_older_in_content(language):
    """The server reads the .mo; where one is committed, it says the same."""
    import gettext  # noqa: PLC0415 - only this test compares compiled catalogues

    compiled = TRANSLATIONS / language / "LC_MESSAGES" / "messages.mo"
    if not compiled.exists():
        pytest.skip("compiled when it is needed")
    with compiled.open("rb") as file:
        known = gettext.GNUTranslations(file)

    assert [msgid for msgid, text in words(language).items() if known.gettext(msgid) != text] == []


def test_english_never_says_free_which_could_mean_vacant_or_without_charge():
    said_so = [text for text in words("en").values() if re.search(r"\bfree\b", text, re.IGNORECASE)]

    assert words("en")["空き"] == "Available"
    assert words("en")["無料"] == "no charge"
    assert said_so == ["%(free)s of %(all)s"]
