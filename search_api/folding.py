"""One report in several files is one result: which others there are, and where they lead."""

from collections.abc import Iterable, Sequence
from typing import Literal

from indexer.records import Relation
from search_api import citing
from search_api.reader import ArchiveReader
from search_api.responses import AlsoAs
from search_api.retrieval import DocumentHit

_SHOWN = 10  # with a result or a quote; the report itself lists them all
_RELATIONS: dict[Relation, Literal["same content", "same text", "nearly the same text"]] = {
    Relation.CONTENT: "same content",
    Relation.TEXT: "same text",
    Relation.NEARLY: "nearly the same text",
}


def folded(reader: ArchiveReader, hits: Sequence[DocumentHit]) -> list[DocumentHit]:
    """Return the hits without those that are nearly the same as a better one, in their order."""
    groups = reader.group_of([hit.document.document_id for hit in hits])
    seen: set[str] = set()
    kept: list[DocumentHit] = []
    for hit in hits:
        group = groups.get(hit.document.document_id, hit.document.document_id)
        if group not in seen:
            seen.add(group)
            kept.append(hit)
    return kept


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


def files_of(reader: ArchiveReader, document_id: str, file: str) -> Iterable[str]:
    """Yield the names of the files that hold a document's own text, its own first."""
    yield file
    for copy in reader.copies_of(document_id):
        if copy.document_id == document_id:
            yield copy.source_id
