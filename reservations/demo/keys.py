"""The keys of the demonstration: c cut, b book on both sides, r rejoin, d disaster, q quit.

Everything is done as people would do it, over the two servers' own API.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import termios
import time
import tty
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from reservations.actions.declaring import DeclareRequest, declare
from reservations.actions.step import Context
from reservations.clock import now
from reservations.config import Settings
from reservations.db import Database
from reservations.demo import line, node
from reservations.demo.node import Court
from reservations.projection import open_desk
from reservations.queries import memory as memory_query
from reservations.rules.modes import Mode, next_declared
from reservations.server import end_with_parent

SETTLED_SECONDS_MAX = 20.0
HELP = "鍵: c 回線を切る  b 両方で同じ面を予約  r 回線をつなぐ  d 災害の宣言・解除  q 終わる"
STATUSES = {
    "confirmed": "確定",
    "tentative": "仮受付",
    "changing": "変更の返事待ち",
    "refused": "取れず",
    "cancelled": "取消",
    "cancelling": "取消受付中",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two servers, and who books there."""

    title: str
    base: str
    token: str


@dataclass(slots=True)
class Made:
    """A booking that a key has made."""

    side: Side
    booking_id: str


class Keys:
    """What each key does; `say` prints a line."""

    def __init__(self, settings: Settings, hub: Side, gym: Side, facility_id: int) -> None:
        self.settings, self.hub, self.gym = settings, hub, gym
        self.facility_id = facility_id
        self.database = Database(settings.url, threads=1)
        self.desk = open_desk(self.database, settings)
        self.made: list[Made] = []

    def press(self, key: str) -> bool:
        """Do what the key says; False when it is to end."""
        does = {"c": self.cut, "b": self.book, "r": self.rejoin, "d": self.declare}
        if key in ("q", "\x03", "\x04"):
            return False
        if key in does:
            does[key]()
        elif key.strip():
            say(HELP)
        return True

    def cut(self) -> None:
        line.cut_file(self.settings).touch()
        say("c 回線を切りました。体育館の拠点は、自分が持つ日の予約を確定しつづけます。")

    def book(self) -> None:
        """The neighbour at the gym's counter first, then the resident at home."""
        court = self._court()
        if court is None:
            say("b 体育館の近い日に空きがありません。あしたまた試してください。")
            return
        when = f"{court.date.month}月{court.date.day}日 {court.period}"
        say(f"b 同じ面を両方で予約します: {court.unit.place.name} {court.unit.name} {when}")
        self.made = [
            made for side in (self.gym, self.hub) if (made := self._book(side, court)) is not None
        ]

    def _court(self) -> Court | None:
        memory = memory_query.newest(self.database)
        return node.court(memory, self.facility_id)

    def _book(self, side: Side, court: Court) -> Made | None:
        start, end = str(court.period).split("-")
        wish = {"unit_id": court.unit.id, "date": court.date.isoformat(), "start": start}
        wish |= {"end": end, "headcount": 4}
        if court.unit.purposes:
            wish["purpose"] = sorted(court.unit.purposes)[0]
        status, body = _ask(side, "POST", "/api/v1/bookings", wish)
        if status != 201:
            say(f"  {side.title}: {body.get('title') or body.get('code')}{_offered(body)}")
            return None
        say(f"  {side.title}: {_told(body)}")
        return Made(side, body["booking_id"])

    def rejoin(self) -> None:
        """Carry again, wait until everything is answered, and tell both."""
        line.cut_file(self.settings).unlink(missing_ok=True)
        started = time.monotonic()
        bodies = self._settled()
        say(f"r 回線がつながりました（{time.monotonic() - started:.1f}秒で片付きました）。")
        for side, body in bodies:
            say(f"  {side.title}: {_told(body)}")

    def _settled(self) -> list[tuple[Side, dict[str, Any]]]:
        end = time.monotonic() + SETTLED_SECONDS_MAX
        while True:
            bodies = [
                (made.side, _ask(made.side, "GET", f"/api/v1/bookings/{made.booking_id}")[1])
                for made in self.made
            ]
            is_waiting = any(body.get("status") == "tentative" for _, body in bodies)
            if not is_waiting or time.monotonic() > end:
                return bodies
            time.sleep(0.1)

    def declare(self) -> None:
        """Declare a disaster, or its end."""
        declared = memory_query.newest(self.database).masks.mode
        mode = next_declared(declared)
        context = Context("system", now(), self.settings.node_name, self.settings.node_no)
        with self.database.session() as session:
            declare(session, DeclareRequest(mode), context)
        words = {
            Mode.NORMAL: "解除しました。予約の受付を始めます。",
            Mode.DISASTER: "宣言しました。予約の受付を止めます。",
        }
        say(f"d 災害を{words[mode]}")


def _told(body: dict[str, Any]) -> str:
    """What the person reads, in a line."""
    number, status = body["number"], STATUSES[body["status"]]
    told = f"{status} {number}"
    if body["status"] == "tentative":
        told += f"（{body['answer_by'][5:16].replace('T', ' ')}までに返事）"
    return told + _offered(body)


def _offered(body: dict[str, Any]) -> str:
    """The nearest offer, and the nearest of another town."""
    offers = body.get("alternatives", [])
    first = offers[:1]
    elsewhere = [each for each in offers if first and each["town"] != first[0]["town"]]
    return "".join(
        f"\n      → {each['town']} {each['facility']} {each['unit']}"
        f" {each['start']}-{each['end']} {each['fee_yen']:,}円"
        for each in (*first, *elsewhere[:1])
    )


def _ask(side: Side, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        side.base + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {side.token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def listen(settings: Settings, hub: Side, gym: Side, facility_id: int, parent: int) -> None:
    """Read keys from the terminal, or letters from a pipe, until q or its end."""
    end_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Ended by the parent, the terminal is put right first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    keys = Keys(settings, hub, gym, facility_id)
    with _letter_by_letter():
        while letter := os.read(0, 1).decode(errors="ignore"):
            if not keys.press(letter):
                os.kill(parent, signal.SIGTERM)
                return


@contextmanager
def _letter_by_letter() -> Iterator[None]:
    """Without waiting for Enter, where there is a terminal."""
    if not os.isatty(0):
        yield
        return
    before = termios.tcgetattr(0)
    tty.setcbreak(0)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, before)
