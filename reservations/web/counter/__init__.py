"""Screens for staff, on a port and in a process of their own."""

from reservations.web.counter import imports, start, voices
from reservations.web.resident import sign_in

# Signing in is the same for everybody; whose session it is, the process decides (web/auth.py).
BLUEPRINTS = (sign_in.blueprint, start.blueprint, voices.blueprint, imports.blueprint)
