"""取消と還付: until when cancelling costs nothing, and what comes back afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from reservations.rules.town import TownRules

# Why a booking is given up: its party's own wish, or because another has taken its place.
OWN, CHANGED = "own", "changed"


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What cancelling now would mean.

    due_yen       what stays owed
    refund_yen    what comes back: fee = due + refund, always
    is_undo       within the free minutes after booking
    """

    due_yen: int
    refund_yen: int
    is_undo: bool


def cancellation(
    fee_yen: int, *, made_at: datetime, starts_at: datetime, now: datetime, rules: TownRules
) -> Cancellation:
    """What is owed when a booking of `fee_yen` is cancelled at `now`.

    A slip of the finger is free for `rules.free_undo_minutes` after the booking, whatever the day
    of use. Otherwise the most generous step whose days are still ahead decides; days are whole
    calendar days at the facility. What comes back is cut below one yen, in the town's favour.

    source   refund clauses of nine towns; tests/rules/test_refunds.py has their examples
    """
    if now <= made_at + timedelta(minutes=rules.free_undo_minutes):
        return Cancellation(0, fee_yen, is_undo=True)
    days_left = (starts_at.date() - now.astimezone(starts_at.tzinfo).date()).days
    percent = max(
        (step.percent for step in rules.refund_steps if days_left >= step.days_before), default=0
    )
    refund_yen = fee_yen * percent // 100
    return Cancellation(fee_yen - refund_yen, refund_yen, is_undo=False)


def free_until(*, made_at: datetime, starts_at: datetime, rules: TownRules) -> datetime:
    """Before which instant cancelling costs nothing, as the confirmation promises it.

    returns  the later of the undo's end and the midnight after the last day that gives everything
             back, but never after the start
    """
    undo = made_at + timedelta(minutes=rules.free_undo_minutes)
    whole = [step.days_before for step in rules.refund_steps if step.percent >= 100]
    if not whole:
        return min(undo, starts_at)
    last_day = starts_at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
        days=min(whole) - 1
    )
    return min(max(undo, last_day), starts_at)
