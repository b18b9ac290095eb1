"""One question to a provider over HTTP, with an end to it.

A socket's timeout starts anew with each byte, so that a slow provider could hold a request of ours
for hours; here the question as a whole has an end, and only a few are asked at once: however slow
the provider is, other pages are still served.
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from reservations.errors import Outage

AT_ONCE = 4
# How long it may take until it is our turn to ask.
TURN_SECONDS = 1.0
BODY_BYTES_MAX = 1_000_000
WHY_MAX = 300

_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, of any status below 500 but 429."""

    status: int
    body: bytes


def ask(
    method: str, url: str, *, seconds: float, headers: Mapping[str, str], body: bytes | None = None
) -> Answer:
    """Ask, for at most `seconds`, and wait for our turn at most TURN_SECONDS.

    raises   Outage where there is no answer in time, or none that means anything
    """
    if not _turns.acquire(timeout=TURN_SECONDS):
        raise Outage("too many questions wait for an answer")
    heard: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()
    line = _line(url, seconds)

    def work() -> None:
        try:
            heard.put(_ask(line, method, url, headers, body))
        except (OSError, http.client.HTTPException, ValueError) as error:
            heard.put(error)
        finally:
            _turns.release()

    threading.Thread(target=work, name="payment", daemon=True).start()
    try:
        answer = heard.get(timeout=seconds)
    except queue.Empty:
        # Whoever still listens there hears the end, and gives its turn to the next.
        with contextlib.suppress(OSError):
            if line.sock is not None:
                line.sock.shutdown(socket.SHUT_RDWR)
        raise Outage(f"no answer in {seconds:g} s") from None
    if isinstance(answer, Exception):
        raise Outage(f"{type(answer).__name__}: {answer}"[:WHY_MAX]) from answer
    if answer.status >= 500 or answer.status == 429:
        raise Outage(f"it answers {answer.status}")
    return answer


def _line(url: str, seconds: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=seconds)


def _ask(
    line: http.client.HTTPConnection,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
) -> Answer:
    parts = urlsplit(url)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        line.request(method, path or "/", body, dict(headers))
        answer = line.getresponse()
        return Answer(answer.status, answer.read(BODY_BYTES_MAX))
    finally:
        line.close()
