"""The two scripts that people and machines start with."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from tests.tidy.repository import ROOT


def test_run_needs_nothing_but_the_standard_library():
    tree = ast.parse((ROOT / "run").read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
    }

    assert imported - set(sys.stdlib_module_names) == set()


@pytest.mark.parametrize("script", ["run", ".ci/run"])
def test_a_script_can_be_started(script):
    assert os.access(ROOT / script, os.X_OK)


def test_run_without_a_verb_says_what_there_is():
    done = subprocess.run(
        [sys.executable, "-S", str(ROOT / "run")], capture_output=True, text=True, check=True
    )

    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        "demo",
        "test",
        "check",
        "sim",
        "bench",
        "COMMAND",
    ]
