"""A payment provider that takes no money: a real HTTP server, for the demo and the tests.

    python -m reservations.payments.simulator --port 0 --key-file F --secret-file F [--state F]

It prints its address. Its pay page does what providers do on bad days too: it says things twice,
late, in the wrong order or not at all. POST /control/… is the hand of a test: `notify` says what is
still to be said, `down` and `up` and `slow` are the line. Nothing here is a secret, so that it
listens on loopback only.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import html
import http.client
import io
import json
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from reservations import clock
from reservations.payments.simulated import COLUMNS, SIGNATURE, signature

HOST = "127.0.0.1"
NOTIFY_SECONDS = 5
LATE_SECONDS = 20

WORDS = {
    "ja": {
        "title": "支払い（模擬）",
        "notice": "これは模擬の支払いサービスです。お金は動きません。",
        "pay": "支払う",
        "fail": "支払いに失敗する",
        "close": "支払わずに窓を閉じる",
        "twice": "支払い、結果が2回届く",
        "late": "支払い、結果が遅れて届く",
        "silent": "支払い、結果が届かない",
        "order": "支払い、後から失敗の知らせも届く",
        "done": "この支払いは済んでいます。",
        "failed": "この支払いはできませんでした。",
        "back": "施設予約へ戻る",
        "yen": "円",
    },
    "en": {
        "title": "Payment (simulated)",
        "notice": "This is a simulated payment service. No money moves.",
        "pay": "Pay",
        "fail": "Let the payment fail",
        "close": "Close without paying",
        "twice": "Pay; the result is told twice",
        "late": "Pay; the result is told late",
        "silent": "Pay; the result is never told",
        "order": "Pay; a failure is told afterwards",
        "done": "This has been paid.",
        "failed": "This payment did not go through.",
        "back": "Back to the bookings",
        "yen": " yen",
    },
}
WAYS = ("pay", "fail", "twice", "late", "silent", "order")


@dataclass
class Checkout:
    """As the provider keeps it."""

    id: str
    reference: str
    order: str
    amount_yen: int
    about: str
    return_to: str
    notify_to: str
    locale: str
    state: str = "open"
    at: str | None = None


@dataclass
class Refund:
    id: str
    key: str
    payment: str
    order: str
    amount_yen: int
    at: str


@dataclass
class Books:
    """Everything that the provider knows. `asked` counts the questions, by their path's name."""

    key: str
    secret: str
    state_file: Path | None
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    unsaid: list[tuple[str, bytes]] = field(default_factory=list)
    is_down: bool = False
    slow_seconds: float = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def load(self) -> None:
        if self.state_file is None or not self.state_file.exists():
            return
        kept = json.loads(self.state_file.read_text(encoding="utf-8"))
        self.checkouts = {each["reference"]: Checkout(**each) for each in kept["checkouts"]}
        self.refunds = {each["key"]: Refund(**each) for each in kept["refunds"]}

    def keep(self) -> None:
        if self.state_file is None:
            return
        kept = {
            "checkouts": [asdict(each) for each in self.checkouts.values()],
            "refunds": [asdict(each) for each in self.refunds.values()],
        }
        draft = self.state_file.with_suffix(".new")
        draft.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        draft.replace(self.state_file)

    def begin(self, wish: dict[str, Any]) -> Checkout:
        """The same reference is the same checkout."""
        with self.lock:
            known = self.checkouts.get(wish["reference"])
            if known is None:
                known = Checkout(id=f"sim-{len(self.checkouts) + 1:06d}", **wish)
                self.checkouts[known.reference] = known
                self.keep()
            return known

    def give_back(self, key: str, payment: str, amount_yen: int) -> Refund | str:
        """The refund of this key, or why there is none."""
        with self.lock:
            if key in self.refunds:
                return self.refunds[key]
            paid = self.by_id(payment)
            if paid is None or paid.state != "paid":
                return "no such payment"
            given = sum(e.amount_yen for e in self.refunds.values() if e.payment == payment)
            if given + amount_yen > paid.amount_yen:
                return "more than was paid"
            made = Refund(
                f"sim-r{len(self.refunds) + 1:06d}", key, payment, paid.order, amount_yen, _now()
            )
            self.refunds[key] = made
            self.keep()
            return made

    def pay(self, checkout: Checkout, how: str) -> None:
        """What the payer chose; a checkout that is paid stays paid, and is paid once."""
        with self.lock:
            if checkout.state == "paid":
                return
            checkout.state = "failed" if how == "fail" else "paid"
            checkout.at = None if how == "fail" else _now()
            self.keep()
            said = _said(checkout)
            wrong = said | {"state": "failed", "at": None}
        if how == "late":
            with self.lock:
                self.unsaid.append((checkout.notify_to, _dumped(said)))
            timer = threading.Timer(LATE_SECONDS, self.notify)
            timer.daemon = True
            timer.start()
        for each in {"twice": (said, said), "order": (said, wrong)}.get(how, (said,)):
            if how not in ("late", "silent"):
                self.say(checkout.notify_to, _dumped(each))

    def notify(self) -> int:
        """Say what was to be said later; how much it was."""
        with self.lock:
            waiting, self.unsaid = self.unsaid, []
        for to, body in waiting:
            self.say(to, body)
        return len(waiting)

    def say(self, to: str, body: bytes) -> None:
        """Nobody listens? Then they will have to ask."""
        if not to:
            return
        parts = urlsplit(to)
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=NOTIFY_SECONDS
        )
        headers = {"Content-Type": "application/json", SIGNATURE: signature(self.secret, body)}
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("POST", parts.path, body, headers)
            connection.getresponse().read()
        connection.close()

    def by_id(self, provider_id: str) -> Checkout | None:
        return next((e for e in self.checkouts.values() if e.id == provider_id), None)

    def statement(self) -> str:
        """The settlement file: every payment and every refund, a row each."""
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(COLUMNS)
        for each in self.checkouts.values():
            if each.state == "paid":
                row = ["payment", each.id, each.reference, each.order, each.amount_yen, each.at]
                rows.writerow(row)
        for back in self.refunds.values():
            row = ["refund", back.id, back.key, back.order, back.amount_yen, back.at]
            rows.writerow(row)
        return text.getvalue()


class Talk(BaseHTTPRequestHandler):
    """/v1/ for whoever has the key, /pay/ for the payer, /control/ for a test."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    @property
    def books(self) -> Books:
        found: Books = self.server.books  # type: ignore[attr-defined]
        return found

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        where = [unquote(each) for each in parts.path.strip("/").split("/")]
        match where:
            case ["v1", "checkouts", reference] if self._may("ask"):
                found = self.books.checkouts.get(reference)
                self._json(200, _said(found)) if found else self._json(404, {"why": "unknown"})
            case ["v1", ("checkouts" | "refunds"), *_]:
                pass
            case ["pay", provider_id] if (known := self.books.by_id(provider_id)) is not None:
                self._page(known)
            case ["control", "asked"]:
                self._json(200, self.books.asked)
            case ["control", "checkouts"]:
                self._json(200, [_said(each) for each in self.books.checkouts.values()])
            case ["statement.csv"]:
                self._send(200, "text/csv; charset=utf-8", self.books.statement().encode())
            case _:
                self._json(404, {"why": "no such page"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match urlsplit(self.path).path.strip("/").split("/"):
            case ["v1", "checkouts"] if self._may("begin"):
                made = self.books.begin(json.loads(body))
                self._json(200, _said(made) | {"address": f"{self._home()}/pay/{made.id}"})
            case ["v1", "refunds"] if self._may("refund"):
                wish, key = json.loads(body), self.headers.get("Idempotency-Key", "")
                back = self.books.give_back(key, wish["payment"], wish["amount_yen"])
                is_done = isinstance(back, Refund)
                self._json(200, asdict(back)) if is_done else self._json(409, {"why": back})  # type: ignore[arg-type]  # asked above
            case ["v1", ("checkouts" | "refunds"), *_]:
                pass
            case ["pay", provider_id] if (known := self.books.by_id(provider_id)) is not None:
                how = parse_qs(body.decode()).get("how", [""])[0]
                if how in WAYS:
                    self.books.pay(known, how)
                self._send(303, "text/plain", b"", Location=known.return_to)
            case ["control", "notify"]:
                self._json(200, {"said": self.books.notify()})
            case ["control", ("down" | "up") as line]:
                self.books.is_down = line == "down"
                self._json(200, {})
            case ["control", "slow", seconds]:
                self.books.slow_seconds = float(seconds)
                self._json(200, {})
            case _:
                self._json(404, {"why": "no such page"})

    def _may(self, what: str) -> bool:
        """Whether a question is answered; a bad line and a bad key are answered here."""
        with self.books.lock:
            self.books.asked[what] = self.books.asked.get(what, 0) + 1
        time.sleep(self.books.slow_seconds)
        if self.books.is_down:
            self.close_connection = True
            self.connection.close()
            return False
        if self.headers.get("Authorization") != f"Bearer {self.books.key}":
            self._json(401, {"why": "who are you?"})
            return False
        return True

    def _home(self) -> str:
        return f"http://{HOST}:{self.server.server_port}"  # type: ignore[attr-defined]  # of the HTTPServer that we are

    def _json(self, status: int, said: Any) -> None:
        self._send(status, "application/json", json.dumps(said).encode())

    def _send(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _page(self, known: Checkout) -> None:
        words = WORDS["ja" if known.locale == "ja" else "en"]
        back = f'<p><a href="{html.escape(known.return_to)}">{words["back"]}</a></p>'
        if known.state == "open":
            buttons = "".join(
                f'<p><button name="how" value="{how}">{words[how]}</button></p>' for how in WAYS
            )
            close = back.replace(words["back"], words["close"])
            below = f'<form method="post">{buttons}</form>{close}'
        else:
            below = f"<p>{words['done' if known.state == 'paid' else 'failed']}</p>{back}"
        self._send(
            200,
            "text/html; charset=utf-8",
            f"""<!doctype html><html lang="{"ja" if known.locale == "ja" else "en"}">
            <meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>{words["title"]}</title>
            <style>body{{max-width:36rem;margin:auto;padding:1rem;font:1.1rem sans-serif}}
            button{{padding:.7rem 1rem;font:inherit}} .big{{font-size:1.6rem}}</style>
            <h1>{words["title"]}</h1><p>{words["notice"]}</p>
            <p>{html.escape(known.about)}</p>
            <p class="big">{known.amount_yen:,}{words["yen"]}</p>{below}""".encode(),
        )


def _said(checkout: Checkout) -> dict[str, Any]:
    names = ("id", "reference", "order", "amount_yen", "state", "at")
    return {name: getattr(checkout, name) for name in names}


def _dumped(said: dict[str, Any]) -> bytes:
    return json.dumps(said).encode()


def _now() -> str:
    return clock.now().isoformat()


def run(port: int, books: Books) -> ThreadingHTTPServer:
    """A server that listens; whoever has it serves."""
    books.load()
    server = ThreadingHTTPServer((HOST, port), Talk)
    server.daemon_threads = True
    server.books = books  # type: ignore[attr-defined]
    return server


def main() -> None:
    """Serve until it is ended."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--key-file", type=Path, required=True)
    options.add_argument("--secret-file", type=Path, required=True)
    options.add_argument("--state", type=Path)
    asked = options.parse_args()
    key, secret = (path.read_text().strip() for path in (asked.key_file, asked.secret_file))
    server = run(asked.port, Books(key, secret, asked.state))
    sys.stdout.write(f"http://{HOST}:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
