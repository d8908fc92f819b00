"""Writes what changed in an archive since its store was written whole."""

import shutil
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from indexer import abbreviation_table
from indexer.passage_store import PassageStore
from indexer.publishing import link_or_copy
from indexer.records import (
    Copy,
    Document,
    DocumentText,
    FileRecord,
    FormerDocument,
    Passage,
    Reading,
    Stamp,
)
from indexer.row_sets import Rows
from indexer.store_layers import CHANGES, CHANGES_NAME, FILE_NAME, GONE, connect, take_out
from indexer.store_schema import INDEXES, POSITIONS_NAME, SCHEMA
from indexer.store_writer import UNSAFE, StoreWriter

# What is added may be taken out again, by document. In the first file nothing is.
_BY_DOCUMENT = "CREATE INDEX passage_document ON passages (document);"
# What the first file holds, less what is gone of it, and what the second holds.
_COUNTED = """
DELETE FROM changes.counts;
INSERT INTO changes.counts SELECT 'documents',
    (SELECT value FROM main.counts WHERE name = 'documents')
    - (SELECT count(*) FROM changes.gone JOIN main.documents ON position = key
       WHERE kind = 'documents')
    + (SELECT count(*) FROM changes.documents);
INSERT INTO changes.counts SELECT 'passages',
    (SELECT value FROM main.counts WHERE name = 'passages')
    - (SELECT coalesce(sum(end_row - first_row), 0)
       FROM changes.gone JOIN main.documents ON position = key WHERE kind = 'texts')
    + (SELECT count(*) FROM changes.passages);
INSERT INTO changes.counts SELECT status, sum(value) FROM (
    SELECT name AS status, value FROM main.counts WHERE name NOT IN ('documents', 'passages')
    UNION ALL SELECT status, -1 FROM changes.gone JOIN main.files ON source_id = key
              WHERE kind = 'files'
    UNION ALL SELECT status, 1 FROM changes.files
) GROUP BY status;
"""


class StoreUpdate(StoreWriter):
    """The store in the folder `previous`, changed, in `folder`. `store` reads it as it is now."""

    def __init__(self, folder: Path, previous: Path) -> None:
        self._folder = folder
        link_or_copy(previous / FILE_NAME, folder / FILE_NAME)
        if (previous / CHANGES_NAME).exists():
            shutil.copyfile(previous / CHANGES_NAME, folder / CHANGES_NAME)
        else:
            with closing(sqlite3.connect(folder / CHANGES_NAME)) as changes:
                changes.executescript(UNSAFE + SCHEMA + INDEXES + _BY_DOCUMENT + GONE)
        self._connection = connect(folder, to_change=True)
        for pragma in ("journal_mode", "synchronous"):
            self._connection.execute(f"PRAGMA {CHANGES}.{pragma} = OFF")
        self._into = CHANGES
        before = np.load(previous / POSITIONS_NAME)
        self._positions = array("i", before.astype(np.intc).tobytes())
        self._position = int(before[-1]) + 1 if len(before) else 0
        self._short_keys: set[str] = set()
        self.store = PassageStore(folder, self._connection)

    def drop_document(self, document_id: str) -> Rows:
        """Take out a document; return the rows of its passages."""
        rows = self.store.rows_of_document(document_id)
        position = int(self._positions[rows.start])
        self._note_definitions(position)
        for kind in ("documents", "texts", "readings"):
            take_out(self._connection, kind, [position])
        return np.arange(rows.start, rows.stop, dtype=np.int64)

    def add_whole(
        self,
        document: Document,
        text: DocumentText,
        passages: Sequence[tuple[Passage, bytes]],
        reading: Reading,
    ) -> None:
        """Add a document that is known as well as it will be."""
        position = self._position
        self.add_document(document, text, passages)
        self._add_reading(position, document, reading)
        self._note_definitions(position)

    def redescribe(self, document: Document, reading: Reading) -> None:
        """Say anew what is known of a document whose text stays."""
        rows = self.store.rows_of_document(document.document_id)
        position = int(self._positions[rows.start])
        for kind in ("documents", "readings"):
            take_out(self._connection, kind, [position])
        self._add_described(position, document, rows.start, rows.stop)
        self._add_reading(position, document, reading)

    def replace_files(self, names: Iterable[str], records: Iterable[FileRecord]) -> None:
        """Take out what became of the files `names`, and add `records`."""
        take_out(self._connection, "files", names)
        self.add_files(records)

    def replace_stamps(
        self, names: Iterable[str], stamps: Iterable[tuple[str, str, Stamp]]
    ) -> None:
        """Take out the stamps of the files `names`, and add `stamps`."""
        take_out(self._connection, "stamps", names)
        self.add_stamps(stamps)

    def replace_former(self, ids: Iterable[str], former: Iterable[FormerDocument]) -> None:
        """Take out what is remembered of `ids`, and add `former`."""
        take_out(self._connection, "former_documents", ids)
        self.add_former(former)

    def replace_copies(self, groups: Iterable[str], copies: Iterable[tuple[str, Copy]]) -> None:
        """Take out `groups`, and add (group, file) for each of `copies`."""
        take_out(self._connection, "copies", groups)
        self.add_copies(copies)

    def replace_owner_table(self, digest: str, problems: Sequence[dict[str, str | int]]) -> None:
        """Say which version of the owner's table was used, and what in it could not be."""
        self._connection.execute(f"DELETE FROM {CHANGES}.owner_table")
        self.add_owner_table(digest, problems)

    def close(self) -> None:
        """Finish the file."""
        keys = sorted(self._short_keys)
        take_out(self._connection, "abbreviations", keys)
        abbreviation_table.sum_up(self._connection, f"{CHANGES}.abbreviations", keys)
        self._connection.executescript(_COUNTED)
        self._connection.commit()
        self._connection.close()
        self._save_positions()

    def _note_definitions(self, position: int) -> None:
        defined = self._connection.execute(
            "SELECT DISTINCT short_key FROM definitions WHERE document = ?", (position,)
        )
        self._short_keys.update(key for (key,) in defined)
