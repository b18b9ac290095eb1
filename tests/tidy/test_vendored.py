"""What was copied from others is named in VENDORED.toml beside it, and is what it says it is."""

from __future__ import annotations

import hashlib
import re
import tomllib

import pytest

from tests.tidy.repository import ROOT, paths

FOLDERS = sorted({path.rsplit("/", 1)[0] for path in paths() if "/vendor/" in path})
NEEDED = {"package", "version", "licence", "sha256"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_copy_has_version_licence_and_hash(folder):
    here = {path.rsplit("/", 1)[1] for path in paths() if path.rsplit("/", 1)[0] == folder}
    named = tomllib.loads((ROOT / folder / "VENDORED.toml").read_text(encoding="utf-8"))
    licences = {name for name in here if "LICEN" in name.upper()}

    assert here - licences - {"VENDORED.toml"} == set(named)
    for name, entry in named.items():
        assert NEEDED - set(entry) == set(), name
        assert hashlib.sha256((ROOT / folder / name).read_bytes()).hexdigest() == entry["sha256"]


def test_a_minified_file_lies_in_a_vendor_folder():
    minified = [path for path in paths() if re.search(r"\.min\.\w+$", path)]

    assert minified != []
    assert [path for path in minified if "/vendor/" not in path] == []
