"""Every route of the API against its own document: no bug, no undescribed answer, no input echoed.

Once as the document stands, where most requests name units and days that do not exist; once with
the document narrowed to the invented region, where most of them could be booked. Examples are the
same in every run.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.config import (
    ChecksConfig,
    PositiveDataAcceptanceConfig,
    SchemathesisConfig,
    SimpleCheckConfig,
)

from reservations.queries import audit
from tests.support.api import ROUTES, Api, an_api
from tests.town import TODAY

DOCUMENT = "/api/v1/openapi.json"
HEADERS = {"Authorization": "Bearer resident"}
# What no schema can say: a day in the past, a start that is the end, a unit that is taken.
POSSIBLE = ["2xx", "400", "404", "409", "422"]
SAME_EVERY_TIME = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def config() -> SchemathesisConfig:
    made = SchemathesisConfig(seed=2026)
    made.projects.default.checks = ChecksConfig(
        positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=POSSIBLE),
        # Every request here has its token; tests/web has those without one.
        ignored_auth=SimpleCheckConfig(enabled=False),
    )
    return made


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    made = an_api(f"sqlite:///{folder / 'tonari.db'}", folder)
    yield made
    with made.database.session() as session:
        assert audit.masks(session, since=TODAY).differences == ()
    made.database.dispose()


@pytest.fixture(scope="module")
def as_it_stands(api: Api) -> Any:
    return schemathesis.openapi.from_wsgi(DOCUMENT, api.app, config=config())


@pytest.fixture(scope="module")
def narrowed(api: Api) -> Any:
    """The same document, but for a region with six units and a fortnight."""
    document: Any = copy.deepcopy(api.client.get(DOCUMENT).json)
    _narrow(document)
    made = schemathesis.openapi.from_dict(document, config=config())
    made.app = api.app
    return made


def _narrow(part: Any) -> None:
    """Wherever the document speaks of a unit, a day or a time, leave those that exist."""
    if isinstance(part, list):
        for each in part:
            _narrow(each)
    elif isinstance(part, dict):
        if part.get("name") == "unit_id":
            part["schema"] = {"type": "integer", "minimum": 1, "maximum": 6}
        properties = part.get("properties", {})
        if "unit_id" in properties and part.get("title") in ("NewBooking", "BookingChange"):
            properties["unit_id"] = {"type": "integer", "minimum": 1, "maximum": 6}
        if part.get("format") == "date" and "pattern" in part:
            part["pattern"] = "^2026-06-(0[5-9]|1[0-9])$"
        if part.get("examples") == ["18:00"]:
            part["pattern"] = "^(09|1[2378]):(00|30)$"
        if part.get("examples") == ["21:00"]:
            part["pattern"] = "^(1[1278]|2[01]):(00|15)$"
        for each in part.values():
            _narrow(each)


def ask(schema: Any, path: str, method: str, mode: GenerationMode) -> None:
    """Make requests up for one route, and hold every answer against the document."""
    operation = schema[path][method.upper()]

    @SAME_EVERY_TIME
    @given(case=operation.as_strategy(generation_mode=mode))
    def each(case: Any) -> None:
        # A query parameter that is left empty counts as left out; so does an empty list or object.
        assume(not any(each in ("", [], {}) for each in dict(case.query or {}).values()))
        case.call_and_validate(headers=HEADERS)

    each()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize(("path", "method"), sorted(ROUTES))
def test_every_answer_is_one_that_the_document_describes(as_it_stands, path, method, mode):
    ask(as_it_stands, path, method, mode)


@pytest.mark.parametrize(("path", "method"), sorted(ROUTES))
def test_every_answer_about_what_exists_is_described_too(narrowed, path, method):
    ask(narrowed, path, method, GenerationMode.POSITIVE)


def test_what_was_booked_can_be_seen_changed_and_cancelled(narrowed):
    """Follows the document's links from one answer to the next request."""

    class Resident(narrowed.as_state_machine()):  # type: ignore[misc]  # made at run time
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": HEADERS}

    Resident.run(settings=settings(SAME_EVERY_TIME, max_examples=15, stateful_step_count=6))
