"""A booking's number as somebody reads it out or types it: at the pages that ask for one."""

from __future__ import annotations

from reservations.queries import bookings
from reservations.queries.bookings import BookingView
from reservations.web.language import gettext
from reservations.web.services import memory, session

_NARROW = str.maketrans("０１２３４５６７８９－ー―‐", "0123456789----")


def booking_of(typed: str) -> BookingView | None:
    """The booking with this number, whatever digits and dashes it was typed in."""
    return bookings.by_number(session(), memory(), typed.translate(_NARROW))


def unknown() -> dict[str, str]:
    """What the field says when there is none."""
    words = gettext("この番号の予約はありません。番号と、うしろの1けたを確かめてください。")
    return {"number": words}
