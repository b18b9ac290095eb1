"""The open API under /api/v1, as others rely on it."""

from apiflask import APIBlueprint

BLUEPRINTS: tuple[APIBlueprint, ...] = ()
