"""団体の名簿: what a town asks of a group, and how two rosters are compared without any name.

A member's mark is a keyed hash of kana and name. Every desk of the region has the key, so that the
same person has the same mark everywhere; whoever has marks only cannot read a name out of them, and
whoever has the key as well could try names, which is why marks travel sealed.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reservations.errors import Refusal, RefusalCode
from reservations.rules.town import Residency, TownRules

MEMBERS_MAX = 200
# 64 bits: that any two of two million people share a mark has one chance in nine million.
MARK_BYTES = 8
_PURPOSE = b"tonari roster 1"


@dataclass(frozen=True, slots=True)
class Member:
    """One line of a roster; what somebody is to the town that is asked. `kana` is in one form."""

    name: str
    kana: str
    residency: Residency = Residency.OUTSIDE


@dataclass(frozen=True, slots=True)
class Roster:
    """All that other desks hear of a roster.

    members, local   how many there are, and how many of them are no outsiders
    marks            sorted; empty where this desk could not make any yet
    """

    members: int
    local: int
    marks: tuple[str, ...] = ()


NO_ROSTER = Roster(0, 0)


def roster_of(members: Collection[Member], secret: bytes | None) -> Roster:
    """secret   the region's; None where it has not come to this desk"""
    local = sum(each.residency.is_local for each in members)
    marks = () if secret is None else sorted({mark(each, secret) for each in members})
    return Roster(len(members), local, tuple(marks))


def mark(member: Member, secret: bytes) -> str:
    """The member's mark: width and spaces make no difference, nor does what they are to a town."""
    key = hmac.digest(secret, _PURPOSE, hashlib.sha256)
    plain = "\0".join(
        "".join(unicodedata.normalize("NFKC", text).split()) for text in (member.kana, member.name)
    )
    short = hmac.digest(key, plain.encode(), hashlib.sha256)[:MARK_BYTES]
    return urlsafe_b64encode(short).rstrip(b"=").decode()


def has_rules(rules: TownRules) -> bool:
    """Whether the town asks anything of a group."""
    return any(
        each is not None
        for each in (rules.members_min, rules.local_percent_min, rules.overlap_percent_max)
    )


def refusals(
    roster: Roster, others: Iterable[Collection[str]], *, rules: TownRules
) -> list[Refusal]:
    """Why a group with this roster is not local in a town; nobody is named.

    others    the marks of each other local group of the town
    returns   codes roster_too_small, roster_not_local (how many are missing), roster_overlaps (how
              many are too many), roster_uncompared
    """
    found = []
    if rules.members_min is not None and roster.members < rules.members_min:
        missing = rules.members_min - roster.members
        found.append(
            Refusal(RefusalCode.ROSTER_TOO_SMALL, least=rules.members_min, missing=missing)
        )
    percent = rules.local_percent_min
    if percent is not None and roster.local * 100 < roster.members * percent:
        missing = -(-roster.members * percent // 100) - roster.local
        found.append(Refusal(RefusalCode.ROSTER_NOT_LOCAL, percent=percent, missing=missing))
    percent = rules.overlap_percent_max
    if percent is not None and roster.members and not roster.marks:
        found.append(Refusal(RefusalCode.ROSTER_UNCOMPARED))
    elif percent is not None:
        own = set(roster.marks)
        shared = max((len(own.intersection(each)) for each in others), default=0)
        most = roster.members * percent // 100
        if shared > most:
            found.append(Refusal(RefusalCode.ROSTER_OVERLAPS, percent=percent, over=shared - most))
    return found
