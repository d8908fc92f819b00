"""How does a document get into the store of a build: as new, as it was, or as a copy of another?"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from indexer.abbreviations import Definition
from indexer.chunking import PassageLimits, cut
from indexer.former import former_documents
from indexer.known_vectors import KnownVectors
from indexer.owner_table import OwnerTable
from indexer.passage_store import PassageStore
from indexer.readings import Archive, reading_of
from indexer.records import (
    Document,
    DocumentText,
    FileRecord,
    FileStatus,
    Passage,
    Reading,
    Relation,
    Stamp,
)
from indexer.store_writer import StoreWriter
from indexer.wanted import Wanted, WantedRows

Outcome = tuple[FileStatus, str]  # what became of a document, and the reason that coverage gives
SEARCHABLE: Outcome = (FileStatus.SEARCHABLE, "")
NO_TEXT: Outcome = (FileStatus.UNREAD, "no text in it that can be searched")
Passages = list[tuple[Passage, bytes]]  # each with the digest of the text that is embedded for it


class Cutter:
    """Cuts documents into passages, and says what of them has to be embedded.

    A text is named by its digest; it needs no embedding where its vector is among `known`.
    """

    def __init__(
        self,
        starts: Callable[[Sequence[str]], list[list[int]]],
        limits: PassageLimits,
        known: KnownVectors | None,
        digest_of: Callable[[str], bytes],
    ) -> None:
        self._starts = starts
        self._limits = limits
        self._known = known
        self._digest_of = digest_of

    def cut(self, document: Document, text: DocumentText) -> tuple[Passages, list[Wanted]]:
        """Return the passages of a document with digests, and what is wanted for each."""
        pieces = cut(document, text, self._starts, self._limits)
        digests = [self._digest_of(embedded) for _, embedded in pieces]
        known = self._known or ()
        wanted = [
            (digest, None if digest in known else embedded)
            for digest, (_, embedded) in zip(digests, pieces, strict=True)
        ]
        return [(one, digest) for digest, (one, _) in zip(digests, pieces, strict=True)], wanted


class Intake:
    """Writes the store, and tells `wanted` what is to be embedded for each row."""

    def __init__(
        self,
        folder: Path,
        owner: OwnerTable,
        cutter: Cutter,
        wanted: WantedRows,
    ) -> None:
        self._writer = StoreWriter(folder)
        self._owner = owner
        self._archive = Archive(owner)
        self._cutter = cutter
        self._wanted = wanted

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
        self._wanted.extend((digest, None) for _, digest in passages)
        return self._add(reading, document, text, passages, store.definitions_of(document_id))

    def finish(
        self,
        files: Mapping[str, FileRecord],
        stamps: Iterable[tuple[str, str, Stamp]],
        before: PassageStore | None,
    ) -> None:
        """Add what became of each file, and what can be said now that all documents are known.

        `stamps` are those of SOURCE. `before` is the store of the last generation: ids that it knew
        lead on.
        """
        self._writer.add_files(files.values())
        self._writer.describe_again(self._archive.described())
        written = self._archive.names_written()
        self._writer.add_names((*name, count) for name, count in sorted(written.items()))
        self._writer.add_stamps(stamps)
        if before is not None:
            known = (before.documents(), before.former_documents())
            now = self._archive.first_described()
            self._writer.add_former(former_documents(*known, now, files.values()))
        self._writer.add_copies(self._archive.copies(files))
        self._writer.add_owner_table(
            self._owner.digest, owner_problems(self._owner, files.values())
        )
        self._writer.close()

    def _cut(self, reading: Reading, document: Document, text: DocumentText) -> Outcome:
        passages, wanted = self._cutter.cut(document, text)
        if not passages:
            return NO_TEXT
        self._wanted.extend(wanted)
        return self._add(reading, document, text, passages)

    def _add(
        self,
        reading: Reading,
        document: Document,
        text: DocumentText,
        passages: Passages,
        defined: Sequence[Definition] | None = None,
    ) -> Outcome:
        self._archive.add(reading)
        self._writer.add_document(document, text, passages, defined)
        return SEARCHABLE


def owner_problems(owner: OwnerTable, files: Iterable[FileRecord]) -> list[dict[str, str | int]]:
    """Return what in the owner's table could not be used; an unread file is told elsewhere."""
    held: dict[str, str] = {}
    for record in files if owner.rows else ():
        reason = record.reason if record.status is FileStatus.DUPLICATE else ""
        if record.status is FileStatus.CONTAINER:
            reason = f"it holds others, named {record.source_id}!/…"
        held[record.source_id] = reason
    return [problem.to_json() for problem in (*owner.problems, *owner.unused(held))]
