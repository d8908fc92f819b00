"""How are .odt and .odp files read?

By walking content.xml ourselves: kreuzberg 4.10.4 glues words together ("EighteenthMeetingheld"),
loses spans of text, and refuses .odp. Tracked deletions and annotations are not part of the
printed document and are left out. A footnote follows the paragraph that cites it.
"""

import re
import zipfile
from pathlib import Path

from lxml import etree

from indexer.errors import Help, UnreadableFileError
from indexer.plain_text import TextBuilder, table_row
from indexer.records import Extraction
from indexer.zipped_xml import open_office_zip, read_xml

_NAMESPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TEXT = _NAMESPACE % "text"
_TABLE = _NAMESPACE % "table"
_OFFICE = _NAMESPACE % "office"
_DRAW = _NAMESPACE % "drawing"
_PRESENTATION = _NAMESPACE % "presentation"
_META = _NAMESPACE % "meta"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"

_LEFT_OUT = {
    _OFFICE + "annotation",
    _OFFICE + "annotation-end",
    _OFFICE + "forms",
    _TEXT + "tracked-changes",
    _TEXT + "sequence-decls",
    _TEXT + "variable-decls",
    _TEXT + "user-field-decls",
    _PRESENTATION + "notes",
    _TEXT + "ruby-text",
    _NAMESPACE % "svg-compatible" + "title",
    _NAMESPACE % "svg-compatible" + "desc",
}
_MAX_REPEAT = 100  # of spaces, columns and rows; spreadsheet programs write 1048576 empty rows


def read_opendocument(path: Path) -> Extraction:
    """Return the text, headings and properties of an .odt or .odp file."""
    with open_office_zip(path) as archive:
        if _is_encrypted(archive):
            raise UnreadableFileError(
                "protected by a password: the file is encrypted", Help.PASSWORD
            )
        content = read_xml(archive, "content.xml")
        if content is None:
            raise UnreadableFileError("damaged: no content.xml inside it", Help.FETCH)
        meta = read_xml(archive, "meta.xml")
    body = content.find(f"{_OFFICE}body")
    if body is None:
        raise UnreadableFileError("damaged: its content.xml has no body", Help.FETCH)
    walk = _Walk(_bullet_styles(content))
    walk.blocks(body)
    text = walk.builder.text
    return Extraction(
        text=text,
        format=path.suffix.lower().lstrip("."),
        page_starts=tuple(min(start, len(text)) for start in walk.page_starts),
        headings=walk.builder.headings,
        properties=_properties(meta),
    )


def _is_encrypted(archive: zipfile.ZipFile) -> bool:
    manifest = read_xml(archive, "META-INF/manifest.xml")
    return manifest is not None and any(
        etree.QName(element).localname == "encryption-data" for element in manifest.iter("*")
    )


def _properties(meta: etree._Element | None) -> dict[str, str]:
    if meta is None:
        return {}
    wanted = {
        "title": _DUBLIN_CORE + "title",
        "author": _META + "initial-creator",
        "created": _META + "creation-date",
    }
    found = {key: (meta.findtext(f".//{tag}") or "").strip() for key, tag in wanted.items()}
    return {key: value for key, value in found.items() if value}


def _bullet_styles(content: etree._Element) -> set[str]:
    """Name the list styles whose first level prints a bullet rather than a number."""
    return {
        style.get(_NAMESPACE % "style" + "name", "")
        for style in content.iter(_TEXT + "list-style")
        if style.find(_TEXT + "list-level-style-bullet") is not None
    }


class _Walk:
    """One pass over the body; every printed unit becomes one line of the builder."""

    def __init__(self, bullet_styles: set[str]) -> None:
        self.builder = TextBuilder()
        self.page_starts: list[int] = []
        self._bullet_styles = bullet_styles
        self._notes: list[str] = []

    def blocks(self, parent: etree._Element, marker: str = "") -> None:
        """Add the blocks below `parent`; `marker` goes before its first paragraph."""
        for element in parent.iterchildren("*"):
            if element.tag in _LEFT_OUT:
                continue
            if element.tag == _TEXT + "h":
                self._heading(element)
            elif element.tag == _TEXT + "p":
                self._paragraph(element, marker)
                marker = ""
            elif element.tag == _TEXT + "list":
                self._list(element, marker)
            elif element.tag == _TABLE + "table":
                self._table(element)
            else:
                self._other(element, marker)

    def _other(self, element: etree._Element, marker: str) -> None:
        if element.tag == _DRAW + "page":
            self.page_starts.append(self.builder.next_offset)
        self.blocks(element, marker)

    def _heading(self, element: etree._Element) -> None:
        level = element.get(_TEXT + "outline-level", "1")
        # Some authors style a whole paragraph as a heading; no heading is that long.
        text = self._inline(element)
        self.builder.add_line(text, int(level) if level.isdigit() and len(text) <= 200 else 0)
        self._flush_notes()

    def _paragraph(self, element: etree._Element, marker: str) -> None:
        text = self._inline(element)
        self.builder.add_line(marker + text if text.strip() else "")
        self._flush_notes()
        for box in element.iter(_DRAW + "text-box"):  # a frame anchored in this paragraph
            self.blocks(box)

    def _list(self, element: etree._Element, inherited: str) -> None:
        style = element.get(_TEXT + "style-name")
        marker = ("- " if style in self._bullet_styles else "") if style else inherited
        for item in element.iterchildren(_TEXT + "list-item", _TEXT + "list-header"):
            self.blocks(item, marker)

    def _table(self, table: etree._Element) -> None:
        for row in table.iter(_TABLE + "table-row"):
            if next(row.iterancestors(_TABLE + "table"), None) is not table:
                continue  # a row of a table inside a cell: it is part of that cell's text
            cells: list[str] = []
            for cell in row.iterchildren(_TABLE + "table-cell", _TABLE + "covered-table-cell"):
                repeat = int(cell.get(_TABLE + "number-columns-repeated", "1"))
                cells += [self._cell(cell)] * min(repeat, _MAX_REPEAT)
            self.builder.add_line(table_row(cells))
            self._flush_notes()

    def _cell(self, cell: etree._Element) -> str:
        lines = (self._inline(block) for block in cell.iter(_TEXT + "p", _TEXT + "h"))
        return " ".join(line for line in lines if line.strip())

    def _inline(self, element: etree._Element) -> str:
        """Return the printed text of one paragraph."""
        # Line feeds and runs of spaces in the XML print as one space; text:s are the real ones.
        pieces = [_one_space(element.text)]
        for child in element.iterchildren():
            if isinstance(child.tag, str):
                pieces.append(self._inline_child(child))
            pieces.append(_one_space(child.tail))
        return "".join(pieces)

    def _inline_child(self, child: etree._Element) -> str:
        tag = child.tag
        if tag in _LEFT_OUT or tag == _DRAW + "frame":
            return ""  # the text of a frame follows the paragraph, see _paragraph
        if tag == _TEXT + "s":
            return " " * min(int(child.get(_TEXT + "c", "1")), _MAX_REPEAT)
        if tag == _TEXT + "tab":
            return "\t"
        if tag == _TEXT + "line-break":
            return "\n"
        if tag == _TEXT + "note":
            return self._note(child)
        return self._inline(child)

    def _note(self, note: etree._Element) -> str:
        citation = (note.findtext(_TEXT + "note-citation") or "").strip()
        body = note.find(_TEXT + "note-body")
        if body is not None:
            paragraphs = body.iter(_TEXT + "p")
            self._notes.append(f"[{citation}] " + " ".join(map(self._inline, paragraphs)))
        return f" [{citation}]"

    def _flush_notes(self) -> None:
        for note in self._notes:
            self.builder.add_line(note)
        self._notes.clear()


def _one_space(text: str | None) -> str:
    return re.sub(r"[ \t\r\n]+", " ", text or "")
