"""The nouns that every part of the project shares.

All offsets are Python string offsets (code points) into the text of one document, end exclusive.
Pages and ranks count from 1, rows from 0. A score is always higher-is-better.
"""

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class BlockKind(StrEnum):
    """What a block is on the printed page."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    BOILERPLATE = "boilerplate"  # kept in the text, never searched or quoted


@dataclass(frozen=True, slots=True)
class Block:
    """One printed unit of a document: a paragraph, a heading, a list item, a row of a table.

    `section` holds the headings above it as printed, outermost first; `paragraph` the number as
    printed ("3", "4.2"), "" where the report prints none. A list item or an unnumbered paragraph
    that belongs to a numbered paragraph carries that number.
    """

    start: int
    end: int
    kind: BlockKind
    section: tuple[str, ...] = ()
    paragraph: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that the file's own markup declares; level 1 is the outermost."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a loader gets out of one file, before its structure is read.

    `page_starts[i]` is where page i + 1 begins (first is 0); empty where the format has no pages.
    `properties` are the file's own (document properties, front matter) and what its container says
    of it, under lower-case names: title, author, date, body, committee, doc_type, url, captured
    (when a web archive fetched it). `ocr_confidence` is set where text was recognised from
    pictures; `unread_pages` are those that are pictures and were not.
    """

    text: str
    format: str
    page_starts: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)
    ocr_confidence: float | None = None
    unread_pages: tuple[int, ...] = ()


class Origin(StrEnum):
    """Where a value of the metadata was found."""

    TEXT = "text"
    PROPERTIES = "file properties"
    FRONT_MATTER = "front matter"
    WARC = "WARC header"
    MAIL = "mail header"
    NAME = "file name"
    OWNER = "owner's table"
    INFERRED = "inferred"  # from the form of the file, or from the other reports of the archive


@dataclass(frozen=True, slots=True)
class Document:
    """One report: where it came from and what is known about it. Unknown values are "".

    `document_id` is what URLs use; `source_id` is the path relative to SOURCE, or `_id` of a
    .jsonl line; what lies in a container is named after it ("box.zip!/minutes/may.pdf"). `date` is
    ISO, to the day (2011-03-17), the month (2011-03) or the year (2011): no more than is known.
    `ocr_confidence` (0 to 1) is set where text was recognised from pictures: how sure the
    recogniser was of its words. `language` is an ISO 639-1 code. `sha256` is that of the file (or
    of the line). `origins` names the Origin of each value that was found.
    """

    document_id: str
    source_id: str
    sha256: str
    format: str
    title: str
    date: str = ""
    body: str = ""
    committee: str = ""
    doc_type: str = ""
    report_number: str = ""
    author: str = ""
    source_url: str = ""
    ocr_confidence: float | None = None
    archived_url: str = ""
    language: str = ""
    origins: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The text of one document, its pages, and the blocks that make it up, in order.

    `properties` are what the file declares: a file that is renamed is described anew from them,
    without being read again.
    """

    text: str
    page_starts: tuple[int, ...]
    blocks: tuple[Block, ...]
    properties: dict[str, str] = field(default_factory=dict)

    def page_at(self, offset: int) -> int | None:
        """Return the page (from 1) that holds `offset`, None where the format has no pages."""
        return bisect_right(self.page_starts, offset) if self.page_starts else None

    def block_at(self, offset: int) -> Block | None:
        """Return the last block that starts at or before `offset`."""
        position = bisect_right(self.blocks, offset, key=lambda block: block.start)
        return self.blocks[position - 1] if position else None


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of one document that is indexed: `text == document_text[start:end]`.

    `row` is its position in the vector matrix and its id in the keyword index. `section`,
    `paragraph` and `page` are those of its first block. `sentences` are the spans that an answer
    may quote: sentences, list items and table rows, headings left out.
    """

    row: int
    document_id: str
    start: int
    end: int
    text: str
    section: tuple[str, ...] = ()
    paragraph: str = ""
    page: int | None = None
    sentences: tuple[tuple[int, int], ...] = ()

    @property
    def passage_id(self) -> str:
        """Name the passage by document and offsets, stable while the document is unchanged."""
        return f"{self.document_id}:{self.start}-{self.end}"


# What documents are filtered, counted and ordered by.
Label = Literal["date", "body", "committee", "doc_type"]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents count. Dates are ISO and inclusive; "" leaves a side open."""

    date_from: str = ""
    date_to: str = ""
    body: str = ""
    committee: str = ""
    doc_type: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one document says by itself: all that is needed to describe it again without reading it.

    `described` is what its file says, `declared` the bodies that its text abbreviates as (short,
    long). `words` is a digest of its words and `sketch` finds what is nearly the same; both are b""
    where it is not compared.
    """

    described: Document
    declared: tuple[tuple[str, str], ...] = ()
    words: bytes = b""
    sketch: bytes = b""


class Relation(StrEnum):
    """How a file repeats a report; the first two begin the reason of a duplicate."""

    CONTENT = "same content as"
    TEXT = "same text as"
    NEARLY = "nearly the same text as"


@dataclass(frozen=True, slots=True)
class Copy:
    """A file of a report that is held more than once, and the document that it is searched as."""

    document_id: str
    source_id: str
    relation: Relation


class FileStatus(StrEnum):
    """What became of one file of SOURCE."""

    SEARCHABLE = "searchable"
    DUPLICATE = "duplicate"
    UNREAD = "unread"
    CONTAINER = "container"  # opened; what it holds has records of its own


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of SOURCE, one line of a .jsonl or one part of a container, and what became of it.

    `reason` says why it is unread, names the file that a duplicate repeats, or tells what in a
    container was left out. `help` is what would help to read it (see `errors.Help`), `container`
    the file of SOURCE that holds it, "" for a file itself.
    """

    source_id: str
    sha256: str
    size: int
    status: FileStatus
    reason: str = ""
    document_ids: tuple[str, ...] = ()
    container: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the file system says of a file: while it says the same, the file is the same."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class FormerDocument:
    """A document that once was: what it held, and the id of the one that holds it now, or ""."""

    document_id: str
    source_id: str
    sha256: str
    successor_id: str = ""


def document_id_of(source_id: str) -> str:
    """Return the 16 hex digits that name a document in URLs: they follow from `source_id` alone."""
    return hashlib.sha256(source_id.encode("utf-8", "surrogateescape")).hexdigest()[:16]
