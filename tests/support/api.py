"""The API over the invented region (tests/town.py), asked in this process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from reservations.actions.accounts import SignInRequest, sign_in
from reservations.app import create_app
from reservations.config import Settings
from reservations.db import Database, write_transaction
from reservations.web.auth import token_hash
from tests import town
from tests.town import Region

# Every route of the API; tests/web/test_api_document.py compares.
ROUTES = {
    ("/api/v1/availability", "get"),
    ("/api/v1/bookings", "get"),
    ("/api/v1/bookings", "post"),
    ("/api/v1/bookings/{booking_id}", "get"),
    ("/api/v1/bookings/{booking_id}/cancel", "post"),
    ("/api/v1/bookings/{booking_id}/change", "post"),
    ("/api/v1/bookings/{booking_id}/permit.pdf", "get"),
    ("/api/v1/facilities", "get"),
    ("/api/v1/facilities/{facility_id}", "get"),
    ("/api/v1/node", "get"),
    ("/api/v1/purposes", "get"),
    ("/api/v1/towns", "get"),
    ("/api/v1/units/{unit_id}", "get"),
    ("/api/v1/units/{unit_id}/alternatives", "get"),
    ("/api/v1/units/{unit_id}/days", "get"),
}


@dataclass
class Api:
    """A client of the application; `now` may be set."""

    app: Flask
    client: FlaskClient
    database: Database
    region: Region
    now: datetime

    def get(self, path: str, *, token: str | None = None, **query: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.get(f"/api/v1/{path}", query_string=query, headers=headers)

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        token: str | None = "resident",
        key: str | None = None,
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.client.post(f"/api/v1/{path}", json=body, headers=headers)

    def book(self, unit_id: int, *, token: str = "resident", **changed: Any) -> TestResponse:
        """Saturday evening, unless it is told otherwise."""
        body = {"unit_id": unit_id, "date": "2026-06-13", "start": "18:00", "end": "21:00"}
        key = changed.pop("key", None)
        return self.post("bookings", body | changed, token=token, key=key)

    def add_token(self, account_id: str, token: str) -> None:
        request = SignInRequest(
            account_id, token_hash(token), self.now + timedelta(days=30), kind="api"
        )
        with self.database.session() as session:
            sign_in(session, request, town.context(account_id))


def an_api(url: str, data_dir: Path) -> Api:
    """The region in an empty database; `resident` and `neighbour` are tokens of two people.

    The resident is at home in となり市, the neighbour in かなた町.
    """
    database = town.an_empty_database(url)
    region = town.a_region(database)
    with database.session() as session, write_transaction(session):
        town.a_resident(session, "neighbour", home="172120")
    app = create_app(Settings(data_dir=data_dir), now=lambda: made.now, database=database)
    made = Api(app, app.test_client(), database, region, town.NOW)
    made.add_token(region.account, "resident")
    made.add_token("account-neighbour", "neighbour")
    return made


@contextlib.contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    """The SQL that is run inside the block, without BEGIN."""
    seen: list[str] = []

    def remember(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", remember)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", remember)
