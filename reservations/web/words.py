"""The catalogues of other languages: collect what the pages say, merge it, compile it.

    python -m reservations.web.words

Japanese is the source, so it needs no catalogue. For each folder of translations/ the new
sentences of templates and modules are added to messages.po (empty, to be filled in by a person),
sentences that nobody says any more are dropped, and messages.mo, which the server reads, is
written. What is still to be translated is listed; tests/tidy/test_words.py wants it to be nothing.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

FIRST_DAY = datetime(2026, 11, 21, tzinfo=UTC)
WEB = Path(__file__).parent
TRANSLATIONS = WEB / "translations"
METHODS = [
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
]
KEYWORDS = dict.fromkeys(("_", "gettext", "lazy_gettext", "N_", "_l"))


def collected() -> Catalog:
    """Every sentence that the web layer says, with the files that say it."""
    # A fixed date: the same sentences make the same files.
    catalogue = Catalog(project="Tonari", charset="utf-8", creation_date=FIRST_DAY)
    options = {"**/templates/**": {"silent": "false"}}
    for file, _line, text, comments, context in extract_from_dir(
        WEB, METHODS, options, keywords=KEYWORDS
    ):
        # Files without line numbers, so that a moved line changes no catalogue.
        catalogue.add(text, None, [(file, 0)], auto_comments=comments, context=context)
    return catalogue


def update(language: str, source: Catalog) -> list[str]:
    """Merge one catalogue and compile it; the sentences that still need words."""
    path = TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    catalogue.update(source, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    for message in catalogue:
        message.locations = sorted({(name, None) for name, _ in message.locations})  # type: ignore[misc]
    with path.open("wb") as file:
        write_po(file, catalogue, sort_output=True, omit_header=True, width=100)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    return [str(each.id) for each in catalogue if each.id and not each.string]


def main() -> None:
    source = collected()
    for folder in sorted(path for path in TRANSLATIONS.iterdir() if path.is_dir()):
        missing = update(folder.name, source)
        sys.stdout.write(f"{folder.name}: {len(source)} sentences, {len(missing)} without words\n")
        sys.stdout.writelines(f"  {text}\n" for text in missing)


if __name__ == "__main__":
    main()
