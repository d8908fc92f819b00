"""Writes a passage store whole, once; `passage_store` reads it."""

import json
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path

import numpy as np

from indexer import abbreviation_table, store_layers
from indexer.abbreviations import Definition, definitions
from indexer.former import name_key
from indexer.packed import packed_blocks, packed_sentences
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
from indexer.store_layers import FILE_NAME
from indexer.store_schema import DOCUMENT_FIELDS, INDEXES, POSITIONS_NAME, SCHEMA

# A file is worthless until its generation is published: speed before safety when it is written.
UNSAFE = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
_COUNTED = """
INSERT INTO counts SELECT 'documents', count(*) FROM documents;
INSERT INTO counts SELECT 'passages', count(*) FROM passages;
INSERT INTO counts SELECT status, count(*) FROM files GROUP BY status;
"""


class StoreWriter:
    """Writes documents in the order in which they are added; rows follow from it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection = sqlite3.connect(folder / FILE_NAME)
        self._connection.executescript(UNSAFE + SCHEMA)
        self._into = store_layers.WHOLE
        self._positions = array("i")
        self._position = 0

    @property
    def _row(self) -> int:
        return len(self._positions)

    def add_document(
        self,
        document: Document,
        text: DocumentText,
        passages: Sequence[tuple[Passage, bytes]],
        defined: Sequence[Definition] | None = None,
    ) -> None:
        """Add a document with its passages; each with the digest of the text that is embedded.

        `defined` are the abbreviations that the document defines, None where it was not read yet.
        """
        first_row = self._row
        self._add_described(self._position, document, first_row, first_row + len(passages))
        self._connection.execute(
            f"INSERT INTO {self._into}.texts VALUES (?, ?, ?, ?, ?)",
            (
                self._position,
                json.dumps(text.page_starts),
                json.dumps(text.properties, ensure_ascii=False, sort_keys=True),
                packed_blocks(text.blocks),
                text.text,
            ),
        )
        self._connection.executemany(
            f"INSERT INTO {self._into}.passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    first_row + offset,
                    self._position,
                    passage.start,
                    passage.end,
                    json.dumps(passage.section, ensure_ascii=False),
                    passage.paragraph,
                    passage.page,
                    packed_sentences(passage.sentences, passage.start),
                    digest,
                )
                for offset, (passage, digest) in enumerate(passages)
            ),
        )
        abbreviation_table.add(
            self._connection,
            f"{self._into}.definitions",
            self._position,
            definitions(text.text) if defined is None else defined,
            [passage for passage, _ in passages],
            first_row,
        )
        self._positions.extend([self._position] * len(passages))
        self._position += 1

    def _add_described(self, position: int, document: Document, first: int, end: int) -> None:
        """Add what is known of a document, whose rows are `first` to `end`."""
        self._connection.execute(
            f"INSERT INTO {self._into}.documents "
            f"VALUES ({', '.join('?' * (len(DOCUMENT_FIELDS) + 4))})",
            (position, *_columns(document), name_key(document), first, end),
        )

    def add_stamps(self, stamps: Iterable[tuple[str, str, Stamp]]) -> None:
        """Add (source_id, sha256, stamp) of each file of SOURCE."""
        self._connection.executemany(
            f"INSERT INTO {self._into}.stamps VALUES (?, ?, ?, ?, ?, ?)",
            ((source_id, sha256, *astuple(stamp)) for source_id, sha256, stamp in stamps),
        )

    def add_names(self, names: Iterable[tuple[str, str, int]]) -> None:
        """Add how many reports write a body so, and abbreviate it so ("" where they do not)."""
        self._connection.executemany(f"INSERT INTO {self._into}.names VALUES (?, ?, ?)", names)

    def add_files(self, records: Iterable[FileRecord]) -> None:
        """Add what became of each file."""
        self._connection.executemany(
            f"INSERT INTO {self._into}.files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    record.source_id,
                    record.sha256,
                    record.size,
                    record.status.value,
                    record.reason,
                    json.dumps(record.document_ids),
                    record.container,
                    record.help,
                    place,
                )
                for place, record in enumerate(records)
            ),
        )

    def add_former(self, former: Iterable[FormerDocument]) -> None:
        """Add ids that name a document no longer."""
        self._connection.executemany(
            f"INSERT INTO {self._into}.former_documents VALUES (?, ?, ?, ?)", map(astuple, former)
        )

    def describe_again(self, described: Iterable[tuple[Document, Reading]]) -> None:
        """Say what is known of each document, in order, now that all were added, and its reading.

        Of a reading only what the document does not say is written.
        """
        names = ", ".join(f"{name} = ?" for name in DOCUMENT_FIELDS)
        for position, (document, reading) in enumerate(described):
            self._connection.execute(
                f"UPDATE documents SET {names} WHERE position = ?", (*_columns(document), position)
            )
            self._add_reading(position, document, reading)

    def _add_reading(self, position: int, document: Document, reading: Reading) -> None:
        only = {
            name: getattr(reading.described, name)
            for name in DOCUMENT_FIELDS
            if getattr(reading.described, name) != getattr(document, name)
        }
        if only or reading.declared or reading.words:
            self._connection.execute(
                f"INSERT INTO {self._into}.readings VALUES (?, ?, ?, ?, ?)",
                (
                    position,
                    json.dumps(only, ensure_ascii=False),
                    json.dumps(reading.declared, ensure_ascii=False),
                    reading.words,
                    reading.sketch,
                ),
            )

    def add_copies(self, copies: Iterable[tuple[str, Copy]]) -> None:
        """Add (group, file) for each file of a report that is held more than once."""
        self._connection.executemany(
            f"INSERT INTO {self._into}.copies VALUES (?, ?, ?, ?, ?)",
            (
                (group, copy.document_id, copy.source_id, copy.relation.value, place)
                for place, (group, copy) in enumerate(copies)
            ),
        )

    def add_owner_table(self, digest: str, problems: Sequence[dict[str, str | int]]) -> None:
        """Add which version of the owner's table was used, and what in it could not be."""
        self._connection.execute(
            f"INSERT INTO {self._into}.owner_table VALUES (?, ?)", (digest, json.dumps(problems))
        )

    def close(self) -> None:
        """Finish the file."""
        self._connection.executescript(INDEXES)
        abbreviation_table.sum_up(self._connection, f"{self._into}.abbreviations")
        self._connection.executescript(_COUNTED)
        self._connection.commit()
        self._connection.close()
        self._save_positions()

    def _save_positions(self) -> None:
        np.save(self._folder / POSITIONS_NAME, np.array(self._positions, np.int32))


def _columns(document: Document) -> tuple[str | float | None, ...]:
    """Return a document as its columns hold it."""
    values = (getattr(document, name) for name in DOCUMENT_FIELDS)
    return tuple(
        json.dumps(value, sort_keys=True) if isinstance(value, dict) else value for value in values
    )
