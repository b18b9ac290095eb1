"""The cells of the counter's board as plain strings, each with its reason in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reservations.clock import HOLIDAYS
from reservations.queries import around
from reservations.queries.board import Board, BoardCell, BoardRow, State, Use
from reservations.queries.catalogue import LentUnit
from reservations.queries.memory import Memory
from reservations.rules.availability import Kind, Status
from reservations.rules.conflicts import CLOSED_FOR
from reservations.rules.period import Period, day_bit
from reservations.rules.town import Residency
from reservations.web import language
from reservations.web.language import N_, gettext
from reservations.web.resident.boards import groups_of
from reservations.web.services import now, today
from reservations.web.statuses import PAST, Sign, sign

TENTATIVE = Sign("tentative", "▽", N_("仮受付あり"))
IN_REVIEW = Sign("in_review", "◎", N_("審査中"))
ELSEWHERE = Sign("elsewhere", "▲", N_("仮受付になる"))
HERE = Sign("here", "●", N_("来館ずみ"))

# Where a cell leads: to the form of this frame, and to the page of this booking or closure.
ToFrame = Callable[[LentUnit, Period], str]
ToBooking = Callable[[Use], str]
# Where it is written that somebody came; "" where that is not the day.
ToCheckIn = Callable[[Use], str]


@dataclass(frozen=True, slots=True)
class CellView:
    """One frame. `address` is "" where nothing can be done about it.

    more     price, who has it, or why it is closed
    spoken   the whole name: unit, time, status, and more
    is_free  whether "next free" stops here
    check_in   where a key writes 来館 of it, or ""
    """

    head: str
    name: str
    mark: str
    word: str
    more: str
    spoken: str
    address: str
    is_free: bool
    is_first: bool = False
    check_in: str = ""


@dataclass(frozen=True, slots=True)
class RowView:
    title: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True)
class GroupView:
    """Units on one floor: the largest, and the others, which unfold."""

    whole: RowView
    parts: tuple[RowView, ...]

    @property
    def is_open(self) -> bool:
        """Whether the frame that has the focus is in a part."""
        return any(cell.is_first for row in self.parts for cell in row.cells)

    @property
    def names(self) -> str:
        return language.comma().join(row.title for row in self.parts)


def groups(
    memory: Memory,
    board: Board,
    to_frame: ToFrame,
    to_booking: ToBooking,
    to_check_in: ToCheckIn,
    *,
    has_names: bool,
) -> list[GroupView]:
    """The rows of a board, those that share a floor together.

    has_names   whether the reader may see whose a booking is
    """
    rows = {row.unit.id: row for row in board.rows}
    first = _first_free(board)

    def view(unit: LentUnit) -> RowView:
        row = rows[unit.id]
        cells = tuple(
            replace(
                _cell(each, to_frame, to_booking, is_first=each is first, has_names=has_names),
                check_in=_check_in(each, to_check_in),
            )
            for each in row.cells
        )
        title = language.named(unit.name, unit.name_en)
        return RowView(title, cells or (_closed_day(memory, board, unit),))

    found = []
    for group in groups_of(tuple(row.unit for row in board.rows)):
        whole = max(group, key=lambda unit: len(unit.parts))
        others = tuple(view(unit) for unit in group if unit is not whole)
        found.append(GroupView(view(whole), others))
    return found


def _first_free(board: Board) -> BoardCell | None:
    """The next free frame of the day, the larger unit first: what a walk-in mostly wants."""

    def order(found: tuple[BoardRow, BoardCell]) -> tuple[int, int]:
        return found[1].cell.period.start, -len(found[0].unit.parts)

    pairs = [(row, each) for row in board.rows for each in row.cells if _is_free(each)]
    return min(pairs, key=order)[1] if pairs else None


def _is_free(each: BoardCell) -> bool:
    return each.state is not State.OTHER


def _first_use(each: BoardCell) -> Use | None:
    return next((use for use in each.uses if not use.is_tentative), None)


def _check_in(each: BoardCell, to_check_in: ToCheckIn) -> str:
    use = _first_use(each)
    return to_check_in(use) if use is not None else ""


def _cell(
    each: BoardCell,
    to_frame: ToFrame,
    to_booking: ToBooking,
    *,
    is_first: bool,
    has_names: bool,
) -> CellView:
    cell = each.cell
    shown, more, address = _said(each, to_frame, to_booking, has_names=has_names)
    unit = language.named(cell.unit.name, cell.unit.name_en)
    time = language.time_text(cell.period)
    parts = [part for part in (unit, time, shown.word, more) if part]
    return CellView(
        time,
        shown.name,
        shown.mark,
        shown.word,
        more,
        language.comma().join(parts),
        address,
        _is_free(each),
        is_first,
    )


def _said(
    each: BoardCell, to_frame: ToFrame, to_booking: ToBooking, *, has_names: bool
) -> tuple[Sign, str, str]:
    """Sign, words and address of a frame."""
    cell = each.cell
    form = to_frame(cell.unit, cell.period)
    use = _first_use(each)
    shown = IN_REVIEW if use is not None and use.is_in_review else sign(cell.status)
    if use is not None and use.party is not None and not has_names:
        return shown, use.number, ""
    if use is not None:
        is_open = use.party is not None or use.kind in CLOSED_FOR
        leads = to_booking(use) if is_open and has_names else ""
        return HERE if use.came_at else shown, _who(use, len(each.uses)), leads
    match each.state:
        case State.FREE:
            return sign(Status.FREE), _price(each), form
        case State.TENTATIVE:
            return TENTATIVE, _price(each), form
        case State.ELSEWHERE:
            return ELSEWHERE, _price(each), form
    if around.is_over(cell.date, cell.period, now()):
        return sign(PAST), "", ""
    if cell.status is Status.NOT_OPEN:
        return _not_open(each, form)
    if cell.status is Status.CLOSED:
        return sign(Status.CLOSED), gettext("貸し出す時間の外"), ""
    # A pack of paper, or a booking whose line has not come yet, holds it.
    return sign(cell.status), gettext("紙か、ほかの拠点の記入"), ""


def _not_open(each: BoardCell, form: str) -> tuple[Sign, str, str]:
    """Before the window, after it, or not lent at all yet; the windows may be set aside."""
    cell, unit = each.cell, each.cell.unit
    if not unit.is_bookable:
        return sign(Status.NOT_OPEN), gettext("開館日と時間を確認中"), ""
    if cell.opens_on is not None:
        opens = gettext("%(day)sから受付", day=language.short_day_text(cell.opens_on))
        return sign(Status.NOT_OPEN), opens, form
    bit = day_bit(cell.date, is_holiday=cell.date in HOLIDAYS)
    rules = unit.town.rules_on(today())
    if unit.fee(cell.date, cell.period, bit, Residency.RESIDENT, rules) is None:
        return sign(Status.NOT_OPEN), gettext("料金が決まっていない"), ""
    return sign(PAST), gettext("理由があれば窓口で可"), form


def _who(use: Use, count: int) -> str:
    """Whose it is, or what it is closed for."""
    words = {
        Kind.OFFICIAL: gettext("行政使用"),
        Kind.MAINTENANCE: gettext("保守点検"),
        Kind.CLOSURE: gettext("休止"),
        Kind.PUBLIC: gettext("一般開放"),
        Kind.EMERGENCY: gettext("災害対応"),
    }
    who = use.party.shown if use.party else use.note or words.get(use.kind, "")
    return gettext("%(who)s ほか", who=who) if count > 1 else who


def _price(each: BoardCell) -> str:
    return language.yen(each.cell.fee.total_yen) if each.cell.fee else ""


def _closed_day(memory: Memory, board: Board, unit: LentUnit) -> CellView:
    """A unit that is not lent that day, in one cell."""
    shown = sign(Status.CLOSED)
    opens = around.next_open_day(memory, unit, board.date)
    more = gettext("次は%(day)s", day=language.short_day_text(opens)) if opens else ""
    if not unit.is_bookable:
        more = gettext("開館日と時間を確認中")
    title = language.named(unit.name, unit.name_en)
    head = language.short_day_text(board.date)
    spoken = language.comma().join(part for part in (title, shown.word, more) if part)
    return CellView(head, shown.name, shown.mark, shown.word, more, spoken, "", is_free=False)
