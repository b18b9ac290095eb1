"""A town changes its forms by data alone, and is told what does not hang together."""

from __future__ import annotations

import pytest

from printables.forms import FormFault, town
from printables.registry import PAPERS
from tests.printables import pdf

PERMIT = PAPERS["permit"]
RECORD = PERMIT.samples()["typical"]


def text_of(changes):
    return pdf.text(PERMIT.draw(RECORD, town(changes)).pdf)


def test_a_town_says_approval_instead_of_permit():
    words = {"use": "利用", "permit": "承認", "facility": "公民館"}

    found = text_of({"name": "東隣町", "words": words})

    assert "公民館利用承認書" in found
    assert "許可" not in found.replace("許可第", "").replace("ス許", "")
    assert "東隣町を被告として" in found


def test_a_town_renames_drops_and_reorders_fields():
    permit = {
        "fields": {"unit": {"label": "場所"}},
        "blocks": {"granted": {"rows": [["unit"], ["periods"], ["permit_number"]]}},
        "order": ["title", "granted", "body"],
    }

    found = text_of({"forms": {"permit": permit}})

    assert "場所隣野市民体育館" in found
    assert "バドミントンの練習" not in found
    assert found.index("許可番号") < found.index("付けで申請のあった")


def test_a_town_with_a_seal_has_a_frame_for_it():
    issuer = {"lines": ["東隣町長　東　隣子"], "seal": "frame"}

    found = text_of({"issuers": {"default": issuer}})

    assert "東隣町長東隣子" in found
    assert "公印省略" not in found


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"forms": {"permit": {"order": ["nothing"]}}}, "blocks.nothing"),
        ({"forms": {"permit": {"blocks": {"body": {"kind": "poem"}}}}}, "no kind poem"),
        ({"forms": {"permit": {"blocks": {"body": {"text": "{colour}"}}}}}, "colour"),
        ({"forms": {"permit": {"blocks": {"body": {"text": "{"}}}}}, "body|expected|'{'"),
        ({"forms": {"permit": {"blocks": {"granted": {"rows": [["colour"]]}}}}}, "fields.colour"),
        ({"forms": {"permit": {"fields": {"purpose": {"kind": "poem"}}}}}, "no kind poem"),
        ({"issuers": {"default": {"lines": [], "seal": "wax"}}}, "seal"),
    ],
)
def test_a_form_that_does_not_hang_together_is_refused_with_the_place(changes, said):
    with pytest.raises(FormFault, match=said):
        PERMIT.sheet(RECORD, town(changes))


def test_braces_in_what_people_wrote_are_only_text():
    import dataclasses  # noqa: PLC0415 - only this test changes a record

    record = dataclasses.replace(RECORD, purpose="{use}の{0}", payment="{town}")

    found = pdf.text(PERMIT.draw(record).pdf)

    assert "{use}の{0}" in found
    assert "納付の状況：{town}" in found
