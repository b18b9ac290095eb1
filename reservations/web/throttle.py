"""Slowing down whoever guesses passwords, and never the owner.

Failures are counted by login and network, and by network alone. Nobody is ever locked out: after
some failures the next try has to wait, at most a minute. Somebody who has signed in on this
browser before carries a device mark and has a count of their own, which a stranger cannot touch.
Counts live in memory, a process each: losing them costs an attacker nothing and an owner less.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_TRIES = 5
NETWORK_FREE_TRIES = 50
WAIT_SECONDS_MAX = 60
FORGET_AFTER = timedelta(minutes=15)
BUCKETS_MAX = 50_000


@dataclass(slots=True)
class _Bucket:
    failures: int
    last: datetime


class Throttle:
    """Counts failures by bucket; time is an argument."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_seconds(self, login: str, network: str, device: str | None, now: datetime) -> int:
        """How long this try has to wait; 0 when it may go ahead."""
        with self._lock:
            waits = [self._wait(key, free, now) for key, free in _keys(login, network, device)]
        return max(waits)

    def failed(self, login: str, network: str, device: str | None, now: datetime) -> None:
        """Count a wrong password."""
        with self._lock:
            for key, _ in _keys(login, network, device):
                bucket = self._buckets.setdefault(key, _Bucket(0, now))
                if now - bucket.last > FORGET_AFTER:
                    bucket.failures = 0
                bucket.failures += 1
                bucket.last = now
                self._buckets.move_to_end(key)
            while len(self._buckets) > BUCKETS_MAX:
                self._buckets.popitem(last=False)

    def succeeded(self, login: str, network: str, device: str | None) -> None:
        """The right password: what was counted for this login here is forgotten."""
        with self._lock:
            self._buckets.pop(_keys(login, network, device)[0][0], None)

    def _wait(self, key: str, free: int, now: datetime) -> int:
        bucket = self._buckets.get(key)
        if bucket is None or bucket.failures < free or now - bucket.last > FORGET_AFTER:
            return 0
        seconds = min(WAIT_SECONDS_MAX, 2 ** min(bucket.failures - free, 6))
        left = bucket.last + timedelta(seconds=seconds) - now
        return max(0, -(-left // timedelta(seconds=1)))


def _keys(login: str, network: str, device: str | None) -> list[tuple[str, int]]:
    if device is not None:
        return [(f"device {device} {login}", FREE_TRIES)]
    return [(f"login {login} {network}", FREE_TRIES), (f"network {network}", NETWORK_FREE_TRIES)]
