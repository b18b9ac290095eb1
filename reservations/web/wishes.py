"""What a request to book says, however it was sent: the one set of models of forms and API.

A form (forms.py) folds what a person typed and then reads these; the API (api/schemas.py) reads
them strictly. Neither adds a rule of its own about a day, a time, a unit or a head-count.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from reservations.errors import Refusal, RefusalCode
from reservations.rules.period import Period, period_of

ID_MAX = 2**31 - 1
HEADCOUNT_MAX = 100_000

_DAY = r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_START = r"^([01][0-9]|2[0-3]):(00|15|30|45)$"
_END = r"^([0-3][0-9]|4[0-7]):(00|15|30|45)$|^48:00$"
_CLOCK = re.compile(r"([0-4][0-9]):([0-5][0-9])")
_PURPOSE = r"^[a-z0-9_-]{0,40}$"


def _day(sent: Any) -> date:
    if isinstance(sent, str) and re.match(_DAY, sent) and len(sent) == 10:
        try:
            return date.fromisoformat(sent)
        except ValueError:
            pass
    raise PydanticCustomError("not_a_day", "not a day")


def _clock(sent: Any) -> str:
    if isinstance(sent, str) and _CLOCK.fullmatch(sent):
        return sent
    raise PydanticCustomError("not_a_time", "not a time")


def text_schema(pattern: str, example: str, **more: Any) -> WithJsonSchema:
    """What is said of a value that arrives as text and becomes something else."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example], **more})


Day = Annotated[date, BeforeValidator(_day), text_schema(_DAY, "2026-06-13", format="date")]
Start = Annotated[str, BeforeValidator(_clock), text_schema(_START, "18:00")]
End = Annotated[str, BeforeValidator(_clock), text_schema(_END, "21:00")]
PurposeCode = Annotated[str, Field(pattern=_PURPOSE, examples=["badminton"])]


class When(BaseModel):
    """A day and two clock times on the quarter-hour."""

    model_config = ConfigDict(frozen=True)

    date: Day
    start: Start
    end: End = Field(
        description="An end at or before the start is the next day's; so is one after 24:00."
    )

    @field_validator("start")
    @classmethod
    def _within_the_day(cls, start: str) -> str:
        if start >= "24:00":
            raise PydanticCustomError("not_a_time", "not a time of the day")
        return start

    @field_validator("end")
    @classmethod
    def _has_length(cls, end: str, info: ValidationInfo) -> str:
        if end > "48:00":
            raise PydanticCustomError("not_a_time", "after the following day")
        if end == info.data.get("start"):
            raise PydanticCustomError("no_length", "end is start")
        return end

    @property
    def period(self) -> Period:
        """raises   Refusal off_grid"""
        found = period_of(self.start, self.end)
        if found is None:
            raise Refusal(RefusalCode.OFF_GRID)
        return found


class FrameWish(When):
    """A time in a unit."""

    unit_id: int = Field(ge=1, le=ID_MAX)


class Wish(FrameWish):
    """A wish to book. A time that touches a frame only partly is lent as the whole frame."""

    purpose: PurposeCode = ""
    headcount: int | None = Field(None, ge=1, le=HEADCOUNT_MAX)
