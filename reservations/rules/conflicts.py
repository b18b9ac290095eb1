"""だれが場所をゆずるか: who loses a place when the town needs a room itself, and who never does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from reservations.errors import Refusal, RefusalCode
from reservations.rules.availability import Kind
from reservations.rules.parts import touch
from reservations.rules.period import SLOTS_PER_DAY, Period
from reservations.rules.refunds import CHANGED, OWN

# A field is called `date`; inside its class the type needs another name.
Day = date

# What a room is closed for, in the words of the notice that goes to whoever loses it.
CLOSED_FOR: dict[Kind, str] = {
    Kind.MAINTENANCE: "施設の修繕・点検",
    Kind.OFFICIAL: "公用での使用",
    Kind.CLOSURE: "臨時の休館",
}
# An opened shelter stays open: no repair and no function of the town takes its place.
PROTECTED = frozenset({Kind.EMERGENCY})


@dataclass(frozen=True, slots=True)
class Held:
    """What holds parts of a house: a booking as it is now, `key` being its id and revision."""

    key: str
    kind: Kind
    parts: tuple[int, ...]
    date: Day
    period: Period

    def bits_on(self, day: Day) -> int:
        """The quarter-hours that it holds of this day, and of the next."""
        later = (self.date - day).days
        bits = self.period.bits
        return bits << SLOTS_PER_DAY * later if later >= 0 else bits >> SLOTS_PER_DAY * -later


@dataclass(frozen=True, slots=True)
class Wanted:
    """A room that the town wants for itself, within one day."""

    parts: tuple[int, ...]
    date: Day
    period: Period


def is_in_way(held: Held, wanted: Iterable[Wanted]) -> bool:
    """Whether it holds a part of what is wanted, at that time."""
    return any(
        held.bits_on(each.date) & each.period.bits and touch(held.parts, each.parts)
        for each in wanted
    )


def refusal(
    found: Iterable[Held], wanted: Sequence[Wanted], seen: Collection[str]
) -> Refusal | None:
    """Why rooms are not closed over these, the strongest reason; None where they may be.

    A closure that reaches out of the new one stays: cancelling it would open what it closes.

    found    what is in the way
    seen     keys of those whom the clerk was shown; nobody else loses a place
    returns  code protected, closed_already, or not_seen with how many there are more
    """
    found = list(found)
    if any(each.kind in PROTECTED for each in found):
        return Refusal(RefusalCode.PROTECTED)
    if any(each.kind is not Kind.USE and not _is_covered(each, wanted) for each in found):
        return Refusal(RefusalCode.CLOSED_ALREADY)
    count = sum(each.key not in seen for each in found)
    return Refusal(RefusalCode.NOT_SEEN, count=count) if count else None


def _is_covered(held: Held, wanted: Sequence[Wanted]) -> bool:
    """Whether all of it lies within what is wanted."""
    return all(
        any(
            part in each.parts and held.date == each.date and each.period.contains(held.period)
            for each in wanted
        )
        for part in held.parts
    )


def reason(kind: Kind, note: str) -> str:
    """Why a place was taken back, as notices and letters say it.

    note   publishable: it goes to everybody who loses a place
    """
    what = CLOSED_FOR[kind]
    return f"{what}（{note}）のため。" if note else f"{what}のため。"


def is_towns_fault(reason: str) -> bool:
    """Whether a booking was cancelled by the town, so that nothing stays owed of its fee."""
    return reason not in (OWN, CHANGED)
