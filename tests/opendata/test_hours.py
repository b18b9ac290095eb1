"""Days and hours: what is open, and above all what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reservations.opendata import (
    ClosedKind,
    ClosedRule,
    Hours,
    HoursState,
    OnHoliday,
    Span,
    format_hours,
    read_hours,
)
from reservations.opendata.days import WEEKDAYS
from tests.opendata.files import ishikawa

EVERY_DAY = frozenset(range(7))


def opened(days: str) -> set[int] | None:
    """The open weekdays of a 利用可能曜日 text; None if a clerk must read it."""
    reading = read_hours(days, "9:00", "17:00")
    return None if reading.needs_clerk else set(reading.hours.open_weekdays)


def day(start: int, end: int) -> tuple[tuple[Span, ...], ...]:
    return ((Span(start, end),),) * 7


@pytest.mark.parametrize(
    ("text", "weekdays"),
    [
        ("月火水木金土日", {0, 1, 2, 3, 4, 5, 6}),
        ("日月火水木金土", {0, 1, 2, 3, 4, 5, 6}),
        ("月・火・水・木・金・土・日曜日、祝日", {0, 1, 2, 3, 4, 5, 6}),
        ("月;火;木;金;土;日", {0, 1, 3, 4, 5, 6}),
        ("月〜金", {0, 1, 2, 3, 4}),
        ("月曜日から金曜日", {0, 1, 2, 3, 4}),
        ("火曜～日曜", {1, 2, 3, 4, 5, 6}),
        ("平日", {0, 1, 2, 3, 4}),
        ("毎日", {0, 1, 2, 3, 4, 5, 6}),
        ("年中無休", {0, 1, 2, 3, 4, 5, 6}),
        ("毎週月・水曜日", {0, 2}),
        ("第2・第4火曜", {1}),
        ("月火水木金;第２第４土", {0, 1, 2, 3, 4, 5}),
        ("毎日(祝日を除く)", {0, 1, 2, 3, 4, 5, 6}),
        ("月曜休館", {1, 2, 3, 4, 5, 6}),
        ("月曜休日", {1, 2, 3, 4, 5, 6}),
        ("定休日:水", {0, 1, 3, 4, 5, 6}),
        ("土・日・祝日休み", {0, 1, 2, 3, 4}),
        ("水曜日・12月29日～1月3日休み", {0, 1, 3, 4, 5, 6}),
        ("1月1日～1月3日休み", {0, 1, 2, 3, 4, 5, 6}),
        ("月曜を除く", {1, 2, 3, 4, 5, 6}),
    ],
)
def test_open_days_are_read_in_each_notation(text, weekdays):
    assert opened(text) == weekdays


@pytest.mark.parametrize(
    "text",
    ["休館中", "利用休止中", "休校中", "利用不可", "施設老朽化のため、閉鎖中。", "休業中", "廃止"],
)
def test_a_place_that_is_out_of_use_is_suspended(text):
    reading = read_hours(text, "9:00", "17:00")

    assert reading.hours.state is HoursState.SUSPENDED
    assert not reading.hours.is_bookable


@pytest.mark.parametrize(
    "text",
    [
        "随時",
        "通常は施錠、必要時のみ開錠。",
        "能都中学校の開設日",
        "無",
        "第1・3火・日曜",
    ],
)
def test_what_is_not_understood_waits_for_a_clerk(text):
    reading = read_hours(text, "9:00", "17:00")

    assert reading.needs_clerk
    assert not reading.hours.is_bookable


def test_only_the_numbered_saturdays_are_open():
    reading = read_hours("第2・第4土曜", "9:00", "12:00")

    assert [rule.nth for rule in reading.hours.closed] == [1, 3, 5]
    assert reading.hours.open_weekdays == {5}


CLOSINGS = (
    "休館", "休館日", "は休館", "休み", "は休み", "定休", "定休日", "休業", "閉館", "は閉館です",
    "を除く", "除く", "は利用不可", "使用不可", "休園日です", "は閉鎖", "お休み", "休", "休日",
)  # fmt: skip


@given(
    st.sets(st.sampled_from(WEEKDAYS), min_size=1, max_size=6),
    st.sampled_from(["", "・", "、", ";", "と", "及び", " ", "\n", "/", "；"]),
    st.sampled_from(["", "曜", "曜日"]),
    st.sampled_from(CLOSINGS),
    st.sampled_from(
        ["", "休館日:", "休館日は", "定休日：", "毎週", "全館", "休館 ", "休館日\n", "※"]
    ),
)
def test_a_closed_day_text_is_never_read_as_an_open_day(days, joint, ending, closing, head):
    text = head + joint.join(sorted(days)) + ending + closing

    for reading in (read_hours(text, "9:00", "17:00"), read_hours("", "9:00", "17:00", text)):
        closed = {WEEKDAYS.index(name) for name in days}
        assert reading.needs_clerk or not closed & reading.hours.open_weekdays


PIECES = [*WEEKDAYS, "曜日", "祝日", "第", "1", "・", "、", "~", "(", ")", "翌日", "は", "年末年始"]


@given(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.sampled_from(["休館", "閉館", "休み", "定休日:", "休館日は"]),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
)
def test_no_mixture_with_a_closing_word_is_open_without_a_closing(before, word, after):
    hours = read_hours(before + word + after, "9:00", "17:00").hours

    if hours.is_bookable:
        assert hours.closed


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20), st.text(max_size=60))
def test_reading_hours_never_raises(days, start, end, notes):
    read_hours(days, start, end, notes)


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        ("9:00", "17:00", Span(540, 1020)),
        ("９：００", "１７：３０", Span(540, 1050)),
        ("9時", "17時30分", Span(540, 1050)),
        ("午前9時", "午後5時半", Span(540, 1050)),
        ("AM9:00", "PM5:30", Span(540, 1050)),
        ("9:00AM", "5:30PM", Span(540, 1050)),
        ("0900", "1730", Span(540, 1050)),
        ("0.375", "0.75", Span(540, 1080)),
        ("0:00", "23:59", Span(0, 1440)),
        ("0:00", "0:00", Span(0, 1440)),
        ("10:00", "24:00:00", Span(600, 1440)),
        ("正午", "17:00まで", Span(720, 1020)),
        ("24時間", "", Span(0, 1440)),
        ("365日、24時間対応", "", Span(0, 1440)),
        ("9:00～17:00", "", Span(540, 1020)),
        ("15:00", "10:00", Span(900, 2040)),
        ("日の出", "日没", Span(435, 975)),
        ("午後0時", "午後9時", Span(720, 1260)),
    ],
)
def test_times_are_read_in_each_notation(start, end, span):
    assert read_hours("毎日", start, end).hours.weekly == ((span,),) * 7


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("9:00", "9:00"),
        ("9:00", "8:00"),
        ("9:00", ""),
        ("9:61", "17:00"),
        ("31:00", "32:00"),
        ("9:00", "4月～9月18：00、10月から3月まで17：00"),
        ("9:00（カフェは11:00～）", "17:00"),
        ("9:00", "22:00（ただし催物がない場合は18:00）"),
        ("未定です", "17:00"),
        ("午後13時", "17:00"),
    ],
)
def test_times_that_make_no_sense_are_queued(start, end):
    reading = read_hours("毎日", start, end)

    assert reading.needs_clerk
    assert reading.hours.state is HoursState.UNKNOWN


def test_times_by_weekday_and_for_holidays_are_told_apart():
    hours = read_hours("火水木金土日", "平日10:00、土日祝日9:00", "平日・土 22:00日祝 17:00").hours

    assert hours.weekly[0] == ()
    assert hours.weekly[1:5] == ((Span(600, 1320),),) * 4
    assert hours.weekly[5:] == ((Span(540, 1320),), (Span(540, 1020),))
    assert hours.holiday == (Span(540, 1020),)


def rules(*of: ClosedRule) -> tuple[ClosedRule, ...]:
    return of


NEW_YEAR = ClosedRule(ClosedKind.DATES, first=(12, 29), last=(1, 3))
MONDAY = ClosedRule(ClosedKind.WEEKDAY, weekday=0)


@pytest.mark.parametrize(
    ("notes", "closed"),
    [
        ("年末年始12/29～1/3休業", rules(NEW_YEAR)),
        ("休館日:毎週月曜日、12月29日～1月3日", rules(MONDAY, NEW_YEAR)),
        ("12月29日から翌年1月3日までは休館日のため利用不可。", rules(NEW_YEAR)),
        (
            "休館\n月曜日（祝日の場合は翌日）\n12/29～1/3\n",
            rules(
                ClosedRule(ClosedKind.WEEKDAY, weekday=0, on_holiday=OnHoliday.NEXT_DAY), NEW_YEAR
            ),
        ),
        (
            "休館日は月曜日。ただし、その日が国民の祝日にあたるときは、その直後の休日でない日を休館日とする。",
            rules(ClosedRule(ClosedKind.WEEKDAY, weekday=0, on_holiday=OnHoliday.NEXT_WORKING_DAY)),
        ),
        (
            "休館日:月曜（祝日は開館）",
            rules(ClosedRule(ClosedKind.WEEKDAY, weekday=0, on_holiday=OnHoliday.OPEN)),
        ),
        (
            "祝日の翌日、毎月25日休業",
            rules(
                ClosedRule(ClosedKind.DAY_AFTER_HOLIDAY),
                ClosedRule(ClosedKind.DAY_OF_MONTH, day=25),
            ),
        ),
        (
            "毎月最終金曜日休湯日",
            rules(ClosedRule(ClosedKind.NTH_WEEKDAY, weekday=4, nth=-1)),
        ),
        ("12～2月は休業", rules(ClosedRule(ClosedKind.DATES, first=(12, 1), last=(2, 29)))),
        ("4/1～11/30まで", rules(ClosedRule(ClosedKind.DATES, first=(12, 1), last=(3, 31)))),
        ("終日利用可能", ()),
        ("館長が必要と認めた場合は臨時に開館または休館する場合あり", ()),
    ],
)
def test_closed_days_in_the_remarks_are_read(notes, closed):
    reading = read_hours("毎日", "9:00", "17:00", notes)

    assert not reading.needs_clerk
    assert reading.hours.closed == closed


def test_the_remarks_close_a_day_that_the_list_opens():
    hours = read_hours("月火水木金土日", "9:00", "17:00", "月曜日は休館").hours

    assert hours.open_weekdays == EVERY_DAY - {0}
    assert hours.weekly[0] == ()


def test_the_turn_of_the_year_without_dates_is_assumed_and_said():
    reading = read_hours("毎日", "9:00", "17:00", "年末年始休業")

    assert reading.hours.closed == (NEW_YEAR,)
    assert [str(r.reason) for r in reading.remarks] == ["closed_days_assumed"]


@pytest.mark.parametrize(
    "notes",
    [
        "土曜日の午後、日曜日は休業",
        "学校行事日及び祝日等は使用不可の場合あり。",
        "特別整理期間は休館",
        "日曜日が祝日の場合は月曜日利用不可",
        "12月～3月は21時まで",
        "国民の祝日、お盆、および年末年始",
        "12/28～1/4",
    ],
)
def test_a_remark_that_limits_use_and_is_not_understood_stops_the_booking(notes):
    reading = read_hours("毎日", "9:00", "17:00", notes)

    assert reading.needs_clerk
    assert not reading.hours.is_bookable


def test_other_times_on_some_days_replace_the_usual_ones():
    hours = read_hours("毎日", "9:00", "21:30", "土日は9：00～17：00　年末年始12/29～1/3休").hours

    assert [spans[0].end for spans in hours.weekly] == [1290] * 5 + [1020] * 2
    assert hours.closed == (NEW_YEAR,)


def test_no_bookable_place_of_ishikawa_has_a_closing_word_left_unread():
    for record in ishikawa().records:
        if record.hours.is_bookable:
            days = record.raw["利用可能曜日"]
            assert "休" not in days.replace("無休", "") or record.hours.closed


minutes = st.integers(0, 95).map(lambda quarter: quarter * 15)
spans = st.tuples(minutes, st.integers(1, 24)).map(
    lambda t: Span(t[0], min(1440, t[0] + t[1] * 15))
)
month_days = st.tuples(st.integers(1, 12), st.integers(1, 28))
closings = st.one_of(
    st.builds(
        ClosedRule,
        st.just(ClosedKind.WEEKDAY),
        weekday=st.integers(0, 6),
        on_holiday=st.sampled_from(OnHoliday),
    ),
    st.builds(
        ClosedRule,
        st.just(ClosedKind.NTH_WEEKDAY),
        weekday=st.integers(0, 6),
        nth=st.sampled_from([1, 2, 3, 4, 5, -1]),
        on_holiday=st.sampled_from(OnHoliday),
    ),
    st.builds(ClosedRule, st.just(ClosedKind.DATES), first=month_days, last=month_days),
    st.builds(ClosedRule, st.just(ClosedKind.DAY_OF_MONTH), day=st.integers(1, 31)),
    st.sampled_from([ClosedRule(ClosedKind.HOLIDAY), ClosedRule(ClosedKind.DAY_AFTER_HOLIDAY)]),
)


def _day_it_speaks_of(rule: ClosedRule) -> ClosedRule:
    """A text that says two things of one closed day has no reading to come back to."""
    return replace(rule, on_holiday=OnHoliday.CLOSED)


@st.composite
def open_hours(draw) -> Hours:
    closed = tuple(draw(st.lists(closings, max_size=4, unique_by=_day_it_speaks_of)))
    shut = {
        rule.weekday
        for rule in closed
        if rule.kind is ClosedKind.WEEKDAY and rule.on_holiday is OnHoliday.CLOSED
    }
    weekdays = frozenset(draw(st.sets(st.integers(0, 6), min_size=1))) - shut
    assume(weekdays)
    usual = draw(spans)
    weekly = tuple(
        (draw(st.one_of(st.just(usual), spans)),) if d in weekdays else () for d in range(7)
    )
    holiday = draw(st.one_of(st.none(), spans.map(lambda span: (span,))))
    return Hours(HoursState.OPEN, weekdays, weekly, holiday, closed)


@given(open_hours())
def test_hours_are_written_so_that_they_read_back_the_same(hours):
    reading = read_hours(*format_hours(hours))

    assert reading.remarks == ()
    assert reading.hours == hours
