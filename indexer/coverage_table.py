"""Coverage as a table: one line for each file that is held, so that the lines add up to all.

Containers that were opened have a line too, beside those of what lies in them.
"""

import csv
from collections.abc import Iterator
from typing import TextIO

from indexer.generation import Generation
from indexer.records import Document, FileRecord

COLUMNS = (
    *("file", "status", "reason", "help", "bytes", "format", "document", "title", "date", "body"),
    *("committee", "type", "number", "author", "url", "archived_url", "language", "ocr_confidence"),
    "also",
)


def write_table(generation: Generation, out: TextIO) -> None:
    """Write the table as CSV, ordered by file."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in sorted(generation.store.files(), key=lambda record: record.source_id):
        writer.writerow([_cell(value) for value in _row(generation, record)])


def _row(generation: Generation, record: FileRecord) -> Iterator[object]:
    store = generation.store
    ids = record.document_ids[:1]
    document = store.document(ids[0]) if ids else None
    yield from (record.source_id, record.status.value, record.reason, record.help, record.size)
    yield from _known(document)
    copies = store.copies_of(ids[0]) if ids else []
    names = [document.source_id, *(copy.source_id for copy in copies)] if document else []
    yield " | ".join(name for name in names if name != record.source_id)


def _known(document: Document | None) -> tuple[object, ...]:
    if document is None:
        return ("",) * (len(COLUMNS) - 6)
    confidence = document.ocr_confidence
    return (
        *(document.format, document.document_id, document.title, document.date, document.body),
        *(document.committee, document.doc_type, document.report_number, document.author),
        *(document.source_url, document.archived_url, document.language),
        "" if confidence is None else confidence,
    )


def _cell(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: names and titles are anybody's."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value
