"""Which report has this id, or what became of it?"""

from indexer.records import Document
from search_api.errors import (
    MovedDocumentError,
    UnknownDocumentError,
    WithdrawnDocumentError,
)
from search_api.reader import ArchiveReader


def document_of(reader: ArchiveReader, document_id: str) -> Document:
    """Return the report.

    Raises MovedDocumentError where it has another id now, WithdrawnDocumentError where it has
    gone, UnknownDocumentError where it never was.
    """
    document = reader.document(document_id)
    if document is not None:
        return document
    former = reader.former_document(document_id)
    if former is None:
        raise UnknownDocumentError(f"no report has the id {document_id[:64]!r}")
    if former.successor_id:
        raise MovedDocumentError(document_id, former.successor_id)
    raise WithdrawnDocumentError(
        f"the report {former.source_id!r} was in this archive and has been taken out of it"
    )
