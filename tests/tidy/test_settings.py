"""Every setting stands in .env.example as config.py describes it, and nothing else does."""

from __future__ import annotations

import re

from reservations.config import Settings
from tests.tidy.repository import ROOT, texts

EXAMPLE = ROOT / ".env.example"
# TONARI_TEST_ is for the tests, which the application never sees.
SETTING = re.compile(r"\bTONARI_(?!TEST_)[A-Z0-9_]*[A-Z0-9]\b")
OURS = ("reservations/", "sync/", "printables/")


def example_of(name: str) -> str:
    """The two lines of a setting: what it is, and its default, switched off."""
    field = Settings.model_fields[name]
    default = field.default
    if isinstance(default, bool):
        default = str(default).lower()
    return f"# {field.description}\n#TONARI_{name.upper()}={default}"


def test_every_setting_is_described():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_example_lists_every_setting_with_its_default():
    example = EXAMPLE.read_text(encoding="utf-8")

    assert [
        want for name in Settings.model_fields if (want := example_of(name)) not in example
    ] == []


def test_no_page_names_a_setting_that_does_not_exist():
    settings = {f"TONARI_{name.upper()}" for name in Settings.model_fields}
    named = {
        (path, found)
        for path, text in texts(".md", ".yml", ".env.example", "Dockerfile").items()
        for found in SETTING.findall(text)
    }

    assert {(path, found) for path, found in named if found not in settings} == set()


def test_no_module_reads_the_environment_on_its_own():
    reading = re.compile(r"\bos\.(?:environ|getenv)\b")

    found = [path for path, text in texts(".py").items() if reading.search(text)]
    assert [path for path in found if path.startswith(OURS)] == []
