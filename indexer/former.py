"""Where does a permalink lead whose document has gone? Every id that was handed out is remembered.

The id of a document follows from its path. When a file is renamed, is replaced by another format
of itself, or becomes the copy of another, its old id leads on to the document that now holds what
it held; where there is none, the id is known to be withdrawn. Both follow from what the archive
held and holds, never from the order in which files were read.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Protocol

from indexer.records import Document, FileRecord, FormerDocument


def former_documents(
    before: Iterable[Document],
    former_before: Iterable[FormerDocument],
    now: Iterable[Document],
    files_now: Iterable[FileRecord],
) -> list[FormerDocument]:
    """Return every id that named a document in the last generation or earlier, and now does not.

    A successor is, in this order: the document with the same content; the one that the file at the
    same path is listed under; the only one of the same name beside it in another format; the
    successor of before. Ordered by id.
    """
    known = {document.document_id: document for document in now}
    gone = {former.document_id: former for former in former_before}
    gone.update((document.document_id, former_of(document)) for document in before)
    places = _Places(known.values(), files_now)
    return led_on(gone, known, places)


def former_of(document: Document) -> FormerDocument:
    """Return what is remembered of a document that is there no longer."""
    return FormerDocument(document.document_id, document.source_id, document.sha256)


class Places(Protocol):
    """Where what a document held may be now."""

    def with_content(self, sha256: str) -> str:
        """Return the id of the document with this content, "" where there is none."""

    def at_path(self, source_id: str) -> str:
        """Return the id of the document that a file is listed under, "" where there is none."""

    def beside(self, key: str) -> Sequence[str]:
        """Return the ids of the documents with this `name_key`."""


def led_on(
    gone: Mapping[str, FormerDocument], known: Container[str], places: Places
) -> list[FormerDocument]:
    """Return those of `gone` that are not `known` again, with their successors, ordered by id."""

    def place_of(former: FormerDocument) -> str:
        beside = places.beside(name_key_of(former.source_id))
        return (
            places.with_content(former.sha256)
            or places.at_path(former.source_id)
            or (beside[0] if len(beside) == 1 else "")
        )

    def successor_of(document_id: str, seen: frozenset[str] = frozenset()) -> str:
        if document_id in known:
            return document_id
        former = gone.get(document_id)
        if former is None or document_id in seen:
            return ""
        return place_of(former) or successor_of(former.successor_id, seen | {document_id})

    return [
        replace(former, successor_id=successor_of(document_id))
        for document_id, former in sorted(gone.items())
        if document_id not in known
    ]


class _Places:
    """The places in a generation that is known whole."""

    def __init__(self, documents: Iterable[Document], files: Iterable[FileRecord]) -> None:
        self._by_content: dict[str, str] = {}
        self._by_name: dict[str, list[str]] = {}
        for document in documents:
            self._by_content.setdefault(document.sha256, document.document_id)
            if key := name_key(document):
                self._by_name.setdefault(key, []).append(document.document_id)
        self._by_path = {
            record.source_id: record.document_ids[0] for record in files if record.document_ids
        }

    def with_content(self, sha256: str) -> str:
        return self._by_content.get(sha256, "")

    def at_path(self, source_id: str) -> str:
        return self._by_path.get(source_id, "")

    def beside(self, key: str) -> Sequence[str]:
        return self._by_name.get(key, ())


def name_key(document: Document) -> str:
    """Return what other formats of a report are named alike, "" for a line of a .jsonl file."""
    return "" if document.format == "jsonl" else name_key_of(document.source_id)


def name_key_of(source_id: str) -> str:
    """Return folder and name without the ending; a line of a .jsonl file has no other format."""
    path = PurePosixPath(source_id)
    return "" if ".jsonl#" in path.name else f"{path.parent}/{path.stem.lower()}"
