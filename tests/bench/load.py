"""A load generator: many kept-alive connections in one thread, so that it costs the servers little.

It speaks as much HTTP/1.1 as the servers answer: a head, and a body of the length that it says.
"""

from __future__ import annotations

import resource
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

ANSWER_SECONDS = 30


@dataclass
class Result:
    """What was answered. `latencies` in seconds; `seconds` from the first request to the last
    answer; `broken` connections were closed or never answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    broken: int = 0

    @property
    def count(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return self.count / self.seconds if self.seconds else 0.0

    def percentile_ms(self, percent: float) -> float:
        ordered = sorted(self.latencies)
        if not ordered:
            return 0.0
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class _Client:
    """One connection."""

    __slots__ = ("answered", "buffer", "expected", "sent_at", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.expected = -1
        self.sent_at = 0.0
        self.answered = False

    def send(self, request: bytes) -> None:
        self.buffer.clear()
        self.expected = -1
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """Read what has come: the status once the answer is complete, -1 if it never will be."""
        piece = self.socket.recv(262_144)
        if not piece:
            return -1
        self.buffer += piece
        if self.expected < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            head = bytes(self.buffer[:end]).lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self.expected = end + 4 + length
        if len(self.buffer) < self.expected:
            return None
        return int(self.buffer[9:12])

    def body(self) -> bytes:
        return bytes(self.buffer).partition(b"\r\n\r\n")[2]


def request(
    method: str, path: str, *, body: bytes = b"", bearer: str = "", cookie: str = ""
) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*"]
    if bearer:
        lines.append(f"Authorization: Bearer {bearer}")
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def steady(port: int, requests: Iterator[bytes], *, clients: int, seconds: float) -> Result:
    """`clients` connections, each sending its next request when it has its answer."""
    started = time.perf_counter()
    deadline = started + seconds

    def following() -> bytes | None:
        return next(requests, None) if time.perf_counter() < deadline else None

    return _run([_Client(port) for _ in range(clients)], following)


def at_once(port: int, requests: list[bytes]) -> tuple[Result, list[tuple[int, bytes]]]:
    """Every request on a connection of its own, all sent before any answer is read.

    returns  the result, and (status, body) of each request; status 0 when it was never answered
    """
    _allow_files(len(requests) + 200)
    clients = [_Client(port) for _ in requests]
    waiting = iter(requests)
    result = _run(clients, lambda: next(waiting, None))
    answers = [
        (int(client.buffer[9:12]), client.body()) if client.answered else (0, b"")
        for client in clients
    ]
    return result, answers


def one(port: int, sent: bytes) -> tuple[int, bytes]:
    """One request, on a connection of its own."""
    _, answers = at_once(port, [sent])
    return answers[0]


def _run(clients: list[_Client], following: Callable[[], bytes | None]) -> Result:
    result = Result()
    poll = select.epoll()
    by_number = {client.socket.fileno(): client for client in clients}
    busy = set()
    started = time.perf_counter()
    for number, client in by_number.items():
        first = following()
        if first is None:
            break
        poll.register(number, select.EPOLLIN)
        busy.add(number)
        client.send(first)
    while busy:
        events = poll.poll(ANSWER_SECONDS)
        if not events:
            break
        for number, _ in events:
            client = by_number[number]
            status = _receive(client)
            if status is None:
                continue
            if status > 0:
                client.answered = True
                result.statuses[status] += 1
                result.latencies.append(time.perf_counter() - client.sent_at)
            coming = following() if status > 0 else None
            if coming is None:
                result.broken += status < 0
                busy.discard(number)
                poll.unregister(number)
            else:
                client.send(coming)
    result.broken += len(busy)
    result.seconds = time.perf_counter() - started
    for client in clients:
        client.socket.close()
    poll.close()
    return result


def _receive(client: _Client) -> int | None:
    try:
        return client.receive()
    except OSError:
        return -1


def _allow_files(count: int) -> None:
    """Two thousand connections are two thousand open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
