"""One style sheet a page: the parts of static/ that it names, in one answer.

A page is painted when its style sheet is there, and on a slow phone each further sheet costs a
connection of its own. Of the Digital Agency's tokens only those that are used travel along.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, url_for

from reservations.errors import Refusal, RefusalCode
from reservations.web.auth import Who, guard

blueprint = APIBlueprint("look", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)

STATIC = Path(__file__).parent / "static"
TOKENS = STATIC / "vendor" / "tokens.css"
PARTS = {path.stem: path for path in STATIC.glob("*.css")}

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s+")
_AROUND = re.compile(r" ?([{};,]) ?")
_TOKEN = re.compile(r"(--[\w-]+):\s*([^;]+);")
_USED = re.compile(r"var\((--[\w-]+)")


@blueprint.get("/look/<names>.css")
def sheet(names: str) -> Response:
    """The address has the content's hash, so that a browser may keep it for good."""
    parts = tuple(names.split("-"))
    if not set(parts) <= set(PARTS) or len(set(parts)) < len(parts):
        raise Refusal(RefusalCode.NOT_FOUND)
    answer = Response(css(*parts), content_type="text/css; charset=utf-8")
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.set_etag(_digest(*parts))
    return answer


def look(*names: str) -> str:
    """The address of these parts (files of static/, without `.css`) as one style sheet."""
    return url_for("look.sheet", names="-".join(names), v=_digest(*names))


@cache
def css(*names: str) -> str:
    """The parts behind one another, without comments, after the tokens that they use."""
    written = "".join(PARTS[name].read_text(encoding="utf-8") for name in names)
    return f":root{{{_tokens(written)}}}{_packed(written)}"


def _tokens(written: str) -> str:
    """Only the tokens that are used, and those that these rest on."""
    known = dict(_TOKEN.findall(TOKENS.read_text(encoding="utf-8")))
    wanted: dict[str, str] = {}
    found = set(_USED.findall(written)) & set(known)
    while found:
        wanted |= {name: known[name] for name in found}
        found = {name for value in wanted.values() for name in _USED.findall(value)} - set(wanted)
    return "".join(f"{name}:{_SPACE.sub(' ', value)};" for name, value in sorted(wanted.items()))


def _packed(written: str) -> str:
    return _AROUND.sub(r"\1", _SPACE.sub(" ", _COMMENT.sub("", written)))


@cache
def _digest(*names: str) -> str:
    return hashlib.sha256(css(*names).encode()).hexdigest()[:8]
