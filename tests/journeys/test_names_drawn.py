"""People's names as they are written: no box where a rare character stands."""

from __future__ import annotations

import pytest

FONTS = "CSS.getPlatformFontsForNode"


@pytest.mark.parametrize("character", "𠮷髙﨑")
def test_a_rare_character_is_drawn_with_a_font_that_has_it(page, house, character):
    page.goto(f"{house.url}/about")
    page.evaluate("text => { document.querySelector('h1').textContent = text }", character)

    assert fonts_of(page) <= {"BIZ UDGothic", "Tonari Fallback"}


def fonts_of(page) -> set[str]:
    """The families that really drew the heading."""
    inspector = page.context.new_cdp_session(page)
    inspector.send("DOM.enable")
    inspector.send("CSS.enable")
    root = inspector.send("DOM.getDocument")["root"]["nodeId"]
    node = inspector.send("DOM.querySelector", {"nodeId": root, "selector": "h1"})["nodeId"]
    return {font["familyName"] for font in inspector.send(FONTS, {"nodeId": node})["fonts"]}
