"""One handler that turns a refusal into a page or a problem document with the same code."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response, g, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from reservations.errors import Refusal, RefusalCode
from reservations.web.refusals import sentence

Code = RefusalCode

# Everything else is 422: understood, and not possible.
STATUS_OF = {
    Code.MALFORMED: 400,
    Code.TOO_LARGE: 413,
    Code.CSRF: 400,
    Code.THROTTLED: 429,
    Code.SIGN_IN_NEEDED: 401,
    Code.SIGN_IN_FAILED: 401,
    Code.LINK_EXPIRED: 410,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.UNIT_UNKNOWN: 404,
    Code.KEY_REUSED: 422,
    Code.LOGIN_TAKEN: 409,
    Code.TAKEN: 409,
    Code.OWN_OVERLAP: 409,
    Code.NOT_ACTIVE: 409,
    Code.ALREADY_STARTED: 409,
    Code.MODE: 503,
}
CODE_OF_STATUS = {
    400: Code.MALFORMED,
    404: Code.NOT_FOUND,
    405: Code.NOT_FOUND,
    413: Code.TOO_LARGE,
}


def status_of(code: RefusalCode) -> int:
    """The HTTP status of a refusal in the API."""
    return STATUS_OF.get(code, 422)


def is_api() -> bool:
    return request.path.startswith("/api/")


def problem(refusal: Refusal, *, status: int | None = None, **more: Any) -> Response:
    """RFC 9457: a problem document with our stable code, the words, and every other refusal."""
    status = status or status_of(refusal.code)
    body: dict[str, Any] = {
        "type": f"urn:tonari:refusal:{refusal.code.value}",
        "title": sentence(Refusal(refusal.code, **refusal.params)),
        "status": status,
        "code": refusal.code.value,
        "refusals": [
            {"code": each.code.value, "detail": sentence(each)}
            for each in (refusal, *refusal.others)
        ],
        **more,
    }
    answer = Response(orjson.dumps(body), status=status, content_type="application/problem+json")
    if refusal.code is Code.THROTTLED:
        answer.headers["Retry-After"] = str(refusal.params.get("seconds", 60))
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, lambda _error: _refused(Refusal(Code.CSRF)))
    app.register_error_handler(HTTPException, _http)


def _refused(refusal: Refusal) -> Any:
    if is_api():
        return problem(refusal)
    if refusal.code is Code.SIGN_IN_NEEDED and request.method == "GET":
        # The chosen frame travels along in `next`, so that signing in loses nothing.
        return redirect(url_for("sign_in.form", next=request.full_path), 303)
    status = 422 if status_of(refusal.code) == 409 else status_of(refusal.code)
    if status == 401:
        status = 403
    g.refusal = refusal
    return render_template("refusal.html", refusal=refusal, sentence=sentence), status


def _http(error: HTTPException) -> Any:
    code = CODE_OF_STATUS.get(error.code or 500)
    if code is None:
        return error
    refusal = Refusal(code)
    if is_api():
        answer = problem(refusal, status=error.code)
    else:
        answer = Response(
            render_template("refusal.html", refusal=refusal, sentence=sentence), error.code
        )
    if error.code == 405 and error.get_response().headers.get("Allow"):
        answer.headers["Allow"] = error.get_response().headers["Allow"]
    return answer
