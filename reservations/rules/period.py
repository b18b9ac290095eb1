"""利用時間 on the quarter-hour grid, コマ, and their bits.

A day has 96 quarter-hours, counted from local midnight. A period is half-open [start, end) and
may run past midnight (end > 96); the part after midnight belongs to the next day's sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

SLOT_MINUTES = 15
SLOTS_PER_DAY = 96
HALF_DAY_SLOTS = 48
HALF_DAY_BITS = (1 << HALF_DAY_SLOTS) - 1
WHOLE_DAY_BITS = (1 << SLOTS_PER_DAY) - 1

# Bits of `days`: Monday is 1, Sunday 64, a national holiday 128. On a holiday only 128 counts.
HOLIDAY = 128
WEEKDAYS = 0b0011111
WEEKEND = 0b1100000
EVERY_DAY = 0b11111111


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """A half-open time on one facility's day, in quarter-hours since its midnight."""

    start: int
    end: int

    def __post_init__(self) -> None:
        assert 0 <= self.start < SLOTS_PER_DAY, self
        assert self.start < self.end <= 2 * SLOTS_PER_DAY, self

    @property
    def minutes(self) -> int:
        return (self.end - self.start) * SLOT_MINUTES

    @property
    def bits(self) -> int:
        """One bit a quarter-hour, up to 192 of them: the second 96 are the next day's."""
        return (1 << self.end) - (1 << self.start)

    def contains(self, other: Period) -> bool:
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Period) -> bool:
        return self.start < other.end and other.start < self.end

    def starts_at(self, day: date, zone: tzinfo) -> datetime:
        """The instant at which it begins on `day`."""
        return instant(day, self.start, zone)

    def ends_at(self, day: date, zone: tzinfo) -> datetime:
        return instant(day, self.end, zone)

    def __str__(self) -> str:
        return f"{clock_text(self.start)}-{clock_text(self.end)}"


@dataclass(frozen=True, slots=True)
class Frame:
    """コマ: a named bookable period, on the days whose bit is set."""

    label: str
    period: Period
    days: int = EVERY_DAY


def instant(day: date, slot: int, zone: tzinfo) -> datetime:
    """Local midnight of `day` plus `slot` quarter-hours, as the wall clock counts them."""
    extra, rest = divmod(slot, SLOTS_PER_DAY)
    minutes = rest * SLOT_MINUTES
    wall = time(minutes // 60, minutes % 60)
    return datetime.combine(day + timedelta(days=extra), wall, tzinfo=zone)


def clock_text(slot: int) -> str:
    """`HH:MM`; 24:00 and beyond are written as the day's own hours (26:00 is 2 at night)."""
    minutes = slot * SLOT_MINUTES
    return f"{minutes // 60:02}:{minutes % 60:02}"


def slot_of(text: str) -> int | None:
    """The quarter-hour of `HH:MM`, 0 to 192, or None when it is no time on the grid."""
    hours, colon, minutes = text.partition(":")
    if not colon or not (hours.isascii() and minutes.isascii()):
        return None
    if not (hours.isdigit() and minutes.isdigit() and len(hours) <= 2 and len(minutes) == 2):
        return None
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total % SLOT_MINUTES or total > 2 * SLOTS_PER_DAY * SLOT_MINUTES:
        return None
    return total // SLOT_MINUTES


def period_of(start: str, end: str) -> Period | None:
    """The period between two `HH:MM` texts; an end before the start is the next day's.

    returns  None when either is no time on the grid, or when they are equal
    """
    first, last = slot_of(start), slot_of(end)
    if first is None or last is None or first >= SLOTS_PER_DAY or first == last:
        return None
    return Period(first, last if last > first else last + SLOTS_PER_DAY)


def day_bit(day: date, *, is_holiday: bool) -> int:
    """The one bit of `days` that counts on this day."""
    return HOLIDAY if is_holiday else 1 << day.weekday()


def by_day(period: Period) -> tuple[tuple[int, int, int], ...]:
    """The period as (days after its own day, morning bits, afternoon bits), empty days left out.

    Each half day has 48 bits, the earliest quarter-hour lowest: they fit a signed 64-bit column.
    """
    rows = []
    for offset in (0, 1):
        bits = (period.bits >> (offset * SLOTS_PER_DAY)) & WHOLE_DAY_BITS
        if bits:
            rows.append((offset, bits & HALF_DAY_BITS, bits >> HALF_DAY_SLOTS))
    return tuple(rows)


def frames_on(frames: Iterable[Frame], bit: int) -> tuple[Frame, ...]:
    """The frames of a day whose bit is `bit`, in order of time."""
    return tuple(
        sorted((f for f in frames if f.days & bit), key=lambda f: (f.period.start, f.period.end))
    )


def overlapping(frames: Sequence[Frame]) -> tuple[Frame, Frame] | None:
    """Two frames that would lend the same quarter-hour, or None.

    A frame that runs past midnight is compared with those of the days that may follow. A town's
    file with such a pair is queued: which of the two holds is for the town to say.
    """
    for position, one in enumerate(frames):
        for other in frames[position + 1 :]:
            same_day = one.days & other.days and one.period.overlaps(other.period)
            if same_day or _runs_into(one, other) or _runs_into(other, one):
                return one, other
    return None


def _runs_into(one: Frame, other: Frame) -> bool:
    """Whether `one` still lasts when `other` begins on the day after."""
    lasts = one.period.end - SLOTS_PER_DAY > other.period.start
    return lasts and bool(_days_after(one.days) & other.days)


def _days_after(days: int) -> int:
    """The days that may follow one of `days`: any of them may be a holiday, or follow one."""
    if days & HOLIDAY:
        return EVERY_DAY
    return (days << 1 | days >> 6) & (WEEKDAYS | WEEKEND) | HOLIDAY


def covering(frames: Sequence[Frame], wish: Period) -> tuple[Frame, ...]:
    """The run of consecutive frames that a wish touches: a frame that is touched is taken whole.

    frames   of one day, in order, not overlapping
    returns  () when a quarter-hour of the wish lies before the first or after the last frame, or
             wholly in a gap; a gap between two touched frames belongs to the booking
    """
    touched = tuple(f for f in frames if f.period.overlaps(wish))
    if not touched:
        return ()
    whole = span(touched)
    return touched if whole.contains(wish) else ()


def span(frames: Sequence[Frame]) -> Period:
    """From the first frame's start to the last one's end."""
    return Period(frames[0].period.start, max(frame.period.end for frame in frames))
