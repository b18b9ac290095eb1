"""The kinds of blocks a form may name: each turns its data and a record into blocks of a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from printables.forms import Builder, Data, Filled, FormFault, is_amount, written
from printables.sheet import (
    Block,
    Break,
    Cell,
    Clauses,
    Code,
    CutLine,
    Grid,
    Issuer,
    Line,
    Pair,
    Row,
)

WIDTH = 174.0  # millimetres: A4 without its margins
LABEL_WIDTH = 30.0
LABEL_SIZE = 9.5


def text(filled: Filled, data: Data) -> Iterable[Block]:
    """One paragraph or several; `text` with the words and values in braces."""
    given = data["text"]
    for index, each in enumerate([given] if isinstance(given, str) else given):
        said = filled.say(each)
        if said.strip():
            yield Line(
                said,
                align=data.get("align", "left"),
                size=data.get("size", 10.5),
                is_bold=data.get("is_bold", False),
                role=data.get("role", "P"),
                left=data.get("left", 0.0),
                right=data.get("right", 0.0),
                gap=data.get("gap", 2.0) if index == 0 else data.get("between", 0.5),
                below=data.get("below", 0.0),
            )


def title(filled: Filled, data: Data) -> Iterable[Block]:
    """The name of the paper."""
    said = filled.say(data.get("text", filled.form["title"]))
    yield Line(
        said, align="center", size=data.get("size", 17.0), is_bold=True, role="H1",
        gap=data.get("gap", 6.0),
    )  # fmt: skip


def head(filled: Filled, data: Data) -> Iterable[Block]:
    """The form's number and the addressee, and at the right the document's number and day."""
    if data.get("form"):
        yield Line(filled.say(data["form"]), size=9.0, gap=0.0)
    left = [filled.say(each) for each in data.get("left", ())]
    right = [filled.say(each) for each in data.get("right", ())]
    yield Pair(
        tuple(Line(each, size=11.0, gap=0.4) for each in left),
        tuple(Line(each, align="right", gap=0.4) for each in right if each.strip()),
        share=data.get("share", 0.56),
    )


def issuer(filled: Filled, data: Data) -> Iterable[Block]:
    """Who signs: the issuer of the form's `role`."""
    lines, seal = filled.town.issuer(data.get("role", "default"))
    if "seal" in data:
        seal = replace(seal, mode=data["seal"])
    if seal.mode == "image" and seal.picture is None:
        raise FormFault(f"{filled.form['name']}: its issuer has no picture of a seal")
    yield Issuer(tuple(filled.say(line) for line in lines), seal, gap=data.get("gap", 3.0))


def clauses(filled: Filled, data: Data) -> Iterable[Block]:
    """Numbered sentences, from the form, the record (`from`) or the town's list (`town`)."""
    items: Sequence[str] = data.get("items", ())
    if "from" in data:
        items = filled.value(data["from"]) or ()
    if "town" in data:
        items = [*filled.town.data["texts"][data["town"]], *items]
    if items:
        yield Clauses(
            filled.say(data.get("title", "")),
            tuple(filled.say(item) if "from" not in data else item for item in items),
            size=data.get("size", 9.0),
            gap=data.get("gap", 3.0),
            is_numbered=data.get("is_numbered", True),
            bullet=data.get("bullet", "・"),
            code=next(iter(code(filled, data["code"])), None) if "code" in data else None,
        )


def appeal(filled: Filled, data: Data) -> Iterable[Block]:
    """教示, in the variant that the record or the form names; a `code` may stand beside it."""
    variant = filled.value(data["from"]) if "from" in data else data["variant"]
    if variant:
        items = tuple(filled.say(item) for item in filled.town.appeal(variant))
        yield Clauses(
            "教示",
            items,
            size=data.get("size", 8.5),
            gap=data.get("gap", 3.0),
            code=next(iter(code(filled, data["code"])), None) if "code" in data else None,
        )


def code(filled: Filled, data: Data) -> Iterable[Code]:
    """The QR code that the record carries, if it does."""
    payload = filled.value(data.get("from", "code"))
    if payload:
        lines = tuple(filled.say(line) for line in data["lines"])
        yield Code(payload, lines, filled.say(data["alt"]), side=data.get("side", 28.0))


def cut(filled: Filled, data: Data) -> Iterable[Block]:
    """A line to cut along."""
    yield CutLine(
        filled.say(data.get("text", "きりとり線")),
        gap=data.get("gap", 5.0),
        is_halfway=data.get("is_halfway", False),
    )


def page_break(_filled: Filled, _data: Data) -> Iterable[Block]:
    """What follows begins a page."""
    yield Break()


@dataclass(frozen=True)
class _Piece:
    """A cell from x to x + width in millimetres, before columns are numbered."""

    x: float
    width: float
    cell: Cell


def fields(filled: Filled, data: Data) -> Iterable[Block]:
    """Labels and values in ruled rows.

    rows     a list of field names; {group = "申請者", rows = [...]} puts a label before several
    """
    rows: list[tuple[list[_Piece], float]] = []
    label_width = data.get("label_width", LABEL_WIDTH)
    for entry in data["rows"]:
        if isinstance(entry, Mapping):
            rows += _group(filled, entry, label_width, data)
        else:
            rows += _row(filled, entry, 0.0, label_width, data)
    if rows:
        yield to_grid(rows, filled, data)


def _group(
    filled: Filled, entry: Data, label_width: float, data: Data
) -> list[tuple[list[_Piece], float]]:
    width = entry.get("width", 12.0)
    inner: list[tuple[list[_Piece], float]] = []
    for names in entry["rows"]:
        inner += _row(filled, names, width, label_width - width, data)
    if inner:
        label = Cell(
            filled.say(entry["group"]), is_label=True, rows=len(inner), align="center",
            size=LABEL_SIZE, lines_max=12,
        )  # fmt: skip
        inner[0][0].insert(0, _Piece(0.0, width, label))
    return inner


def _row(
    filled: Filled, names: Sequence[str], x: float, label_width: float, data: Data
) -> list[tuple[list[_Piece], float]]:
    wanted = [name for name in names if filled.is_wanted(filled.field(name))]
    if not wanted:
        return []
    pieces = []
    labels = [_label_width(filled.field(name), label_width) for name in wanted]
    given = [filled.field(name).get("width") for name in wanted]
    free = WIDTH - x - sum(labels) - sum(width or 0.0 for width in given)
    shares = sum(width is None for width in given)
    if shares == 0:
        given[-1] = (given[-1] or 0.0) + free
    height = data.get("height", 8.5)
    for name, label, fixed in zip(wanted, labels, given, strict=True):
        about = filled.field(name)
        if label:
            words = Cell(
                filled.say(about["label"]), is_label=True, align="center", size=LABEL_SIZE,
                help=filled.say(about.get("help", "")), field=name,
            )  # fmt: skip
            pieces.append(_Piece(x, label, words))
            x += label
        width = fixed if fixed is not None else free / shares
        pieces.append(_Piece(x, width, filled.cell(name)))
        x += width
        height = max(height, about.get("height", 0.0))
    return [(pieces, height)]


def _label_width(about: Data, usual: float) -> float:
    if about.get("is_unlabelled"):
        return 0.0
    return float(about.get("label_width", usual))


def to_grid(rows: list[tuple[list[_Piece], float]], filled: Filled, data: Data) -> Grid:
    """Number the columns: every edge that any row has is one."""
    edges = sorted(
        {round(edge, 2) for pieces, _ in rows for p in pieces for edge in (p.x, p.x + p.width)}
    )
    widths = tuple(after - before for before, after in pairwise(edges))
    made = []
    for pieces, height in rows:
        cells = []
        for piece in pieces:
            first = edges.index(round(piece.x, 2))
            last = edges.index(round(piece.x + piece.width, 2))
            cells.append(replace(piece.cell, columns=last - first))
        made.append(Row(tuple(cells), height))
    return Grid(
        widths,
        tuple(made),
        title=filled.say(data.get("title", "")),
        is_thick=data.get("is_thick", False),
        gap=data.get("gap", 3.0),
    )


def table(filled: Filled, data: Data) -> Iterable[Block]:
    """Rows of a list under column heads, with empty rows to write on and a total if asked for.

    source   the record's list; `columns` name the attributes of its items
    """
    columns = [each for each in data["columns"] if filled.is_wanted(each)]
    items: Sequence[object] = filled.value(data["source"]) if "source" in data else ()
    items = items or ()
    height = data.get("height", 7.5)
    size = data.get("size", 9.5)
    heads = tuple(
        Cell(
            filled.say(each["label"]), is_label=True, align="center",
            size=data.get("head_size", 9.0), help=filled.say(each.get("help", "")),
        )
        for each in columns
    )  # fmt: skip
    rows = [Row(heads, data.get("head_height", height))]
    count = max(len(items), data.get("rows_min", 0))
    for index in range(count):
        item = items[index] if index < len(items) else None
        cells = tuple(_table_cell(filled, each, item, index, size, data) for each in columns)
        rows.append(Row(cells, height))
    for total in data.get("totals", ()):
        if filled.is_wanted(total):
            rows.append(_total(filled, total, columns, height, size))
    yield Grid(
        tuple(float(each["width"]) for each in columns),
        tuple(rows),
        head_rows=1,
        title=filled.say(data.get("title", "")),
        gap=data.get("gap", 3.0),
        is_thick=data.get("is_thick", False),
    )


def _table_cell(
    filled: Filled, column: Data, item: object, index: int, size: float, data: Data
) -> Cell:
    name = column["field"]
    value = getattr(item, name, None)
    if name == "#":
        shown = str(index + data.get("first", 1))
    elif item is None or column.get("is_pen"):
        # A column for the pen stays empty beside what is known.
        shown = column.get("blank", "")
    else:
        if not hasattr(item, name):
            raise FormFault(f"{filled.form['name']}: no {name} in {data['source']}")
        shown = written(value, column)
    limit = filled.limit(name, column, 1 if is_amount(value, column) else 2)
    return Cell(
        shown,
        align=column.get("align", "left"),
        size=column.get("size", size),
        lines_max=1 if item is None else limit.lines_max,
        limit=limit,
        is_blank=item is None or not written(value, column),
        field=f"{data.get('source', '')}.{index}.{name}",
        label=f"{filled.say(column['label'])}（{index + 1}行目）",
        is_label=column.get("is_head", False),
    )


def _total(filled: Filled, total: Data, columns: Sequence[Data], height: float, size: float) -> Row:
    """A last row: its words over the columns before the value, then the value, then nothing."""
    place = next(i for i, each in enumerate(columns) if each["field"] == total["under"])
    about = {**columns[place], **total}
    cells = [
        Cell(filled.say(total["label"]), is_label=True, columns=place, align="right", size=size),
        Cell(
            written(filled.value(total["field"]), about), align=about.get("align", "left"),
            size=size + 0.5, is_bold=total.get("is_bold", False), field=total["field"],
        ),
    ]  # fmt: skip
    rest = len(columns) - place - 1
    if rest:
        cells.append(Cell(columns=rest))
    return Row(tuple(cells), height)


def ticks(filled: Filled, data: Data) -> Iterable[Block]:
    """One field's boxes under each other or in a row, in a frame of their own."""
    cell = filled.cell(data["field"])
    yield Grid((WIDTH,), (Row((cell,), data.get("height", 9.0)),), gap=data.get("gap", 3.0))


BUILDERS: Mapping[str, Builder] = {
    "text": text,
    "title": title,
    "head": head,
    "issuer": issuer,
    "clauses": clauses,
    "appeal": appeal,
    "code": code,
    "cut": cut,
    "break": page_break,
    "fields": fields,
    "table": table,
    "ticks": ticks,
}


def known(extra: Mapping[str, Builder] | None = None) -> Mapping[str, Any]:
    """The kinds that every form has, and those of one paper."""
    return {**BUILDERS, **(extra or {})}
