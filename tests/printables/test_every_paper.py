"""What holds for every paper in every variant: the list of papers is the list of tests."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
from functools import cache

import pytest

from printables.japanese import columns
from printables.layout import Drawn
from printables.registry import PAPERS
from tests.printables import pdf
from tests.tidy.repository import ROOT

CASES = [
    pytest.param(name, variant, id=f"{name}-{variant}")
    for name, paper in PAPERS.items()
    for variant in paper.samples()
]
EDITIONS = [
    pytest.param(name, variant, edition, id=f"{name}-{variant}-{edition}")
    for name, paper in PAPERS.items()
    for variant in paper.samples()
    for edition in ("", *paper.editions)
]
HASH_ALL = """
import hashlib
from printables.registry import PAPERS
for paper in PAPERS.values():
    for variant, record in paper.samples().items():
        print(paper.name, variant, hashlib.sha256(paper.draw(record).pdf).hexdigest())
"""


@cache
def drawn(name: str, variant: str, edition: str = "") -> Drawn:
    return PAPERS[name].draw(PAPERS[name].samples()[variant], edition=edition)


def strings(value: object) -> list[str]:
    """Every text in a record."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for each in value for text in strings(each)]
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return [text for each in fields for text in strings(getattr(value, each.name))]
    return []


@pytest.mark.parametrize(("name", "variant", "edition"), EDITIONS)
def test_the_file_meets_both_standards(name, variant, edition):
    assert pdf.faults(drawn(name, variant, edition).pdf) == []


@pytest.mark.parametrize(("name", "variant", "edition"), EDITIONS)
def test_no_text_leaves_its_box(name, variant, edition):
    assert pdf.escapes(drawn(name, variant, edition).pdf) == []


@pytest.mark.parametrize(("name", "variant", "edition"), EDITIONS)
def test_every_word_of_the_record_can_be_copied_out(name, variant, edition):
    record = PAPERS[name].samples()[variant]
    found = pdf.text(drawn(name, variant, edition).pdf)
    # Codes are drawn, choices are ticks beside words of the form.
    skipped = {"code", "corner", "appeal", *PAPERS[name].unprinted}
    said = [
        line
        for each in dataclasses.fields(record)
        if each.name not in skipped
        for text in strings(getattr(record, each.name))
        for line in text.split("\n")
    ]

    assert [line for line in said if pdf.squeezed(line) not in found] == []
    assert drawn(name, variant, edition).missing == ()


@pytest.mark.parametrize(("name", "variant", "edition"), EDITIONS)
def test_the_other_forms_of_the_paper_hold_the_same_words(name, variant, edition):
    paper = PAPERS[name]
    record = paper.samples()[variant]
    sheet = paper.sheet(record, edition=edition)

    page, text = paper.html(record, edition=edition), paper.text(record, edition=edition)

    assert f"<title>{sheet.title}</title>" in page
    assert "<script" not in page
    assert pdf.squeezed(sheet.title) in pdf.squeezed(text)
    assert [line for line in text.splitlines() if columns(line) > 80] == []


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_a_record_survives_its_json(name, variant):
    record = PAPERS[name].samples()[variant]

    assert PAPERS[name].read(PAPERS[name].write(record)) == record


@pytest.mark.parametrize("name", PAPERS)
def test_the_usual_case_fits_on_its_sheet(name):
    assert drawn(name, "typical").pages == PAPERS[name].pages
    assert drawn(name, "empty").pages == PAPERS[name].pages
    assert len(drawn(name, "typical").pdf) <= 100_000


@pytest.mark.parametrize("name", PAPERS)
def test_typical_empty_and_longest_are_among_the_samples(name):
    assert {"typical", "empty", "longest"} - set(PAPERS[name].samples()) == set()


def test_two_processes_with_two_hash_seeds_give_the_same_bytes():
    # The other process gets a seed of its own, whatever this one was started with.
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HASH_ALL]
    other = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    here = [
        f"{name} {variant} {hashlib.sha256(drawn(name, variant).pdf).hexdigest()}"
        for name, paper in PAPERS.items()
        for variant in paper.samples()
    ]

    assert other.communicate()[0].splitlines() == here
    assert other.returncode == 0
    assert len(here) == len(CASES)
