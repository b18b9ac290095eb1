"""Screens for residents. Availability before identity: everything public is a plain GET address."""

from reservations.web.resident import (
    account,
    bookings,
    feedback,
    flow,
    home,
    registration,
    sign_in,
)

BLUEPRINTS = (
    home.blueprint,
    flow.blueprint,
    bookings.blueprint,
    sign_in.blueprint,
    registration.blueprint,
    account.blueprint,
    feedback.blueprint,
)
