"""Closed days as towns write them: 休館日:月曜日(祝日の場合は翌日)、年末年始(12/29〜1/3).

A text is cut into clauses; each clause is read wholly or not at all. What speaks of closing and is
not read wholly is given back as not understood, so that a clerk sees it and nothing is opened by
mistake. Clauses that speak neither of closing nor of times are remarks and change nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from reservations.opendata.cells import folded
from reservations.opendata.dates import (
    DATE,
    MONTHS,
    RANGE,
    MonthDay,
    day_before,
    length_days,
    next_day,
    read_dates,
)
from reservations.opendata.days import WEEKDAYS, DaySet, read_days
from reservations.opendata.reasons import Reason, ReasonCode, reason
from reservations.opendata.times import CLOCK, clock_minutes

NEW_YEAR: tuple[MonthDay, MonthDay] = ((12, 29), (1, 3))
BON: tuple[MonthDay, MonthDay] = ((8, 13), (8, 16))
LAST_OF_MONTH = -1

# 12/28〜1/4 alone is a closing without its verb, not an opening of a week.
SEASON_DAYS_MIN = 30


class ClosedKind(StrEnum):
    """What a closed rule is about."""

    WEEKDAY = "weekday"
    NTH_WEEKDAY = "nth_weekday"
    HOLIDAY = "holiday"
    DAY_AFTER_HOLIDAY = "day_after_holiday"
    DATES = "dates"
    DAY_OF_MONTH = "day_of_month"
    IRREGULAR = "irregular"


class OnHoliday(StrEnum):
    """What a closed weekday becomes when it is a public holiday."""

    CLOSED = "closed"
    OPEN = "open"
    NEXT_DAY = "next_day"
    NEXT_WORKING_DAY = "next_working_day"


@dataclass(frozen=True)
class ClosedRule:
    """One way of being closed.

    weekday      0 is Monday; for WEEKDAY and NTH_WEEKDAY
    nth          1 to 5, or LAST_OF_MONTH
    days_after   1: the day after the n-th weekday (第2日曜日の翌日)
    first, last  (month, day), both closed, may run over the new year; for DATES
    day          of every month; for DAY_OF_MONTH
    text         what was written; only for IRREGULAR, whose dates a clerk must enter
    """

    kind: ClosedKind
    weekday: int | None = None
    nth: int | None = None
    days_after: int = 0
    first: MonthDay | None = None
    last: MonthDay | None = None
    day: int | None = None
    on_holiday: OnHoliday = OnHoliday.CLOSED
    text: str = ""


@dataclass(frozen=True)
class TimesOverride:
    """Different times on some days: 土日は9:00〜17:00. None where only one end is said."""

    days: DaySet
    start: int | None
    end: int | None


@dataclass(frozen=True)
class Notes:
    """What a text about closed days and special times says.

    not_understood   clauses that restrict use and were not read wholly
    suspended        the whole place is out of use for now
    """

    closed: tuple[ClosedRule, ...] = ()
    overrides: tuple[TimesOverride, ...] = ()
    not_understood: tuple[str, ...] = ()
    suspended: str = ""
    reasons: tuple[Reason, ...] = ()


_CLOSE = (
    "休館|休園|休業|定休|休所|休校|休室|休診|休場|休湯|閉館|閉庁|閉所|閉園|閉鎖"
    "|利用休止|利用不可|使用不可|利用できません|使用できません|休止"
)
_HEAD = re.compile(
    rf"^[-・\[【「(]*(?:全館|毎週)?(?:(?:{_CLOSE})(?:日|期間)?|休み|休日(?=は|:)|利用不可日)[\]】」)]*(?:は、?|:|;|/|$|(?=\())"
)
_BARE_HEAD = re.compile(
    rf"^(?:(?:{_CLOSE})日?|休み)(?=-|年末|第|毎|月曜|火曜|水曜|木曜|金曜|土|日|祝|国民|\d)"
)
_TAIL = re.compile(
    rf"(?:は、?|を|も|が|のため|、)*(?:終日|全館|休館日のため|休館日で)*(?:(?:{_CLOSE})(?:日|いたします)?|休み|休日?|除く|除きます|お休み)"
    r"(?:です|とする|とします|します|となります|となる|になります)?$"
)
_CLOSING_WORD = re.compile("休|閉|不可|除|禁止|中止|停止|できません|できない|施錠|以外")
_DISCRETION = re.compile(
    r"[、,]?(?:その他、?|また、?|および)?(?:(?:館|所|園|場|施設)長|市長|町長|管理者)が(?:特に)?(?:必要と?認め|指定)[^。\d曜]*$"
)
_REMARKS = re.compile(
    r"^(?:施設利用者がいない場合は?、?平日の\d+:\d+以降及び土・日・?(?:祝日)?は施錠?"
    r"|(?:施設管理の関係で)?(?:の)?臨時(?:休館|休業|休園|休所)(?:日)?(?:あり|有り?|がある場合があります|があります)?"
    r"|(?:なお|また|但し|ただし)?、?(?:事前)?(?:の)?(?:申し?込み?|予約|申請)(?:団体のみ|があった場合|が有った場合|があれば|に限り|があった場合に)?(?:には|は)?、?"
    r"(?:(?:館長判断により)?(?:平日及び)?(?:休日でも|夜間及び土日祝?日?も|土日も|夜間も)(?:利用可能?|開館している))"
    r"|夜間(?:\([^)]*\))?(?:及び|と)(?:休館日|土日)の?(?:利用)?は、?(?:事前に)?許可を受けた場合のみ?(?:利用)?可能?"
    r"|(?:館長が必要と認めた場合は)(?:夜間及び休館日も)?(?:臨時に)?(?:開館|休館|閉館|または|又は|する|場合|あり|有り?|も)+"
    r"|(?:年中無休|休館日:?なし(?:\(無人施設のため\))?|常時利用可能|終日利用可能|24時間の勤務体制|無休))$"
)
_SUB_FACILITY = re.compile(
    r"^(?:最終入館|最終受付|入館|入園|入場|受付|最終受付|見学|チェックイン|個人利用|足湯|レストラン|カフェ|ランチ|売店"
    r"|併設|公衆トイレ|トイレ|営業時間等は|いずれも入館|2階輪島塗|体験受付)"
)
_SUSPENDED = re.compile(
    r"^(?:現在|当面|当分|しばらく)(?:の間)?[、,は]?.*(?:休|閉|不可|中止)|^(?:利用|営業|開館)?(?:休館|休業|休止|休校|休園|閉館|閉鎖|停止|利用不可|使用不可)中?(?:です)?$"
    r"|(?:休館|休業|休止|休校|休園|閉館|閉鎖|利用停止)中"
)
_ITEM = re.compile(
    r"(?P<skip>[、,・;/\s]|及び|および|並びに|ならびに|または|又は|と(?=第|毎|年|祝|国|\d)|毎週|原則(?:として)?|お?よび|毎年|の(?=年末))"
    r"|(?P<new_year>年末[・、及び]*年始(?:期間|休業|休館|休暇)?の?)"
    r"|(?P<bon>(?:旧|お|御)?盆(?:期間|休み|休暇|休業)?|夏季休館日?|夏季休業)"
    r"|(?P<after>(?:国民の)?(?:祝日|祝祭日|休日)の翌日)"
    r"|(?P<holiday>国民の祝日|国民の休日|祝祭日|祝・祭日|市祭日|祝日|祭日|振替休日|祝|休日)"
    r"|(?P<monthly>毎月(?P<month_day>\d{1,2})日)"
    r"|(?P<last_weekday>(?:毎月)?(?:最終|末)(?:週)?(?:の)?(?P<last_day>[月火水木金土日])(?:曜日|曜)?)"
    r"|(?P<nth>(?:毎月)?第[1-5](?:(?:[・,、]|と)?第?[1-5](?!\d*/|\d*月(?!曜)))*(?:週)?の?(?P<nth_days>[月火水木金土日]+)(?:曜日|曜)?)"
    r"|(?P<season>(?:冬季|冬期|冬期間|夏季|夏期)(?:休館|休業|休園)?(?:期間)?(?=[(:\d]))"
    r"|(?P<irregular>(?:特別整理|特別図書整理|蔵書点検|蔵書整理|展示替え?|展示替の|図書整理|館内整理|施設整備|設備|保守|点検|メンテナンス|清掃|学校行事|火葬炉|友引|臨時|工事|夏季メンテナンス|その他)[^、,;\s]*)"
    r"|(?P<days>[月火水木金土日](?:曜日|曜)?(?:(?:・|~|-)?[月火水木金土日](?:曜日|曜)?)*(?![曜\d]))"
)
_SAYS_WHEN = re.compile(
    r"\d+月|\d+/|曜|平日|祝|年末|盆|[冬夏春秋][季期]|週|旬|GW|日の出|日没|期間|シーズン|全館"
    "|(?:^|[・、,;と])[月火水木金土日](?:$|[・、,;と])"
)
# 休館 日・月 lists Sunday: without its blank it would read 休館日, the heading.
_HEAD_AND_BLANK = re.compile(rf"({_CLOSE})[^\S\r\n]+(?=日)")
_SEASON_CLOSED = re.compile("(?:冬|夏|春|秋)(?:季|期|期間)休")
_CLOSED_IF = re.compile(
    rf"^(?P<days>[^()]+?)(?:は|に)?(?:{_CLOSE}|休み)日?(?P<qualifier>\([^()]*\))$"
)
_LAW = re.compile(r"国民の祝日に関する法律(?:\(昭和\d+年法律第\d+号\))?(?:第?\d+条)?に規定する休日")
_QUALIFIER = re.compile(r"\(([^()]*)\)")
_ON_HOLIDAY = re.compile(
    r"^(?:[月火水木金土日]曜日?[がは])?(?:但し、?|ただし、?)?(?:その日)?[がは]?(?:国民の)?(?:祝日|休日|祝休日|祝祭日|国民の祝日|祝日または振替休日|祝日・振替休日)"
    r"(?:または振替休日|・振替休日)?(?:の場合|にあたる場合|に当たる場合|にあたるとき|に当たるとき|と重なる場合|のとき|の時)?(?:は|には|が)?、?(?P<then>.*)$"
)
_THEN: tuple[tuple[str, OnHoliday], ...] = (
    (
        r"(?:開館し?、?)?(?:その|次の)?(?:日の)?(?:翌平日|次の平日|直後の平日|直後の休日でない日|直後の休日以外の日|翌開館日|翌日以降の平日)(?:に?休館|を?休館日とする|が休業|休)?",
        OnHoliday.NEXT_WORKING_DAY,
    ),
    (
        r"(?:開館し?、?)?(?:その)?翌日(?:が|は|に|を)?(?:休館|休業|休園|利用不可|休)?日?(?:とする)?",
        OnHoliday.NEXT_DAY,
    ),
    (r"(?:開館|開園|営業|利用可能?|除く|を除く)(?:する)?", OnHoliday.OPEN),
)
_SUBSTITUTE = re.compile(
    r"^(?:ただし|但し)?、?(?P<day>[月火水木金土日])?(?:曜日|曜)?(?:が|は)?(?P<rest>(?:その日が|国民の|祝|休日).*)$"
)
_OPEN_SEASON = re.compile(
    r"^(?:開館期間|営業期間|利用期間|開園期間|毎年)?:?(?P<range>.+?)(?:の間)?(?:のみ)?(?:利用可能|営業|開館|開園)?$"
)


def read_notes(text: str) -> Notes:
    """Everything a 特記事項 or 休館日 text says about being closed and about other times.

    Reads every clause; never raises. Remarks without days, times or closing words are left out.
    """
    notes = Notes()
    alone = False
    headed_at: int | None = None
    plain = _HEAD_AND_BLANK.sub(r"\1:", _LAW.sub("祝日", folded(text)))
    for line, clause in _clauses(plain):
        carried = headed_at is not None and headed_at < line
        if re.fullmatch(rf"[\[【]?(?:{_CLOSE})日?[\]】]?:?", clause):
            alone = True
        else:
            notes = _joined(notes, _clause(clause, notes.closed, closed_list=carried))
        # 休館 at the start of a line: the lines that follow go on listing the closed days.
        if headed_at is None and re.match(rf"[\[【]?(?:{_CLOSE})", clause):
            headed_at = line
    if alone and not notes.closed and not notes.not_understood:
        return replace(notes, suspended=text.strip())
    return notes


def read_closed_list(text: str) -> tuple[tuple[ClosedRule, ...], tuple[Reason, ...]] | None:
    """The closed days in a list without any other words; None unless every word is understood."""
    rules: list[ClosedRule] = []
    reasons: list[Reason] = []
    rest = _packed(text)
    while rest:
        found = _first_item(rest)
        if found is None:
            return None
        rest, made, told = found
        rules += made
        reasons += told
    return (tuple(rules), tuple(reasons)) if rules else None


def in_season(first: MonthDay, last: MonthDay) -> ClosedRule:
    """The closed part of the year for a place that opens from `first` to `last`."""
    return ClosedRule(ClosedKind.DATES, first=next_day(last), last=day_before(first))


def _packed(text: str) -> str:
    return re.sub(r"\s+", "", folded(text)).strip("。.、,")


def _clauses(text: str) -> list[tuple[int, str]]:
    """(line, clause without blanks); a blank cuts only where the whole is not one list."""
    pieces = re.split(r"[。;\n\r※■★◆●]+|、(?=(?:但し|ただし))", text.strip())
    clauses: list[tuple[int, str]] = []
    for line, piece in enumerate(pieces):
        whole = _packed(piece)
        parts = [_packed(part) for part in re.split(r"\s{1,}", piece.strip())]
        if len(parts) > 1 and not _is_read(whole):
            clauses += [(line, part) for part in _rejoined(parts) if part]
        elif whole:
            clauses.append((line, whole))
    return clauses


def _rejoined(parts: list[str]) -> list[str]:
    """休館  12/28～1/4 stands in two pieces but is one clause: a head takes what follows."""
    joined: list[str] = []
    for part in parts:
        if joined and re.fullmatch(rf"(?:{_CLOSE})日?[:は]?", joined[-1]):
            joined[-1] = joined[-1].rstrip(":は") + ":" + part
        else:
            joined.append(part)
    return joined


def _is_read(clause: str) -> bool:
    return not _clause(clause, (), closed_list=False).not_understood


def _joined(notes: Notes, found: Notes) -> Notes:
    closed = notes.closed
    for rule in found.closed:
        # A substitution restates a rule that is there already: 月曜が祝日の場合は翌日.
        if rule.on_holiday is not OnHoliday.CLOSED and rule.weekday is not None:
            closed = tuple(r for r in closed if r != replace(rule, on_holiday=OnHoliday.CLOSED))
        if rule not in closed:
            closed = (*closed, rule)
    return Notes(
        closed,
        notes.overrides + found.overrides,
        notes.not_understood + found.not_understood,
        notes.suspended or found.suspended,
        notes.reasons + found.reasons,
    )


def _clause(clause: str, before: tuple[ClosedRule, ...], *, closed_list: bool) -> Notes:
    """One clause; tried in the order in which a wrong reading would do the most harm."""
    if _REMARKS.match(clause):
        return Notes()
    if _SUSPENDED.search(clause) and len(clause) < 30:
        return Notes(suspended=clause)
    if (substituted := _substitution(clause, before)) is not None:
        return Notes(closed=substituted)
    if closed_list and (listed := read_closed_list(clause)) is not None:
        return Notes(closed=listed[0], reasons=listed[1])
    if _CLOSING_WORD.search(clause):
        return _closing(clause)
    if _SUB_FACILITY.match(clause):
        return Notes()
    if (season := _season(clause)) is not None:
        return Notes(closed=(season,))
    if (overrides := _overrides(clause)) is not None:
        return Notes(overrides=overrides)
    if (bare := read_closed_list(clause)) is not None:
        # Days or dates with no verb, in a column of remarks: open or closed? A clerk knows.
        return Notes(not_understood=(clause,)) if bare[0] else Notes()
    says_when = CLOCK.search(clause) or _SAYS_WHEN.search(clause)
    return Notes(not_understood=(clause,)) if says_when else Notes()


def _closing(clause: str) -> Notes:
    """A clause with a closing word: a head and a list, a list and a tail, or not understood."""
    listed = _DISCRETION.sub("", clause)
    if not listed:
        return Notes()
    bare = _SEASON_CLOSED.match(listed) is not None
    if (moved := _CLOSED_IF.match(listed)) is not None:
        listed, bare = moved["days"] + moved["qualifier"], True
    head = _HEAD.match(listed) or _BARE_HEAD.match(listed)
    tail = None if head else _TAIL.search(listed)
    if head:
        listed = listed[head.end() :]
        listed = re.sub(r"(?:のため|は)?(?:です|となります|とする|となる)?$", "", listed)
    elif tail:
        listed = listed[: tail.start()]
    found = read_closed_list(listed) if head or tail or bare else None
    if found is None:
        return Notes(not_understood=(clause,))
    return Notes(closed=found[0], reasons=found[1])


def _substitution(clause: str, before: tuple[ClosedRule, ...]) -> tuple[ClosedRule, ...] | None:
    """月曜日が祝日の場合はその翌日が休業: the weekday's own closing, moved by holidays."""
    found = _SUBSTITUTE.match(clause)
    if found is None:
        return None
    then = _on_holiday(found["rest"])
    if then is None:
        return None
    if found["day"]:
        weekday = WEEKDAYS.index(found["day"])
        known = [r for r in before if r.weekday == weekday]
        rules = known or [ClosedRule(ClosedKind.WEEKDAY, weekday=weekday)]
    else:
        rules = [r for r in before if r.weekday is not None]
    return tuple(replace(rule, on_holiday=then) for rule in rules) or None


def _on_holiday(text: str) -> OnHoliday | None:
    found = _ON_HOLIDAY.match(text)
    if found is None:
        return None
    then = found["then"].removeprefix("、")
    return next((result for pattern, result in _THEN if re.fullmatch(pattern, then)), None)


def _season(clause: str) -> ClosedRule | None:
    """4/1〜11/30まで, 7〜8月のみ営業: closed for the rest of the year."""
    found = _OPEN_SEASON.match(clause)
    if found is None or not re.search("まで|のみ|期間|営業|利用可能|開[館園]|毎年", clause):
        return None
    dates = read_dates(found["range"])
    if dates is None or length_days(*dates) < SEASON_DAYS_MIN:
        return None
    return in_season(*dates)


def _overrides(clause: str) -> tuple[TimesOverride, ...] | None:
    """土日は9:00〜17:00, 平日は19時まで, 月曜日は10:00〜; several of them with 、 between."""
    made: list[TimesOverride] = []
    parts = re.split(r"[、,](?=[月火水木金土日祝平])", clause)
    for part in parts:
        found = re.match(
            r"^(?P<days>[^\d:]+?)(?:の?開館時間)?(?:は|:|/)(?P<times>.*?)(?:開館|営業|利用可能?)?$",
            part,
        )
        days = read_days(found["days"]) if found else None
        times = _time_range(found["times"]) if found else None
        if days is None or times is None:
            return None
        made.append(TimesOverride(days, *times))
    return tuple(made)


def _time_range(text: str) -> tuple[int | None, int | None] | None:
    found = re.fullmatch(r"(?P<start>[^~\-]*?)(?:~|-|から)(?P<end>[^~\-]*?)(?:まで)?", text)
    if found is None:
        end = re.fullmatch(r"(.+?)まで", text)
        minutes = _minutes(end[1]) if end else None
        return None if minutes is None else (None, minutes)
    start, end_minutes = _minutes(found["start"]), _minutes(found["end"])
    if start is None or (found["end"] and end_minutes is None):
        return None
    return start, end_minutes


def _minutes(text: str) -> int | None:
    found = CLOCK.fullmatch(text)
    return clock_minutes(found) if found else None


def _first_item(rest: str) -> tuple[str, list[ClosedRule], list[Reason]] | None:
    """(what follows, rules, reasons) of the first item of a list; None if it is not one."""
    if (dated := _dated_item(rest)) is not None:
        return dated[0], [dated[1]], []
    found = _ITEM.match(rest)
    if found is None:
        return None
    after = rest[found.end() :]
    if found["skip"]:
        return after, [], []
    if found["new_year"] or found["bon"]:
        return _named_dates(found, after)
    if found["season"]:
        dated = _dated_item(after.lstrip(":"))
        return None if dated is None else (dated[0], [dated[1]], [])
    if found["irregular"]:
        told = reason(ReasonCode.CLOSED_DAYS_WITHOUT_DATES, text=found[0])
        return after, [ClosedRule(ClosedKind.IRREGULAR, text=found[0])], [told]
    return _days_item(found, after)


def _days_item(
    found: re.Match[str], after: str
) -> tuple[str, list[ClosedRule], list[Reason]] | None:
    rules = _rules_of_days(found)
    if rules is None:
        return None
    if after.startswith("の翌日"):
        after = after[3:]
        if any(rule.kind is not ClosedKind.NTH_WEEKDAY for rule in rules):
            return None
        rules = [replace(rule, days_after=1) for rule in rules]
    qualifier = _QUALIFIER.match(after)
    if qualifier is not None:
        then = _on_holiday(qualifier[1])
        if then is None or any(rule.weekday is None for rule in rules):
            return None
        named = re.match(r"([月火水木金土日])曜日?[がは]", qualifier[1])
        only = WEEKDAYS.index(named[1]) if named else None
        rules = [replace(r, on_holiday=then) if only in (None, r.weekday) else r for r in rules]
        after = after[qualifier.end() :]
    return after, rules, []


def _rules_of_days(found: re.Match[str]) -> list[ClosedRule] | None:
    if found["after"]:
        return [ClosedRule(ClosedKind.DAY_AFTER_HOLIDAY)]
    if found["holiday"]:
        return [ClosedRule(ClosedKind.HOLIDAY)]
    if found["monthly"]:
        day = int(found["month_day"])
        return [ClosedRule(ClosedKind.DAY_OF_MONTH, day=day)] if 1 <= day <= 31 else None
    if found["last_weekday"]:
        day = WEEKDAYS.index(found["last_day"])
        return [ClosedRule(ClosedKind.NTH_WEEKDAY, weekday=day, nth=LAST_OF_MONTH)]
    days = read_days(found[0])
    if days is None:
        return None
    return [ClosedRule(ClosedKind.WEEKDAY, weekday=day) for day in sorted(days.weekdays)] + [
        ClosedRule(ClosedKind.NTH_WEEKDAY, weekday=day, nth=nth) for day, nth in sorted(days.nth)
    ]


def _named_dates(
    found: re.Match[str], after: str
) -> tuple[str, list[ClosedRule], list[Reason]] | None:
    """年末年始 and お盆, with their dates behind them or, failing that, the usual ones."""
    dated = _dated_item(after)
    if dated is not None:
        return dated[0], [dated[1]], []
    if after.startswith("("):
        return None
    first, last = NEW_YEAR if found["new_year"] else BON
    assumed = f"{first[0]}月{first[1]}日〜{last[0]}月{last[1]}日"
    told = reason(ReasonCode.CLOSED_DAYS_ASSUMED, text=found[0], assumed=assumed)
    return after, [ClosedRule(ClosedKind.DATES, first=first, last=last)], [told]


def _dated_item(rest: str) -> tuple[str, ClosedRule] | None:
    """A range of dates or months, or one date, at the start of `rest`; in brackets or not."""
    opened = re.match(r"[(:]*", rest)
    assert opened is not None, "an empty match is a match"
    body = rest[opened.end() :]
    for pattern in (RANGE, MONTHS, re.compile(DATE)):
        found = pattern.match(body)
        dates = read_dates(found[0]) if found else None
        if found and dates:
            after = body[found.end() :]
            if opened[0].count("("):
                if not after.startswith(")"):
                    return None
                after = after[1:]
            return after, ClosedRule(ClosedKind.DATES, first=dates[0], last=dates[1])
    return None
