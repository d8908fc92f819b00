"""The first printed lines of a report, the fields among them, and the name of its file."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from indexer.records import Block, BlockKind, Extraction, Origin

_FIRST_BLOCKS = 30  # where a report says what it is
_MAX_COVER_CHARS = 400  # a longer block is running text

_FIELD = re.compile(
    r"(?P<name>report(?: no\.?| number)?|date(?: of (?:meeting|report|publication))?|by|"
    r"report authors?(?:\(s\))?|authors?|prepared by|committee|meeting|body|publisher|"
    r"publication date|date of issue|published|last updated)[ \t]*:[ \t]*(?P<value>\S.*)",
    re.IGNORECASE,
)
_PUBLISHER = re.compile(r"Publisher[ \t|]+(?P<value>[A-Z].*)")  # a row of a Dublin Core table
_ARCHIVE_SUMMARY = re.compile(
    r"Report (?P<number>\d+[a-z]?) of the (?P<date>\d.{5,20}\d{4}) meeting of the "
    r"(?P<committee>[A-Z][^.]*?(?:Committee|Panel|Board|Authority|Group|Forum))"
)
_FILE_ENDING = re.compile(r"\.(?:docx?|pdf|pptx?|xlsx?|odt|rtf|indd|txt)$", re.IGNORECASE)
_ORIGIN_BY_FORMAT = {
    "md": Origin.FRONT_MATTER,
    "eml": Origin.MAIL,
    "msg": Origin.MAIL,
    "warc": Origin.WARC,
}


@dataclass(frozen=True, slots=True)
class Found:
    """A value of the metadata and where it was found; both "" where nothing was."""

    value: str = ""
    origin: str = ""

    def __bool__(self) -> bool:
        return bool(self.value)


NOTHING = Found()


class FirstLines:
    """What a document says of itself before its running text, and what its file declares."""

    def __init__(self, source_id: str, extraction: Extraction, blocks: Sequence[Block]) -> None:
        self.format = extraction.format
        self.text = extraction.text
        # Without the extension, and without the "_10" that a site adds to a second upload.
        name = re.sub(r"\.\w{1,8}$", "", PurePosixPath(source_id).name)
        self.stem = re.sub(r"(?:_\d{1,2})+$", "", name)
        self._properties = extraction.properties
        kept = [block for block in blocks if block.kind is not BlockKind.BOILERPLATE]
        self.blocks = kept[:_FIRST_BLOCKS]
        self.lines = [" ".join(self._text_of(block).split()) for block in self.blocks]
        self.fields: dict[str, str] = {}
        # Authors are named at the end of a report, under its contact details.
        for block in [*self.blocks, *kept[-_FIRST_BLOCKS:]]:
            for line in self.printed(block):
                if match := _FIELD.fullmatch(line):
                    self.fields.setdefault(_field_name(match["name"]), match["value"].strip())
                elif match := _PUBLISHER.fullmatch(line):
                    self.fields.setdefault("publisher", match["value"].strip())
        summaries = map(_ARCHIVE_SUMMARY.match, self.lines[:5])
        self.archive_summary = next((match for match in summaries if match), None)

    @property
    def spaced_stem(self) -> str:
        """The name of the file with spaces where it has underscores."""
        return self.stem.replace("_", " ")

    def printed(self, block: Block) -> list[str]:
        """Return the lines of a block as they are printed."""
        return [line.strip() for line in self._text_of(block).split("\n") if line.strip()]

    def property(self, *names: str) -> Found:
        """Return the first of these that the file itself declares."""
        for name in names:
            if value := " ".join(self._properties.get(name, "").split()):
                return Found(value, self.property_origin(name))
        return NOTHING

    def property_origin(self, name: str) -> str:
        """Return what kind of declaration a property of this file is."""
        if name == "archived_url" or (name in ("url", "captured") and self._is_archived()):
            return Origin.WARC
        return _ORIGIN_BY_FORMAT.get(self.format, Origin.PROPERTIES)

    def _is_archived(self) -> bool:
        """True for what lies in a web archive, which says when it was fetched."""
        return "captured" in self._properties and self.format != "mhtml"

    def field(self, *names: str) -> Found:
        """Return the first of these that is printed as "Name: value"."""
        return next(
            (Found(self.fields[name], Origin.TEXT) for name in names if self.fields.get(name)),
            NOTHING,
        )

    def report_number(self) -> Found:
        """Return the number that the report prints as "Report: 9"."""
        number = self.fields.get("report", "")
        if not number and self.archive_summary:
            number = self.archive_summary["number"]
        return Found(number, Origin.TEXT) if re.fullmatch(r"\d+[A-Za-z]?", number) else NOTHING

    def cover(self) -> Iterator[str]:
        """Yield the blocks that stand before the running text, each on one line."""
        for block, line in zip(self.blocks, self.lines, strict=True):
            if len(line) > _MAX_COVER_CHARS:
                break
            if block.kind is not BlockKind.TABLE_ROW:
                yield line

    def cover_lines(self) -> Iterator[str]:
        """Yield the lines that are printed before the running text."""
        for block, line in zip(self.blocks, self.lines, strict=True):
            if len(line) > _MAX_COVER_CHARS:
                break
            if block.kind is not BlockKind.TABLE_ROW:
                yield from self.printed(block)

    def _text_of(self, block: Block) -> str:
        return self.text[block.start : block.end]


def without_ending(name: str) -> str:
    """Return a name without the ending of a file that was saved under two names."""
    return _FILE_ENDING.sub("", name)


def has_ending(name: str) -> bool:
    """Tell whether a text is the name of a file."""
    return bool(_FILE_ENDING.search(name))


def _field_name(printed: str) -> str:
    name = printed.lower().rstrip(".")
    if name.startswith("report author"):
        return "report author"
    if name.startswith("report"):
        return "report"
    if name == "publisher":
        return name
    if name.startswith(("date", "publication", "published")):
        return "date"
    return name
