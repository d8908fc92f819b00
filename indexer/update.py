"""What changed in SOURCE, written beside what did not: work that follows the change.

The documents, passages, copies, abbreviations and old ids are those of a build that writes
everything; only rows and positions have other numbers. What depends on the whole archive is settled
again for what can have changed, never for all: see touched.py, archive_names.py, regrouping.py.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from indexer.archive_names import ArchiveNames, Name, named, words_that_tell
from indexer.digests import Digests
from indexer.former import former_of, led_on, name_key, name_key_of
from indexer.generation import Generation
from indexer.intake import (
    NO_TEXT,
    SEARCHABLE,
    Cutter,
    Outcome,
    Passages,
    owner_problems,
)
from indexer.outcomes import load, outcomes, until
from indexer.owner_table import OwnerTable
from indexer.parts import Part
from indexer.passage_store import PassageStore
from indexer.plan import plan
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
from indexer.regrouping import regrouped
from indexer.row_sets import Rows
from indexer.store_update import StoreUpdate
from indexer.touched import Reach
from indexer.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Added:
    """A document that is new, or that is not as it was."""

    reading: Reading
    text: DocumentText
    passages: Passages


@dataclass(slots=True)
class _Intake:
    """Takes the documents that a change touches; what stays as it is is not written."""

    archive: Archive
    cutter: Cutter
    readings: dict[str, Reading]
    added: list[Added] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    wanted: list[Wanted] = field(default_factory=list)

    def take(self, described: Document, text: DocumentText) -> Outcome:
        """Add a document that has been read."""
        reading = self.readings[described.source_id]
        if first := self.archive.repeats(reading):
            return FileStatus.DUPLICATE, f"{Relation.TEXT} {first}"
        passages, wanted = self.cutter.cut(self.archive.document_of(reading), text)
        if not passages:
            return NO_TEXT
        self.archive.add(reading)
        self.added.append(Added(reading, text, passages))
        self.wanted += wanted
        return SEARCHABLE

    def keep(self, document_id: str, store: PassageStore) -> Outcome:
        """Leave a document as it is in `store`."""
        document = store.document(document_id)
        assert document is not None  # the record and the document are of one generation
        reading = store.reading(document)
        if first := self.archive.repeats(reading):
            return FileStatus.DUPLICATE, f"{Relation.TEXT} {first}"
        self.archive.add(reading)
        self.kept.add(document_id)
        return SEARCHABLE


class Update:
    """The change from the generation `previous` to what `reach` has found in SOURCE."""

    def __init__(
        self,
        previous: Generation,
        reach: Reach,
        owner: OwnerTable,
        cutter: Cutter,
        progress: Callable[[str, int, int], None],
        *,
        retry: bool,
    ) -> None:
        self._before = previous.store
        self._documents_before = previous.counts.documents
        self._folder = previous.folder
        self._touched = reach.touched
        self._archive = Archive(owner)
        self._owner = owner
        self._intake = _Intake(self._archive, cutter, {})
        self._files = self._read(reach, progress, retry)
        known = self._touched.records
        documents = {
            document_id: None
            for record in known.values()
            if record.status is FileStatus.SEARCHABLE
            for document_id in record.document_ids
        }
        self._gone = [
            document
            for document_id in documents
            if document_id not in self._intake.kept
            and (document := self._before.document(document_id)) is not None
        ]
        differing = {
            record.container or record.source_id
            for name in known.keys() | self._files.keys()
            if known.get(name) != self._files.get(name)
            for record in (known.get(name) or self._files[name],)
        }
        # What a container holds is written anew together: its parts have an order.
        self._names = {
            record.source_id
            for record in (*known.values(), *self._files.values())
            if (record.container or record.source_id) in differing
        }
        self._redescribed: list[Document] = []

    @property
    def is_empty(self) -> bool:
        """True where nothing that was published would be another."""
        return not (self._gone or self._intake.added or self._names)

    @property
    def documents(self) -> int:
        """How many documents there will be."""
        return self._documents_before - len(self._gone) + len(self._intake.added)

    @property
    def wanted(self) -> list[Wanted]:
        """For each new row the digest of a text, and the text, None where its vector is known."""
        return self._intake.wanted

    def write(self, folder: Path, digests: Digests) -> Rows:
        """Write the store into `folder`; return the rows that are gone."""
        store = StoreUpdate(folder, self._folder)
        rows = [store.drop_document(one.document_id) for one in self._gone]
        names = self._write_names(store)
        for one in self._intake.added:
            described = named(self._archive.document_of(one.reading), names)
            store.add_whole(described, one.text, one.passages, one.reading)
        files = [record for name, record in self._files.items() if name in self._names]
        store.replace_files(self._names, files)
        stamps = self._touched.stamps
        present = (name for name in stamps if digests.has(name))
        store.replace_stamps(stamps, digests.stamps(present))
        self._write_former(store)
        touched = {one.reading.described.document_id for one in self._intake.added}
        groups, copies = regrouped(
            self._before,
            store.store,
            [one.document_id for one in self._gone],
            sorted(touched | self._intake.kept),
            [record.source_id for record in files],
        )
        store.replace_copies(groups, copies)
        # A line of the owner's table may name what is there now, or is there no more.
        store.replace_owner_table(
            self._owner.digest, owner_problems(self._owner, store.store.files())
        )
        store.close()
        return np.concatenate([np.zeros(0, np.int64), *rows])

    def keywords(self, store: PassageStore) -> Iterator[tuple[Document, Passage]]:
        """Yield what the keyword index has to be given, of the new `store`."""
        ids = [one.reading.described.document_id for one in self._intake.added]
        for document_id in [*ids, *(one.document_id for one in self._redescribed)]:
            document = store.document(document_id)
            assert document is not None  # just written
            for passage, _ in store.passages_of(document_id):
                yield document, passage

    def redescribed_rows(self, store: PassageStore) -> Rows:
        """Return the rows of `store` that stay, and are described anew."""
        ranges = (store.rows_of_document(one.document_id) for one in self._redescribed)
        return np.array([row for rows in ranges for row in rows], np.int64)

    def _read(
        self, reach: Reach, progress: Callable[[str, int, int], None], retry: bool
    ) -> dict[str, FileRecord]:
        """Read what has to be read, and what that touches in turn; return what became of it."""
        parts: dict[str, list[Part]] = {}
        while True:
            items = sorted(self._touched.items.values(), key=lambda item: item.source_id)
            records = reach.in_order(self._touched.records.values())
            planned = plan(items, records, retry=retry)
            unread = [item for item in planned.changed if item.source_id not in parts]
            loaded = load(unread, planned.moved, self._before)
            new: list[Reading] = []
            for item in unread:
                parts[item.source_id] = list(until(item.source_id, loaded))
                for part in parts[item.source_id]:
                    if part.document is not None and part.text is not None:
                        new.append(reading_of(part.document, part.text.text))
            self._intake.readings.update((one.described.source_id, one) for one in new)
            words = sorted({one.words for one in new} - {b""})
            if not reach.extend(reach.items_of(self._before.with_words(words))):
                break
        return outcomes(planned, parts.__getitem__, self._intake, self._before, progress)

    def _write_names(self, store: StoreUpdate) -> ArchiveNames:
        """Count names anew, and describe again whom that changes; return the names."""
        written: Counter[Name] = Counter()
        for one in self._intake.added:
            written.update(self._archive.written(one.reading))
        for document in self._gone:
            written.subtract(self._archive.written(self._before.reading(document)))
        changes = {name: count for name, count in written.items() if count}
        before = Counter({(short, long): count for short, long, count in self._before.names()})
        names = ArchiveNames(before)
        if not changes:
            return names
        store.add_names((*name, count) for name, count in sorted(changes.items()))
        then = names
        after = Counter(before)
        after.update(changes)
        names = ArchiveNames({name: count for name, count in after.items() if count})
        bodies, words = words_that_tell(then, names)
        ours = {one.document_id for one in self._gone}
        for document in self._before.described_by(bodies, words):
            if document.document_id in ours:
                continue
            reading = self._before.reading(document)
            described = named(self._archive.document_of(reading), names)
            if described != document:
                store.redescribe(described, reading)
                self._redescribed.append(described)
        return names

    def _write_former(self, store: StoreUpdate) -> None:
        """Let old ids lead to what is there now."""
        new = [one.reading.described for one in self._intake.added]
        changed = [*self._gone, *new]
        shas = {one.sha256 for one in changed}
        keys = {name_key(one) for one in changed} - {""}
        gone = {one.document_id for one in self._gone}
        ids = {one.document_id for one in new}
        former = {
            one.document_id: one
            for one in self._before.former_documents()
            if one.document_id in ids
            or one.successor_id in gone
            or one.sha256 in shas
            or one.source_id in self._names
            or name_key_of(one.source_id) in keys
        }
        former.update((one.document_id, former_of(one)) for one in self._gone)
        places = _Places(store.store)
        store.replace_former(former, led_on(former, places, places))


class _Places:
    """Where documents are in a store: by id, content, path and name."""

    def __init__(self, store: PassageStore) -> None:
        self._store = store

    def __contains__(self, document_id: object) -> bool:
        return self._store.document(str(document_id)) is not None

    def with_content(self, sha256: str) -> str:
        return self._store.id_of_content(sha256)

    def at_path(self, source_id: str) -> str:
        found = self._store.files_where("source_id", [source_id])
        return found[0].document_ids[0] if found and found[0].document_ids else ""

    def beside(self, key: str) -> Sequence[str]:
        return self._store.ids_beside(key)
