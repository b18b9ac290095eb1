"""docker-compose.yml starts what it says, with no password of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.tidy.repository import ROOT

COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_has_a_profile_and_starts_again_by_itself(name):
    assert SERVICES[name]["profiles"] != []
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_says_when_it_is_well(name):
    built_here = "HEALTHCHECK" in (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert "healthcheck" in SERVICES[name] or ("build" in SERVICES[name] and built_here)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_an_image_names_its_version(name):
    assert re.fullmatch(r"[\w./-]+:(?!latest)[\w.-]+", SERVICES[name]["image"])


def test_every_variable_is_in_the_example():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE))

    assert asked - set(re.findall(r"^#?\s*(\w+)=", example, re.MULTILINE)) == set()


def test_passwords_come_from_outside():
    assert re.findall(r"^\s+\w*PASSWORD:\s*(?!\$\{)\S+", COMPOSE, re.MULTILINE) == []


def test_every_volume_that_is_used_is_declared():
    declared = set(yaml.safe_load(COMPOSE)["volumes"])
    used = {mount.split(":")[0] for each in SERVICES.values() for mount in each.get("volumes", [])}

    assert used == declared


@pytest.mark.parametrize(
    ("profile", "services"),
    [("hub", {"database", "mailbox", "hub"}), ("node", {"mailbox", "node"})],
)
def test_a_profile_starts_what_it_needs_and_nothing_else(profile, services):
    started = {name for name, each in SERVICES.items() if profile in each["profiles"]}
    needed = {other for name in started for other in SERVICES[name].get("depends_on", {})}

    assert started == services
    assert needed <= started


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_is_reached_from_this_machine_alone_unless_told(name):
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"\$\{\w+:-127\.0\.0\.1:\d+\}:\d+", port)
