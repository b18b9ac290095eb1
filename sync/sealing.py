"""Sealing: a text under a key of its own, and that key closed into boxes for those who may read it.

    text    ChaCha20-Poly1305 under a random key of 32 bytes, padded, bound to what it is about
    box     RFC 9180 (HPKE: X25519, HKDF-SHA256, ChaCha20-Poly1305) for one public key

A text can be closed to one more reader at any time without being touched. Whoever destroys the key
and every secret that opens a box with it has destroyed the text, however many copies of both there
are. Keys, secrets and nonces are arguments; only a box's own passing key is drawn by the library.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from sync.document import Body, canonical, hash_of

KEY_BYTES = 32
NONCE_BYTES = 12
# Texts are of these lengths only, so that a length does not tell who is meant.
PADDED_TO = 128
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class NotOpened(ValueError):  # noqa: N818 - an answer: this key does not open it
    """The key does not fit, or what was sealed is not as it was, or is about something else."""


def seal_text(text: bytes, key: bytes, *, nonce: bytes, about: Body) -> str:
    """Close a text. JSON is meant: the padding are spaces at its end.

    nonce   NONCE_BYTES, never used twice with this key
    about   what the text belongs to; it opens nowhere else
    """
    padded = text + b" " * (-len(text) % PADDED_TO)
    return _written(nonce + ChaCha20Poly1305(key).encrypt(nonce, padded, canonical(about)))


def open_text(sealed: str, key: bytes, *, about: Body) -> bytes:
    """The text, with its padding.

    raises   NotOpened
    """
    octets = _read(sealed)
    nonce, closed = octets[:NONCE_BYTES], octets[NONCE_BYTES:]
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, closed, canonical(about))
    except (InvalidTag, ValueError) as error:
        raise NotOpened("the text does not open") from error


def key_name(key: bytes) -> str:
    """A short name of a text's key, by which it is told from another; it tells nothing else."""
    return hash_of(b"tonari sealed text 1\n" + key)[:22]


def public_of(secret: bytes) -> str:
    """The public half of 32 random bytes from the operating system."""
    return _written(X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw())


@lru_cache(maxsize=1024)
def is_public(public: str) -> bool:
    """Whether boxes can be made for this public key."""
    try:
        seal_key(bytes(KEY_BYTES), public, about={})
    except NotOpened:
        return False
    return True


def seal_key(key: bytes, public: str, *, about: Body) -> str:
    """Close a text's key into a box for the owner of this public key.

    raises   NotOpened where nobody could open it, because the public key is none
    """
    try:
        reader = X25519PublicKey.from_public_bytes(_read(public))
        return _written(_SUITE.encrypt(key, reader, info=canonical(about)))
    except ValueError as error:
        raise NotOpened("this is no public key") from error


def open_key(box: str, secret: bytes, *, about: Body) -> bytes:
    """The key in a box.

    raises   NotOpened
    """
    own = X25519PrivateKey.from_private_bytes(secret)
    try:
        key = _SUITE.decrypt(_read(box), own, info=canonical(about))
    except (InvalidTag, ValueError) as error:
        raise NotOpened("the box does not open") from error
    if len(key) != KEY_BYTES:
        raise NotOpened("there is no key in the box")
    return key


def _written(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _read(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise NotOpened("these are no letters of a sealed text") from error
