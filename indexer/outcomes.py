"""What becomes of each file of a plan? Reads what has to be read, and hands all to an intake."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from indexer.errors import UnreadableFileError
from indexer.intake import Outcome
from indexer.loading import LoadingPool
from indexer.parts import Part, described_again
from indexer.passage_store import PassageStore
from indexer.plan import Plan, told
from indexer.records import Document, DocumentText, FileRecord, FileStatus
from indexer.source import SourceItem, load_line


class Taking(Protocol):
    """Takes documents in, and says what became of them."""

    def take(self, described: Document, text: DocumentText) -> Outcome:
        """Add a document that has been read."""

    def keep(self, document_id: str, store: PassageStore) -> Outcome:
        """Add a document as it is in `store`."""


def load(
    changed: Sequence[SourceItem], moved: Mapping[str, FileRecord], store: PassageStore | None
) -> Iterator[Part]:
    """Yield the parts of each changed item, in order; files are read in child processes.

    Of what was only `moved`, `store` has the text.
    """
    files = [
        (item.path, item.source_id, item.sha256)
        for item in changed
        if item.line is None and item.source_id not in moved
    ]
    with LoadingPool(workers=min(2, len(files))) as pool:
        from_files = pool.load_all(files)
        for item in changed:
            record = moved.get(item.source_id)
            if record is not None and store is not None:
                yield _moved(record, item.source_id, store)
            elif item.line is None:
                yield from until(item.source_id, from_files)
            else:
                part = Part(item.source_id, item.sha256, item.size, FileStatus.SEARCHABLE)
                try:
                    document, text = load_line(item)
                    yield replace(part, document=document, text=text)
                except UnreadableFileError as error:
                    yield part.unread(error)


def _moved(record: FileRecord, source_id: str, store: PassageStore) -> Part:
    """Return what a file held under its old name, described by its new one."""
    part = Part(source_id, record.sha256, record.size, record.status, record.reason, record.help)
    if not record.document_ids:
        return part
    document = store.document(record.document_ids[0])
    assert document is not None  # the record and the document are of one generation
    text = store.document_text(document.document_id)
    return replace(part, document=described_again(document, text, source_id), text=text)


def until(source_id: str, parts: Iterator[Part]) -> Iterator[Part]:
    """Yield the parts of one file, the last of which is the file itself."""
    for part in parts:
        yield part
        if part.source_id == source_id:
            return


def outcomes(
    planned: Plan,
    parts_of: Callable[[str], Iterable[Part]],
    intake: Taking,
    store: PassageStore | None,
    progress: Callable[[str, int, int], None],
) -> dict[str, FileRecord]:
    """Return what became of each file by name, in order; `parts_of` yields those of a changed item.

    `store` holds what is kept.
    """
    records: dict[str, FileRecord] = {}
    for position, item in enumerate(planned.items):
        progress("read", position + 1, len(planned.items))
        for record in planned.records(item):
            kept: list[Outcome] = []
            if record.status is FileStatus.SEARCHABLE and store is not None:
                kept = [intake.keep(one, store) for one in record.document_ids]
            records[record.source_id] = _came_of(record, kept)
        if item.source_id in planned.settled:
            continue
        for part in parts_of(item.source_id):
            record = part.record(item.source_id)
            if part.document is not None and part.text is not None:
                record = _came_of(record, [intake.take(part.document, part.text)])
            records[part.source_id] = record
    return {name: told(record, records) for name, record in records.items()}


def _came_of(record: FileRecord, found: Iterable[Outcome]) -> FileRecord:
    """Return the record with what became of its documents, where that is not as it says."""
    for status, reason in found:
        if status is not record.status:
            ids = () if status is FileStatus.UNREAD else record.document_ids
            record = replace(record, status=status, reason=reason, document_ids=ids)
    return record
