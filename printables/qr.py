"""The codes on paper: what is in them, how they are drawn, how they are read back.

A numbered blank form carries 18 bytes: what form it is, who printed it, its number, and a MAC that
stops invented numbers. An issued paper carries its facts and a signature. Both are written as
"TN1:" and base45, which every phone and every keyboard scanner passes on unchanged. Names and
addresses are never in a code: anybody can read it. Keys and signatures are the caller's matter.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import zxingcpp
from PIL import Image, ImageChops, ImageFilter, ImageOps

from printables import blurred

PREFIX = "TN1:"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
FORM, ISSUED = 1, 2
MAC_BYTES = 8
KEY_BYTES = 4
SIGNATURE_BYTES = 64
FORM_BYTES = 10 + MAC_BYTES
SECONDS_MAX = 0.8  # after which no further attempt is begun; the longest takes 0.2
Rows = tuple[tuple[bool, ...], ...]


class Unreadable(Exception):  # noqa: N818 - what was scanned is not one of our codes
    """The text is no code of ours, or was cut or altered."""


@dataclass(frozen=True)
class FormCode:
    """Which numbered blank form this is."""

    form: int
    node: int
    lease: int
    serial: int


@dataclass(frozen=True)
class IssuedCode:
    """What an issued paper says, in bytes that facts.py gives their meaning.

    key     the mark of the key that signed it
    """

    kind: int
    key: bytes
    facts: bytes


@functools.lru_cache(maxsize=512)
def rows(text: str, level: str) -> Rows:
    """The dark and light modules of a QR code, without its quiet zone.

    level    L, M, Q or H
    """
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    image: Any = zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False)
    shades: Any = memoryview(image).tolist()
    return tuple(tuple(value == 0 for value in row) for row in shades)


def read(image: Any) -> list[str]:
    """Our codes in a picture (a Pillow image or a grey array), each once."""
    return sorted(set(_seen(image)))


def _seen(image: Any) -> list[str]:
    """Our codes, as often as they are in the picture."""
    found = zxingcpp.read_barcodes(
        image, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    )
    return [each.text for each in found if each.text.startswith(PREFIX)]


def times_seen(image: Image.Image, text: str) -> int:
    """How often a code is in a picture: a numbered form has it in two corners."""
    most = 0
    for treat in TREATMENTS[:4]:
        most = max(most, _seen(treat(image.convert("L"))).count(text))
        if most > 1:
            break
    return most


def read_hard(image: Image.Image) -> list[str]:
    """Our codes in a bad picture: as it is, then with what helps against shadow, stain and blur.

    What helps is tried on failures alone, first where a code may lie, then on the whole page, until
    the picture has taken a second of the processor.
    """
    grey = image.convert("L")
    until = time.thread_time() + SECONDS_MAX
    for attempt in _attempts(grey):
        found = sorted(set(attempt()))
        if found or time.thread_time() > until:
            return found
    return []


def _attempts(grey: Image.Image) -> Iterator[Callable[[], list[str]]]:
    """From the cheapest to the dearest."""
    yield lambda: _seen(grey)
    even = _even(grey)
    yield lambda: _seen(even)
    spots = [grey.crop(box) for box in blurred.places(even)]
    for prepare in blurred.clearer() if spots else ():
        # All places in one attempt: two forms in a picture are two, however blurred.
        yield lambda p=prepare: [text for spot in spots for text in _seen(p(spot))]  # type: ignore[misc]
    for treat in TREATMENTS[2:]:
        yield lambda t=treat: _seen(t(grey))  # type: ignore[misc]


def _larger(image: Image.Image) -> Image.Image:
    return image.resize((image.width * 2, image.height * 2), Image.Resampling.BICUBIC)


def _even(image: Image.Image) -> Image.Image:
    """The picture divided by its own background: shadows and stains go, ink stays."""
    small = image.reduce(8).filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(6))
    lightest = small.resize(image.size, Image.Resampling.BILINEAR)
    return ImageOps.autocontrast(ImageChops.add(image, ImageChops.invert(lightest)), cutoff=1)


TREATMENTS: tuple[Callable[[Image.Image], Image.Image], ...] = (
    lambda image: image,
    _even,
    _larger,
    lambda image: _larger(_even(image)),
    lambda image: image.filter(ImageFilter.MedianFilter(3)),
    lambda image: _larger(image).filter(ImageFilter.GaussianBlur(2)),
    lambda image: _larger(_even(image)).filter(ImageFilter.UnsharpMask(4, 200, 0)),
)


def base45(data: bytes) -> str:
    """RFC 9285."""
    text = ""
    for start in range(0, len(data), 2):
        chunk = data[start : start + 2]
        value = int.from_bytes(chunk)
        for _ in range(len(chunk) + 1):
            value, digit = divmod(value, 45)
            text += ALPHABET[digit]
    return text


def from_base45(text: str) -> bytes:
    """RFC 9285; raises Unreadable."""
    data = b""
    for start in range(0, len(text), 3):
        chunk = text[start : start + 3]
        digits = [ALPHABET.find(char) for char in chunk]
        value = sum(digit * 45**place for place, digit in enumerate(digits))
        length = len(chunk) - 1
        if min(digits) < 0 or length < 1 or value >= 256**length:
            raise Unreadable("not base45")
        data += value.to_bytes(length)
    return data


def form_code(code: FormCode, key: bytes) -> str:
    """The text of a numbered blank form's code: 18 bytes, 31 characters."""
    body = struct.pack(">BBHHL", FORM, code.form, code.node, code.lease, code.serial)
    return PREFIX + base45(body + _mac(body, key))


def parts_of_form(text: str) -> FormCode:
    """What a blank form's code claims, before anybody looked at its MAC. Raises Unreadable."""
    data = _content(text, FORM)
    if len(data) != FORM_BYTES:
        raise Unreadable("a blank form's code has another length")
    _, form, node, lease, serial = struct.unpack(">BBHHL", data[:-MAC_BYTES])
    return FormCode(form, node, lease, serial)


def open_form(text: str, key: bytes) -> FormCode:
    """Read a blank form's code; raises Unreadable where the MAC is not the key's."""
    code = parts_of_form(text)
    data = _content(text, FORM)
    if not hmac.compare_digest(data[-MAC_BYTES:], _mac(data[:-MAC_BYTES], key)):
        raise Unreadable("the form was not printed with this key")
    return code


def issued_code(code: IssuedCode, sign: Callable[[bytes], bytes]) -> str:
    """The text of an issued paper's code; `sign` gives an Ed25519 signature."""
    body = struct.pack(f">BB{KEY_BYTES}s", ISSUED, code.kind, code.key) + code.facts
    return PREFIX + base45(body + sign(body))


def parts_of_issued(text: str) -> tuple[IssuedCode, bytes, bytes]:
    """An issued paper's code, the bytes that were signed, and the signature. Raises Unreadable."""
    data = _content(text, ISSUED)
    body, signature = data[:-SIGNATURE_BYTES], data[-SIGNATURE_BYTES:]
    if len(body) < 2 + KEY_BYTES:
        raise Unreadable("too short for a signature")
    _, kind, key = struct.unpack_from(f">BB{KEY_BYTES}s", body)
    return IssuedCode(kind, key, body[2 + KEY_BYTES :]), body, signature


def open_issued(text: str, is_genuine: Callable[[bytes, bytes], bool]) -> IssuedCode:
    """Read an issued paper's code; `is_genuine(body, signature)` decides. Raises Unreadable."""
    code, body, signature = parts_of_issued(text)
    if not is_genuine(body, signature):
        raise Unreadable("the signature is not the issuer's")
    return code


def form_number(node: str, serial: int) -> str:
    """A numbered form's number as it is printed and typed: N014-00012345-20."""
    return f"{node}-{serial:08d}-{check_digits(serial)}"


def check_digits(number: int) -> str:
    """Two digits to be typed behind a number (ISO 7064, mod 97-10): a slip of the hand shows."""
    return f"{98 - number * 100 % 97:02d}"


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:MAC_BYTES]


def _content(text: str, version: int) -> bytes:
    if not text.startswith(PREFIX):
        raise Unreadable("not a code of ours")
    data = from_base45(text.removeprefix(PREFIX))
    if not data or data[0] != version:
        raise Unreadable("a code of another kind")
    return data
