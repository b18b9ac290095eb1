"""A town's own form file: what is wrong with it, on which line, and what to do.

The file is TOML of the shape of models/town.toml; what it leaves out stays as in the model.
"""

from __future__ import annotations

import base64
import io
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from printables import blocks, forms, limits, pack
from printables.forms import KINDS, Data, FormFault, Town, merged
from printables.limits import CHARACTERS_MAX, LINES, LINES_MAX, OVERFLOWS, SHRINK
from printables.pictures import DATA_PNG, NoPicture, load
from printables.registry import PAPERS
from printables.sheet import Grid, Sheet

TEXTS, LISTS = "texts", "lists of texts"
# The tables that a town may write, and what stands in them.
TABLES: Mapping[str, str] = {
    "words": TEXTS,
    "articles": TEXTS,
    "texts": LISTS,
    "appeals": LISTS,
}
PLAIN = {"name", "footer"}
ISSUER = {"lines", "seal", "seal_words", "seal_image", "seal_mm", "seal_colour", "seal_alt"}
FORM = {
    "title", "form_id", "order", "blocks", "fields", "footer", "marking", "scale", "margin",
    "is_landscape", "corner_number", "corner_notes", "language", "cover", "parts",
}  # fmt: skip
FIELD = {
    "label", "help", "note", "kind", "lines", "width", "label_width", "height", "size", "align",
    "blank", "options", "is_bold", "is_blank", "is_hidden", "is_unlabelled", "unit", "prefix",
    "suffix", "from", "when", "unless", "characters_max", "overflow",
}  # fmt: skip
# What a field says in numbers: from, to.
NUMBERS: Mapping[str, tuple[int, int]] = {
    "characters_max": (1, CHARACTERS_MAX),
    "lines": (1, LINES_MAX),
}
_HEAD = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]+")(?:\s*\.\s*(?:[\w-]+|"[^"]+"))*)\s*=""")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")


@dataclass(frozen=True)
class Fault:
    """What is wrong, where, and what to do; line 0 is the whole file."""

    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.line}行目：{self.words}" if self.line else self.words


@dataclass(frozen=True)
class TownFile:
    """A file that was read: its changes to the model, and everything that is wrong with it."""

    changes: Data
    faults: tuple[Fault, ...]


def read(text: str, folder: Path | None = None, *, base: Data | None = None) -> TownFile:
    """Read a town's file and try every form with it.

    folder   where the picture of a seal lies; it is taken into the changes
    base     what holds under the town's own file, merged over the model
    """
    try:
        changes: Data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        return TownFile({}, (_not_toml(text, fault),))
    found = list(_shape(text, changes))
    if not found:
        changes, found = _with_seals(text, changes, folder)
    if not found:
        found = list(_tried(text, forms.town(merged(base or {}, changes))))
    return TownFile(changes, tuple(found))


def _not_toml(text: str, fault: tomllib.TOMLDecodeError) -> Fault:
    place = _AT.search(str(fault))
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    return Fault(
        line,
        '書き方が正しくありません。文字は「"」で囲み、1行に「名前 = 値」を1つだけ書いてください。'
        f"（{_AT.sub('', str(fault)).strip()}）",
    )


# The shape: what may stand where


def _shape(text: str, changes: Data) -> Iterator[Fault]:
    for name, value in changes.items():
        here = line_of(text, [name])
        if name in PLAIN:
            if not isinstance(value, str):
                yield Fault(here, f'{name} は、「"」で囲んだ文字にしてください。')
        elif name in TABLES or name in ("issuers", "forms"):
            if not isinstance(value, Mapping):
                yield Fault(here, f"{name} は、[{name}] という見出しの下に書いてください。")
            elif name in TABLES:
                yield from _table(text, name, value)
            elif name == "issuers":
                yield from _issuers(text, value)
            else:
                yield from _forms(text, value)
        else:
            known = "、".join(sorted({*PLAIN, *TABLES, "issuers", "forms"}))
            yield Fault(here, f"{name} という項目はありません。使えるのは：{known}")


def _table(text: str, name: str, table: Data) -> Iterator[Fault]:
    for key, value in table.items():
        here = line_of(text, [name, key])
        if TABLES[name] == TEXTS and not isinstance(value, str):
            yield Fault(here, f'{key} は、「"」で囲んだ文字にしてください。')
        if TABLES[name] == LISTS and not _is_texts(value):
            yield Fault(here, f"{key} は、文字を [ ] の中に並べてください。")


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _issuers(text: str, issuers: Data) -> Iterator[Fault]:
    for role, about in issuers.items():
        here = line_of(text, ["issuers", role])
        if not isinstance(about, Mapping):
            yield Fault(here, f"発行者は、[issuers.{role}] という見出しの下に書いてください。")
            continue
        yield from _unknown(text, ["issuers", role], about, ISSUER)
        if not _is_texts(about.get("lines", [])):
            where = line_of(text, ["issuers", role, "lines"])
            yield Fault(where, "lines は、発行者の名前の行を [ ] の中に並べてください。")
        if about.get("seal", "omitted") not in ("image", "omitted", "frame"):
            where = line_of(text, ["issuers", role, "seal"])
            yield Fault(
                where,
                "seal は、image（印影）、omitted（公印省略）、frame（押印の枠）の"
                "どれかにしてください。",
            )


def _forms(text: str, changed: Data) -> Iterator[Fault]:
    for paper, about in changed.items():
        here = line_of(text, ["forms", paper])
        if paper not in PAPERS and paper != pack.NAME:
            yield Fault(here, f"{paper} という紙はありません。使えるのは：{'、'.join(PAPERS)}")
        elif not isinstance(about, Mapping):
            yield Fault(here, f"様式は、[forms.{paper}] という見出しの下に書いてください。")
        else:
            yield from _unknown(text, ["forms", paper], about, FORM)
            yield from _fields(text, paper, about.get("fields", {}))
            yield from _columns(text, paper, about.get("blocks", {}))


def _fields(text: str, paper: str, fields: object) -> Iterator[Fault]:
    if not isinstance(fields, Mapping):
        here = line_of(text, ["forms", paper, "fields"])
        yield Fault(here, f"欄は、[forms.{paper}.fields.欄の名] という見出しの下に書いてください。")
        return
    for name, about in fields.items():
        path = ["forms", paper, "fields", name]
        if not isinstance(about, Mapping):
            yield Fault(line_of(text, path), f'{name} は、{{ label = "…" }} の形で書いてください。')
            continue
        yield from _unknown(text, path, about, FIELD)
        if about.get("kind", "text") not in KINDS:
            where = line_of(text, [*path, "kind"])
            yield Fault(where, f"kind は、次のどれかにしてください：{'、'.join(KINDS)}")
        known = forms.model_form(paper).get("fields", {}).get(name, {})
        for key, words in _limits(about, merged(known, about)):
            yield Fault(line_of(text, [*path, key]), words)


def _columns(text: str, paper: str, changed: object) -> Iterator[Fault]:
    """The columns of tables have the same limits as fields."""
    for name, block in changed.items() if isinstance(changed, Mapping) else ():
        columns = block.get("columns", ()) if isinstance(block, Mapping) else ()
        for column in columns if isinstance(columns, list) else ():
            about = column if isinstance(column, Mapping) else {}
            field = str(about.get("field", ""))
            where = _line_with(text, ["forms", paper, "blocks", name], field)
            for _, words in _limits(about, about):
                yield Fault(where, f"{field} の列：{words}")


def _limits(changed: Data, whole: Data) -> Iterator[tuple[str, str]]:
    """What is wrong with a field's own limits: the key, and what to do.

    changed  what the town wrote of the field
    whole    the same over the model's
    """
    wrong = set()
    for key, (least, most) in NUMBERS.items():
        value = changed.get(key, least)
        if type(value) is not int or not least <= value <= most:
            wrong.add(key)
            yield key, f"{key} は、{least}から{most}までの数字だけを書いてください。"
    if changed.get("overflow", SHRINK) not in list(OVERFLOWS):
        wrong.add("overflow")
        yield (
            "overflow",
            'overflow は、"shrink"（文字を8ポイントまで小さくする）、"lines"（2行にする）、'
            '"extra"（別紙に移す）のどれかにしてください。',
        )
    own = [key for key in ("characters_max", "overflow") if key in changed]
    if own and "options" in whole:
        yield own[0], f"□から選ぶ欄には、{own[0]} を使えません。この行を消してください。"
    elif own and whole.get("is_blank"):
        yield own[0], f"手で書くだけの欄には、{own[0]} を使えません。この行を消してください。"
    elif not wrong and whole.get("overflow") == LINES and whole.get("lines", 2) == 1:
        key = "lines" if "lines" in changed else "overflow"
        yield key, 'overflow が "lines" の欄は、lines を2以上にするか、lines を消してください。'


def _unknown(text: str, path: Sequence[str], table: Data, known: set[str]) -> Iterator[Fault]:
    for name in table:
        if name not in known:
            yield Fault(
                line_of(text, [*path, name]),
                f"{name} という項目はありません。使えるのは：{'、'.join(sorted(known))}",
            )


# The seal: a file beside this one becomes part of it


def _with_seals(text: str, changes: Data, folder: Path | None) -> tuple[Data, list[Fault]]:
    found, taken = [], {}
    for role, about in changes.get("issuers", {}).items():
        source = about.get("seal_image", "")
        if about.get("seal") != "image" or source.startswith(DATA_PNG):
            continue
        where = line_of(text, ["issuers", role, "seal_image"])
        if not source or Path(source).name != source:
            words = "seal_image に、このファイルと同じ所に置いた画像の名前を書いてください。"
            found.append(Fault(where, words))
            continue
        try:
            picture = load(source, folder)
        except NoPicture as fault:
            words = (
                "印影の画像を読めません。PNGかJPEGを、このファイルと同じ所に置いてください。"
                f"（{fault}）"
            )
            found.append(Fault(where, words))
            continue
        out = io.BytesIO()
        Image.frombytes("1", (picture.width, picture.height), picture.bits).save(out, "PNG")
        taken[role] = {"seal_image": DATA_PNG + base64.b64encode(out.getvalue()).decode()}
    return merged(changes, {"issuers": taken}) if taken else changes, found


# Trying it: every sample of every paper


def _tried(text: str, town: Town) -> Iterator[Fault]:
    told = set()
    for name, paper in PAPERS.items():
        rooms: dict[str, tuple[int, int]] = {}
        try:
            for record in paper.samples().values():
                for edition in ("", *paper.editions):
                    rooms |= _crowded(paper.sheet(record, town, edition))
        except (FormFault, KeyError, TypeError, ValueError, AttributeError) as fault:
            found = _in_words(text, name, fault)
            if found not in told:
                told.add(found)
                yield found
        for field, (most, room) in rooms.items():
            yield _too_narrow(text, name, field, most, room)


def _crowded(sheet: Sheet) -> dict[str, tuple[int, int]]:
    """Fields that promise to hold their longest value and do not: its length, and their room."""
    found = {}
    for grid in (block for block in sheet.blocks if isinstance(block, Grid)):
        for cell, width in (pair for line in limits.widths(grid, sheet.width) for pair in line):
            most, promises = cell.limit.characters_max, cell.limit.overflow in (SHRINK, LINES)
            room = limits.capacity(cell.limit, width)
            if promises and most > room:
                # A column of a table is one field, however many rows it has.
                found[re.sub(r"^.*\.\d+\.", "", cell.field)] = (most, room)
    return found


def _too_narrow(text: str, paper: str, field: str, most: int, room: int) -> Fault:
    path = ("forms", paper, "fields", field)
    is_written = any(place[: len(path)] == path for _, place in _places(text))
    where = line_of(text, [*path, "characters_max"])
    return Fault(
        where if is_written else _line_with(text, path[:2], field),
        f"{field} の欄は、8ポイントにしても{room}字までです（今の characters_max は{most}）。"
        f"characters_max を{room}以下にするか、lines か欄の幅（width）を増やすか、"
        'overflow を "extra"（別紙に移す）にしてください。',
    )


def _in_words(text: str, paper: str, fault: Exception) -> Fault:
    said = str(fault).removeprefix(f"{paper}: ")
    if found := re.search(r"blocks\.(\S+) is not described", said):
        name = found[1]
        words = (
            f"「{name}」というかたまりの説明がありません。order から消すか、"
            f"[forms.{paper}.blocks.{name}] を書いてください。"
        )
        return Fault(_line_with(text, ["forms", paper], name), words)
    if found := re.search(r"blocks\.(\S+): no kind (\S+)", said):
        words = f"かたまりの kind は、次のどれかにしてください：{'、'.join(blocks.BUILDERS)}"
        return Fault(line_of(text, ["forms", paper, "blocks", found[1], "kind"]), words)
    if found := re.search(r"fields\.(\S+) is not described", said):
        name = found[1]
        words = (
            f"「{name}」という欄の説明がありません。rows から消すか、"
            f"[forms.{paper}.fields.{name}] に label を書いてください。"
        )
        return Fault(_line_with(text, ["forms", paper], name), words)
    if found := re.search(r"the record has no (\S+)", said):
        name = found[1]
        words = (
            f"「{name}」という値は、この紙（{paper}）にありません。つづりを確かめるか、"
            "[words] にその言葉を書いてください。"
        )
        return Fault(_line_with(text, ["forms", paper], name) or _line_with(text, [], name), words)
    if found := re.match(r"issuers\.([^:]+): (.*)", said):
        return Fault(line_of(text, ["issuers", found[1]]), f"発行者を使えません。（{found[2]}）")
    words = (
        f"この様式（{paper}）を組み立てられません。直前に変えた所を元に戻してください。（{said}）"
    )
    return Fault(line_of(text, ["forms", paper]), words)


# Lines


def line_of(text: str, path: Sequence[str]) -> int:
    """The line on which a value is written, or the nearest table around it; 0 where none is."""
    best, depth = 0, 0
    for number, place in _places(text):
        shared = 0
        for one, other in zip(place, path, strict=False):
            if one != other:
                break
            shared += 1
        if shared > depth and shared == min(len(place), len(path)):
            best, depth = number, shared
    return best


def _line_with(text: str, section: Sequence[str], word: str) -> int:
    """The first line of a section in which a word is written."""
    lines = text.splitlines()
    for number, place in _places(text):
        is_inside = list(place[: len(section)]) == list(section)
        if is_inside and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", lines[number - 1]):
            return number
    first = line_of(text, section) if section else 1
    for number, line in enumerate(lines[first - 1 if first else len(lines) :], first):
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", line):
            return number
    return line_of(text, section) if section else 0


def _places(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every line that begins a table or a value, with the path of what it begins."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if head := _HEAD.match(line):
            table = _parts(head[1])
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_parts(key[1]))


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip('"') for part in dotted.split("."))


# Writing: what a town begins with


def write(data: Data) -> str:
    """The changes as a file that `read` takes."""
    return "\n".join(_written(data, ())).strip() + "\n"


def _written(data: Data, path: tuple[str, ...]) -> Iterator[str]:
    plain = {key: value for key, value in data.items() if not isinstance(value, Mapping)}
    if path and (plain or not data):
        yield f"\n[{'.'.join(path)}]"
    for key, value in plain.items():
        yield f"{key} = {_value(value)}"
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _written(value, (*path, key))


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            return f'"{escaped}"'
        case Mapping():
            return f"{{ {', '.join(f'{key} = {_value(each)}' for key, each in value.items())} }}"
    items = [_value(each) for each in value]
    if sum(map(len, items)) < 70:
        return f"[{', '.join(items)}]"
    return "[\n" + "".join(f"    {each},\n" for each in items) + "]"
