"""Screens for staff, on a port and in a process of their own."""

from reservations.web import genuine
from reservations.web.counter import (
    attendance,
    board,
    bookings,
    imports,
    items,
    ledger,
    letters,
    money,
    paper,
    papers,
    start,
    timetables,
    trail,
    voices,
)
from reservations.web.resident import feedback, sign_in

# Signing in and telling of a problem are the same for everybody; whose session it is, the process
# decides (web/auth.py).
BLUEPRINTS = (
    sign_in.blueprint,
    feedback.blueprint,
    start.blueprint,
    board.blueprint,
    bookings.blueprint,
    attendance.blueprint,
    items.blueprint,
    voices.blueprint,
    imports.blueprint,
    timetables.blueprint,
    ledger.blueprint,
    letters.blueprint,
    money.blueprint,
    paper.blueprint,
    papers.blueprint,
    trail.blueprint,
    genuine.blueprint,
)
