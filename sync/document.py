"""Slips and entries: what a document says, its canonical bytes, its hash and its signature.

A document never changes. Its hash is taken over its canonical bytes, its id ends with that hash,
and its author's key signs the same bytes; so a document proves itself whatever carried it, and
receiving it twice is free. Every document is a numbered line of one chain:

    an entry   a line on a sheet, written by the sheet's holder
    a slip     a line in a node's own log: a fact that anybody may write at any time

What a line means is decided in sheet.py; who may sign in members.py. No time is read here:
`at` is whatever clock the author had, for display and for fairness, never for safety.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Body = Mapping[str, Any]

# What a JavaScript peer (and so CouchDB's replicator) still reads exactly.
INTEGER_MAX = 2**53 - 1
DOCUMENT_BYTES_MAX = 64_000
# What every database keeps as a number of a line and as a name.
NUMBER_MAX = 2**31 - 1
NAME_MAX = 255
LOG = "log"
START = ""  # the hash before the first line of every chain


class Malformed(ValueError):  # noqa: N818 - an answer about a document, shown to staff
    """These bytes are no document; the text says why."""


class Key(Protocol):
    """A node's private key. `id` is a short name of the public half."""

    @property
    def id(self) -> str: ...
    @property
    def public(self) -> str: ...
    def sign(self, message: bytes) -> str: ...


@dataclass(frozen=True, slots=True)
class Document:
    """What slips and entries share: a line of a chain, by an author, with its proof.

    raw    the canonical bytes: what is hashed and signed
    id     the name under which every carrier keeps it; it ends with the hash
    """

    chain: str
    number: int
    previous: str
    author: str
    at: int
    kind: str
    claims: tuple[str, ...]
    data: Mapping[str, Any]
    raw: bytes = field(repr=False)
    hash: str
    signature: str = field(repr=False)
    id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Slip(Document):
    """A fact for one sheet, in its author's own log.

    asks    the holder owes it one answer
    again   the hash of the first slip that said this, if that one lost its place in the log
    """

    sheet: str
    rank: int
    asks: bool
    again: str

    @property
    def origin(self) -> str:
        """The same for every slip that says this one thing."""
        return self.again or self.hash


@dataclass(frozen=True, slots=True)
class Entry(Document):
    """A line on a sheet.

    settles   keys that are settled by this line and by no other on the sheet: slips, form numbers
    claims    resources that are occupied from now on, by the first of `settles`
    frees     whose claims end
    to        who holds the sheet next, and `witness` is where its next line is appended
    """

    settles: tuple[str, ...]
    frees: str
    to: str
    witness: str


def canonical(body: Body) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; whole numbers only.

    raises   Malformed for a float, a number beyond 53 bits, or what JSON cannot say
    """
    _check_values(body)
    try:
        return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise Malformed(str(error)) from error


def _check_values(value: object) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise Malformed("a number beyond 53 bits")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if not isinstance(key, str):
                raise Malformed("a key that is no text")
            _check_values(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _check_values(each)
    else:
        raise Malformed(f"a value of type {type(value).__name__}")


def hash_of(raw: bytes) -> str:
    """SHA-256 in 43 characters that need no quoting in an address."""
    return _text(hashlib.sha256(raw).digest())


def revision_of(document_id: str) -> str:
    """CouchDB's first revision, from the id alone, which ends with the hash of the content.

    Whoever posts a document gives it the same one, so that the same document never conflicts.
    """
    return f"1-{hashlib.sha256(document_id.encode('utf-8', 'replace')).hexdigest()[:32]}"


def seal(body: Body, key: Key, *, region: str) -> Slip | Entry:
    """The document of this body, signed. The author is written in."""
    raw = canonical({**body, "author": key.id})
    return _document(orjson.loads(raw), raw, key.sign(message(raw, region)))


def message(raw: bytes, region: str) -> bytes:
    """The bytes that are signed: a key that serves two regions signs for each apart."""
    return b"tonari 1 " + region.encode() + b"\n" + raw


def wire(document: Document) -> dict[str, Any]:
    """The document as every carrier takes it; `_id` is CouchDB's word."""
    return {
        "_id": document.id,
        "body": orjson.loads(document.raw),
        "signature": document.signature,
    }


def packed(document: Document) -> bytes:
    """`wire` as bytes."""
    return canonical(wire(document))


def read(parcel: Mapping[str, Any] | bytes) -> Slip | Entry:
    """The document in what a carrier brought. Its signature is not checked here.

    raises   Malformed; an `_id` that does not fit the content is malformed too
    """
    if isinstance(parcel, bytes):
        if len(parcel) > DOCUMENT_BYTES_MAX:
            raise Malformed("longer than a document may be")
        try:
            parcel = orjson.loads(parcel)
        except orjson.JSONDecodeError as error:
            raise Malformed("no JSON") from error
    if not isinstance(parcel, Mapping):
        raise Malformed("no object")
    body, signature = parcel.get("body"), parcel.get("signature")
    if not isinstance(body, Mapping) or not isinstance(signature, str):
        raise Malformed("a document has a body and a signature")
    if not _is_name(signature):
        raise Malformed("the signature is none")
    raw = canonical(body)
    if len(raw) > DOCUMENT_BYTES_MAX:
        raise Malformed("longer than a document may be")
    document = _document(body, raw, signature)
    if parcel.get("_id", document.id) != document.id:
        raise Malformed("the id does not fit the content")
    return document


def unpacked(raw: bytes, signature: str) -> Slip | Entry:
    """A document from its canonical bytes, as our own tables keep them.

    raises   Malformed where a failing disk changed them
    """
    try:
        return _document(orjson.loads(raw), raw, signature)
    except orjson.JSONDecodeError as error:
        raise Malformed("no JSON") from error


def damaged(chain: str, number: int, raw: bytes) -> Document:
    """What stands in a damaged line's place until it has come again: by nobody, saying nothing."""
    digest = hash_of(raw)
    return Document(chain, number, "", "", 0, "damaged", (), {}, raw, digest, "", f"?:{digest}")


def _document(body: Body, raw: bytes, signature: str) -> Slip | Entry:
    take = _Taker(body)
    chain, number = take.text("chain", is_needed=True), take.number("number", 1, NUMBER_MAX)
    digest, kind = hash_of(raw), body.get("type")
    common = (
        chain,
        number,
        take.text("previous"),
        take.text("author", is_needed=True),
        take.number("at", -INTEGER_MAX),
        take.text("kind", is_needed=True),
        take.texts("claims"),
        take.mapping("data"),
        raw,
        digest,
        signature,
        f"{kind}:{chain}:{number:08d}:{digest}",
    )
    match kind:
        case "slip":
            sheet = take.text("sheet", is_needed=True)
            asks, again = body.get("asks", False) is True, take.text("again")
            return Slip(*common, sheet, take.number("rank", 0), asks, again)
        case "entry":
            moves = (take.text("frees"), take.text("to"), take.text("witness"))
            return Entry(*common, take.texts("settles"), *moves)
        case other:
            raise Malformed(f"neither slip nor entry: {other!r:.40}")


def _is_name(text: str) -> bool:
    """Whether every database can keep it: PostgreSQL has no place for NUL."""
    return len(text) <= NAME_MAX and "\0" not in text


@dataclass(frozen=True, slots=True)
class _Taker:
    """Reads fields of a stranger's object, each with its type."""

    body: Body

    def text(self, name: str, *, is_needed: bool = False) -> str:
        value = self.body.get(name, "")
        if not isinstance(value, str) or (is_needed and not value) or not _is_name(value):
            raise Malformed(f"{name} is no text")
        return value

    def number(self, name: str, least: int, most: int = INTEGER_MAX) -> int:
        value = self.body.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Malformed(f"{name} is no number from {least}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.body.get(name, ())
        if not isinstance(value, Sequence) or not all(
            isinstance(each, str) and _is_name(each) for each in value
        ):
            raise Malformed(f"{name} is no list of texts")
        if isinstance(value, str) or len(set(value)) != len(value):
            raise Malformed(f"{name} names something twice")
        return tuple(value)

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self.body.get(name, {})
        if not isinstance(value, Mapping):
            raise Malformed(f"{name} is no object")
        return value


# Chains and their names


def log_of(scope: str, key_id: str) -> str:
    """The chain of the slips that this key wrote for this scope."""
    return f"{scope}/{LOG}/{key_id}"


def is_log(chain: str) -> bool:
    """Whether a chain is a node's log of slips; else it is a sheet."""
    return chain.split("/", 2)[1:2] == [LOG]


def scope_of(chain: str) -> str:
    """What a node carries or does not carry as a whole, e.g. a municipality and its year."""
    return chain.split("/", 1)[0]


# Keys


class SigningKey:
    """An Ed25519 key. A new incarnation of a node makes a new one; it is never copied."""

    def __init__(self, secret: bytes) -> None:
        """secret   32 random bytes from the operating system"""
        self._private = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = _text(self._private.public_key().public_bytes_raw())
        self.id = key_id(self.public)

    def sign(self, message: bytes) -> str:
        return _text(self._private.sign(message))


@lru_cache(maxsize=1024)
def key_id(public: str) -> str:
    """A short name for a public key: 22 characters of its hash."""
    return hash_of(public.encode())[:22]


def is_signed_by(public: str, message: bytes, signature: str) -> bool:
    """Whether the owner of this public key signed this message."""
    try:
        _public_key(public).verify(_bytes(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=1024)
def _public_key(public: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(_bytes(public))


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
