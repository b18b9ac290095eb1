"""A sheet as a page for the browser's own printing: the first step down when there is no PDF.

One file without scripts, pictures or fonts to fetch. The order and the words are the PDF's.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from printables import limits, qr
from printables.limits import Extra
from printables.sheet import (
    BODY,
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
    Seal,
    Sheet,
)

STYLE = """
@page { size: A4; margin: 14mm 16mm; }
body { font: 10.5pt/1.4 "BIZ UDGothic", "BIZ UDゴシック", "Noto Sans CJK JP", sans-serif;
  max-width: 178mm; margin: 0 auto; color: #000; background: #fff; line-break: strict; }
body.landscape { max-width: 265mm; }
h1, h2, h3, p { margin: 0 0 1mm; font-size: inherit; white-space: pre-wrap; }
h1 { margin: 3mm 0; }
h2 { margin-top: 2mm; }
.corner { float: left; display: flex; gap: 2mm; }
table { clear: both; border-collapse: collapse; width: 100%; table-layout: fixed; margin: 2mm 0;
  border: .8pt solid; }
table.thick { border-width: 1.6pt; }
th, td { border: .4pt solid; padding: .6mm 1.6mm; vertical-align: middle; text-align: left;
  white-space: pre-wrap; overflow-wrap: anywhere; height: 6mm; }
th { font-weight: normal; text-align: center; font-size: 9pt; line-break: strict; }
tr, .issuer, .code { break-inside: avoid; }
thead { display: table-header-group; }
small { display: block; font-size: 8pt; }
ol, ul { margin: 0 0 1mm; padding-left: 7mm; font-size: 9pt; line-height: 1.35; }
.option { display: inline-block; margin-right: 5mm; }
.box { display: inline-block; width: 3.4mm; height: 3.4mm; border: .8pt solid; line-height: 3.4mm;
  vertical-align: -0.4mm; margin-right: 1.4mm; text-align: center; font-weight: bold; }
.issuer { margin-left: 45%; display: flow-root; }
.seal { display: inline-block; width: 22mm; height: 22mm; border: .4pt dashed; text-align: center;
  line-height: 22mm; float: right; }
.code { display: flex; gap: 4mm; margin-top: 4mm; font-size: 9pt; }
.code svg { flex: none; }
.beside { float: right; display: block; width: 30mm; margin: 0 0 0 3mm; text-align: center; }
.beside + h2 + ol { overflow: hidden; }
.pair { display: flex; justify-content: space-between; gap: 4mm; }
.marking { text-align: right; }
.marking b { border: 1pt solid; padding: .5mm 3mm; }
hr { border: 0; border-top: .6pt dashed; margin: 5mm 0; }
footer { font-size: 8pt; margin-top: 5mm; }
.break { break-before: page; }
nav { display: flex; flex-wrap: wrap; gap: 2mm 6mm; margin-bottom: 3mm; }
nav a { display: inline-flex; align-items: center; min-height: 44px; font-size: 12pt;
  color: #0017c1; }
nav a:focus-visible { outline: 3px solid; outline-offset: 2px; }
@media screen { body { padding: 4mm; } }
@media screen and (max-width: 40rem) {
  .issuer { margin-left: 20%; }
  .pair { flex-wrap: wrap; }
  th, td { padding: .6mm 1mm; }
  main p, ol, ul, footer { font-size: 11pt !important; }
}
@media print { nav { display: none; } }
"""


def render(sheet: Sheet, links: Sequence[tuple[str, str]] = (), *, links_language: str = "") -> str:
    """The whole page.

    links   words and address of what stands above the paper, on the screen only
    """
    title = escape(sheet.title)
    size = "<style>@page { size: A4 landscape; }</style>" if sheet.is_landscape else ""
    kind = ' class="landscape"' if sheet.is_landscape else ""
    parts = [
        f'<!doctype html>\n<html lang="{escape(sheet.language)}">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style>{size}</head>\n<body{kind}>"
    ]
    if links:
        language = escape(links_language or sheet.language)
        each = "".join(f'<a href="{escape(where)}">{escape(words)}</a>' for words, where in links)
        parts.append(f'<nav lang="{language}">{each}</nav>')
    parts.append("<main>")
    if sheet.marking:
        parts.append(f'<p class="marking"><b>{escape(sheet.marking)}</b></p>')
    if sheet.corner is not None:
        picture = _svg(sheet.corner.payload, "Q", 25.0, sheet.corner.alt)
        parts.append(f'<div class="corner">{picture}<b>{escape(sheet.corner.number)}</b></div>')
    extra = Extra(sheet)
    parts += [_block(block, extra) for block in sheet.blocks]
    if sheet.corner is not None:
        parts += [f"<p>{escape(note)}</p>" for note in sheet.corner.notes]
    if extra.moved:
        parts.append(_moved(extra))
    parts.append(f"</main>\n<footer>{escape(sheet.footer)}</footer>\n</body>\n</html>\n")
    return "\n".join(parts)


def _moved(extra: Extra) -> str:
    """別紙: what was too long for its box, in full, on a page of its own."""
    each = "".join(f"<h3>{escape(label)}</h3><p>{escape(text)}</p>" for label, text in extra.moved)
    return f'<section class="break"><h2>{escape(extra.title)}</h2>{each}</section>'


def _block(block: Block, extra: Extra) -> str:
    match block:
        case Line():
            return _line(block)
        case Pair():
            sides = ("".join(map(_line, side)) for side in (block.left, block.right))
            return '<div class="pair">' + "".join(f"<div>{side}</div>" for side in sides) + "</div>"
        case Grid():
            return _grid(block, extra)
        case Clauses():
            title = f"<h2>{escape(block.title)}</h2>" if block.title else ""
            mark = escape(block.bullet) if block.bullet != "・" else ""
            items = "".join(f"<li>{mark}{escape(item)}</li>" for item in block.items)
            kind = "ol" if block.is_numbered else "ul"
            code = _code(block.code, "code beside") if block.code else ""
            return f"{code}{title}<{kind}>{items}</{kind}>"
        case Issuer():
            lines = "<br>".join(escape(line) for line in block.lines)
            if block.seal.mode == "omitted":
                return f'<div class="issuer">{lines}<br>{escape(block.seal.words)}</div>'
            return f'<div class="issuer">{_seal(block.seal)}{lines}</div>'
        case Code():
            return _code(block, "code")
        case CutLine():
            return "<hr>"
        case Break():
            return '<div class="break"></div>'


def _seal(seal: Seal) -> str:
    if seal.picture is None:
        return '<span class="seal">印</span>'
    width, height = seal.picture.fitted(seal.side)
    data = b64encode(seal.picture.png(seal.colour)).decode("ascii")
    return (
        f'<img alt="{escape(seal.alt)}" style="float:right;width:{width:g}mm;height:{height:g}mm"'
        f' src="data:image/png;base64,{data}">'
    )


def _code(code: Code, kind: str) -> str:
    lines = "<br>".join(escape(line) for line in code.lines)
    picture = _svg(code.payload, code.level, code.side, code.alt)
    return f'<div class="{kind}">{picture}<p>{lines}</p></div>'


def _line(line: Line) -> str:
    name = {"P": "p"}.get(line.role, line.role.lower())
    style = f"font-size:{line.size:g}pt;text-align:{line.align};font-weight:"
    style += "bold" if line.is_bold else "normal"
    if line.left or line.right:
        style += f";margin-left:{line.left:g}mm;margin-right:{line.right:g}mm"
    return f'<{name} style="{style}">{escape(line.text)}</{name}>'


def _grid(grid: Grid, extra: Extra) -> str:
    title = f"<h2>{escape(grid.title)}</h2>" if grid.title else ""
    total = sum(grid.widths)
    columns = "".join(f'<col style="width:{width / total:.2%}">' for width in grid.widths)
    rows = [
        f'<tr style="height:{row.height:g}mm">'
        + "".join(
            _cell(cell, "col" if index < grid.head_rows else "row", *extra.held(cell, width))
            for cell, width in line
        )
        + "</tr>"
        for index, (row, line) in enumerate(
            zip(grid.rows, limits.widths(grid, extra.width), strict=True)
        )
    ]
    head = "".join(rows[: grid.head_rows])
    head = f"<thead>{head}</thead>" if head else ""
    kind = ' class="thick"' if grid.is_thick else ""
    body = "\n".join(rows[grid.head_rows :])
    return f"{title}<table{kind}><colgroup>{columns}</colgroup>{head}<tbody>{body}</tbody></table>"


def _cell(cell: Cell, scope: str, text: str, size: float) -> str:
    name = "th" if cell.is_label else "td"
    attributes = f' scope="{scope}"' if cell.is_label else ""
    if cell.columns > 1:
        attributes += f' colspan="{cell.columns}"'
    if cell.rows > 1:
        attributes += f' rowspan="{cell.rows}"'
    style = f"font-size:{size:g}pt" if size != BODY else ""
    if cell.align != "left" and not cell.is_label:
        style += f";text-align:{cell.align}"
    if style:
        attributes += f' style="{style}"'
    words = escape(text)
    if cell.is_bold:
        words = f"<b>{words}</b>"
    options = "".join(
        f'<span class="option"><span class="box">{"✓" if option.is_ticked else ""}</span>'
        f"{escape(option.label)}</span>"
        for option in cell.options
    )
    helped = f"<small>{escape(cell.help)}</small>" if cell.help else ""
    return f"<{name}{attributes}>{words}{options}{helped}</{name}>"


def _svg(payload: str, level: str, side: float, alt: str) -> str:
    modules = qr.rows(payload, level)
    count = len(modules) + 8
    path = "".join(
        f"M{x + 4} {y + 4}h1v1h-1z"
        for y, row in enumerate(modules)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return (
        f'<svg role="img" aria-label="{escape(alt)}" width="{side:g}mm" height="{side:g}mm"'
        f' viewBox="0 0 {count} {count}"><path d="{path}"/></svg>'
    )
