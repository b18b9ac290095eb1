"""Forms as data: a town's words, texts and fields, and a record, become a sheet.

The model forms lie in models/*.toml. A town overrides what it wants by a mapping of the same shape,
merged over the model; it can rename a label, drop a field, reorder blocks or change a text without
a programmer. A value is written by the `kind` of its field, so the record stays plain.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from printables import japanese
from printables.limits import CHARACTERS_MAX, OVERFLOWS
from printables.pictures import COLOURS, NoPicture, load
from printables.sheet import (
    Block,
    Cell,
    Clauses,
    Corner,
    Grid,
    Limit,
    Line,
    Option,
    Row,
    Seal,
    Sheet,
)

# 10.5 points become 14: what the guides for large print ask for at least.
LARGE_PRINT = 4 / 3
SEAL_MAX = 24.0  # millimetres beside the issuer's name
FORMS = Path(__file__).parent / "models"
Data = Mapping[str, Any]
Builder = Callable[["Filled", Data], Iterable[Block]]


class FormFault(Exception):  # noqa: N818 - said to the person who edits a form
    """A form's data does not hang together; the message says where."""


@dataclass(frozen=True)
class Town:
    """One municipality's own words, issuers, texts and changes to the model forms."""

    data: Data
    folder: Path | None = None  # where the picture of a seal lies

    @property
    def name(self) -> str:
        return str(self.data["name"])

    @property
    def words(self) -> Mapping[str, str]:
        return {"town": self.name, **self.data["words"]}

    def issuer(self, role: str) -> tuple[tuple[str, ...], Seal]:
        """Who signs papers of this role, and how its seal is given."""
        issuers = self.data["issuers"]
        found = issuers.get(role, issuers["default"])
        try:
            return tuple(found["lines"]), self._seal(found)
        except (NoPicture, ValueError) as fault:
            raise FormFault(f"issuers.{role}: {fault}") from fault

    def _seal(self, found: Data) -> Seal:
        mode, colour = found.get("seal", "omitted"), found.get("seal_colour", "grey")
        side = float(found.get("seal_mm", 21.0))
        if mode not in ("omitted", "frame", "image"):
            raise ValueError(f"the seal is an image, omitted or a frame, not {mode}")
        if colour not in COLOURS:
            raise ValueError(f"a seal is {' or '.join(COLOURS)}, not {colour}")
        if not 5.0 <= side <= SEAL_MAX:
            raise ValueError(f"a seal is 5 to {SEAL_MAX:g} mm wide")
        if mode == "image" and "seal_image" not in found:
            raise ValueError("a seal that is an image needs seal_image")
        picture = load(found["seal_image"], self.folder) if mode == "image" else None
        words, alt = found.get("seal_words", "（公印省略）"), found.get("seal_alt", "公印")
        return Seal(mode, words, picture, colour, side, alt)

    def appeal(self, variant: str) -> tuple[str, ...]:
        """教示: how a decision may be contested."""
        return tuple(self.data["appeals"][variant])

    def form(self, name: str) -> Data:
        return merged(model_form(name), self.data.get("forms", {}).get(name, {}))


@functools.cache
def model_form(name: str) -> Data:
    """A model form as it lies in the folder."""
    return MappingProxyType(tomllib.loads((FORMS / f"{name}.toml").read_text(encoding="utf-8")))


def town(changes: Data | None = None, folder: Path | None = None) -> Town:
    """The model town, with a municipality's changes merged over it.

    folder   from which the pictures of seals are read
    """
    return Town(merged(model_form("town"), changes or {}), folder)


def merged(base: Data, changes: Data) -> Data:
    """`changes` over `base`: tables are merged, everything else is replaced."""
    result = dict(base)
    for key, value in changes.items():
        before = result.get(key)
        is_table = isinstance(before, Mapping) and isinstance(value, Mapping)
        result[key] = merged(before, value) if is_table else value  # type: ignore[arg-type] # asked above
    return result


@dataclass(frozen=True)
class Span:
    """From when to when a place is lent; local times."""

    start: datetime
    end: datetime


def spans(value: Span | Sequence[Span]) -> str:
    """One period, or several, a line each."""
    each = [value] if isinstance(value, Span) else value
    return "\n".join(japanese.between(one.start, one.end) for one in each)


def lines(value: Sequence[str]) -> str:
    """Several entries, a line each."""
    return "\n".join(value)


def yes_no(value: bool) -> str:
    """有 or 無."""
    return "有" if value else "無"


KINDS: Mapping[str, Callable[[Any], str]] = {
    "text": str,
    "date": japanese.wareki,
    "weekday": japanese.wareki_weekday,
    "both": japanese.both_calendars,
    "short": japanese.short_day,
    "dotted": japanese.dotted,
    "moment": japanese.moment,
    "clock": japanese.clock,
    "period": spans,
    "yen": japanese.yen,
    "receipt_yen": japanese.receipt_yen,
    "number": lambda value: f"{value:,}",
    "lines": lines,
    "joined": "、".join,
    "yes_no": yes_no,
}


@dataclass(frozen=True)
class Filled:
    """A form, a town and a record: what the builders of blocks ask."""

    form: Data
    town: Town
    record: object
    texts: Mapping[str, str] = field(default_factory=dict)

    def value(self, path: str) -> Any:
        """A record's attribute, or what a dotted path leads to; None along the way is None."""
        found: Any = self.record
        for name in path.split("."):
            if found is None:
                return None
            if not hasattr(found, name):
                raise FormFault(f"{self.form['name']}: the record has no {path}")
            found = getattr(found, name)
        return found

    def field(self, name: str) -> Data:
        fields = self.form.get("fields", {})
        if name not in fields:
            raise FormFault(f"{self.form['name']}: fields.{name} is not described")
        return fields[name]  # type: ignore[no-any-return] # data of the form

    def shown(self, name: str) -> str:
        """A field's value in words; empty where there is none."""
        about = self.form.get("fields", {}).get(name, {})
        found = written(self.value(about.get("from", name)), about)
        return found or str(about.get("blank", ""))

    def say(self, text: str) -> str:
        """A text of the form with the town's words and the record's values filled in."""
        try:
            return text.format_map(_Words(self))
        except (ValueError, IndexError) as fault:
            raise FormFault(f"{self.form['name']}: {text[:40]!r}: {fault}") from fault

    def is_wanted(self, data: Data) -> bool:
        """`when` and `unless` name a value on which a block or field depends."""
        if data.get("is_hidden"):
            return False
        if "when" in data and not self.value(data["when"]):
            return False
        return not ("unless" in data and self.value(data["unless"]))

    def limit(self, name: str, about: Data, lines: int) -> Limit:
        """How long the field's value may be and what becomes of a longer one.

        lines    that it takes where neither the field nor its rule for longer values says so
        """
        most, overflow = about.get("characters_max", 0), about.get("overflow", "")
        if overflow not in ("", *OVERFLOWS):
            raise FormFault(f"{self.form['name']}: {name}: no overflow {overflow}")
        if type(most) is not int or not 0 <= most <= CHARACTERS_MAX:
            raise FormFault(f"{self.form['name']}: {name}: no characters_max {most}")
        return Limit(most, overflow, about.get("lines", OVERFLOWS.get(overflow, lines)))

    def cell(self, name: str, **changes: Any) -> Cell:
        """The value of a field as a cell: words, or boxes to be ticked."""
        about = self.field(name)
        label = self.say(about.get("label", ""))
        # A blank field is for the office's pen; no record knows it.
        value = None if about.get("is_blank") else self.value(about.get("from", name))
        limit = self.limit(name, about, 1 if is_amount(value, about) else 3)
        given: dict[str, Any] = {
            "field": name,
            "label": label,
            "align": about.get("align", "left"),
            "size": about.get("size", 10.5),
            "lines_max": limit.lines_max,
            "limit": limit,
            "is_bold": about.get("is_bold", False),
            "help": self.say(about.get("note", "")),
        }
        if "options" in about:
            chosen = {value} if value and isinstance(value, str) else set(value or ())
            known = {each["id"] for each in about["options"]}
            if chosen - known:
                raise FormFault(f"{name}: no box for {sorted(chosen - known)}")
            given["options"] = tuple(
                Option(each["id"], self.say(each["label"]), each["id"] in chosen)
                for each in about["options"]
            )
        else:
            words = written(value, about)
            before, after = (self.say(about.get(each, "")) for each in ("prefix", "suffix"))
            given["text"] = f"{before}{words}{after}" if words else self.say(about.get("blank", ""))
            if not words:
                # What is to be filled in by hand is made smaller rather than broken.
                given |= {"lines_max": given["text"].count("\n") + 1, "is_blank": True}
            if not words and "unit" in about:
                given |= {"text": about["unit"], "align": "right"}
        return Cell(**(given | changes))


class _Words(dict[str, str]):
    """Looks a word up in the town's words, then in the record."""

    def __init__(self, filled: Filled) -> None:
        super().__init__(filled.town.words)
        self.filled = filled

    def __missing__(self, name: str) -> str:
        if name == "form_id":
            return str(self.filled.form.get("form_id", self.filled.form["name"]))
        if name == "issue_mark":
            return issue_mark(self.filled.record)
        return self.filled.shown(name)


def issue_mark(record: Any) -> str:
    """When, at which node and by whom a paper was printed."""
    at: datetime = record.issued_at
    node = getattr(record, "node", "")
    operator = getattr(record, "operator", "")
    marks = [at.strftime("%Y-%m-%d %H:%M"), node, f"取扱 {operator}" if operator else ""]
    return "　".join(mark for mark in marks if mark)


def written(value: Any, about: Data) -> str:
    """A value by the kind of its field, with its unit."""
    if value is None or value in ("", ()):
        return ""
    kind = about.get("kind", _natural(value))
    if kind not in KINDS:
        raise FormFault(f"there is no kind {kind}")
    return f"{KINDS[kind](value)}{about.get('unit', '')}"


def is_amount(value: Any, about: Data) -> bool:
    """A number, which is made small rather than cut in two."""
    return about.get("kind", _natural(value)) in ("number", "yen", "receipt_yen", "dotted")


def _natural(value: Any) -> str:
    match value:
        case bool():
            return "yes_no"
        case int():
            return "number"
        case datetime():
            return "moment"
        case date():
            return "date"
        case Span():
            return "period"
        case tuple() if value and isinstance(value[0], Span):
            return "period"
        case tuple():
            return "lines"
    return "text"


def scaled(block: Block, factor: float) -> Block:
    """The block in larger letters and rows; widths stay, so text takes more lines."""
    match block:
        case Line() | Clauses():
            return replace(block, size=block.size * factor)
        case Grid():
            rows = tuple(
                Row(
                    tuple(replace(cell, size=cell.size * factor) for cell in row.cells),
                    row.height * factor,
                )
                for row in block.rows
            )
            return replace(block, rows=rows)
    return block


def build(
    name: str, record: Any, town: Town, builders: Mapping[str, Builder], edition: str = ""
) -> Sheet:
    """The sheet of a record by its form.

    record   has `issued_at` (with its zone); may have `marking` and `code` or `corner`
    edition  "" for the usual one, "large" for large print, or the ending of a model form's name
             in another language, which is merged over the usual one
    raises   FormFault where the form's data does not fit the record
    """
    form: dict[str, Any] = {"name": name, **town.form(name)}
    if edition == "large":
        form["scale"] = LARGE_PRINT
    elif edition:
        form = dict(merged(form, model_form(f"{name}.{edition}")))
    filled = Filled(form, town, record)
    blocks: list[Block] = []
    for block_name in form["order"]:
        if block_name not in form["blocks"]:
            raise FormFault(f"{name}: blocks.{block_name} is not described")
        data = form["blocks"][block_name]
        if filled.is_wanted(data):
            if data["kind"] not in builders:
                raise FormFault(f"{name}: blocks.{block_name}: no kind {data['kind']}")
            blocks += builders[data["kind"]](filled, data)
    marking = getattr(record, "marking", "") or filled.say(str(form.get("marking", "")))
    factor = form.get("scale", 1.0)
    return Sheet(
        name=name,
        title=filled.say(form["title"]),
        author=town.name,
        issued_at=record.issued_at,
        blocks=tuple(scaled(block, factor) for block in blocks) if factor != 1 else tuple(blocks),
        footer=filled.say(str(form.get("footer", town.data["footer"]))),
        is_landscape=form.get("is_landscape", False),
        corner=_corner(filled),
        marking=marking,
        language=form.get("language", "ja"),
        margin=form.get("margin", 18.0),
    )


def _corner(filled: Filled) -> Corner | None:
    payload = getattr(filled.record, "corner", "")
    if not payload:
        return None
    number = filled.say(str(filled.form.get("corner_number", "用紙番号 {form_number}")))
    notes = tuple(filled.say(note) for note in filled.form.get("corner_notes", ()))
    return Corner(payload, number, f"この用紙の番号を示す二次元コード。{number}", notes)
