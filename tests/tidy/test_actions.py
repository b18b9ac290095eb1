"""Every action has a row in the mode table, and every row an action."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import reservations.actions
from reservations.rules import modes


def modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(reservations.actions.__path__, "reservations.actions.")
    return [importlib.import_module(module.name) for module in found]


def test_the_mode_table_lists_the_actions_that_exist():
    names = {
        name
        for module in modules()
        for thing in vars(module).values()
        if isinstance(name := getattr(thing, "action_name", None), str)
    }

    assert names == set(modes.TABLE)


def test_every_row_answers_for_every_mode():
    assert [name for name, row in modes.TABLE.items() if set(row) != set(modes.Mode)] == []
