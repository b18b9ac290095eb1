"""The core of sync/ reads no clock, draws no lot, opens nothing and knows no booking."""

from __future__ import annotations

import ast
import re

import pytest

from tests.tidy.repository import ROOT

CORE = ("document", "members", "sheet", "store", "node", "again", "exchange", "status", "sealing")
FORBIDDEN = {
    "time", "datetime", "random", "secrets", "uuid", "threading", "multiprocessing", "asyncio",
    "concurrent", "socket", "ssl", "http", "urllib", "requests", "httpx", "ibmcloudant", "flask",
    "apiflask", "sqlalchemy", "sqlite3", "os", "pathlib", "io", "subprocess", "tempfile",
    "reservations", "printables",
}  # fmt: skip
BOOKINGS = re.compile(r"\b(?:bookings?|courts?|tariffs?|permits?)\b", re.IGNORECASE)


def imported(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def names(source: str) -> set[str]:
    tree = ast.parse(source)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }


@pytest.mark.parametrize("module", CORE)
def test_the_core_imports_no_clock_chance_thread_file_or_network(module):
    source = (ROOT / "sync" / f"{module}.py").read_text(encoding="utf-8")

    assert imported(source) & FORBIDDEN == set()
    assert names(source) & {"open", "print", "input"} == set()


@pytest.mark.parametrize("module", CORE)
def test_the_core_knows_nothing_of_bookings(module):
    source = (ROOT / "sync" / f"{module}.py").read_text(encoding="utf-8")

    assert {name for name in names(source) if BOOKINGS.search(name.replace("_", " "))} == set()


def test_the_check_can_fail():
    assert imported("import time\nfrom sqlalchemy.orm import Session") & FORBIDDEN == {
        "time",
        "sqlalchemy",
    }
    assert BOOKINGS.search("a booking")
