"""Frames and prices with the shapes that real towns have; the figures are theirs, the places not.

Taken from the fee tables of 25 towns (data/README.md): combined prices that are dearer, equal or
cheaper than the sum of their frames, gaps between frames that cost nothing, frames that touch,
hourly rates with and without a dearer weekend, two-hour frames, free rooms.
"""

from __future__ import annotations

from dataclasses import dataclass

from reservations.rules.period import EVERY_DAY, HOLIDAY, WEEKDAYS, WEEKEND, period_of

WEEKEND_AND_HOLIDAYS = WEEKEND | HOLIDAY


@dataclass(frozen=True, slots=True)
class Row:
    """A frame or a price: label, quarter-hours, yen (None: a frame only), days, rate."""

    label: str
    start: int
    end: int
    yen: int | None = None
    days: int = EVERY_DAY
    per_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """How a unit is lent and what it costs. Without frames: any time in steps of `step_slots`."""

    frames: tuple[Row, ...]
    prices: tuple[Row, ...]
    step_slots: int = 4
    max_slots: int | None = None

    def scaled(self, percent: int) -> Table:
        """The same table for a smaller or larger piece, in tens of yen as towns print it."""
        prices = tuple(
            Row(r.label, r.start, r.end, _scaled(r.yen, percent), r.days, r.per_minutes)
            for r in self.prices
        )
        return Table(self.frames, prices, self.step_slots, self.max_slots)

    def within(self, opens: int, closes: int) -> Table:
        """The same table in a place that opens later or closes earlier.

        A frame is cut where most of it remains, and left out where not; a combined price goes with
        the frames that it combines. Where no frame remains, the place is lent by the hour.
        """
        if not self.frames:
            return self
        frames = tuple(filter(None, (_cut(row, opens, closes) for row in self.frames)))
        starts, ends = {row.start for row in frames}, {row.end for row in frames}
        prices = tuple(
            row
            for row in filter(None, (_cut(row, opens, closes) for row in self.prices))
            if row.start in starts and row.end in ends
        )
        return Table(frames, prices, self.step_slots, self.max_slots) if frames else hourly(300)


def _cut(row: Row, opens: int, closes: int) -> Row | None:
    start, end = max(row.start, opens), min(row.end, closes)
    if (end - start) * 2 <= row.end - row.start:
        return None
    return Row(row.label, start, end, row.yen, row.days, row.per_minutes)


def _scaled(yen: int | None, percent: int) -> int:
    assert yen is not None
    return yen * percent // 1000 * 10


def row(
    label: str,
    start: str,
    end: str,
    yen: int | None = None,
    days: int = EVERY_DAY,
    per_minutes: int | None = None,
) -> Row:
    """A row with its times as towns write them."""
    period = period_of(start, end)
    assert period is not None, (start, end)
    return Row(label, period.start, period.end, yen, days, per_minutes)


def framed(*rows: Row, combined: tuple[Row, ...] = ()) -> Table:
    """Every row is a frame with its price; `combined` are prices only."""
    return Table(rows, (*rows, *combined))


def hourly(yen: int, *, weekend_yen: int | None = None, max_hours: int = 4) -> Table:
    """A rate for each begun hour, at any hour of the day."""
    if weekend_yen is None:
        prices: tuple[Row, ...] = (row("1時間", "00:00", "24:00", yen, per_minutes=60),)
    else:
        prices = (
            row("1時間(平日)", "00:00", "24:00", yen, WEEKDAYS, 60),
            row("1時間(土日祝)", "00:00", "24:00", weekend_yen, WEEKEND_AND_HOLIDAYS, 60),
        )
    return Table((), prices, 4, max_hours * 4)


def two_hours(yen: int, *, first: int = 9, last: int = 21, label: str = "") -> Table:
    """Two-hour frames side by side (courts and grounds)."""
    rows = tuple(
        row(label or f"{hour}時から", f"{hour:02}:00", f"{hour + 2:02}:00", yen)
        for hour in range(first, last - 1, 2)
    )
    return Table(rows, rows)


# 西脇市: a half court of its gyms; a whole day is cheaper than its frames together.
NISHIWAKI = framed(
    row("午前", "09:00", "12:00", 2740),
    row("午後", "13:00", "17:00", 3440),
    row("夜間", "18:00", "21:00", 3900),
    combined=(
        row("午前・午後", "09:00", "17:00", 5600),
        row("午後・夜間", "13:00", "21:00", 6600),
        row("全日", "09:00", "21:00", 9000),
    ),
)
# 浜田市: the whole day is an hourly rate that counts the gaps as well, so dearer than the frames.
HAMASEN = framed(
    row("午前", "09:00", "12:00", 5220),
    row("午後", "13:00", "17:00", 6960),
    row("夜間", "18:00", "22:00", 6960),
    combined=(row("全日", "09:00", "22:00", 22620),),
)
# 南砺市: half past twelve, half past five; the whole day is exactly the sum.
NANTO = framed(
    row("午前", "09:00", "12:30", 4930),
    row("午後", "13:00", "17:30", 6580),
    row("夜間", "18:00", "21:30", 5760),
    combined=(
        row("昼間", "09:00", "17:30", 11520),
        row("昼夜間", "13:00", "21:30", 12340),
        row("全日", "09:00", "21:30", 17280),
    ),
)
# クローバープラザ: three frames and no combination; two frames are simply added.
CLOVER = framed(
    row("午前", "09:00", "12:00", 3820),
    row("午後", "13:00", "17:00", 5100),
    row("夜間", "18:00", "21:00", 4570),
)
# 石川県の体育施設: frames that touch, from eight in the morning.
CONTIGUOUS = framed(
    row("午前", "08:00", "12:00", 3200),
    row("午後", "12:00", "17:00", 4000),
    row("夜間", "17:00", "21:00", 3800),
)
# 目黒区: four frames of three hours with twenty minutes between them, on the quarter-hour grid.
FOUR_FRAMES = framed(
    row("1", "09:00", "12:00", 4100),
    row("2", "12:15", "15:15", 5100),
    row("3", "15:30", "18:30", 5100),
    row("4", "18:45", "21:45", 6100),
)
# 京都市: by the hour, dearer at weekends.
KYOTO = hourly(1540, weekend_yen=1850)

GYMS = (NISHIWAKI, NANTO, CLOVER, HAMASEN, CONTIGUOUS, FOUR_FRAMES, KYOTO)

# 学校開放: after school on weekdays, from the morning at weekends.
SCHOOL = Table(
    (
        row("夜間", "19:00", "21:00"),
        row("午前", "09:00", "12:00", days=WEEKEND_AND_HOLIDAYS),
        row("午後", "13:00", "17:00", days=WEEKEND_AND_HOLIDAYS),
    ),
    (
        row("夜間", "19:00", "21:00", 800),
        row("午前", "09:00", "12:00", 900, WEEKEND_AND_HOLIDAYS),
        row("午後", "13:00", "17:00", 1200, WEEKEND_AND_HOLIDAYS),
    ),
)

# 藤枝市, 池田町, 大東市: rooms of a community centre.
ROOM = framed(
    row("午前", "09:00", "12:00", 610),
    row("午後", "13:00", "17:00", 820),
    row("夜間", "18:00", "21:00", 720),
    combined=(row("全日", "09:00", "21:00", 1950),),
)
LARGE_ROOM = framed(
    row("午前", "09:00", "12:00", 1540),
    row("午後", "13:00", "17:00", 2050),
    row("夜間", "18:00", "21:00", 1850),
    combined=(row("昼間", "09:00", "17:00", 3400), row("全日", "09:00", "21:00", 5450)),
)
# 別海町: small rooms by the hour. 鹿嶋市: residents pay nothing.
HOURLY_ROOM = hourly(230, max_hours=6)
FREE_ROOM = framed(
    row("午前", "09:00", "12:00", 0),
    row("午後", "13:00", "17:00", 0),
    row("夜間", "18:00", "21:00", 0),
)
ROOMS = (ROOM, HOURLY_ROOM, ROOM, FREE_ROOM)

# 摂津市, 花巻市, 苫小牧市: halls; weekends are dearer.
HALL = Table(
    (
        row("午前", "09:00", "12:00"),
        row("午後", "13:00", "17:00"),
        row("夜間", "18:00", "22:00"),
    ),
    (
        row("午前", "09:00", "12:00", 12600, WEEKDAYS),
        row("午後", "13:00", "17:00", 16800, WEEKDAYS),
        row("夜間", "18:00", "22:00", 18900, WEEKDAYS),
        row("全日", "09:00", "22:00", 44100, WEEKDAYS),
        row("午前", "09:00", "12:00", 15100, WEEKEND_AND_HOLIDAYS),
        row("午後", "13:00", "17:00", 20100, WEEKEND_AND_HOLIDAYS),
        row("夜間", "18:00", "22:00", 22600, WEEKEND_AND_HOLIDAYS),
        row("全日", "09:00", "22:00", 52900, WEEKEND_AND_HOLIDAYS),
    ),
)
STUDIO = hourly(510, max_hours=6)

# 杉並区, 品川区: courts in two-hour frames or by the hour; grounds in two-hour frames.
COURT = two_hours(1000)
HOURLY_COURT = hourly(420, weekend_yen=520, max_hours=4)
COURTS = (COURT, HOURLY_COURT)
GROUND = two_hours(1400, first=7, last=19)
