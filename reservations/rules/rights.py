"""だれが何をしてよいか: one table of roles and rights, and where and until when a role is held.

A grant gives somebody a role at a place. Nothing is allowed that no grant allows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum


class Role(Enum):
    """窓口・管理者・決裁者・出納・監査; SYSTEM is the machine itself and nobody's grant."""

    COUNTER = "counter"
    MANAGER = "manager"
    APPROVER = "approver"
    CASHIER = "cashier"
    AUDITOR = "auditor"
    SYSTEM = "system"


class Right(Enum):
    """What a page of the counter does. Whoever is named by a right may also need others for it.

    LOOK          a facility's day, its timetables, the ledger
    SEE_PEOPLE    names and how to reach them
    KEEP_PEOPLE   register somebody, correct what is known, rosters, delegates, links on paper
    BOOK          book, change and cancel for somebody
    WAIVE         book outside the rules, with a reason
    ISSUE_PAPER   permits and what else a booking has on paper
    REFUSE        refuse a change, on paper
    APPROVE       permit the use that an application asks for, or refuse it
    SEE_MONEY     what a booking owes, and a day's sums
    TAKE_MONEY    take money, give out what is decided to go back, and the receipt
    REFUND        decide that money goes back
    REDUCE        decide a reduction
    CLOSE_DAY     count the drawer at the end of a day
    TELL_PEOPLE   letters: read, tell, tick off
    ENTER_PAPER   type in what was taken on paper
    DECIDE_PAPER  which of two texts of one form is right
    READ_VOICES   problems and ratings
    CONFIRM_DATA  settle what an import could not understand
    CLOSE_ROOMS   take a room out of use
    DECLARE       declare a disaster, and its end
    READ_AUDIT    who did what
    GIVE_RIGHTS   give and revoke roles
    END_SESSIONS  sign somebody else out
    """

    LOOK = "look"
    SEE_PEOPLE = "see_people"
    KEEP_PEOPLE = "keep_people"
    BOOK = "book"
    WAIVE = "waive"
    ISSUE_PAPER = "issue_paper"
    REFUSE = "refuse"
    APPROVE = "approve"
    SEE_MONEY = "see_money"
    TAKE_MONEY = "take_money"
    REFUND = "refund"
    REDUCE = "reduce"
    CLOSE_DAY = "close_day"
    TELL_PEOPLE = "tell_people"
    ENTER_PAPER = "enter_paper"
    DECIDE_PAPER = "decide_paper"
    READ_VOICES = "read_voices"
    CONFIRM_DATA = "confirm_data"
    CLOSE_ROOMS = "close_rooms"
    DECLARE = "declare"
    READ_AUDIT = "read_audit"
    GIVE_RIGHTS = "give_rights"
    END_SESSIONS = "end_sessions"


# Whoever decides that money goes back does not hold the drawer, and whoever looks after accounts
# decides no money: one person who does both has two roles, and that can be seen.
_TABLE = """
right         counter  manager  approver  cashier  auditor  system
look             x        x        x         x        x       x
see_people       x        x        x         x        .       x
keep_people      x        x        .         .        .       x
book             x        x        .         .        .       x
waive            .        x        x         .        .       x
issue_paper      x        x        x         .        .       x
refuse           .        .        x         .        .       x
approve          .        .        x         .        .       x
see_money        x        x        x         x        x       x
take_money       x        x        .         x        .       x
refund           .        .        x         .        .       x
reduce           .        .        x         .        .       x
close_day        .        x        .         x        .       x
tell_people      x        x        .         .        .       x
enter_paper      x        x        .         .        .       x
decide_paper     .        x        x         .        .       x
read_voices      .        x        .         .        x       x
confirm_data     .        x        .         .        .       x
close_rooms      .        x        x         .        .       x
declare          .        .        x         .        .       x
read_audit       .        x        .         .        x       x
give_rights      .        x        .         .        .       x
end_sessions     .        x        .         .        .       x
"""


def _read(table: str) -> dict[Role, frozenset[Right]]:
    (_, *names), *rows = (line.split() for line in table.strip().splitlines())
    return {
        Role(name): frozenset(Right(row[0]) for row in rows if row[column] == "x")
        for column, name in enumerate(names, start=1)
    }


RIGHTS = _read(_TABLE)
# What a person can be given.
GIVEN = tuple(role for role in Role if role is not Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is done: a facility, its town, and the groups that it is in.

    facility_id   None where it concerns the town, or the groups, as a whole
    """

    town: str = ""
    facility_id: int | None = None
    groups: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Area:
    """Where a grant holds: exactly one of a town, a group of facilities, one facility."""

    town: str | None = None
    group_id: int | None = None
    facility_id: int | None = None

    def __post_init__(self) -> None:
        said = (self.town, self.group_id, self.facility_id)
        assert sum(each is not None for each in said) == 1, said

    def has(self, place: Place) -> bool:
        """Whether all of the place lies in it."""
        if self.town is not None:
            return place.town == self.town
        if self.group_id is not None:
            return self.group_id in place.groups
        return place.facility_id == self.facility_id


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at a place from a day up to and with another; without `until` it has no end."""

    role: Role
    area: Area
    since: date
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Reach:
    """All the places of one right, so that a region is gone through quickly."""

    towns: frozenset[str]
    groups: frozenset[int]
    facilities: frozenset[int]

    def has(self, place: Place) -> bool:
        """Whether all of the place lies in one of them."""
        return (
            place.town in self.towns
            or place.facility_id in self.facilities
            or not self.groups.isdisjoint(place.groups)
        )


def reach(grants: Iterable[Grant], right: Right, today: date) -> Reach:
    """Where somebody with these grants has this right today."""
    areas = [
        grant.area for grant in grants if right in RIGHTS[grant.role] and grant.holds_on(today)
    ]
    return Reach(
        frozenset(each.town for each in areas if each.town is not None),
        frozenset(each.group_id for each in areas if each.group_id is not None),
        frozenset(each.facility_id for each in areas if each.facility_id is not None),
    )


def may(grants: Iterable[Grant], right: Right, place: Place, today: date) -> bool:
    """Whether somebody with these grants may do this there today."""
    return reach(grants, right, today).has(place)


def may_somewhere(grants: Iterable[Grant], right: Right, today: date) -> bool:
    """Whether there is any place where they may: for lists, which show those places only."""
    return any(right in RIGHTS[grant.role] and grant.holds_on(today) for grant in grants)


def used(
    grants: Mapping[str, Grant], right: Right, place: Place | None, today: date
) -> frozenset[str]:
    """Which of these grants are needed for this: those of the role with the fewest rights that has
    this one there, so that no role is kept alive by what a smaller one would do as well.

    grants   by their ids; place None is anywhere: a list shows what all of them open
    """
    found = {
        its_id: len(RIGHTS[grant.role])
        for its_id, grant in grants.items()
        if right in RIGHTS[grant.role]
        and grant.holds_on(today)
        and (place is None or grant.area.has(place))
    }
    smallest = min(found.values(), default=0)
    return frozenset(its_id for its_id, rights in found.items() if rights == smallest)


def may_give(
    grants: Collection[Grant], role: Role, place: Place, *, since: date, until: date | None
) -> bool:
    """Whether somebody with these grants may give this role there for this time, or take it back.

    They need the right to give, and every right of the role, at the whole place and for all of the
    time: nobody gives what they do not hold.
    """
    if role not in GIVEN:
        return False
    lasting = [each for each in grants if each.until is None or (until and until <= each.until)]
    return all(may(lasting, right, place, since) for right in {Right.GIVE_RIGHTS, *RIGHTS[role]})


def roles_with(right: Right) -> tuple[Role, ...]:
    """The roles of people that have this right, in the order of the table."""
    return tuple(role for role in GIVEN if right in RIGHTS[role])
