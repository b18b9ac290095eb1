"""Records turned into what printables draws: a view in, a paper with its words out.

Nothing here reads a database or a clock, and nothing is drawn before somebody asks for it: the
library with its fonts is loaded by the first paper of a process, never by a booking.
"""

from reservations.documents.bookings import (
    CANCELLATION,
    CHANGE,
    CHANGE_REFUSAL,
    PERMIT,
    REDUCTION,
    REDUCTION_REFUSAL,
    REFUND,
    REFUSAL,
    REVOCATION,
    Before,
    Issue,
    cancellation,
    change,
    change_refusal,
    denial,
    document_number,
    permit,
    permit_title,
    refund,
    refusal,
    revocation,
    span,
    unit_text,
)
from reservations.documents.items import KEY_BOOK, key_book
from reservations.documents.money import DAY_SHEET, RECEIPT, category, day_csv, day_sheet, receipt
from reservations.documents.paper import ISSUED, Document, faults, forms_of, read
from reservations.documents.reductions import Decided, reduction
from reservations.documents.settlement import SETTLEMENT, settlement_csv
from reservations.documents.settlement import sheet as settlement_sheet
from reservations.documents.timetables import TIMETABLE, Board, day_timetable, week_timetable

__all__ = [
    "CANCELLATION",
    "CHANGE",
    "CHANGE_REFUSAL",
    "DAY_SHEET",
    "ISSUED",
    "KEY_BOOK",
    "PERMIT",
    "RECEIPT",
    "REDUCTION",
    "REDUCTION_REFUSAL",
    "REFUND",
    "REFUSAL",
    "REVOCATION",
    "SETTLEMENT",
    "TIMETABLE",
    "Before",
    "Board",
    "Decided",
    "Document",
    "Issue",
    "cancellation",
    "category",
    "change",
    "change_refusal",
    "day_csv",
    "day_sheet",
    "day_timetable",
    "denial",
    "document_number",
    "faults",
    "forms_of",
    "key_book",
    "permit",
    "permit_title",
    "read",
    "receipt",
    "reduction",
    "refund",
    "refusal",
    "revocation",
    "settlement_csv",
    "settlement_sheet",
    "span",
    "unit_text",
    "week_timetable",
]
