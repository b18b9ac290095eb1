"""Requests made up from the OpenAPI document; the plugin is loaded here, because it is dear."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.import_plugin("schemathesis.pytest.plugin")
