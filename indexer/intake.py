"""How does a document get into the store of a build: as new, as it was, or as a copy of another?"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from indexer.abbreviations import Definition
from indexer.chunking import PassageLimits, cut
from indexer.former import former_documents
from indexer.known_vectors import KnownVectors
from indexer.owner_table import OwnerTable
from indexer.passage_store import PassageStore, StoreWriter
from indexer.readings import Archive, reading_of
from indexer.records import (
    Document,
    DocumentText,
    FileRecord,
    FileStatus,
    Passage,
    Reading,
    Relation,
)

Outcome = tuple[FileStatus, str]  # what became of a document, and the reason that coverage gives
_SEARCHABLE: Outcome = (FileStatus.SEARCHABLE, "")


class Intake:
    """Writes the store. `wanted` has, for each row, the digest of a text and the text to embed.

    The text is None where its vector is among `known`.
    """

    def __init__(
        self,
        folder: Path,
        owner: OwnerTable,
        starts: Callable[[Sequence[str]], list[list[int]]],
        limits: PassageLimits,
        known: KnownVectors | None,
        digest_of: Callable[[str], bytes],
    ) -> None:
        self._writer = StoreWriter(folder)
        self._owner = owner
        self._archive = Archive(owner)
        self._starts = starts
        self._limits = limits
        self._known = known
        self._digest_of = digest_of
        self.wanted: list[tuple[bytes, str | None]] = []

    def take(self, described: Document, text: DocumentText) -> Outcome:
        """Add a document that has been read."""
        reading = reading_of(described, text.text)
        if first := self._archive.repeats(reading):
            return FileStatus.DUPLICATE, f"{Relation.TEXT} {first}"
        return self._cut(reading, self._archive.document_of(reading), text)

    def keep(self, document_id: str, store: PassageStore) -> Outcome:
        """Add a document as it is in `store`; it is cut again only where it has another title."""
        before = store.document(document_id)
        assert before is not None  # the record and the document are of one generation
        reading = store.reading(before)
        if first := self._archive.repeats(reading):
            return FileStatus.DUPLICATE, f"{Relation.TEXT} {first}"
        document = self._archive.document_of(reading)
        text = store.document_text(document_id)
        if before.title != document.title:  # the title is embedded with each passage
            return self._cut(reading, document, text)
        passages = store.passages_of(document_id)
        self.wanted.extend((digest, None) for _, digest in passages)
        return self._add(reading, document, text, passages, store.definitions_of(document_id))

    def finish(self, files: Mapping[str, FileRecord], before: PassageStore | None) -> None:
        """Add what became of each file, and what can be said now that all documents are known.

        `before` is the store of the last generation: ids that it knew lead on.
        """
        self._writer.add_files(files.values())
        self._writer.describe_again(self._archive.described())
        if before is not None:
            known = (before.documents(), before.former_documents())
            now = self._archive.first_described()
            self._writer.add_former(former_documents(*known, now, files.values()))
        self._writer.add_copies(self._archive.copies(files))
        self._writer.add_owner_table(self._owner.digest, self._problems(files))
        self._writer.close()

    def _cut(self, reading: Reading, document: Document, text: DocumentText) -> Outcome:
        pieces = cut(document, text, self._starts, self._limits)
        if not pieces:
            return FileStatus.UNREAD, "no text in it that can be searched"
        digested = [(passage, self._digest_of(embedded)) for passage, embedded in pieces]
        known = self._known or ()
        self.wanted.extend(
            (digest, None if digest in known else embedded)
            for (_, digest), (_, embedded) in zip(digested, pieces, strict=True)
        )
        return self._add(reading, document, text, digested)

    def _add(
        self,
        reading: Reading,
        document: Document,
        text: DocumentText,
        passages: list[tuple[Passage, bytes]],
        defined: Sequence[Definition] | None = None,
    ) -> Outcome:
        self._archive.add(reading)
        self._writer.add_document(document, text, passages, defined)
        return _SEARCHABLE

    def _problems(self, files: Mapping[str, FileRecord]) -> list[dict[str, str | int]]:
        """Return what in the owner's table could not be used; an unread file is told elsewhere."""
        duplicates = (record for record in files.values() if record.status is FileStatus.DUPLICATE)
        held = {name: "" for name in (*files, *self._archive.names())}
        held.update((record.source_id, record.reason) for record in duplicates)
        containers = (record for record in files.values() if record.status is FileStatus.CONTAINER)
        held.update(
            (one.source_id, f"it holds others, named {one.source_id}!/…") for one in containers
        )
        problems = [*self._owner.problems, *self._owner.unused(held)]
        return [problem.to_json() for problem in problems]
