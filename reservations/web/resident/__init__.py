"""Screens for residents. Availability before identity: everything public is a plain GET address."""

from reservations.web.resident import home

BLUEPRINTS = (home.blueprint,)
