"""Puts the parts together: `create_app(settings)` is the only place that knows them all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import IO, Any

from apiflask import APIFlask
from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from reservations import clock, projection
from reservations.config import Settings
from reservations.db import Database
from reservations.web import (
    api,
    compression,
    counter,
    errors,
    language,
    look,
    looks,
    resident,
    templating,
)
from reservations.web.services import EXTENSION, Services, close_session

# No scripts, styles or pictures from anywhere else, and no page of ours inside another's.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)

csrf = CSRFProtect()


class FormSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, which carries a form's CSRF token. The API has none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return None if request.path.startswith("/api/") else super().open_session(app, request)


class InMemory(Request):
    """What is sent to us is not put on a disk while it is read: it may be a picture of a permit."""

    def _get_file_stream(self, *_about: object, **_more: object) -> IO[bytes]:
        return BytesIO()


class Application(APIFlask):
    """APIFlask, without the question at each of a view's layers whether it is a coroutine."""

    session_interface = FormSessions()
    request_class = InMemory

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(
    settings: Settings | None = None,
    *,
    audience: str = "resident",
    now: Callable[[], datetime] = clock.now,
    database: Database | None = None,
) -> APIFlask:
    """The WSGI application for residents (with the API) or for the counter.

    audience   resident or counter: each has a process, a port and connections of its own
    now        where a request's instant comes from
    """
    settings = settings or Settings()
    app = Application(
        __name__,
        title="Tonari",
        version="1",
        spec_path="/api/v1/openapi.json",
        docs_path=None,
        static_folder="web/static",
        template_folder="web/templates",
    )
    app.secret_key = settings.secret_key()
    app.config.update(
        MAX_CONTENT_LENGTH=settings.request_bytes_max,
        MAX_FORM_MEMORY_SIZE=settings.request_bytes_max,
        SESSION_COOKIE_NAME="tonari_form",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_HEADERS=[],
        BABEL_DEFAULT_LOCALE="ja",
        BABEL_TRANSLATION_DIRECTORIES="web/translations",
        SEND_FILE_MAX_AGE_DEFAULT=86400,
        OPENAPI_VERSION="3.1.0",
    )
    database = database or Database(settings.url, threads=settings.threads)
    desk = projection.open_desk(database, settings)
    app.extensions[EXTENSION] = Services(settings, database, now, audience, desk)
    csrf.init_app(app)
    language.install(app)
    templating.install(app)
    compression.install(app)
    errors.install(app)
    _install_blueprints(app, audience)
    app.teardown_request(close_session)
    app.after_request(_headers)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        proxied: Any = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
        app.wsgi_app = proxied  # type: ignore[method-assign]  # Flask's own documented way
    return app


def _install_blueprints(app: APIFlask, audience: str) -> None:
    app.register_blueprint(look.blueprint)
    if audience == "counter":
        looks.install(app)
        for blueprint in counter.BLUEPRINTS:
            app.register_blueprint(blueprint)
        return
    for blueprint in resident.BLUEPRINTS:
        app.register_blueprint(blueprint)
    csrf.exempt(resident.payments.notices)
    api.install(app)
    for blueprint in api.BLUEPRINTS:
        csrf.exempt(blueprint)


def _headers(response: Response) -> Response:
    """Security headers; `secure`'s defaults would forbid the geolocation that 'near me' needs."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(), microphone=()")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    return response
