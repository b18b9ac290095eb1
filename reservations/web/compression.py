"""Answers go out packed: a page on a cheap line is a third of its size, a style sheet a quarter.

Files of static/ and style sheets never change under their address (templating.py:asset, look.py),
so each is packed once a process. Pages are packed as they leave, at a level that costs less than
the page itself.

A packed page whose size can be watched may give a secret away, if whoever watches can also put
text into it (BREACH). Cookies here are SameSite=Lax, so a stranger's page cannot make requests
that carry one, and its own requests hold no secret.
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Flask, Response, request

LASTING = frozenset({"static", "look.sheet"})
SMALLEST_BYTES = 1_000
PAGE_LEVEL = 4
TYPES = ("text/", "image/svg+xml")


def install(app: Flask) -> None:
    """Pack what is text and long enough, for whoever accepts it."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    if not (response.mimetype or "").startswith(TYPES):
        return response
    response.vary.add("Accept-Encoding")
    # Not what is short, packed already, or a part of a file.
    is_whole = response.status_code != 206 and "Content-Encoding" not in response.headers
    is_long = (response.content_length or 0) >= SMALLEST_BYTES
    if not (is_whole and is_long and request.accept_encodings.quality("gzip")):
        return response
    if request.endpoint in LASTING:
        response.direct_passthrough = False
        packed = _packed_file(request.full_path, response.get_data())
        response.set_etag(f"{response.get_etag()[0]}-gzip")
    else:
        packed = gzip.compress(response.get_data(), PAGE_LEVEL, mtime=0)
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    return response


@lru_cache(maxsize=64)
def _packed_file(_address: str, content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)
