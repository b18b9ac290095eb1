"""The ten canonical statuses as people meet them: a word, a shape and a tone, never colour alone.

The shape is a character that every Japanese font has; screen readers are told to skip it, because
the word says the same. The tone is the class `is-<name>` of tonari.css.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from reservations.rules.availability import Status

# Past booking or under way: the calendar calls it not open; a reader wants to know which.
PAST = "past"


@dataclass(frozen=True, slots=True)
class Sign:
    name: str
    mark: str
    word: Any


SIGNS = {
    sign.name: sign
    for sign in (
        Sign(Status.FREE.value, "○", _l("空き")),
        Sign(Status.PARTLY_FREE.value, "△", _l("一部空き")),
        Sign(Status.TAKEN.value, "×", _l("予約済み")),
        Sign(Status.LOTTERY_OPEN.value, "◆", _l("抽選受付中")),
        Sign(Status.LOTTERY.value, "◇", _l("抽選待ち")),
        Sign(Status.NOT_OPEN.value, "□", _l("受付前")),
        Sign(Status.CLOSED.value, "－", _l("休館")),
        Sign(Status.MAINTENANCE.value, "■", _l("点検・行事")),
        Sign(Status.PUBLIC.value, "☆", _l("一般開放")),
        Sign(Status.EMERGENCY.value, "！", _l("災害対応")),
        Sign(PAST, "－", _l("受付終了")),
    )
}


def sign(status: Status | str) -> Sign:
    """The sign of a status or of its value."""
    return SIGNS[status.value if isinstance(status, Status) else status]
