"""Who may sign: the nodes and officers of one region, by certificates of the region's key.

A certificate binds a key to a node (or to an officer), to its roles and to its witness. A node that
was restored or replaced gets a new certificate, which is its next incarnation (S9); certificates
are only ever added, so a signature that was once good stays good, in whatever order things arrive.
A node that must not write any more loses its sheets by adoption, never by forgetting its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sync.document import (
    Body,
    Document,
    Entry,
    Key,
    Malformed,
    Slip,
    canonical,
    is_signed_by,
    key_id,
    log_of,
    message,
    scope_of,
)

Verifier = Callable[[str, bytes, str], bool]
Role = Literal["node", "adopter", "officer"]
Reason = Literal["unknown signer", "bad signature"]
OFFICERS_NEEDED = 2


@dataclass(frozen=True, slots=True)
class Member:
    """One incarnation of a node, or one officer.

    roles      "adopter" may adopt the sheets of any lost holder; "officer" signs by hand
    witness    the name of the medium where this incarnation's lines are appended
    sealing    the public key with which boxes for it begin (sealing.py); empty: it has yet to say
               one itself, as those do that were certified before there was sealing
    """

    node: str
    incarnation: int
    public: str
    roles: frozenset[str]
    witness: str
    sealing: str = ""

    @property
    def key(self) -> str:
        return key_id(self.public)

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": "member",
            "node": self.node,
            "incarnation": self.incarnation,
            "public": self.public,
            "roles": sorted(self.roles),
            "witness": self.witness,
        }
        return body | {"sealing": self.sealing} if self.sealing else body


class Directory:
    """Every member of a region that is known here.

    home       key id of the node that holds each sheet before its first line (the hub)
    verifier   whether a public key signed a message; the simulation brings a cheaper one
    """

    def __init__(
        self, region: str, root: str, home: str, *, verifier: Verifier = is_signed_by
    ) -> None:
        self.region = region
        self.root = root
        self.home = home
        self._verifier = verifier
        self._members: dict[str, Member] = {}
        self._certificates: dict[str, Mapping[str, Any]] = {}
        self._incarnations: dict[str, list[Member]] = {}

    def add(self, certificate: Mapping[str, Any]) -> bool:
        """Take a certificate; True if it was new.

        raises   Malformed if it is none, or is not signed by the region's own key
        """
        member = _member(certificate.get("member"))
        signature = certificate.get("signature")
        signed = message(canonical(member.body), self.region)
        if not isinstance(signature, str) or not self._verifier(self.root, signed, signature):
            raise Malformed("not signed by the region's key")
        is_new = member.key not in self._members
        self._members[member.key] = member
        self._certificates[member.key] = certificate
        if is_new:
            own = [*self._incarnations.get(member.node, ()), member]
            own.sort(key=lambda each: (each.incarnation, each.key))
            self._incarnations[member.node] = own
        return is_new

    def certificates(self) -> list[Mapping[str, Any]]:
        return list(self._certificates.values())

    def copy(self) -> Directory:
        """One to which certificates can be added on trial."""
        copy = Directory(self.region, self.root, self.home, verifier=self._verifier)
        copy._members = self._members.copy()
        copy._certificates = self._certificates.copy()
        copy._incarnations = self._incarnations.copy()
        return copy

    def members(self) -> list[Member]:
        """Everybody who is known here."""
        return list(self._members.values())

    def is_signed(self, member: Member, message: bytes, signature: str) -> bool:
        """Whether this member signed these bytes."""
        return self._verifier(member.public, message, signature)

    def member(self, key: str) -> Member | None:
        return self._members.get(key)

    def check(self, document: Document) -> Reason | None:
        """Why this document cannot be trusted to be its author's, or None."""
        member = self._members.get(document.author)
        if member is None:
            return "unknown signer"
        if isinstance(document, Slip) and document.chain != log_of(
            scope_of(document.sheet), document.author
        ):
            return "bad signature"
        signed = message(document.raw, self.region)
        is_good = self._verifier(member.public, signed, document.signature)
        return None if is_good else "bad signature"

    def incarnations(self, node: str) -> list[Member]:
        """All of a node's keys that are known here, the newest last."""
        return self._incarnations.get(node, [])

    def nodes(self) -> list[str]:
        """The names of the nodes, officers apart."""
        return sorted({m.node for m in self._members.values() if "officer" not in m.roles})

    def may_adopt(self, author: str, holder: str) -> bool:
        """S10: an adopter, or the later incarnation of the same node."""
        adopter, lost = self.member(author), self.member(holder)
        if adopter is None or lost is None or "officer" in adopter.roles:
            return False
        is_successor = adopter.node == lost.node and adopter.incarnation > lost.incarnation
        return is_successor or "adopter" in adopter.roles

    def officers_agree(self, statement: Body, signatures: Mapping[str, Any]) -> bool:
        """Whether two different officers signed this statement."""
        signed = message(canonical(statement), self.region)
        agreed = {
            member.node
            for key, signature in signatures.items()
            if (member := self.member(key)) is not None
            and "officer" in member.roles
            and isinstance(signature, str)
            and self._verifier(member.public, signed, signature)
        }
        return len(agreed) >= OFFICERS_NEEDED


def certify(member: Member, root: Key, *, region: str) -> dict[str, Any]:
    """A certificate, signed by the region's key."""
    signature = root.sign(message(canonical(member.body), region))
    return {"_id": f"member:{member.key}", "member": member.body, "signature": signature}


def adoption_statement(entry: Entry) -> dict[str, Any]:
    """What two officers sign when a holder and its witness are lost (S10).

    It names the line before, so that it cannot be used again at another place.
    """
    return {
        "adopt": entry.chain,
        "number": entry.number,
        "previous": entry.previous,
        "to": entry.to,
        "accounted": entry.data.get("accounted", ""),
    }


def sign_together(statement: Body, officers: Iterable[Key], *, region: str) -> dict[str, str]:
    """Both officers' signatures under one statement."""
    signed = message(canonical(statement), region)
    return {officer.id: officer.sign(signed) for officer in officers}


def _member(body: object) -> Member:
    if not isinstance(body, Mapping) or body.get("type") != "member":
        raise Malformed("no certificate")
    node, incarnation = body.get("node"), body.get("incarnation")
    public, roles, witness = body.get("public"), body.get("roles"), body.get("witness")
    sealing = body.get("sealing", "")
    if (
        not isinstance(node, str)
        or not isinstance(incarnation, int)
        or not isinstance(public, str)
        or not isinstance(roles, list)
        or not isinstance(witness, str)
        or not isinstance(sealing, str)
        or set(body) - {"sealing"} != {"type", "node", "incarnation", "public", "roles", "witness"}
    ):
        raise Malformed("no certificate")
    return Member(node, incarnation, public, frozenset(map(str, roles)), witness, sealing)
