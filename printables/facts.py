"""What the code of an issued paper says: a few facts in as few bytes as the eye of a camera likes.

The facts themselves are signed, so a code proves itself with nothing but the node's public key; the
name of the ledger entry goes with them, so that a promise which survives only on paper can be read
back. Names of people are not in it: `holder_mark` lets somebody who reads the name on the paper ask
whether it is the one that was signed, and gives nothing to somebody who does not.

    body       version, kind, mark of the key (4 bytes), then the fields of the kind in their order
    code       "TN1:" + base45(body + Ed25519 signature of the body), at most 400 characters

A kind never changes its fields; another layout is another kind.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from printables import qr
from printables.disaster_certificate import GRADES
from printables.forms import Span

TEXT_MAX = 400  # characters of a code: more makes modules too small for a fax
ENTRY_HASH_BYTES, SALT_BYTES, MARK_BYTES = 8, 4, 6
EPOCH = datetime(2000, 1, 1)
QUARTER = timedelta(minutes=15)
METHODS = ("", "cash", "cashless")
# What a notice decides; new ones are only ever added behind the others.
NOTICES = (
    "change", "change_refusal", "revocation", "refund", "refusal", "reduction", "reduction_refusal",
)  # fmt: skip


@dataclass(frozen=True)
class EntryName:
    """Which line of which sheet made the promise; empty where no sheet is concerned."""

    sheet: str = ""
    number: int = 0
    hash: bytes = bytes(ENTRY_HASH_BYTES)  # the first bytes of the entry's SHA-256


@dataclass(frozen=True)
class PermitFacts:
    """使用許可書. Times are the facility's own, in quarters of an hour, without a zone."""

    number: str
    issued_at: datetime
    entry: EntryName
    unit: str
    periods: tuple[Span, ...]
    headcount: int
    fee_yen: int
    holder: bytes = b""


@dataclass(frozen=True)
class ReceiptFacts:
    """領収書."""

    number: str
    issued_at: datetime
    entry: EntryName
    amount_yen: int
    tax_yen: int
    method: str
    permit_number: str = ""
    holder: bytes = b""


@dataclass(frozen=True)
class CertificateFacts:
    """罹災証明書; the holder's mark is over name and dwelling."""

    number: str
    issued_at: datetime
    entry: EntryName
    grade: str
    cause_on: date
    copy_number: int = 1
    holder: bytes = b""


@dataclass(frozen=True)
class CardFacts:
    """利用者証."""

    number: str
    issued_at: datetime
    valid_until: date
    holder: bytes = b""


@dataclass(frozen=True)
class NoticeFacts:
    """What a town writes back about a permit: one of NOTICES.

    yen   the fee after a change or a reduction, or what comes back; 0 where no money is spoken of
    """

    number: str
    issued_at: datetime
    entry: EntryName
    notice: str
    permit_number: str
    unit: str
    periods: tuple[Span, ...]
    yen: int
    holder: bytes = b""


Facts = PermitFacts | ReceiptFacts | CertificateFacts | CardFacts | NoticeFacts


class _Reader:
    """Bytes from the front; what ends too early is no code of ours."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise qr.Unreadable("the facts end too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def uint(self) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 63:
                raise qr.Unreadable("a number without an end")

    def text(self) -> str:
        try:
            return self.take(self.uint()).decode()
        except UnicodeDecodeError as fault:
            raise qr.Unreadable("no text") from fault


def _uint(value: int) -> bytes:
    if value < 0:
        raise ValueError("a code holds no negative number")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def _text(value: str) -> bytes:
    data = value.encode()
    return _uint(len(data)) + data


def _day(value: date) -> bytes:
    return struct.pack(">H", (value - EPOCH.date()).days)


def _read_day(reader: _Reader) -> date:
    return EPOCH.date() + timedelta(days=struct.unpack(">H", reader.take(2))[0])


def _moment(value: datetime) -> bytes:
    return struct.pack(">L", (value.replace(tzinfo=None) - EPOCH) // timedelta(minutes=1))


def _read_moment(reader: _Reader) -> datetime:
    return EPOCH + timedelta(minutes=struct.unpack(">L", reader.take(4))[0])


def _periods(value: tuple[Span, ...]) -> bytes:
    out = _uint(len(value))
    for span in value:
        start, end = span.start.replace(tzinfo=None), span.end.replace(tzinfo=None)
        first, rest = divmod(start - EPOCH, QUARTER)
        length, more = divmod(end - start, QUARTER)
        if rest or more or not 0 < length < 256:
            raise ValueError("a period of a code is 1 to 255 quarters of an hour")
        out += struct.pack(">LB", first, length)[1:]
    return out


def _read_periods(reader: _Reader) -> tuple[Span, ...]:
    spans = []
    for _ in range(reader.uint()):
        first, length = struct.unpack(">LB", b"\0" + reader.take(4))
        start = EPOCH + first * QUARTER
        spans.append(Span(start, start + length * QUARTER))
    return tuple(spans)


def _entry(value: EntryName) -> bytes:
    if len(value.hash) != ENTRY_HASH_BYTES:
        raise ValueError(f"an entry's hash has {ENTRY_HASH_BYTES} bytes here")
    return _text(value.sheet) + _uint(value.number) + value.hash


def _read_entry(reader: _Reader) -> EntryName:
    return EntryName(reader.text(), reader.uint(), reader.take(ENTRY_HASH_BYTES))


def _holder(value: bytes) -> bytes:
    if len(value) not in (0, SALT_BYTES + MARK_BYTES):
        raise ValueError("a holder's mark comes from holder_mark")
    return _uint(len(value)) + value


def _one_of(known: tuple[str, ...]) -> tuple[Callable[[Any], bytes], Callable[[_Reader], Any]]:
    def read(reader: _Reader) -> str:
        place = reader.uint()
        if place >= len(known):
            raise qr.Unreadable("a word that this version does not know")
        return known[place]

    return (lambda value: _uint(known.index(value)), read)


Codec = tuple[Callable[[Any], bytes], Callable[[_Reader], Any]]
UINT: Codec = (_uint, _Reader.uint)
TEXT: Codec = (_text, _Reader.text)
DAY: Codec = (_day, _read_day)
COMMON: Mapping[str, Codec] = {"number": TEXT, "issued_at": (_moment, _read_moment)}
ENTRY: Mapping[str, Codec] = {"entry": (_entry, _read_entry)}
HOLDER: Mapping[str, Codec] = {"holder": (_holder, lambda reader: reader.take(reader.uint()))}
KINDS: Mapping[int, tuple[type[Any], Mapping[str, Codec]]] = {
    1: (
        PermitFacts,
        {
            **COMMON, **ENTRY, "unit": TEXT, "periods": (_periods, _read_periods),
            "headcount": UINT, "fee_yen": UINT, **HOLDER,
        },
    ),
    2: (
        ReceiptFacts,
        {
            **COMMON, **ENTRY, "amount_yen": UINT, "tax_yen": UINT, "method": _one_of(METHODS),
            "permit_number": TEXT, **HOLDER,
        },
    ),
    3: (
        CertificateFacts,
        {
            **COMMON, **ENTRY, "grade": _one_of(GRADES), "cause_on": DAY, "copy_number": UINT,
            **HOLDER,
        },
    ),
    4: (CardFacts, {**COMMON, "valid_until": DAY, **HOLDER}),
    5: (
        NoticeFacts,
        {
            **COMMON, **ENTRY, "notice": _one_of(NOTICES), "permit_number": TEXT, "unit": TEXT,
            "periods": (_periods, _read_periods), "yen": UINT, **HOLDER,
        },
    ),
}  # fmt: skip


def encode(facts: Facts) -> tuple[int, bytes]:
    """The kind of the facts and their bytes; raises ValueError for what a code cannot hold."""
    for kind, (made_of, fields) in KINDS.items():
        if isinstance(facts, made_of):
            return kind, b"".join(
                write(getattr(facts, name)) for name, (write, _) in fields.items()
            )
    raise ValueError(f"no kind of code says {type(facts).__name__}")


def decode(kind: int, data: bytes) -> Facts:
    """The facts of these bytes; raises Unreadable."""
    if kind not in KINDS:
        raise qr.Unreadable("a kind of paper that this version does not know")
    made_of, fields = KINDS[kind]
    reader = _Reader(data)
    try:
        found = made_of(**{name: read(reader) for name, (_, read) in fields.items()})
    except OverflowError as fault:
        raise qr.Unreadable("a day beyond the calendar") from fault
    if reader.at != len(data):
        raise qr.Unreadable("more than the facts")
    return found  # type: ignore[no-any-return] # one of Facts, by the table


def key_mark(public: bytes) -> bytes:
    """By which a code names the key that signed it.

    public   the 32 bytes of an Ed25519 public key
    """
    return hashlib.sha256(public).digest()[: qr.KEY_BYTES]


def signed_code(facts: Facts, public: bytes, sign: Callable[[bytes], bytes]) -> str:
    """The text of an issued paper's code.

    public   the signer's public key, raw; `sign` gives 64 bytes for the body
    raises   ValueError where the text is longer than a camera should have to read
    """
    kind, data = encode(facts)
    text = qr.issued_code(qr.IssuedCode(kind, key_mark(public), data), sign)
    if len(text) > TEXT_MAX:
        raise ValueError(f"{len(text)} characters are too many for a code: shorten its texts")
    return text


def holder_mark(names: str, salt: bytes) -> bytes:
    """A mark for the names on a paper: it can be compared, not read.

    names   as printed: name, or name and address; white space does not count
    salt    at least 4 bytes that nobody guesses, such as a MAC of the paper's number
    """
    salt = salt[:SALT_BYTES]
    if len(salt) < SALT_BYTES:
        raise ValueError("the salt of a mark has four bytes or more")
    said = "".join(names.split()).encode()
    return salt + hashlib.sha256(salt + said).digest()[:MARK_BYTES]


def is_held_by(facts: Facts, names: str) -> bool:
    """Whether these names, as read on the paper, are those that were signed."""
    return bool(facts.holder) and holder_mark(names, facts.holder) == facts.holder
