"""Where does a permalink lead whose document has gone? Every id that was handed out is remembered.

The id of a document follows from its path. When a file is renamed, is replaced by another format
of itself, or becomes the copy of another, its old id leads on to the document that now holds what
it held; where there is none, the id is known to be withdrawn. Both follow from what the archive
held and holds, never from the order in which files were read.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from indexer.records import Document, FileRecord, FormerDocument

_JSONL = ".jsonl"


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
    places = _Places(known.values(), files_now)
    gone = {former.document_id: former for former in former_before}
    for document in before:
        gone[document.document_id] = FormerDocument(
            document.document_id, document.source_id, document.sha256
        )

    def successor_of(document_id: str, seen: frozenset[str] = frozenset()) -> str:
        if document_id in known:
            return document_id
        former = gone.get(document_id)
        if former is None or document_id in seen:
            return ""
        return places.of(former) or successor_of(former.successor_id, seen | {document_id})

    return [
        replace(former, successor_id=successor_of(document_id))
        for document_id, former in sorted(gone.items())
        if document_id not in known
    ]


class _Places:
    """Where what a document held may be now."""

    def __init__(self, documents: Iterable[Document], files: Iterable[FileRecord]) -> None:
        self._by_content: dict[str, str] = {}
        self._by_name: dict[tuple[str, str], list[str]] = {}
        for document in documents:
            self._by_content.setdefault(document.sha256, document.document_id)
            if document.format != "jsonl":
                beside = self._by_name.setdefault(_name_of(document.source_id), [])
                beside.append(document.document_id)
        self._by_path = {
            record.source_id: record.document_ids[0] for record in files if record.document_ids
        }

    def of(self, former: FormerDocument) -> str:
        """Return the id of the document that holds what `former` held, "" where there is none."""
        beside = self._by_name.get(_name_of(former.source_id), [])
        return (
            self._by_content.get(former.sha256)
            or self._by_path.get(former.source_id)
            or (beside[0] if len(beside) == 1 else "")
        )


def _name_of(source_id: str) -> tuple[str, str]:
    """Return folder and name without the ending; a line of a .jsonl file has no other format."""
    path = PurePosixPath(source_id)
    if f"{_JSONL}#" in path.name:
        return str(path), ""
    return str(path.parent), path.stem.lower()
