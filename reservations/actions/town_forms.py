"""様式の取込: a town's own words, texts, issuers and forms, from a day on, without a programmer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from reservations.actions.horizon import raise_catalogue_version
from reservations.actions.step import Context, action
from reservations.errors import Refusal, RefusalCode
from reservations.events import FormsImported
from reservations.models import Municipality, TownRulesVersion
from reservations.models.base import table_of
from reservations.queries.catalogue import Town
from reservations.rules import papers
from reservations.rules.town import TownRules


@dataclass(frozen=True, slots=True)
class FormsRequest:
    """The forms of one town.

    changes       of the shape of printables' town file, checked
    text          the file itself, by whose hash it is known again
    valid_from    papers that are issued from this day on
    is_confirmed  whether the town's own people have read them: without it papers are marked 見本
    """

    town: str
    changes: Mapping[str, Any]
    text: str
    valid_from: date
    is_confirmed: bool


def read(town: Town, rules: TownRules, text: str, folder: Path | None) -> Any:
    """A town's file over what holds for it without one: its changes and everything wrong."""
    from printables import town_file  # noqa: PLC0415 - reportlab

    base = papers.forms(town.name, rules, contact=town.name)
    return town_file.read(text, folder, base=base)


@action("import_forms", subject=lambda request: request.town)
def import_forms(
    session: Session, request: FormsRequest, context: Context, town: str
) -> FormsImported:
    """Let a town's forms hold from a day on; its other rules stay as they are.

    raises   Refusal not_found
    """
    if session.get(Municipality, town) is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    versions = session.scalars(
        select(TownRulesVersion)
        .where(TownRulesVersion.municipality_code == town)
        .order_by(TownRulesVersion.valid_from, TownRulesVersion.id)
    ).all()
    own = _own(request)
    until_now = [each for each in versions if each.valid_from <= request.valid_from]
    body = {**(until_now[-1].body if until_now else {}), **own}
    for later in versions[len(until_now) :]:
        # Rules that are to hold later were written without these forms in mind.
        later.body = {**later.body, **own}
    row = {"municipality_code": town, "valid_from": request.valid_from, "body": body}
    session.execute(insert(table_of(TownRulesVersion)), row)
    raise_catalogue_version(session)
    return FormsImported(
        subject=town,
        valid_from=request.valid_from.isoformat(),
        sha256=hashlib.sha256(request.text.encode()).hexdigest(),
        is_confirmed=request.is_confirmed,
    )


def _own(request: FormsRequest) -> dict[str, Any]:
    """The fields of the rules that the file decides; screens say what its papers say."""
    own: dict[str, Any] = {
        "forms": dict(request.changes),
        "has_confirmed_forms": request.is_confirmed,
    }
    words = request.changes.get("words", {})
    if "use" in words and "permit" in words:
        own["permit_word"] = words["use"] + words["permit"]
    return own
