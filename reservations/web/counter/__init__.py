"""Screens for staff, on a port and in a process of their own."""

from apiflask import APIBlueprint

BLUEPRINTS: tuple[APIBlueprint, ...] = ()
