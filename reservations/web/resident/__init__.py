"""Screens for residents. Availability before identity: everything public is a plain GET address."""

from reservations.web import genuine
from reservations.web.resident import (
    account,
    bookings,
    feedback,
    flow,
    home,
    instead,
    map,
    passkeys,
    payments,
    permits,
    places,
    reductions,
    registration,
    search,
    sign_in,
)

BLUEPRINTS = (
    home.blueprint,
    search.blueprint,
    places.blueprint,
    map.blueprint,
    flow.blueprint,
    bookings.blueprint,
    instead.blueprint,
    permits.blueprint,
    reductions.blueprint,
    payments.blueprint,
    payments.notices,
    sign_in.blueprint,
    passkeys.door,
    passkeys.own,
    registration.blueprint,
    account.blueprint,
    feedback.blueprint,
    genuine.blueprint,
)
