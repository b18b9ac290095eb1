"""How often the codes are read from bad pictures, and how fast: measured, against bars."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from printables import facts, qr
from printables.forms import Span
from printables.registry import PAPERS
from printables.verify import FORM_NUMBERS
from tests.printables import scans
from tests.printables.scans import Array, Random, rendered

# A bar of None is measured and shown, and nobody promises it.
Scan = tuple[Callable[[Array, Random], Array], int, float | None, float | None]
SCANS: Mapping[str, Scan] = {
    # how it is spoilt, rendered at, bar of a form's code, bar of a signed code
    "scan 150 dpi": (lambda page, _: page, 150, 0.995, 0.99),
    "±5°, noise, JPEG 60, 150 dpi": (
        lambda page, random: scans.jpeg(
            scans.noisy(scans.turned(page, random.uniform(-5, 5)), random), 60
        ),
        150,
        0.995,
        0.99,
    ),
    "the same at 100 dpi": (
        lambda page, random: scans.jpeg(
            scans.noisy(scans.turned(page, random.uniform(-3, 3)), random), 60
        ),
        100,
        0.995,
        None,
    ),
    "fax 204×196": (lambda page, random: scans.fax(page, random, lines=196), 300, 0.995, 0.95),
    "fax 204×98": (lambda page, random: scans.fax(page, random, lines=98), 300, 0.995, None),
    "copy of a copy": (
        lambda page, random: scans.copied(scans.copied(page, random), random),
        200,
        0.995,
        0.95,
    ),
    "phone, 200 dots an inch": (
        lambda page, random: scans.phone(page, random, width=1650),
        250,
        0.995,
        0.95,
    ),
    # A module of the signed code is 2.6 dots here: the blur is half of one.
    "phone, blurred by half a module": (
        lambda page, random: scans.phone(page, random, width=1650, blur=1.4),
        250,
        0.995,
        0.9,
    ),
    "phone, blurred beyond reading": (
        lambda page, random: scans.phone(page, random, width=1400, blur=1.8),
        250,
        None,
        None,
    ),
}
STAIN = "stain over 15 % of the code"


@dataclass(frozen=True)
class Rate:
    """How many of the pictures were read, and how long one took."""

    scan: str
    code: str
    read: int
    count: int
    seconds: float
    bar: float | None

    @property
    def is_kept(self) -> bool:
        return self.bar is None or self.read >= self.bar * self.count

    @property
    def line(self) -> str:
        bar = "" if self.bar is None else f"bar {self.bar:.1%}"
        share = self.read / self.count
        shown = f"{share:>6.1%} of {self.count:<4} {bar:<10} {self.seconds * 1000:>5.0f} ms"
        return f"{self.scan:<32} {self.code:<7} {shown}"


def the_form(serial: int = 12345) -> tuple[bytes, str]:
    """A numbered blank form and its code's text."""
    code = qr.FormCode(FORM_NUMBERS["application_form"], 14, 3, serial)
    text = qr.form_code(code, b"a key of one lease, thirty-two b")
    record = dataclasses.replace(PAPERS["application_form"].samples()["empty"], corner=text)
    return PAPERS["application_form"].draw(record).pdf, text


def the_permit() -> tuple[bytes, str]:
    """A permit with all its facts, signed: the longest code that is usual."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    said = facts.PermitFacts(
        "2026-N014-000457",
        datetime(2026, 6, 6, 12, 0),
        facts.EntryName("13999-2026/12/2026-06-13", 42, bytes(range(8))),
        "第1競技場（半面・東側）",
        (Span(datetime(2026, 6, 13, 9), datetime(2026, 6, 13, 12)),),
        24,
        1400,
        facts.holder_mark("隣野バドミントンクラブ", b"salt"),
    )
    text = facts.signed_code(said, key.public_key().public_bytes_raw(), key.sign)
    record = dataclasses.replace(PAPERS["permit"].samples()["typical"], code=text)
    return PAPERS["permit"].draw(record).pdf, text


def rates(count: int, *, seed: int = 7, is_promised: bool = False) -> Iterator[Rate]:
    """Every scan of every code, `count` pictures each; or only those that have a bar."""
    for name, paper in (("form", the_form()), ("signed", the_permit())):
        pages: dict[int, Array] = {}
        for scan, (spoil, dpi, form_bar, signed_bar) in SCANS.items():
            page = pages.setdefault(dpi, rendered(paper[0], dpi))
            bar = form_bar if name == "form" else signed_bar
            if is_promised and bar is None:
                continue
            yield _rate(scan, name, paper[1], page, spoil, count, seed, bar)
        spot = (
            (18 / 210, 9 / 210, 25 / 210) if name == "form" else (164 / 210, 184.5 / 210, 28 / 210)
        )
        spoil = _stain(spot)
        page = pages.setdefault(200, rendered(paper[0], 200))
        bar = 0.995 if name == "form" else 0.5
        yield _rate(STAIN, name, paper[1], page, spoil, count, seed, bar)


def _stain(spot: tuple[float, float, float]) -> Callable[[Array, Random], Array]:
    return lambda page, random: scans.stained(page, random, spot[:2], spot[2])


def _rate(
    scan: str,
    code: str,
    text: str,
    page: Array,
    spoil: Callable[[Array, Random], Array],
    count: int,
    seed: int,
    bar: float | None,
) -> Rate:
    random = np.random.default_rng(seed)
    read, seconds = 0, 0.0
    for _ in range(count):
        picture = Image.fromarray(spoil(page, random))
        started = time.perf_counter()
        read += text in qr.read_hard(picture)
        seconds += time.perf_counter() - started
    return Rate(scan, code, read, count, seconds / count, bar)
