"""Screens for staff, on a port and in a process of their own."""

from reservations.web import genuine
from reservations.web.counter import (
    attendance,
    board,
    bookings,
    closing,
    codes,
    delegates,
    groups,
    imports,
    items,
    ledger,
    letters,
    matters,
    money,
    paper,
    papers,
    people,
    sessions,
    staff,
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
    closing.blueprint,
    attendance.blueprint,
    items.blueprint,
    voices.blueprint,
    imports.blueprint,
    timetables.blueprint,
    ledger.blueprint,
    letters.blueprint,
    matters.blueprint,
    money.blueprint,
    paper.blueprint,
    papers.blueprint,
    people.blueprint,
    groups.blueprint,
    delegates.blueprint,
    trail.blueprint,
    codes.blueprint,
    codes.own,
    sessions.blueprint,
    staff.blueprint,
    genuine.blueprint,
)
