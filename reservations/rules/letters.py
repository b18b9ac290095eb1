"""知らせ: which answers are worth a letter, and when a mail that did not go is tried again."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from reservations.rules.refunds import CHANGED, OWN

# Minutes to the next try; after the last one a clerk tells the person.
PAUSES = (1, 5, 15, 60, 240, 240, 240)
# A letter that would come later than this before the use is a clerk's to tell, by telephone.
BEFORE_USE = timedelta(hours=3)
# Whoever was answered may appeal for a year (行政不服審査法18条2項), and for a month more may ask
# what they were told; then the letter, which names them, has no reason to be here.
KEPT = timedelta(days=400)
# What the booking must be when the letter goes out; anything else has overtaken it.
STANDS_FOR = {
    "confirmed": "confirmed",
    "refused": "refused",
    "cancelled": "cancelled",
    "displaced": "cancelled",
    "granted": "confirmed",
    "denied": "cancelled",
}


def kind_of_cancellation(reason: str, *, is_denial: bool = False) -> str:
    """The kind of letter that tells of a cancellation for this reason; empty for none.

    is_denial   不許可: the town did not permit the use
    """
    if is_denial:
        return "denied"
    # What a person did is no news to that person; of a change its new place tells.
    if reason in (OWN, CHANGED):
        return ""
    return "displaced" if reason == "displaced" else "cancelled"


def is_overtaken(
    kind: str, asked: str, status: str, *, is_given_up: bool, is_true: bool = False
) -> bool:
    """Whether nobody needs this letter any more.

    asked         what a refusal refused: book or cancel
    status        of the booking, now
    is_given_up   the person has wished to cancel meanwhile
    is_true       what a letter tells of strikes and reductions still is so
    """
    if kind in ("struck", "reduced"):
        return not is_true
    if kind == "refused" and asked != "book":
        return status != "confirmed"
    if kind in ("confirmed", "refused", "granted") and is_given_up:
        return True
    return status != STANDS_FOR[kind]


def kept_from(today: date) -> date:
    """The first day of use whose letters are still kept."""
    return today - KEPT


def next_try(tries: int, *, now: datetime, starts_at: datetime) -> datetime | None:
    """When a mail that did not go is tried again; None where a clerk has to tell the person.

    tries      how often it has been tried, at least once
    starts_at  of the use that the letter is about; one that has begun hurries nobody
    """
    assert tries > 0
    if tries > len(PAUSES):
        return None
    later = now + timedelta(minutes=PAUSES[tries - 1])
    is_too_late = now < starts_at and later > starts_at - BEFORE_USE
    return None if is_too_late else later
