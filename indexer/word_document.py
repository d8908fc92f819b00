"""How are .docx files read?

By walking document.xml ourselves: kreuzberg 4.10.4 writes bold table text as "**Item**" and glues
the cells of a row together, so a quote from a table would not be what the report prints.
Insertions that a reviewer tracked are kept, deletions are left out, as Word prints them.
Word stores no page boundaries, so there are no pages.
"""

import zipfile
from pathlib import Path

from lxml import etree

from indexer.errors import Help, UnreadableFileError
from indexer.plain_text import TextBuilder, table_row
from indexer.records import Extraction
from indexer.zipped_xml import open_office_zip, read_xml

_HEADING_MAX_CHARS = 200
_LEFT_OUT = {"del", "moveFrom", "delText", "instrText", "Fallback", "pPr", "rPr", "sectPr"}
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def read_word_document(path: Path) -> Extraction:
    """Return the text, headings and properties of a .docx or .docm file."""
    with open_office_zip(path) as archive:
        document = read_xml(archive, _main_part(archive))
        if document is None:
            raise UnreadableFileError("damaged: no word/document.xml inside it", Help.FETCH)
        walk = _Walk(
            _heading_levels(read_xml(archive, "word/styles.xml")),
            _bullet_lists(read_xml(archive, "word/numbering.xml")),
            _notes(archive),
        )
        properties = _properties(read_xml(archive, "docProps/core.xml"))
    walk.blocks(document)
    return Extraction(
        text=walk.builder.text,
        format="docx",
        headings=walk.builder.headings,
        properties=properties,
    )


def _main_part(archive: zipfile.ZipFile) -> str:
    """Return the name of the main part; some writers do not call it word/document.xml."""
    relations = read_xml(archive, "_rels/.rels")
    if relations is not None:
        for relation in relations:
            if str(relation.get("Type", "")).endswith("/officeDocument"):
                return str(relation.get("Target", "")).lstrip("/")
    return "word/document.xml"


def _name(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _attribute(element: etree._Element | None, name: str) -> str:
    """Return an attribute by its local name: strict and transitional files differ in namespace."""
    if element is None:
        return ""
    values = (str(value) for key, value in element.attrib.items() if _local(str(key)) == name)
    return next(values, "")


def _local(key: str) -> str:
    return key.rsplit("}", 1)[-1]


def _child(element: etree._Element | None, *names: str) -> etree._Element | None:
    for name in names:
        if element is None:
            return None
        element = next((one for one in element.iterchildren("{*}" + name)), None)
    return element


def _heading_levels(styles: etree._Element | None) -> dict[str, int]:
    """Map the id of each heading style to its level; a title counts as level 1."""
    levels: dict[str, int] = {}
    for style in () if styles is None else styles.iterchildren("{*}style"):
        name = _attribute(_child(style, "name"), "val").lower()
        outline = _attribute(_child(style, "pPr", "outlineLvl"), "val")
        if name == "title":
            levels[_attribute(style, "styleId")] = 1
        elif name.startswith("heading ") and name[8:].isdigit():
            levels[_attribute(style, "styleId")] = int(name[8:])
        elif outline.isdigit() and int(outline) < 9:
            levels[_attribute(style, "styleId")] = int(outline) + 1
    return levels


def _bullet_lists(numbering: etree._Element | None) -> set[str]:
    """Return the ids of the lists that print bullets rather than numbers."""
    if numbering is None:
        return set()
    bulleted = {
        _attribute(abstract, "abstractNumId")
        for abstract in numbering.iterchildren("{*}abstractNum")
        if _attribute(_child(abstract, "lvl", "numFmt"), "val") == "bullet"
    }
    return {
        _attribute(number, "numId")
        for number in numbering.iterchildren("{*}num")
        if _attribute(_child(number, "abstractNumId"), "val") in bulleted
    }


def _notes(archive: zipfile.ZipFile) -> dict[tuple[str, str], etree._Element]:
    found: dict[tuple[str, str], etree._Element] = {}
    for kind in ("footnote", "endnote"):
        part = read_xml(archive, f"word/{kind}s.xml")
        for note in () if part is None else part.iterchildren("{*}" + kind):
            found[kind, _attribute(note, "id")] = note
    return found


def _properties(core: etree._Element | None) -> dict[str, str]:
    names = {"title": "title", "creator": "author", "created": "created"}
    found: dict[str, str] = {}
    for element in () if core is None else core.iterchildren("*"):
        key, value = names.get(_name(element)), (element.text or "").strip()
        if key and value:
            found[key] = value
    return found


class _Walk:
    """One pass over the body; every printed unit becomes one line of the builder."""

    def __init__(
        self,
        heading_levels: dict[str, int],
        bullet_lists: set[str],
        notes: dict[tuple[str, str], etree._Element],
    ) -> None:
        self.builder = TextBuilder()
        self._heading_levels = heading_levels
        self._bullet_lists = bullet_lists
        self._notes = notes
        self._cited: list[str] = []

    def blocks(self, parent: etree._Element) -> None:
        """Add the paragraphs and tables below `parent`."""
        for element in parent.iterchildren("*"):
            name = _name(element)
            if name in _LEFT_OUT:
                continue
            if name == "p":
                self._paragraph(element)
            elif name == "tbl":
                self._table(element)
            else:
                self.blocks(element)

    def _paragraph(self, paragraph: etree._Element) -> None:
        text = self._inline(paragraph)
        properties = _child(paragraph, "pPr")
        level = self._heading_levels.get(_attribute(_child(properties, "pStyle"), "val"), 0)
        if not level and _attribute(_child(properties, "outlineLvl"), "val").isdigit():
            level = (int(_attribute(_child(properties, "outlineLvl"), "val")) + 1) % 10
        list_id = _attribute(_child(properties, "numPr", "numId"), "val")
        if list_id in self._bullet_lists and not level and text.strip():
            text = "- " + text
        self.builder.add_line(text, level if len(text) <= _HEADING_MAX_CHARS else 0)
        for note in self._cited:
            self.builder.add_line(note)
        self._cited.clear()
        for box in paragraph.iter("{*}txbxContent"):
            if not any(_name(one) == "Fallback" for one in box.iterancestors()):
                self.blocks(box)

    def _table(self, table: etree._Element) -> None:
        for row in table.iter("{*}tr"):
            if next(row.iterancestors("{*}tbl"), None) is not table:
                continue
            cells = (cell for cell in row.iter("{*}tc"))
            own = (cell for cell in cells if next(cell.iterancestors("{*}tr"), None) is row)
            self.builder.add_line(table_row(map(self._cell, own)))

    def _cell(self, cell: etree._Element) -> str:
        lines = (self._inline(paragraph) for paragraph in cell.iter("{*}p"))
        return " ".join(line for line in lines if line.strip())

    def _inline(self, element: etree._Element) -> str:
        pieces = []
        for child in element.iterchildren("*"):
            name = _name(child)
            if name in _LEFT_OUT or name == "txbxContent":
                continue
            if name == "t":
                pieces.append(child.text or "")
            elif name in _BREAKS:
                pieces.append(_BREAKS[name])
            elif name in ("footnoteReference", "endnoteReference"):
                pieces.append(self._note(name.removesuffix("Reference"), _attribute(child, "id")))
            else:
                pieces.append(self._inline(child))
        return "".join(pieces)

    def _note(self, kind: str, number: str) -> str:
        note = self._notes.get((kind, number))
        if note is None:
            return ""
        self._cited.append(f"[{number}] " + " ".join(map(self._inline, note.iter("{*}p"))))
        return f" [{number}]"
