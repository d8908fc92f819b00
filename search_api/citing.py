"""Where is a quote, in words and as a link? Anchors, addresses, and citations of a report."""

import datetime
from urllib.parse import quote, urlencode

from indexer.records import Block, Document, DocumentText


def report_url(document_id: str) -> str:
    """Return the address of a report."""
    return f"/reports/{quote(document_id, safe='')}"


def place_url(document_id: str, start: int, end: int, anchor: str) -> str:
    """Return the address of a place in a report: the span to mark, and where to scroll."""
    span = urlencode({"start": start, "end": end})
    return f"{report_url(document_id)}?{span}#{anchor}"


def anchor_of(block: Block) -> str:
    """Return the fragment that names a block: it follows from its offset, so it stays unique."""
    return f"b{block.start}"


def anchor_at(text: DocumentText, offset: int) -> str:
    """Return the anchor of the block that holds `offset`."""
    block = text.block_at(offset)
    return anchor_of(block) if block else "b0"


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
