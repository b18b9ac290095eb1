"""`python -m printables`: a record in, a paper out, on a machine where all else is down."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from printables.registry import PAPERS
from tests.tidy.repository import ROOT

PERMIT = PAPERS["permit"]
RECORD = PERMIT.samples()["typical"]


def command(*words: str, given: str = "") -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "printables", *words],
        input=given.encode(),
        env=environment,
        capture_output=True,
        check=False,
    )


def test_a_record_becomes_the_same_paper_as_in_the_program():
    done = command("permit", given=PERMIT.write(RECORD))

    assert done.stderr == b""
    assert done.stdout == PERMIT.draw(RECORD).pdf


@pytest.mark.parametrize(
    ("kind", "start"), [("html", "<!doctype html>"), ("text", "様式第2号"), ("marks", "[")]
)
def test_the_other_forms_can_be_had(kind, start):
    done = command("permit", "--as", kind, given=PERMIT.write(RECORD))

    assert done.returncode == 0
    assert done.stdout.decode().startswith(start)


def test_the_boxes_of_a_form_can_be_had():
    paper = PAPERS["application_form"]

    done = command("application_form", "--as", "marks", given=paper.write(paper.samples()["empty"]))

    marks = json.loads(done.stdout)
    assert {"part", "admission", "sales", "oath"} - {mark["field"] for mark in marks} == set()


def test_a_wrong_record_is_refused_in_words():
    done = command("permit", given=json.dumps({"purpose": "バドミントン"}))

    assert done.returncode == 1
    assert done.stdout == b""
    assert "document_number" in done.stderr.decode()


def test_a_town_of_its_own_is_taken_from_a_file(tmp_path):
    (tmp_path / "town.toml").write_text(
        '[words]\nuse = "利用"\npermit = "承認"\n', encoding="utf-8"
    )

    done = command(
        *("permit", "--as", "text", "--town", str(tmp_path / "town.toml")),
        given=PERMIT.write(RECORD),
    )

    assert "体育施設利用承認書" in done.stdout.decode()


def test_a_character_that_no_font_has_is_said_and_printed_all_the_same():
    done = command(
        "permit", given=PERMIT.write(RECORD).replace("バドミントンの練習", "\U0002f9ff会")
    )

    assert done.returncode == 0
    assert "〓" in done.stderr.decode()
    assert done.stdout.startswith(b"%PDF-")


def test_fonts_and_forms_can_be_checked_beforehand():
    done = command("check")

    assert done.returncode == 0
    assert f"{len(PAPERS)} papers are in order" in done.stdout.decode()


def test_nothing_heavy_is_loaded_to_print():
    heavy = {"flask", "sqlalchemy", "requests", "reservations", "sync"}
    code = (
        f"import sys; from printables import registry; print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
