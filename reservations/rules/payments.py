"""オンライン払い: when a provider is asked again, and when nobody asks any more.

A payment is never refused, whenever it is told (DESIGN.md, S6): what ends here is only our asking.
"""

from __future__ import annotations

from datetime import datetime, timedelta

# Minutes to the next question; the last one for ever.
ASK_PAUSES = (1, 1, 2, 5, 10, 20, 30, 60, 120, 240)
REFUND_PAUSES = (1, 5, 15, 60, 240, 360)
# A checkout that the provider has never heard of after this time was never begun there.
NEVER_BEGUN = timedelta(hours=1)
# Nobody pays at a page that was left open for three days.
LAPSES = timedelta(days=3)


def next_question(tries: int, *, now: datetime) -> datetime:
    """When a provider is asked again how a checkout stands; `tries` it was asked, at least once."""
    return now + timedelta(minutes=_nth(ASK_PAUSES, tries))


def next_refund(tries: int, *, now: datetime) -> datetime:
    """When a refund that got no answer is asked for again; it is tried until there is one."""
    return now + timedelta(minutes=_nth(REFUND_PAUSES, tries))


def has_lapsed(begun_at: datetime, *, now: datetime, is_known: bool) -> bool:
    """Whether a checkout that the provider calls open, or does not know, is asked about no more."""
    return now - begun_at > (LAPSES if is_known else NEVER_BEGUN)


def _nth(pauses: tuple[int, ...], tries: int) -> int:
    assert tries > 0, tries
    return pauses[min(tries, len(pauses)) - 1]
