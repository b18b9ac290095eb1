"""What the API takes and gives. The models of requests read them; those of answers describe them.

Answers are made as plain dicts (answers.py), because a list of 50 units is read far more often than
anything else; tests/fuzz holds every answer against its model here.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from reservations.rules.availability import Status
from reservations.web.wishes import (
    HEADCOUNT_MAX,
    Day,
    FrameWish,
    PurposeCode,
    When,
    Wish,
    text_schema,
)

# A field is called `date`; inside its class the type needs another name.
Date = date

LIMIT_MAX = 200
DAYS_MAX = 31

_POINT = re.compile(r"(-?[0-9]{1,2}(?:\.[0-9]{1,12})?),(-?[0-9]{1,3}(?:\.[0-9]{1,12})?)")
_TOWNS = r"^[0-9]{6}(,[0-9]{6}){0,99}$"
_WHOLE = re.compile(r"[0-9]{1,9}")


def _point(sent: Any) -> tuple[float, float]:
    found = _POINT.fullmatch(sent)
    if found is not None:
        lat, lng = float(found[1]), float(found[2])
        if abs(lat) <= 90 and abs(lng) <= 180:
            return lat, lng
    raise PydanticCustomError("not_a_point", "not a point")


def _towns(sent: Any) -> frozenset[str]:
    if re.match(_TOWNS, sent) and not sent.endswith("\n"):
        return frozenset(sent.split(","))
    raise PydanticCustomError("not_town_codes", "not town codes")


def _whole(sent: Any) -> int:
    if _WHOLE.fullmatch(sent):
        return int(sent)
    raise PydanticCustomError("not_a_number", "not a whole number")


Point = Annotated[
    tuple[float, float],
    BeforeValidator(_point),
    text_schema(
        r"^-?([0-8]?[0-9](\.[0-9]{1,12})?|90),-?((1[0-7][0-9]|[0-9]{1,2})(\.[0-9]{1,12})?|180)$",
        "36.56,136.65",
    ),
]
TownCodes = Annotated[frozenset[str], BeforeValidator(_towns), text_schema(_TOWNS, "172014,172120")]


def _number(least: int, most: int, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "integer", "minimum": least, "maximum": most, **more})


Limit = Annotated[
    int, BeforeValidator(_whole), Field(ge=1, le=LIMIT_MAX), _number(1, LIMIT_MAX, default=50)
]
Headcount = Annotated[
    int, BeforeValidator(_whole), Field(ge=1, le=HEADCOUNT_MAX), _number(1, HEADCOUNT_MAX)
]
Page = Annotated[
    int, BeforeValidator(_whole), Field(ge=0, le=100_000), _number(0, 100_000, default=0)
]


class Query(BaseModel):
    """Values of a query string. A name that we do not know is a typing error, and is said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lang: Literal["ja", "en"] | None = Field(
        None, description="Language of sentences; otherwise the Accept-Language header decides."
    )


class Body(BaseModel):
    """A JSON object, read strictly: "1" and 1.0 are no 1."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AvailabilityQuery(When, Query):
    """What somebody is looking for."""

    days: Annotated[
        int, BeforeValidator(_whole), Field(ge=1, le=DAYS_MAX), _number(1, DAYS_MAX, default=1)
    ] = Field(
        1,
        description="Look at this many days from `date` on; each unit comes once, with its first "
        "free day.",
    )
    purpose: PurposeCode = ""
    headcount: Headcount | None = None
    near: Point | None = Field(None, description="Latitude and longitude to list the nearest to.")
    towns: TownCodes | None = Field(None, description="Codes of municipalities; all when left out.")
    status: Literal["free", "all"] = Field(
        "free", description="`all` lists, after the free ones, also those not free on `date`."
    )
    limit: Limit = 50


class AlternativesQuery(When, Query):
    """What was wanted of a unit that is full."""

    purpose: PurposeCode = ""
    headcount: Headcount | None = None
    near: Point | None = Field(None, description="Where you are; otherwise the unit's own place.")
    limit: Annotated[
        int, BeforeValidator(_whole), Field(ge=1, le=20), _number(1, 20, default=5)
    ] = 5


class DaysQuery(Query):
    """Which days of a unit's board."""

    date: Day
    days: Annotated[
        int, BeforeValidator(_whole), Field(ge=1, le=DAYS_MAX), _number(1, DAYS_MAX, default=7)
    ] = 7


class FacilitiesQuery(Query):
    """Which facilities."""

    towns: TownCodes | None = None
    near: Point | None = Field(None, description="Latitude and longitude to list the nearest to.")
    limit: Limit = 50
    page: Page = 0


class BookingsQuery(Query):
    """Which of one's own bookings."""

    since: Day | None = Field(None, description="Day of use; today when left out.")
    page: Page = 0


class NewBooking(Wish, Body):
    """A wish to book. A time that touches a frame only partly is lent as the whole frame."""


class BookingChange(FrameWish, Body):
    """Another time or place for a booking; the old one is given up only if the new one is had."""


class Plain(BaseModel):
    """What every answer's model has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UnitLine(Plain):
    """A unit with the time that would be lent, and its price for who asks."""

    unit_id: int
    unit: str
    unit_en: str
    kind: str
    capacity: int | None
    facility_id: int
    facility: str
    facility_en: str
    town: str
    town_en: str
    town_code: str
    lat: float | None
    lng: float | None
    distance_m: int | None = Field(description="Straight line; null without `near` or a point.")
    status: Status
    date: Date
    start: str = Field(description="The time really lent, in whole frames of the unit.")
    end: str = Field(description="Past midnight hours go on counting: 26:00 is 2 at night.")
    fee_yen: int | None = Field(
        description="For the party of the token; without a token, what local people pay."
    )
    bookable_from: Date = Field(description="The first day on which you may book this date.")


class AlternativeLine(UnitLine):
    """A unit that could be taken instead."""

    shift_minutes: int = Field(description="How far its start lies from the wished one.")
    travel_minutes: int = Field(description="About, one way, from the straight line.")
    fee_difference_yen: int | None
    cost_minutes: float = Field(description="The published cost that offers are ranked by.")
    reason: str = Field(description="Why it is offered, in the reader's language.")


class Availability(Plain):
    """Units, free ones first, the nearest first."""

    as_of: datetime
    node: str
    units: list[UnitLine]


class Alternatives(Plain):
    """What to take instead, best first."""

    as_of: datetime
    node: str
    alternatives: list[AlternativeLine]


class UnitView(Plain):
    """A unit: what it is and what it may be used for."""

    unit_id: int
    unit: str
    unit_en: str
    kind: str
    capacity: int | None
    area_m2: float | None
    purposes: list[str]
    facility_id: int
    facility: str
    facility_en: str
    town: str
    town_en: str
    town_code: str
    lat: float | None
    lng: float | None
    address: str
    phone: str
    is_bookable: bool
    is_invented: bool = Field(description="Made up for a demonstration; no such unit exists.")
    note: str
    shares_space_with: list[int] = Field(description="Units that cannot be lent at the same time.")


class FrameLine(Plain):
    """One frame of one day."""

    label: str
    start: str
    end: str
    status: Status
    fee_yen: int | None
    opens_on: Date | None = Field(description="When booking opens, where that lies ahead.")


class DayLine(Plain):
    """One day of a unit."""

    date: Date
    is_holiday: bool
    status: Status
    frames: list[FrameLine]


class UnitDays(Plain):
    """A unit's board."""

    as_of: datetime
    node: str
    unit_id: int
    days: list[DayLine]


class FacilityLine(Plain):
    """A facility and the ids of its units."""

    facility_id: int
    facility: str
    facility_en: str
    town: str
    town_en: str
    town_code: str
    address: str
    lat: float | None
    lng: float | None
    coordinate_status: str = Field(description="`proposed` is approximate.")
    distance_m: int | None
    phone: str
    url: str
    is_invented: bool
    unit_ids: list[int]


class Facilities(Plain):
    """A page of facilities, by id or nearest first."""

    as_of: datetime
    node: str
    page: int
    next_page: int | None
    facilities: list[FacilityLine]


class TownLine(Plain):
    """A municipality that lends through this region."""

    town_code: str
    town: str
    town_en: str
    prefecture: str
    lat: float | None
    lng: float | None
    phone: str
    url: str


class Towns(Plain):
    """All municipalities, by code."""

    towns: list[TownLine]


class PurposeLine(Plain):
    """One purpose."""

    code: str
    name: str
    name_en: str


class Purposes(Plain):
    """What units may be used for."""

    purposes: list[PurposeLine]


class BookingView(Plain):
    """One booking of one's own."""

    booking_id: str
    number: str = Field(description="As it is printed and read out, with a check digit.")
    status: Literal["confirmed", "tentative", "changing", "cancelling", "cancelled", "refused"] = (
        Field(description="`changing`: kept until the booking `replaced_by` is answered.")
    )
    unit_id: int
    unit: str
    unit_en: str
    facility_id: int
    facility: str
    facility_en: str
    town: str
    town_en: str
    town_code: str
    lat: float | None
    lng: float | None
    date: Date
    start: str
    end: str
    purpose: str
    headcount: int | None
    fee_yen: int
    made_at: datetime
    free_cancel_until: datetime | None
    cancelled_at: datetime | None
    due_yen: int | None = Field(description="What stays owed; null while it is not cancelled.")
    refund_yen: int | None = Field(description="What comes back; null while it is not cancelled.")
    answer_by: datetime | None = Field(
        description="When a tentative booking is answered at the latest; null when it is decided."
    )
    instead_of: str | None = Field(
        description="The booking whose place this one takes when it is confirmed: a change that two"
        " desks have to answer. If this one is refused, that one stands."
    )
    replaced_by: str | None = Field(
        description="The booking that is in the place of this one, or asked for in its place."
    )
    alternatives: list[AlternativeLine] = Field(
        description="What could be had at once instead, while it is tentative; otherwise empty."
    )
    permit_url: str | None = Field(
        description="The permit as PDF; null unless the place is had and its use is permitted."
    )
    permission: Literal["none", "asked", "granted", "refused"] = Field(
        description="Whether the use is permitted, where the town looks at applications first"
        " (`none` where it does not). `asked`: the place is held, and there is no permit yet."
    )
    decide_by: Date | None = Field(
        description="The day by which the town means to answer; null without such a question."
    )
    conditions: str = Field(description="Of a granted one, a line each; may be empty.")
    refused_for: str = Field(description="Why the use was refused; otherwise empty.")


class Bookings(Plain):
    """A page of one's own bookings, soonest first."""

    as_of: datetime
    node: str
    page: int
    next_page: int | None
    bookings: list[BookingView]


class Holds(Plain):
    """Which sheets of the ledger this node holds."""

    sheets: Literal["all", "some", "none"]


class NodeView(Plain):
    """How this node stands."""

    as_of: datetime
    node: str
    mode: Literal["normal", "isolated", "disaster"]
    holds: Holds
    last_contact: datetime | None = Field(description="With any other node; null: there is none.")
    waiting_slips: int = Field(description="Requests that another node has yet to answer.")


class ProblemReason(Plain):
    """One refusal."""

    code: str
    detail: str


class ProblemField(Plain):
    """One field that does not fit."""

    field: str = Field(description="Empty: the request as a whole.")
    code: str
    detail: str


class Problem(BaseModel):
    """RFC 9457. `code` is stable; sentences are in the reader's language and may change."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    code: str
    refusals: list[ProblemReason] = Field(description="Every reason, the strongest first.")
    errors: list[ProblemField] | None = Field(None, description="With code `malformed`.")
    alternatives: list[AlternativeLine] | None = Field(None, description="With code `taken`.")
    ticket: str | None = Field(
        None, description="With codes `internal` and `outage`: the number that our log has too."
    )
