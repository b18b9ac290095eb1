"""A booking as a calendar file that replaces its older versions, and takes itself back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reservations.queries.bookings import BookingView
from reservations.web import language
from reservations.web.language import gettext


def event(booking: BookingView, *, address: str, now: datetime) -> bytes:
    """One VEVENT. SEQUENCE rises with every change, so that a calendar keeps the newest.

    address   of the confirmation page
    source    RFC 5545; times in UTC, which every calendar shows in the reader's own zone
    """
    # Imported late: 0.1 s and only for who asks for the file.
    from icalendar import Calendar, Event, vGeo  # noqa: PLC0415 - as above

    place = booking.unit.place
    is_cancelled = booking.status == "cancelled"
    entry = Event()
    entry.add("uid", f"{booking.id}@tonari")
    entry.add("dtstamp", now.astimezone(UTC))
    entry.add("dtstart", booking.starts_at.astimezone(UTC))
    entry.add("dtend", booking.ends_at.astimezone(UTC))
    entry.add("sequence", booking.revision)
    entry.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    entry.add("summary", _title(booking))
    entry.add("location", " ".join(filter(None, (_place_name(booking), place.address))))
    entry.add("description", gettext("予約番号 %(number)s", number=booking.number) + f"\n{address}")
    entry.add("url", address)
    if place.lat is not None and place.lng is not None:
        entry.add("geo", vGeo((place.lat, place.lng)))
    if not is_cancelled:
        entry.add_component(_reminder(_title(booking)))
    calendar = Calendar()
    calendar.add("prodid", "-//Tonari//JA")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(entry)
    return bytes(calendar.to_ical())


def _reminder(words: str):  # type: ignore[no-untyped-def]  # Alarm is imported late
    from icalendar import Alarm  # noqa: PLC0415 - with the rest of the library

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", words)
    alarm.add("trigger", timedelta(days=-1))
    return alarm


def _place_name(booking: BookingView) -> str:
    return language.named(booking.unit.place.name, booking.unit.place.name_en)


def _title(booking: BookingView) -> str:
    return f"{_place_name(booking)} {language.named(booking.unit.name, booking.unit.name_en)}"
