"""A whole result as a file: CSV, JSON lines or BibTeX, made while it is sent.

The merged ranking comes first, as search shows it; after it comes every further passage that has
the words. Text of reports is data in each format: it starts no formula, field, or entry.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, get_args

from indexer.records import Document, Passage
from search_api import citing
from search_api.citation_formats import bibtex_entry, web_address
from search_api.query import parse
from search_api.reader import ArchiveReader
from search_api.requests import SearchRequest
from search_api.retrieval import retrieve

ExportFormat = Literal["csv", "jsonl", "bibtex"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
MEDIA_TYPES: dict[ExportFormat, str] = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "bibtex": "application/x-bibtex",
}
ENDINGS: dict[ExportFormat, str] = {"csv": "csv", "jsonl": "jsonl", "bibtex": "bib"}
MAX_ROWS = 100_000
_BATCH = 200
# Spreadsheets take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS = (
    *("rank", "document_id", "title", "body", "committee", "date", "doc_type", "report_number"),
    *("section", "paragraph", "page", "text", "start", "end", "matched_by", "score"),
    *("url", "source_url", "file", "source_sha256", "citation"),
)


@dataclass(frozen=True, slots=True)
class Export:
    """A result, ranked and not yet read: `pieces` reads it piece by piece."""

    generation: str
    rows: int
    complete: bool
    pieces: Iterator[str]


@dataclass(frozen=True, slots=True)
class _Row:
    row: int
    score: float | None
    matched_by: str


def export_of(
    reader: ArchiveReader, request: SearchRequest, written_as: ExportFormat, base: str
) -> Export:
    """Return the whole result of a search; the ranking is done before anything is sent."""
    query = parse(request.q)
    found = retrieve(reader, query, request.filters, request.mode)
    rows = [
        _Row(
            candidate.row,
            round(candidate.score, 6),
            " ".join(
                name
                for name, rank in (
                    ("keyword", candidate.keyword_rank),
                    ("vector", candidate.vector_rank),
                )
                if rank is not None
            ),
        )
        for candidate in found.candidates
    ]
    if request.mode != "vector":
        ranked = {row.row for row in rows}
        every, _ = reader.keyword_ranking(query.node, MAX_ROWS, request.filters)
        rows += [_Row(hit.row, None, "keyword") for hit in every if hit.row not in ranked]
    complete = len(rows) <= MAX_ROWS and (request.mode == "vector" or found.total <= MAX_ROWS)
    rows = rows[:MAX_ROWS]
    if request.group == "document" or written_as == "bibtex":
        rows = _first_of_each(reader, rows)
    head = {
        "generation": reader.generation_id,
        "query": request.q,
        "filters": _filters(request),
        "mode": request.mode,
        "group": "document" if written_as == "bibtex" else request.group,
        "rows": len(rows),
        "complete": complete,
    }
    writers: dict[ExportFormat, Callable[[dict[str, Any], Iterator[_Read], str], Iterator[str]]] = {
        "csv": _csv,
        "jsonl": _jsonl,
        "bibtex": _bibtex,
    }
    pieces = writers[written_as](head, _read(reader, rows), base)
    return Export(reader.generation_id, len(rows), complete, _joined(pieces))


_Read = tuple[int, _Row, Document, Passage]


def _filters(request: SearchRequest) -> dict[str, str]:
    names = ("body", "committee", "doc_type", "date_from", "date_to")
    return {name: value for name in names if (value := getattr(request.filters, name))}


def _first_of_each(reader: ArchiveReader, rows: Sequence[_Row]) -> list[_Row]:
    """Keep the best passage of each report."""
    first: dict[str, _Row] = {}
    for some in _batches(rows, 5000):
        for row, document in zip(some, reader.documents_of([row.row for row in some]), strict=True):
            first.setdefault(document.document_id, row)
    return list(first.values())


def _read(reader: ArchiveReader, rows: Sequence[_Row]) -> Iterator[_Read]:
    rank = 0
    for some in _batches(rows, _BATCH):
        numbers = [row.row for row in some]
        for row, document, passage in zip(
            some, reader.documents_of(numbers), reader.passages(numbers), strict=True
        ):
            rank += 1
            yield rank, row, document, passage


def _batches(rows: Sequence[_Row], size: int) -> Iterator[Sequence[_Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _joined(pieces: Iterator[str]) -> Iterator[str]:
    """Send a batch of rows at a time: each piece costs a change of thread."""
    while some := "".join(islice(pieces, _BATCH)):
        yield some


def _csv(head: dict[str, Any], found: Iterator[_Read], base: str) -> Iterator[str]:
    # The mark at the start tells spreadsheets that this is UTF-8.
    yield "\ufeff"
    for name, value in head.items():
        written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield _csv_line([f"# {name}: {written}"])
    yield _csv_line(COLUMNS)
    for one in found:
        fields = _fields(*one, base)
        yield _csv_line([_harmless(fields[name]) for name in COLUMNS])


def _harmless(value: object) -> str:
    """Return a cell that no spreadsheet runs: what begins like a formula gets a ' in front."""
    written = " > ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    return f"'{written}" if written.lstrip(" \u00a0").startswith(_FORMULA) else written


def _csv_line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def _jsonl(head: dict[str, Any], found: Iterator[_Read], base: str) -> Iterator[str]:
    yield json.dumps(head, ensure_ascii=False) + "\n"
    for one in found:
        yield json.dumps(_fields(*one, base), ensure_ascii=False) + "\n"


def _bibtex(head: dict[str, Any], found: Iterator[_Read], base: str) -> Iterator[str]:
    # Between entries all is comment, but for the sign that begins one.
    for name, value in head.items():
        written = json.dumps(value, ensure_ascii=True).replace("@", "\\u0040")
        yield f"% {name}: {written}\n"
    for _, _, document, _ in found:
        yield "\n" + bibtex_entry(document, base)


def _fields(
    rank: int, row: _Row, document: Document, passage: Passage, base: str
) -> dict[str, Any]:
    address = citing.place_url(document.document_id, passage.start, passage.end, "")
    return {
        "rank": rank,
        "document_id": document.document_id,
        "title": document.title,
        "body": document.body,
        "committee": document.committee,
        "date": document.date,
        "doc_type": document.doc_type,
        "report_number": document.report_number,
        "section": passage.section,
        "paragraph": passage.paragraph,
        "page": passage.page,
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "matched_by": row.matched_by,
        "score": row.score,
        "url": base + address.rstrip("#"),
        "source_url": web_address(document.source_url),
        "file": document.source_id,
        "source_sha256": document.sha256,
        "citation": citing.citation_of(document),
    }
