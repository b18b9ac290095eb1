"""The regions that can be shown, and the story that each one tells on a Saturday evening."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reservations.demo import tariffs
from reservations.demo.tariffs import Table, framed, row


@dataclass(frozen=True, slots=True)
class Story:
    """A famous gym is full on Saturdays from 18 to 21; the next town's has room.

    town    where the demonstration's resident lives; all of its gyms are full then
    full    (town, name) of facilities without a free place then, the famous one first
    free    (town, name) of the facility that stays free then
    hours   (town, name) to the hours that a clerk has confirmed, where the town's words need one:
            [days, start, end] as stored, from what the list says
    """

    town: str
    full: tuple[tuple[str, str], ...]
    free: tuple[str, str]
    full_table: Table
    free_table: Table
    hours: dict[tuple[str, str], list[list[int]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Region:
    """What is filled, and from which packaged lists (`name` begins their names).

    demand   how full it is beside others, 1.0 is usual
    """

    name: str
    title: str
    prefecture_code: str
    story: Story
    demand: float = 1.0


# The half court of the full gym costs 1,950 yen that evening. The next town's costs its own people
# 1,500 and our resident, who comes from outside, 2,250.
_NEXT_TOWN = framed(
    row("午前", "09:00", "12:00", 2000),
    row("午後", "13:00", "17:00", 2600),
    row("夜間", "18:00", "21:00", 3000),
    combined=(row("全日", "09:00", "21:00", 7600),),
)

ISHIKAWA = Region(
    "ishikawa",
    "石川県",
    "17",
    Story(
        "172120",
        (
            ("172120", "野々市市民体育館"),
            ("172120", "野々市市スポーツセンター"),
            ("172014", "額谷ふれあい体育館"),
            ("172103", "松任青少年体育館"),
        ),
        ("172103", "若宮公園体育館"),
        tariffs.NISHIWAKI,
        _NEXT_TOWN,
        # 日曜・祝日は18時まで、月曜(スポーツセンターは火曜)は13時から.
        {
            ("172120", "野々市市民体育館"): [[1, 52, 88], [62, 36, 88], [192, 36, 72]],
            ("172120", "野々市市スポーツセンター"): [[2, 52, 88], [61, 36, 88], [192, 36, 72]],
        },
    ),
)
TOKYO = Region(
    "tokyo",
    "東京都",
    "13",
    Story(
        "131059",
        (("131059", "文京江戸川橋体育館"),),
        ("131041", "江戸川小学校"),
        tariffs.NISHIWAKI,
        _NEXT_TOWN,
    ),
    demand=1.5,
)

REGIONS = {region.name: region for region in (ISHIKAWA, TOKYO)}

# Windows, limits and refunds as towns have them; each town keeps one of these.
_OPENS = ((60, 30), (60, 60), (90, 60), (30, 14), (62, 31), (90, 30))
_REFUNDS = (
    ((7, 100), (1, 50)),
    ((14, 100), (7, 70), (1, 30)),
    ((3, 100),),
    ((10, 100), (3, 50)),
    ((1, 100),),
)
_OUTSIDE_PERCENT = (150, 200, 130, 100, 150)
_ACTIVE_MAX = (10, 10, 20, 8, None)
# 無断不使用 as Kanazawa, Kawaguchi and Fujimino count it, and not at all.
_WEATHER = ["台風", "大雨", "熱中症警戒アラート"]
_STRIKES: tuple[dict[str, Any], ...] = (
    {
        "half_points": {"no_show": 2, "late_cancel": 1},
        "limit_half_points": 4,
        "ban_months": 6,
        "excuses": {"late_cancel": ["雨"]},
    },
    {
        "half_points": {"told": 2, "no_show": 4},
        "limit_half_points": 12,
        "ban_months": 3,
        "begins": "next_month",
        "excuses": {"told": _WEATHER, "no_show": _WEATHER},
    },
    {
        "half_points": {"no_show": 2, "no_card": 2, "unpaid": 2},
        "limit_half_points": 6,
        "counted": "month",
        "ban_months": 2,
    },
    {},
)
# Of every third town; one in six registers groups for a fiscal year.
_REDUCTIONS: tuple[dict[str, Any], ...] = (
    {"code": "第8条第1号", "words": "町が主催する行事", "percent": 100, "bars_entrance_fee": True},
    {
        "code": "第8条第2号",
        "words": "障害のある方とその介助者",
        "percent": 50,
        "evidence": ["障害者手帳", "ミライロID"],
    },
    {"code": "第8条第3号", "words": "町長が特に認めるとき"},
)
_YEARLY: dict[str, Any] = {
    "code": "第8条第4号",
    "words": "町に登録した社会教育関係団体",
    "percent": 50,
    "evidence": ["団体の規約と名簿"],
    "is_yearly": True,
    "renewed_in": [1, 2],
}
RULES_FROM = date(2024, 4, 1)
# Towns that look at the use of their halls before they permit it, and at large parties anywhere.
_LOOKS_FIRST: dict[str, list[dict[str, Any]]] = {
    "172014": [{"kinds": ["hall"], "standard_days": 7}],
    "131016": [{"kinds": ["hall"], "standard_days": 7}, {"headcount_above": 100}],
}


def town_rules(position: int, code: str, story: Story) -> dict[str, Any]:
    """The rules of the region's n-th town, as they are stored; neighbours differ.

    The two towns of the story keep the common rules, so that its prices are what it says.
    """
    if code in (story.town, story.free[0]):
        return {
            "refund_steps": [list(step) for step in _REFUNDS[0]],
            "pays_online": True,
            "strikes": _STRIKES[0],
        }
    opens, outside = _OPENS[position % len(_OPENS)]
    body: dict[str, Any] = {
        "opens_days_before": opens,
        "outside_days_before": outside,
        "closes_minutes": (0, 60, 0, 30)[position % 4],
        "active_max": _ACTIVE_MAX[position % len(_ACTIVE_MAX)],
        "outside_percent": _OUTSIDE_PERCENT[position % len(_OUTSIDE_PERCENT)],
        "refund_steps": [list(step) for step in _REFUNDS[position % len(_REFUNDS)]],
        "pays_online": position % 2 == 0,
    }
    if strikes := _STRIKES[position % len(_STRIKES)]:
        body["strikes"] = strikes
    if position % 7 == 3:
        body["permit_word"] = "利用承認"
    if code in _LOOKS_FIRST:
        body["approval"] = _LOOKS_FIRST[code]
    if position % 3 == 2:
        body["reductions"] = [*_REDUCTIONS, *([_YEARLY] if position % 6 == 5 else [])]
    return body
