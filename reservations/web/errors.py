"""One handler that turns a refusal into a page or a problem document with the same code.

Refusal     a page with the words of every reason, or a problem document in the API
Malformed   422 with a sentence a field; a view that shows its own form again catches it first
CSRFError   400; what was typed here can be sent again with one button
HTTPException 400, 404, 405, 413 as the refusals of the same meaning
Exception   anything else: a bug or an outage (faults.py)
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson
from flask import Flask, Response, g, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from reservations.errors import Refusal, RefusalCode
from reservations.web import faults
from reservations.web.forms import Malformed
from reservations.web.refusals import sentence, sentences

Code = RefusalCode

# Everything else is 422: understood, and not possible.
STATUS_OF = {
    Code.MALFORMED: 400,
    Code.TOO_LARGE: 413,
    Code.PICTURE_TOO_LARGE: 413,
    Code.CSRF: 400,
    Code.THROTTLED: 429,
    Code.SIGN_IN_NEEDED: 401,
    Code.SIGN_IN_FAILED: 401,
    Code.CODE_WRONG: 401,
    Code.PASSKEY_WRONG: 401,
    Code.PASSKEY_UNKNOWN: 401,
    Code.SIGN_IN_AGAIN: 401,
    Code.LINK_EXPIRED: 410,
    Code.FORBIDDEN: 403,
    Code.NOT_ALLOWED: 403,
    Code.NO_SUCH_PLACE: 404,
    Code.NOT_FOUND: 404,
    Code.UNIT_UNKNOWN: 404,
    Code.KEY_REUSED: 422,
    Code.LOGIN_TAKEN: 409,
    Code.TAKEN: 409,
    Code.OWN_OVERLAP: 409,
    Code.CHANGING: 409,
    Code.NOT_ACTIVE: 409,
    Code.ALREADY_STARTED: 409,
    Code.PERMISSION_WAITS: 409,
    Code.DECIDED_ALREADY: 409,
    Code.NO_PERMIT: 409,
    Code.FORM_SETTLED: 409,
    Code.CHANGED_MEANWHILE: 409,
    Code.MODE: 503,
}
CODE_OF_STATUS = {
    400: Code.MALFORMED,
    404: Code.NOT_FOUND,
    405: Code.NOT_FOUND,
    413: Code.TOO_LARGE,
    415: Code.MALFORMED,
}
# Never sent back in a page, not even to whoever typed it.
SECRET_FIELDS = frozenset({"csrf_token", "password", "current", "new_password"})


def status_of(code: RefusalCode) -> int:
    """The HTTP status of a refusal in the API."""
    return STATUS_OF.get(code, 422)


def page_status(code: RefusalCode) -> int:
    """The HTTP status of a refusal on a page: a form that cannot be done is 422."""
    status = status_of(code)
    return {401: 422, 409: 422}.get(status, status)


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
    _say_when(answer, refusal)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def plain_problem(error: HTTPException) -> Response:
    """A problem document for what is no refusal of ours: a header that is too long."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.name,
        "status": error.code,
        "code": f"http_{error.code}",
        "refusals": [],
    }
    return Response(orjson.dumps(body), error.code, content_type="application/problem+json")


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(Malformed, _malformed)
    app.register_error_handler(CSRFError, _unsigned)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, faults.fault)


def page(refusal: Refusal, *, status: int | None = None, **more: Any) -> Response:
    """The page that says no: every reason in words, and where to go on."""
    g.refusal = refusal
    html = render_template("refusal.html", code=refusal.code, reasons=sentences(refusal), **more)
    answer = Response(html, status or page_status(refusal.code))
    _say_when(answer, refusal)
    return answer


def _say_when(answer: Response, refusal: Refusal) -> None:
    if refusal.code is Code.THROTTLED:
        answer.headers["Retry-After"] = str(refusal.params.get("seconds", 60))


def _refused(refusal: Refusal) -> Any:
    if is_api():
        return problem(refusal)
    if refusal.code is Code.SIGN_IN_NEEDED:
        # The chosen frame travels along in `next`, so that signing in loses nothing.
        return redirect(url_for("sign_in.form", next=_where_they_were()), 303)
    return page(refusal)


def _where_they_were() -> str:
    """The page that is asked for; of a form, the page that it stood on."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.removesuffix("?")
    if request.form.get("back"):
        return request.form["back"]
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host:
        return "/"
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")


def _malformed(wrong: Malformed) -> Any:
    refusal = Refusal(Code.MALFORMED)
    if is_api():
        return problem(refusal)
    return page(refusal, status=422, errors=wrong.errors)


def _unsigned(_error: CSRFError) -> Any:
    """A form without a good token: its cookie has run out, or a stranger's page sent it.

    What was typed is offered again only if the browser says that the form was ours; nobody is
    to be talked into confirming what somebody else filled in.
    """
    refusal = Refusal(Code.CSRF)
    if is_api():
        return problem(refusal)
    if not _is_from_here():
        return page(refusal)
    typed = [pair for pair in request.form.items(multi=True) if pair[0] not in SECRET_FIELDS]
    return page(
        refusal, typed=typed, again=request.full_path, asks_password="password" in request.form
    )


def _is_from_here() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if status >= 500:
        return faults.http_fault(error)
    if status < 400:
        return error
    code = CODE_OF_STATUS.get(status)
    if code is None and is_api():
        return plain_problem(error)
    refusal = Refusal(code or Code.MALFORMED)
    answer = problem(refusal, status=error.code) if is_api() else page(refusal, status=error.code)
    if error.code == 405 and error.get_response().headers.get("Allow"):
        answer.headers["Allow"] = error.get_response().headers["Allow"]
    return answer
