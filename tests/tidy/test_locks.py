"""The locks: hashed, without addresses, holding all that pyproject.toml asks for.

After a change of the dependencies all are made anew (--upgrade takes newer versions):

    uv pip compile --generate-hashes --no-header --no-emit-index-url --no-annotate --universal \\
        pyproject.toml -o requirements.lock          (--extra test -o requirements-test.lock,
                                                       --extra scan -o requirements-scan.lock)
"""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.tidy.repository import ROOT

CORE, TEST, UV = "requirements.lock", "requirements-test.lock", "requirements-uv.lock"
SCAN = "requirements-scan.lock"
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==([^ ;\\]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text(encoding="utf-8")))


def blocks(text: str) -> list[str]:
    return re.split(r"\n(?=\S)", text.strip())


def asked(group: str | None = None) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["optional-dependencies"][group] if group else project["dependencies"]
    return {re.split(r"[\[<>=!~; ]", name)[0].lower().replace("_", "-") for name in wanted}


@pytest.mark.parametrize("lock", [CORE, TEST, SCAN, UV])
def test_every_line_is_one_version_with_its_hashes(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert [block for block in blocks(text) if not PIN.match(block)] == []
    assert [block for block in blocks(text) if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", [CORE, TEST, SCAN, UV])
def test_no_lock_names_an_address(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert re.findall(r"\S*://\S*|--(?:extra-)?index-url.*|--find-links.*", text) == []


def test_the_locks_hold_every_package_that_is_asked_for():
    assert asked() - set(pins(CORE)) == set()
    assert asked("test") - set(pins(TEST)) == set()
    assert asked("scan") - set(pins(SCAN)) == set()


def test_every_larger_set_holds_the_core_set_in_the_same_versions():
    core = pins(CORE)

    for both in (pins(TEST), pins(SCAN)):
        assert {name: both.get(name) for name in core} == core
