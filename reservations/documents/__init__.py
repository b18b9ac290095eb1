"""Records turned into what printables draws: a view in, a paper with its words out.

Nothing here reads a database or a clock, and nothing is drawn before somebody asks for it: the
library with its fonts is loaded by the first paper of a process, never by a booking.
"""

from reservations.documents.bookings import (
    CANCELLATION,
    CHANGE,
    PERMIT,
    REVOCATION,
    Before,
    Issue,
    cancellation,
    change,
    permit,
    permit_title,
    span,
    unit_text,
)
from reservations.documents.paper import ISSUED, Document, faults, forms_of, read
from reservations.documents.timetables import TIMETABLE, Board, day_timetable, week_timetable

__all__ = [
    "CANCELLATION",
    "CHANGE",
    "ISSUED",
    "PERMIT",
    "REVOCATION",
    "TIMETABLE",
    "Before",
    "Board",
    "Document",
    "Issue",
    "cancellation",
    "change",
    "day_timetable",
    "faults",
    "forms_of",
    "permit",
    "permit_title",
    "read",
    "span",
    "unit_text",
    "week_timetable",
]
