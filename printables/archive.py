"""The file around the drawn pages: PDF/UA-1 and PDF/A-2a in one, the same bytes each time.

reportlab makes the font subsets. What its writer does not know is done here: structure tags, the
archive's metadata, bookmarks, fonts addressed by glyph with a text for each (it loses characters
beyond the BMP); objects.py writes the file.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from datetime import datetime
from xml.sax.saxutils import escape

from printables.faces import Face, Glyph
from printables.objects import Objects
from printables.pictures import Picture

PRODUCER = "Tonari printables"
# The primaries and the white of sRGB.
COLOUR_SPACE = (
    "[/CalRGB << /WhitePoint [0.9505 1 1.089] /Gamma [2.2 2.2 2.2] /Matrix"
    " [0.4124 0.2126 0.0193 0.3576 0.7152 0.1192 0.1805 0.0722 0.9505] >>]"
)


@dataclass(eq=False, slots=True)
class Tag:
    """One element of the structure tree: a heading, a table, a cell."""

    role: str
    kids: list[Tag | Mark] = field(default_factory=list)
    alt: str = ""
    actual: str = ""
    attributes: str = ""  # a PDF dictionary, written out
    number: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of a page's content that belongs to a tag."""

    page: int
    mcid: int


@dataclass(frozen=True)
class About:
    """What the file says of itself."""

    title: str
    subject: str
    author: str
    issued_at: datetime
    language: str = "ja"


@dataclass(frozen=True)
class Bookmark:
    """A line of the outline: where it leads, and what stands below it."""

    title: str
    page: int
    below: tuple[Bookmark, ...] = ()


class Font:
    """A face in one document: every glyph that is used gets the next number."""

    def __init__(self, face: Face, name: str) -> None:
        self.face, self.name = face, name
        self.numbers: dict[tuple[int, str], int] = {}

    def code(self, glyph: Glyph) -> int:
        key = (glyph.number, glyph.text)
        return self.numbers.setdefault(key, len(self.numbers) + 1)


class Document:
    """Pages, fonts and tags on their way into a file."""

    def __init__(self, about: About) -> None:
        if about.issued_at.tzinfo is None:
            raise ValueError("the time of issue needs its zone")
        self.about = about
        self.root = Tag("Document")
        self.fonts: dict[Face, Font] = {}
        self.pictures: dict[Picture, str] = {}
        self.bookmarks: list[Bookmark] = []
        self._pages: list[tuple[float, float, bytes]] = []
        self._parents: list[list[Tag]] = []

    def font(self, face: Face) -> Font:
        if face not in self.fonts:
            self.fonts[face] = Font(face, f"F{len(self.fonts) + 1}")
        return self.fonts[face]

    def picture(self, picture: Picture) -> str:
        """The name by which a page draws this stencil."""
        return self.pictures.setdefault(picture, f"I{len(self.pictures) + 1}")

    def add_page(self, width: float, height: float, content: bytes, marked: list[Tag]) -> None:
        """Take a finished page, its size in points and the tags of its marks by number."""
        self._pages.append((width, height, content))
        self._parents.append(marked)

    def close(self) -> bytes:
        """The file."""
        files = Objects()
        fonts = " ".join(
            f"/{font.name} {write_font(files, font)} 0 R" for font in self.fonts.values()
        )
        resources = f"/Font << {fonts} >>{write_pictures(files, self.pictures)}"
        fingerprint = self._fingerprint()
        pages_number, info_number = files.add(), files.add(info(self.about), is_loose=True)
        numbers = [files.add() for _ in self._pages]
        tree = write_tree(files, self.root, numbers, self._parents)
        for index, (width, height, content) in enumerate(self._pages):
            body = files.add_stream(content)
            files.fill(
                numbers[index],
                f"<< /Type /Page /Parent {pages_number} 0 R"
                f" /MediaBox [0 0 {width:.3f} {height:.3f}]"
                f" /Contents {body} 0 R /Resources << {resources} >>"
                f" /StructParents {index} /Tabs /S >>",
            )
        kids = " ".join(f"{number} 0 R" for number in numbers)
        files.fill(pages_number, f"<< /Type /Pages /Count {len(numbers)} /Kids [{kids}] >>")
        profile = files.add_stream(grey_profile(), "/N 1")
        metadata = files.add_stream(
            xmp(self.about).encode(), "/Type /Metadata /Subtype /XML", packed=False
        )
        outline = ""
        if self.bookmarks:
            number = write_outline(files, self.bookmarks, numbers)
            outline = f" /Outlines {number} 0 R /PageMode /UseOutlines"
        catalog = (
            f"<< /Type /Catalog /Pages {pages_number} 0 R /Metadata {metadata} 0 R"
            f" /Lang {text_string(self.about.language)} /MarkInfo << /Marked true >>"
            f" /StructTreeRoot {tree} 0 R{outline} /ViewerPreferences << /DisplayDocTitle true"
            f" /PrintScaling /None >> /OutputIntents [<< /Type /OutputIntent /S /GTS_PDFA1"
            f" /OutputConditionIdentifier (Grey) /Info (Grey, gamma 2.2)"
            f" /DestOutputProfile {profile} 0 R >>] >>"
        )
        root = files.add(catalog.encode("ascii"), is_loose=True)
        return files.write(root, info_number, fingerprint)

    def _fingerprint(self) -> str:
        # A zone is the same zone whichever library made it, so it goes in as its offset.
        about = (self.about.title, self.about.subject, self.about.author)
        digest = hashlib.sha256(repr((*about, self.about.issued_at.isoformat())).encode())
        for page in self._pages:
            digest.update(repr(page).encode())
        return digest.hexdigest()[:32]


def write_pictures(files: Objects, pictures: dict[Picture, str]) -> str:
    """Stencils, and the colour of vermilion that does not depend on a device."""
    if not pictures:
        return ""
    names = []
    for picture, name in pictures.items():
        entries = (
            f"/Type /XObject /Subtype /Image /Width {picture.width} /Height {picture.height}"
            " /ImageMask true /BitsPerComponent 1"
        )
        names.append(f"/{name} {files.add_stream(picture.bits, entries)} 0 R")
    return f" /XObject << {' '.join(names)} >> /ColorSpace << /Ink {COLOUR_SPACE} >>"


def write_font(files: Objects, font: Font) -> int:
    """A composite font addressed by two-byte numbers, with its widths and its texts."""
    used = sorted((number, key) for key, number in font.numbers.items())
    glyphs = [key[0] for _, key in used]
    order = {glyph: place + 1 for place, glyph in enumerate(dict.fromkeys(glyphs))}
    face = font.face
    name = f"{subset_prefix(font)}+{face.postscript_name}"
    program = face.subset(list(order))
    data = files.add_stream(program, f"/Length1 {len(program)}")
    box = " ".join(f"{value:.0f}" for value in face.bbox)
    descriptor = files.add(
        f"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [{box}] /ItalicAngle 0"
        f" /Ascent {face.ascent:.0f} /Descent {face.descent:.0f}"
        f" /CapHeight {face.cap_height:.0f} /StemV 80 /FontFile2 {data} 0 R >>".encode("ascii")
    )
    places = struct.pack(f">{len(glyphs) + 1}H", 0, *(order[glyph] for glyph in glyphs))
    to_glyph = files.add_stream(places)
    widths = " ".join(f"{face.width(glyph):g}" for glyph in glyphs)
    descendant = files.add(
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDSystemInfo"
        f" << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
        f" /FontDescriptor {descriptor} 0 R /DW 1000 /W [1 [{widths}]]"
        f" /CIDToGIDMap {to_glyph} 0 R >>".encode("ascii")
    )
    texts = files.add_stream(to_unicode([key[1] for _, key in used]))
    return files.add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H"
        f" /DescendantFonts [{descendant} 0 R] /ToUnicode {texts} 0 R >>".encode("ascii")
    )


def subset_prefix(font: Font) -> str:
    """Six letters that follow from what the subset holds."""
    digest = hashlib.sha256(repr(sorted(font.numbers.items())).encode()).digest()
    return "".join(chr(65 + byte % 26) for byte in digest[:6])


def to_unicode(texts: list[str]) -> bytes:
    """What each number says, in UTF-16, at most a hundred a block."""
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        "1 begincodespacerange <0000> <FFFF> endcodespacerange",
    ]
    for start in range(0, len(texts), 100):
        block = texts[start : start + 100]
        lines.append(f"{len(block)} beginbfchar")
        lines += [
            f"<{start + place + 1:04X}> <{text.encode('utf-16-be').hex().upper()}>"
            for place, text in enumerate(block)
        ]
        lines.append("endbfchar")
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines).encode("ascii")


def write_tree(files: Objects, root: Tag, pages: list[int], parents: list[list[Tag]]) -> int:
    """The structure tree and, for each page, which tag owns which mark."""
    tree = files.add()
    _number(files, root)
    _write_tag(files, root, tree, pages)
    owners = " ".join(
        f"{index} [{' '.join(f'{tag.number} 0 R' for tag in marked)}]"
        for index, marked in enumerate(parents)
    )
    files.fill(
        tree,
        f"<< /Type /StructTreeRoot /K {root.number} 0 R /ParentTree << /Nums [{owners}] >>"
        f" /ParentTreeNextKey {len(parents)} >>",
    )
    return tree


def _number(files: Objects, tag: Tag) -> None:
    tag.number = files.add()
    for kid in tag.kids:
        if isinstance(kid, Tag):
            _number(files, kid)


def _write_tag(files: Objects, tag: Tag, parent: int, pages: list[int]) -> None:
    kids, page = [], None
    for kid in tag.kids:
        if isinstance(kid, Tag):
            _write_tag(files, kid, tag.number, pages)
            kids.append(f"{kid.number} 0 R")
        elif page in (None, kid.page):
            page = kid.page
            kids.append(str(kid.mcid))
        else:
            kids.append(f"<< /Type /MCR /Pg {pages[kid.page]} 0 R /MCID {kid.mcid} >>")
    parts = [f"<< /S /{tag.role} /P {parent} 0 R"]
    if page is not None:
        parts.append(f"/Pg {pages[page]} 0 R")
    if kids:
        parts.append(f"/K [{' '.join(kids)}]")
    if tag.alt:
        parts.append(f"/Alt {text_string(tag.alt)}")
    if tag.actual:
        parts.append(f"/ActualText {text_string(tag.actual)}")
    if tag.attributes:
        parts.append(f"/A {tag.attributes}")
    files.fill(tag.number, " ".join(parts) + " >>")


def write_outline(files: Objects, bookmarks: list[Bookmark], pages: list[int]) -> int:
    """The outline beside the pages: every level is a chain of its lines."""
    root = files.add()
    first, last = _write_bookmarks(files, bookmarks, root, pages)
    count = len(bookmarks)
    files.fill(root, f"<< /Type /Outlines /First {first} 0 R /Last {last} 0 R /Count {count} >>")
    return root


def _write_bookmarks(
    files: Objects, bookmarks: list[Bookmark], parent: int, pages: list[int]
) -> tuple[int, int]:
    numbers = [files.add() for _ in bookmarks]
    for index, (number, each) in enumerate(zip(numbers, bookmarks, strict=True)):
        parts = [
            f"<< /Title {text_string(each.title)} /Parent {parent} 0 R",
            f"/Dest [{pages[each.page]} 0 R /Fit]",
        ]
        if index:
            parts.append(f"/Prev {numbers[index - 1]} 0 R")
        if index + 1 < len(numbers):
            parts.append(f"/Next {numbers[index + 1]} 0 R")
        if each.below:
            first, last = _write_bookmarks(files, list(each.below), number, pages)
            # A negative count keeps the lines below folded away.
            parts.append(f"/First {first} 0 R /Last {last} 0 R /Count {-len(each.below)}")
        files.fill(number, " ".join(parts) + " >>")
    return numbers[0], numbers[-1]


def text_string(text: str) -> str:
    """A text in the file's own words: UTF-16 in hexadecimal."""
    return f"<{(chr(0xFEFF) + text).encode('utf-16-be').hex().upper()}>"


def info(about: About) -> bytes:
    """The same as in `xmp`, for old readers."""
    stamp = about.issued_at.strftime("D:%Y%m%d%H%M%S%z")
    stamp = f"{stamp[:-2]}'{stamp[-2:]}'"
    return (
        f"<< /Title {text_string(about.title)} /Subject {text_string(about.subject)}"
        f" /Author {text_string(about.author)} /Creator ({PRODUCER}) /Producer ({PRODUCER})"
        f" /CreationDate ({stamp}) /ModDate ({stamp}) >>"
    ).encode("ascii")


def xmp(about: About) -> str:
    """The metadata packet: both standards, and the schema by which PDF/UA names itself."""
    stamp = about.issued_at.isoformat(timespec="seconds")
    pdfa = "http://www.aiim.org/pdfa/ns/"
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:pdfaid="{pdfa}id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"
 xmlns:pdfaExtension="{pdfa}extension/" xmlns:pdfaSchema="{pdfa}schema#"
 xmlns:pdfaProperty="{pdfa}property#">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(about.title)}</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{escape(about.subject)}</rdf:li></rdf:Alt>\
</dc:description>
<dc:creator><rdf:Seq><rdf:li>{escape(about.author)}</rdf:li></rdf:Seq></dc:creator>
<xmp:CreatorTool>{PRODUCER}</xmp:CreatorTool>
<xmp:CreateDate>{stamp}</xmp:CreateDate><xmp:ModifyDate>{stamp}</xmp:ModifyDate>
<pdf:Producer>{PRODUCER}</pdf:Producer>
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>
<pdfuaid:part>1</pdfuaid:part>
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def grey_profile() -> bytes:
    """A small ICC profile: grey with gamma 2.2 under D50, so that no colour depends on a device."""
    white = struct.pack(">4s4x3l", b"XYZ ", 63190, 65536, 54061)
    gamma = struct.pack(">4s4xLH", b"curv", 1, round(2.2 * 256)) + b"\0\0"
    words = b"Grey gamma 2.2\0"
    name = struct.pack(">4s4xL", b"desc", len(words)) + words + bytes(78)
    rights = b"text\0\0\0\0" + b"No copyright\0"
    parts, tags, place = b"", b"", 128 + 4 + 12 * 4
    for signature, data in ((b"cprt", rights), (b"desc", name), (b"kTRC", gamma), (b"wtpt", white)):
        padded = data + bytes(-len(data) % 4)
        tags += struct.pack(">4sLL", signature, place + len(parts), len(data))
        parts += padded
    body = struct.pack(">L", 4) + tags + parts
    head = struct.pack(
        ">LLL4s4s4s6H4s", 128 + len(body), 0, 0x02100000, b"prtr", b"GRAY", b"XYZ ",
        2026, 1, 1, 0, 0, 0, b"acsp",
    )  # fmt: skip
    head += bytes(28) + struct.pack(">3l", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + body
