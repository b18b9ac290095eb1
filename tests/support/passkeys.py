"""A device with passkeys, in this process: answers as a browser would, and as it never would."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from reservations.config import Settings
from tests.support.site import MEMORY_KIB

DOMAIN = "tonari.test"
ORIGIN = "https://yoyaku.tonari.test"
# Flags of the authenticator's data: somebody was there, it was the owner, a key is enclosed.
PRESENT, VERIFIED, ENCLOSED = 0x01, 0x04, 0x40


def settings(data_dir: Path, **other: Any) -> Settings:
    """Those of a site behind TLS under a name."""
    own = {"is_https": True, "passkey_domain": DOMAIN, "passkey_origins": [ORIGIN]}
    return Settings(data_dir=data_dir, argon2_memory_kib=MEMORY_KIB, **{**own, **other})


def text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


@dataclass
class Device:
    """One passkey. What is set here goes into the next answer."""

    origin: str = ORIGIN
    domain: str = DOMAIN
    flags: int = PRESENT | VERIFIED
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    handle: str = ""

    def creates(self, options: dict[str, Any]) -> str:
        """The answer to navigator.credentials.create, as static/passkeys.js sends it."""
        self.handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        enclosed = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        about = self._about(self.flags | ENCLOSED) + enclosed
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": about})
        said = self._said("webauthn.create", options["challenge"])
        return self._answer(clientDataJSON=text(said), attestationObject=text(attested))

    def gets(self, options: dict[str, Any]) -> str:
        """The answer to navigator.credentials.get."""
        said = self._said("webauthn.get", options["challenge"])
        about = self._about(self.flags)
        signed = self.key.sign(about + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            clientDataJSON=text(said),
            authenticatorData=text(about),
            signature=text(signed),
            userHandle=self.handle,
        )

    def _about(self, flags: int) -> bytes:
        hashed = hashlib.sha256(self.domain.encode()).digest()
        return hashed + struct.pack(">BI", flags, self.count)

    def _said(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, **response: str) -> str:
        name = text(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def owner_of(options: dict[str, Any]) -> str:
    """The account that a device is told to keep a passkey for."""
    handle = options["user"]["id"]
    return urlsafe_b64decode(handle + "=" * (-len(handle) % 4)).decode()
