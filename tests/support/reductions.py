"""A town's list of reductions on the invented region."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from reservations.actions.horizon import raise_catalogue_version
from reservations.db import write_transaction
from reservations.models import TownRulesVersion

CITY, CARD, MAYOR, GROUP = "第1号", "第2号", "第3号", "第4号"
LIST: list[dict[str, Any]] = [
    {"code": CITY, "words": "市が主催する行事", "percent": 100, "bars_entrance_fee": True},
    {"code": CARD, "words": "障害のある方", "percent": 50, "evidence": ["障害者手帳"]},
    {"code": MAYOR, "words": "市長が認めるとき"},
    {
        "code": GROUP,
        "words": "市に登録した団体",
        "percent": 25,
        "evidence": ["団体の規約"],
        "is_yearly": True,
        "renewed_in": [1, 2],
    },
]


def with_list(session: Session, town: str = "172014", **rules: Any) -> None:
    """The town's list, from the first version of its rules on."""
    with write_transaction(session):
        change = update(TownRulesVersion).where(TownRulesVersion.municipality_code == town)
        session.connection().execute(change.values(body={"reductions": LIST, **rules}))
        raise_catalogue_version(session)
