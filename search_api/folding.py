"""One report in several files is one result: which others there are, and where they lead."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal

from indexer.records import Relation
from search_api import citing
from search_api.reader import ArchiveReader
from search_api.responses import AlsoAs
from search_api.retrieval import DocumentHit

_BATCH = 16  # hits whose groups are asked for at once: a page needs few of hundreds
_SHOWN = 10  # with a result or a quote; the report itself lists them all
_RELATIONS: dict[Relation, Literal["same content", "same text", "nearly the same text"]] = {
    Relation.CONTENT: "same content",
    Relation.TEXT: "same text",
    Relation.NEARLY: "nearly the same text",
}


def folded(reader: ArchiveReader, hits: Iterable[DocumentHit]) -> Iterator[DocumentHit]:
    """Yield the hits without those that are nearly the same as a better one, in their order."""
    seen: set[str] = set()
    remaining = iter(hits)
    while batch := list(islice(remaining, _BATCH)):
        groups = reader.group_of([hit.document.document_id for hit in batch])
        for hit in batch:
            group = groups.get(hit.document.document_id, hit.document.document_id)
            if group not in seen:
                seen.add(group)
                yield hit


def also_as(reader: ArchiveReader, document_id: str, most: int = _SHOWN) -> tuple[AlsoAs, ...]:
    """Return the other files of a report; each leads to the document that it is searched as."""
    return tuple(
        AlsoAs(
            file=copy.source_id,
            relation=_RELATIONS[copy.relation],
            document_id=copy.document_id,
            url=citing.report_url(copy.document_id),
        )
        for copy in reader.copies_of(document_id)[:most]
    )


def all_also_as(
    reader: ArchiveReader, document_ids: Sequence[str]
) -> dict[str, tuple[AlsoAs, ...]]:
    """Return the other files of those of some reports that are held more than once."""
    return {found: also_as(reader, found) for found in reader.group_of(document_ids)}


def files_of(reader: ArchiveReader, document_id: str, file: str) -> Iterable[str]:
    """Yield the names of the files that hold a document's own text, its own first."""
    yield file
    for copy in reader.copies_of(document_id):
        if copy.document_id == document_id:
            yield copy.source_id
