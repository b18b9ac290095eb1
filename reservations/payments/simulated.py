"""The provider that takes no money: the adapter to payments/simulator.py, over real HTTP.

It is written as an adapter to a real one would be, and is the example for it.
"""

from __future__ import annotations

import csv
import hmac
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reservations.config import Settings
from reservations.errors import Outage
from reservations.payments import (
    Back,
    Begun,
    Declined,
    Forged,
    Settled,
    State,
    Told,
    Unreadable,
    Wish,
    asking,
)

SIGNATURE = "X-Simulated-Signature"
COLUMNS = ["kind", "provider_id", "reference", "order", "amount_yen", "at"]
KINDS = {"payment": False, "refund": True}
DIGITS_MAX = 9
UNAUTHORIZED, NOT_FOUND = 401, 404


def provider(settings: Settings) -> Simulated:
    """The adapter, by the settings payment_url, payment_key_file, payment_secret_file."""
    return Simulated(
        settings.payment_url,
        Path(settings.payment_key_file),
        Path(settings.payment_secret_file),
        settings.payment_seconds,
    )


def signature(secret: str, body: bytes) -> str:
    """What stands in the header SIGNATURE of whatever the provider says by itself."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Simulated:
    """Keys are read when they are needed: a new one takes effect without a restart."""

    url: str
    key_file: Path
    secret_file: Path
    seconds: float

    def begin(self, wish: Wish) -> Begun:
        said = self._ask(
            "POST",
            "/v1/checkouts",
            key=wish.reference,
            body={
                "reference": wish.reference,
                "order": wish.booking_id,
                "amount_yen": wish.amount_yen,
                "about": wish.about,
                "return_to": wish.return_to,
                "notify_to": wish.notify_to,
                "locale": wish.locale,
            },
        )
        if said is None:
            raise Declined("no checkouts there")
        return Begun(_text(said, "id"), _text(said, "address"))

    def ask(self, reference: str) -> Told | None:
        said = self._ask("GET", f"/v1/checkouts/{quote(reference, safe='')}")
        return None if said is None else _told_by_asking(said)

    def give_back(self, back: Back) -> str:
        wanted = {"payment": back.provider_id, "amount_yen": back.amount_yen}
        said = self._ask("POST", "/v1/refunds", key=back.key, body=wanted)
        if said is None:
            raise Declined("no such payment there")
        return _text(said, "id")

    def heard(self, body: bytes, headers: Mapping[str, str]) -> Told:
        try:
            secret = _read(self.secret_file)
        except Outage as outage:
            raise Forged(str(outage)) from outage
        given = headers.get(SIGNATURE, "")
        if not secret or not hmac.compare_digest(given.encode(), signature(secret, body).encode()):
            raise Forged("its signature is not good")
        try:
            return _told(json.loads(body))
        except (ValueError, KeyError, TypeError) as fault:
            raise Forged(repr(fault)) from fault

    def statement(self, content: bytes) -> Iterator[Settled | Unreadable]:
        text = content.decode("utf-8-sig", errors="replace")
        rows = csv.reader(io.StringIO(text, newline=""))
        try:
            if next(rows, None) != COLUMNS:
                raise ValueError("no statement of this provider")
            for row in rows:
                yield _row(rows.line_num, row)
        except csv.Error as fault:
            raise ValueError(str(fault)) from fault

    def _ask(
        self, method: str, path: str, *, key: str = "", body: Any = None
    ) -> dict[str, Any] | None:
        """The answer's body; None for what is not there. Raises Outage, Declined."""
        secret = _read(self.key_file)
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        sent = None if body is None else json.dumps(body).encode()
        answer = asking.ask(
            method, self.url + path, seconds=self.seconds, headers=headers, body=sent
        )
        if answer.status == NOT_FOUND:
            return None
        if answer.status == UNAUTHORIZED:
            # Nobody's refund is the worse for a key that has to be mended.
            raise Outage("it does not know our key")
        try:
            said = json.loads(answer.body)
        except ValueError as fault:
            raise Outage("its answer is no JSON") from fault
        if not isinstance(said, dict):
            raise Outage("its answer makes no sense")
        if answer.status >= 400:
            raise Declined(str(said.get("why", answer.status))[: asking.WHY_MAX])
        return said


def _read(file: Path) -> str:
    """raises   Outage: a file that has to be mended makes no refund fail for good"""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Outage(f"{file.name} cannot be read: {type(error).__name__}") from error


def _told_by_asking(said: Mapping[str, Any]) -> Told:
    try:
        return _told(said)
    except (ValueError, KeyError, TypeError) as fault:
        raise Outage(f"its answer makes no sense: {fault!r}") from fault


def _told(said: Mapping[str, Any]) -> Told:
    """raises   KeyError, TypeError, ValueError"""
    amount_yen = said["amount_yen"]
    if not isinstance(amount_yen, int) or isinstance(amount_yen, bool) or amount_yen <= 0:
        raise ValueError(amount_yen)
    at = said.get("at")
    return Told(
        str(said["reference"]),
        str(said["id"]),
        State(said["state"]),
        amount_yen,
        str(said["order"]),
        None if at is None else _instant(at),
    )


def _row(line: int, row: list[str]) -> Settled | Unreadable:
    try:
        return _settled(line, row)
    except (KeyError, ValueError) as fault:
        return Unreadable(line, f"{type(fault).__name__}: {fault}")


def _settled(line: int, row: list[str]) -> Settled:
    if len(row) != len(COLUMNS):
        raise ValueError(f"{len(row)} columns")
    kind, provider_id, reference, order, amount, at = row
    is_number = amount.isascii() and amount.isdigit() and len(amount) <= DIGITS_MAX
    amount_yen = int(amount) if is_number else 0
    if amount_yen <= 0 or not provider_id:
        raise ValueError(amount)
    return Settled(line, KINDS[kind], provider_id, reference, order, amount_yen, _instant(at))


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def _text(said: Mapping[str, Any], name: str) -> str:
    found = said.get(name)
    if not isinstance(found, str) or not found:
        raise Outage(f"its answer has no {name}")
    return found
