"""What one document says by itself, and what can be said of it once all the others are known.

A build keeps the reading of each document. So what depends on the whole archive (whose report it
is, which others are copies of it) and on the owner's table can be settled anew each time without
reading any file again.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain

from indexer.archive_names import ArchiveNames, Name, declared_bodies, named, written
from indexer.duplicates import nearly_same, sketch_of, words_digest
from indexer.owner_table import OwnerTable
from indexer.records import Copy, Document, FileRecord, FileStatus, Reading, Relation

_LINES = "jsonl"  # a line has an id of its own: its owner holds it to be a document of its own


def reading_of(described: Document, text: str) -> Reading:
    """Return the reading of a document with this text."""
    declared = declared_bodies(text)
    if described.format == _LINES:
        return Reading(described, declared)
    return Reading(described, declared, words_digest(text), sketch_of(text))


class Archive:
    """The documents of a build, in their order, as they come to be known."""

    def __init__(self, owner: OwnerTable) -> None:
        self._owner = owner
        self._readings: list[Reading] = []
        self._first_with: dict[bytes, str] = {}

    def document_of(self, reading: Reading) -> Document:
        """Return the document as its owner has it; its body may still be told by the others."""
        return self._owner.applied(reading.described)

    def repeats(self, reading: Reading) -> str:
        """Return the name of an earlier document with the same words, "" where there is none."""
        return self._first_with.get(reading.words, "") if reading.words else ""

    def add(self, reading: Reading) -> None:
        """Count a document in."""
        self._readings.append(reading)
        if reading.words:
            self._first_with.setdefault(reading.words, reading.described.source_id)

    def first_described(self) -> list[Document]:
        """Return the documents as their files describe them, in order."""
        return [reading.described for reading in self._readings]

    def written(self, reading: Reading) -> Iterator[Name]:
        """Yield the names that a document adds to those of the archive."""
        return written(self.document_of(reading).body, reading.declared)

    def names_written(self) -> Counter[Name]:
        """Return how many documents write each name."""
        return Counter(chain.from_iterable(map(self.written, self._readings)))

    def described(self) -> Iterator[tuple[Document, Reading]]:
        """Yield each document as it is known now that the others are, in order."""
        names = ArchiveNames(self.names_written())
        for reading in self._readings:
            yield named(self.document_of(reading), names), reading

    def copies(self, records: Mapping[str, FileRecord]) -> list[tuple[str, Copy]]:
        """Return (group, file) for each file of a report that is held more than once, in order.

        A group is named by its first document; it holds what is nearly the same, and all copies.
        """
        firsts = nearly_same([reading.sketch for reading in self._readings])
        ids = [reading.described.document_id for reading in self._readings]
        group_of = {ids[at]: ids[first] for at, first in enumerate(firsts)}
        members: dict[str, list[Copy]] = {}
        for reading in self._readings:
            document = reading.described
            copy = Copy(document.document_id, document.source_id, Relation.NEARLY)
            members.setdefault(group_of[document.document_id], []).append(copy)
        for record in records.values():
            if record.status is FileStatus.DUPLICATE and record.document_ids:
                (document_id,) = record.document_ids
                same_file = record.reason.startswith(Relation.CONTENT)
                relation = Relation.CONTENT if same_file else Relation.TEXT
                copy = Copy(document_id, record.source_id, relation)
                members.setdefault(group_of[document_id], []).append(copy)
        return [
            (group, copy) for group, copies in members.items() if len(copies) > 1 for copy in copies
        ]
