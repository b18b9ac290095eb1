"""Numbers as somebody types them, in wide signs too: a booking's, an amount, a count."""

from __future__ import annotations

from reservations.queries import bookings
from reservations.queries.bookings import BookingView
from reservations.web.language import gettext
from reservations.web.services import memory, session

_NARROW = str.maketrans("０１２３４５６７８９－ー―‐，", "0123456789----,")
# No count and no amount of yen has more.
DIGITS_MAX = 9


def booking_of(typed: str) -> BookingView | None:
    """The booking with this number, whatever digits and dashes it was typed in."""
    return bookings.by_number(session(), memory(), typed.translate(_NARROW))


def whole(typed: str) -> int | None:
    """A whole number from 0 on; None where it is none, or too long."""
    return _number(typed.strip().translate(_NARROW))


def whole_yen(typed: str) -> int | None:
    """As `whole`, also with commas and 円."""
    return _number(typed.strip().translate(_NARROW).replace(",", "").removesuffix("円"))


def unknown() -> dict[str, str]:
    """What the field says when there is none."""
    words = gettext("この番号の予約はありません。番号と、うしろの1けたを確かめてください。")
    return {"number": words}


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX
    return int(text) if is_number else None
