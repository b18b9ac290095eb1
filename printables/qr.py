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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import zxingcpp

PREFIX = "TN1:"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
FORM, ISSUED = 1, 2
MAC_BYTES = 8
SIGNATURE_BYTES = 64
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
    """What an issued paper says, in bytes that the caller gives their meaning."""

    kind: int
    node: int
    serial: int
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
    found = zxingcpp.read_barcodes(
        image, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    )
    return sorted({each.text for each in found if each.text.startswith(PREFIX)})


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


def open_form(text: str, key: bytes) -> FormCode:
    """Read a blank form's code; raises Unreadable where the MAC is not the key's."""
    data = _content(text, FORM)
    body, mac = data[:-MAC_BYTES], data[-MAC_BYTES:]
    if len(data) != 18 or not hmac.compare_digest(mac, _mac(body, key)):
        raise Unreadable("the form was not printed with this key")
    _, form, node, lease, serial = struct.unpack(">BBHHL", body)
    return FormCode(form, node, lease, serial)


def issued_code(code: IssuedCode, sign: Callable[[bytes], bytes]) -> str:
    """The text of an issued paper's code; `sign` gives an Ed25519 signature."""
    body = struct.pack(">BBHL", ISSUED, code.kind, code.node, code.serial) + code.facts
    return PREFIX + base45(body + sign(body))


def open_issued(text: str, is_genuine: Callable[[bytes, bytes], bool]) -> IssuedCode:
    """Read an issued paper's code; `is_genuine(body, signature)` decides. Raises Unreadable."""
    data = _content(text, ISSUED)
    body, signature = data[:-SIGNATURE_BYTES], data[-SIGNATURE_BYTES:]
    if len(body) < 8 or not is_genuine(body, signature):
        raise Unreadable("the signature is not the issuer's")
    _, kind, node, serial = struct.unpack_from(">BBHL", body)
    return IssuedCode(kind, node, serial, body[8:])


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
