"""Where is a quote, in words and as a link? Anchors, addresses, and citations of a report."""

import datetime
from dataclasses import dataclass
from urllib.parse import quote

from indexer.records import Block, Document, DocumentText


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a report: its words, and where they are printed."""

    start: int
    end: int
    text: str
    anchor: str
    paragraph: str
    page: int | None

    def words(self) -> str:
        """Return "paragraph 3, page 2", or what of it the report prints."""
        paragraph = f"paragraph {self.paragraph}" if self.paragraph else ""
        page = f"page {self.page}" if self.page is not None else ""
        return ", ".join(part for part in (paragraph, page) if part)


def place_in(text: DocumentText, start: int, end: int) -> Place:
    """Return the place of a span that lies in the text."""
    _, paragraph, page = place_of(text, start)
    return Place(start, end, text.text[start:end], anchor_at(text, start), paragraph, page)


def report_url(document_id: str) -> str:
    """Return the address of a report."""
    return f"/reports/{quote(document_id, safe='')}"


def place_url(document_id: str, start: int, end: int, anchor: str) -> str:
    """Return the address of a place in a report: the span to mark, and where to scroll."""
    return f"{report_url(document_id)}?start={start}&end={end}#{anchor}"


def anchor_of(block: Block | None) -> str:
    """Return the fragment that names a block: it follows from its offset, so it stays unique."""
    return f"b{block.start if block else 0}"


def anchor_at(text: DocumentText, offset: int) -> str:
    """Return the anchor of the block that holds `offset`."""
    return anchor_of(text.block_at(offset))


def place_of(text: DocumentText, offset: int) -> tuple[tuple[str, ...], str, int | None]:
    """Return section, paragraph as printed, and page at `offset`."""
    block = text.block_at(offset)
    if block is None:
        return (), "", text.page_at(offset)
    return block.section, block.paragraph, text.page_at(offset)


def citation_of(document: Document) -> str:
    """Return how a report is cited in plain words."""
    number = f"report {document.report_number}" if document.report_number else ""
    source = ", ".join(part for part in (document.body, document.committee) if part)
    written = in_words(document.date)
    parts = [document.title, source, number, written]
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def in_words(iso_date: str) -> str:
    """Return "17 March 2011" for 2011-03-17, "March 2011" for 2011-03, other text as it came."""
    try:
        found = datetime.date.fromisoformat(f"{iso_date}-01" if len(iso_date) == 7 else iso_date)
    except ValueError:
        return iso_date
    return f"{found:%B %Y}" if len(iso_date) == 7 else f"{found.day} {found:%B %Y}"
