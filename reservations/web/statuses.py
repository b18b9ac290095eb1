"""The ten canonical statuses as people meet them: a word, a shape and a tone, never colour alone.

The shape is a character that every Japanese font has; screen readers are told to skip it, because
the word says the same. The tone is the class `is-<name>` of tonari.css.
"""

from __future__ import annotations

from dataclasses import dataclass

from reservations.rules.availability import Status
from reservations.web.language import N_, gettext

# Past booking or under way: the calendar calls it not open; a reader wants to know which.
PAST = "past"


@dataclass(frozen=True, slots=True)
class Sign:
    name: str
    mark: str
    text: str

    @property
    def word(self) -> str:
        """In the reader's language."""
        return gettext(self.text)


SIGNS = {
    sign.name: sign
    for sign in (
        Sign(Status.FREE.value, "○", N_("空き")),
        Sign(Status.PARTLY_FREE.value, "△", N_("一部空き")),
        Sign(Status.TAKEN.value, "×", N_("予約済み")),
        Sign(Status.LOTTERY_OPEN.value, "◆", N_("抽選受付中")),
        Sign(Status.LOTTERY.value, "◇", N_("抽選待ち")),
        Sign(Status.NOT_OPEN.value, "□", N_("受付前")),
        Sign(Status.CLOSED.value, "－", N_("休館")),
        Sign(Status.MAINTENANCE.value, "■", N_("点検・行事")),
        Sign(Status.PUBLIC.value, "☆", N_("一般開放")),
        Sign(Status.EMERGENCY.value, "！", N_("災害対応")),
        Sign(PAST, "－", N_("受付終了")),
    )
}


def sign(status: Status | str) -> Sign:
    """The sign of a status or of its value."""
    return SIGNS[status.value if isinstance(status, Status) else status]
