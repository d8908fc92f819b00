"""The text of every document, its passages, and what became of every file: one SQLite file, or two.

SQLite stores what people read; the two indexes hold only rows. A file is written once, in order
of rows, and opened read-only and immutable afterwards. Where a second one says what changed since
(see store_layers.py and store_update.py), numbers of rows and positions may have holes.
"""

import json
import sqlite3
import sys
import threading
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import numpy.typing as npt

from indexer import abbreviation_table, store_layers
from indexer.abbreviations import Abbreviation, Definition, definitions
from indexer.former import name_key
from indexer.packed import PackedBlocks, packed_blocks, packed_sentences, unpacked_sentences
from indexer.ranking import SomeRows
from indexer.records import (
    Block,
    Copy,
    Document,
    DocumentText,
    FileRecord,
    FileStatus,
    Filters,
    FormerDocument,
    Label,
    Passage,
    Reading,
    Relation,
    Stamp,
)
from indexer.store_layers import FILE_NAME

POSITIONS_NAME = "positions.npy"  # for each row the position of its document
_BATCH = 500  # values in one statement

_DOCUMENT_FIELDS = tuple(field.name for field in fields(Document))
_SQL_TYPES = {"ocr_confidence": "REAL"}
SCHEMA = f"""
CREATE TABLE documents (
    position INTEGER PRIMARY KEY,
    {", ".join(f"{name} {_SQL_TYPES.get(name, 'TEXT NOT NULL')}" for name in _DOCUMENT_FIELDS)},
    name_key TEXT NOT NULL,
    first_row INTEGER NOT NULL,
    end_row INTEGER NOT NULL
);
CREATE TABLE texts (
    position INTEGER PRIMARY KEY,
    page_starts TEXT NOT NULL,
    properties TEXT NOT NULL,
    blocks BLOB NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY,
    document INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    section TEXT NOT NULL,
    paragraph TEXT NOT NULL,
    page INTEGER,
    sentences BLOB NOT NULL,
    embedded BLOB NOT NULL
);
CREATE TABLE files (
    source_id TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    document_ids TEXT NOT NULL,
    container TEXT NOT NULL,
    help TEXT NOT NULL,
    place INTEGER NOT NULL
);
CREATE TABLE stamps (
    source_id TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL
);
CREATE TABLE former_documents (
    document_id TEXT PRIMARY KEY,
    source_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    successor_id TEXT NOT NULL
);
CREATE TABLE readings (
    position INTEGER PRIMARY KEY,
    described TEXT NOT NULL,
    declared TEXT NOT NULL,
    words BLOB NOT NULL,
    sketch BLOB NOT NULL
);
CREATE TABLE copies (
    group_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    relation TEXT NOT NULL,
    place INTEGER NOT NULL
);
CREATE TABLE names (short TEXT NOT NULL, long TEXT NOT NULL, count INTEGER NOT NULL);
CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE owner_table (digest TEXT NOT NULL, problems TEXT NOT NULL);
{abbreviation_table.SCHEMA}
"""
INDEXES = f"""
CREATE INDEX passage_embedded ON passages (embedded);
CREATE INDEX document_date ON documents (date);
CREATE INDEX document_sha256 ON documents (sha256);
CREATE INDEX document_name ON documents (name_key) WHERE name_key != '';
CREATE INDEX file_sha256 ON files (sha256);
CREATE INDEX file_container ON files (container) WHERE container != '';
CREATE INDEX file_duplicate ON files (reason) WHERE status = 'duplicate';
CREATE INDEX file_not_read ON files (source_id) WHERE status = 'unread' OR help != '';
CREATE INDEX reading_words ON readings (words) WHERE words != x'';
CREATE UNIQUE INDEX document_id ON documents (document_id);
CREATE UNIQUE INDEX document_source ON documents (source_id);
CREATE INDEX copy_document ON copies (document_id);
CREATE INDEX copy_group ON copies (group_id);
CREATE INDEX copy_source ON copies (source_id);
{abbreviation_table.INDEXES}
"""
# A passage and its text are always in the same file.
_SELECT_PASSAGES = """
SELECT p.document, p.row, p.start, p.end, substr(t.text, p.start + 1, p.end - p.start),
       p.section, p.paragraph, p.page, p.sentences
FROM {layer}.passages p JOIN {layer}.texts t ON t.position = p.document
"""
# A file is worthless until its generation is published: speed before safety when it is written.
UNSAFE = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
_COUNTED = """
INSERT INTO counts SELECT 'documents', count(*) FROM documents;
INSERT INTO counts SELECT 'passages', count(*) FROM passages;
INSERT INTO counts SELECT status, count(*) FROM files GROUP BY status;
"""
_FILE_ORDER = "ORDER BY CASE container WHEN '' THEN source_id ELSE container END, place"


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a store holds; dates are "" where no document has one.

    `files` = searchable + duplicate + unread; what lies in containers counts, not they themselves.
    """

    documents: int
    passages: int
    files: int
    searchable: int
    duplicate: int
    unread: int
    date_from: str
    date_to: str
    containers: int = 0


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
            f"VALUES ({', '.join('?' * (len(_DOCUMENT_FIELDS) + 4))})",
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
        names = ", ".join(f"{name} = ?" for name in _DOCUMENT_FIELDS)
        for position, (document, reading) in enumerate(described):
            self._connection.execute(
                f"UPDATE documents SET {names} WHERE position = ?", (*_columns(document), position)
            )
            self._add_reading(position, document, reading)

    def _add_reading(self, position: int, document: Document, reading: Reading) -> None:
        only = {
            name: getattr(reading.described, name)
            for name in _DOCUMENT_FIELDS
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


class PassageStore:
    """Opened read-only. Threads share one connection, which stays usable after a prune."""

    def __init__(self, folder: Path, connection: sqlite3.Connection | None = None) -> None:
        """Open the store in `folder`, over the `connection` that writes it where one is given."""
        self._folder = folder
        self._connection = connection or store_layers.connect(folder)
        self._layers = store_layers.layers(self._connection)
        if connection is None:
            # A connection refers to itself: unclosed, it would hold its files until the next full
            # garbage collection.
            finalize(self, self._connection.close)
        self._lock = threading.Lock()
        self._all("SELECT position FROM documents LIMIT 1")

    def counts(self) -> Counts:
        """Return how much it holds."""
        counted: dict[str, int] = dict(self._all("SELECT name, value FROM counts"))
        explained = [FileStatus.SEARCHABLE, FileStatus.DUPLICATE, FileStatus.UNREAD]
        searchable, duplicate, unread = (counted.get(status, 0) for status in explained)
        first, last = (
            self._one(f"SELECT date FROM documents WHERE date != '' ORDER BY date {way} LIMIT 1")
            for way in ("ASC", "DESC")
        )
        return Counts(
            documents=counted["documents"],
            passages=counted["passages"],
            files=searchable + duplicate + unread,
            searchable=searchable,
            duplicate=duplicate,
            unread=unread,
            date_from=first[0] if first else "",
            date_to=last[0] if last else "",
            containers=counted.get(FileStatus.CONTAINER, 0),
        )

    def files(self, status: FileStatus | None = None) -> Iterator[FileRecord]:
        """Yield what became of each file by name; what a container holds as it was read."""
        where, values = ("WHERE status = ?", (status.value,)) if status else ("", ())
        yield from map(_file, self._all(f"SELECT * FROM files {where} {_FILE_ORDER}", values))

    def files_where(self, column: str, values: Sequence[str]) -> list[FileRecord]:
        """Return what became of the files that have one of `values` in a column with an index.

        In the order of `files`. `reason` is looked for among duplicates.
        """
        more = {"reason": "AND status = 'duplicate'", "container": "AND container != ''"}
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(values), _BATCH):
            chosen = values[start : start + _BATCH]
            where = f"{column} IN ({', '.join('?' * len(chosen))}) {more.get(column, '')}"
            rows += self._all(f"SELECT * FROM files WHERE {where}", chosen)
        found = sorted((_file(row).container or _file(row).source_id, row[-1], row) for row in rows)
        return [_file(row) for _, _, row in found]

    def digests_under(self, prefix: str) -> list[tuple[str, str, bool]]:
        """Return (source_id, sha256, whether it was read) of files whose names begin so."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1) if prefix else "\U0010ffff"
        where = "source_id >= ? AND source_id < ?"
        found = self._all(
            f"SELECT source_id, sha256, status FROM files WHERE {where}", (prefix, end)
        )
        return [(name, sha256, status != FileStatus.UNREAD) for name, sha256, status in found]

    def files_not_read(self) -> list[FileRecord]:
        """Return what became of each file that could not be read, or not all of it."""
        where = "status = 'unread' OR help != ''"
        return list(map(_file, self._all(f"SELECT * FROM files WHERE {where}")))

    def stamps(self) -> dict[str, tuple[str, Stamp]]:
        """Return sha256 and stamp of each file of SOURCE by source_id; see `Digests`."""
        found = self._all("SELECT * FROM stamps")
        return {source_id: (sha256, Stamp(*values)) for source_id, sha256, *values in found}

    def names(self) -> list[tuple[str, str, int]]:
        """Return how many reports write a body so, and abbreviate it so; see `add_names`."""
        return [
            (short, long, count)
            for short, long, count in self._all(
                "SELECT short, long, sum(count) FROM names GROUP BY short, long"
            )
            if count
        ]

    def documents(self) -> Iterator[Document]:
        """Yield every document, in order of rows."""
        names = ", ".join(_DOCUMENT_FIELDS)
        for row in self._all(f"SELECT {names} FROM documents ORDER BY position"):
            yield _document(row)

    def document_ids(self, first: int, count: int) -> list[str]:
        """Return the ids of `count` documents from position `first` on, without their texts."""
        found = self._all(
            "SELECT document_id FROM documents ORDER BY position LIMIT ? OFFSET ?", (count, first)
        )
        return [document_id for (document_id,) in found]

    def document(self, document_id: str) -> Document | None:
        """Return one document, None where there is none of that id."""
        return self._one_document("document_id", document_id)

    def document_of_source(self, source_id: str) -> Document | None:
        """Return the document that came from `source_id`, or that this file is a copy of."""
        copy = self._one("SELECT document_id FROM copies WHERE source_id = ?", (source_id,))
        if copy:
            return self._one_document("document_id", copy[0])
        return self._one_document("source_id", source_id)

    def documents_at(self, positions: Sequence[int]) -> list[Document]:
        """Return the documents at `positions`, in that order."""
        names = ", ".join(_DOCUMENT_FIELDS)
        found: dict[int, Document] = {}
        wanted = sorted(set(positions))
        for start in range(0, len(wanted), _BATCH):
            chosen = wanted[start : start + _BATCH]
            marks = ", ".join("?" * len(chosen))
            for row in self._all(
                f"SELECT position, {names} FROM documents WHERE position IN ({marks})", chosen
            ):
                found[row[0]] = _document(row[1:])
        return [found[position] for position in positions]

    def positions_of(self, rows: SomeRows) -> list[int]:
        """Return the position of the document of each of `rows`."""
        found: list[int] = self.document_positions[np.asarray(rows, np.int64)].tolist()
        return found

    def labels(self, name: Label) -> list[str]:
        """Return what a column says of each document, by position; "" also where none is."""
        found = [""] * (int(self.document_positions.max(initial=-1)) + 1)
        # One string for each value: tens of thousands of reports are of a few bodies and days.
        for position, value in self._all(f"SELECT position, {name} FROM documents"):
            found[position] = sys.intern(value)
        return found

    def former_documents(self) -> Iterator[FormerDocument]:
        """Yield every id that named a document once and does so no longer."""
        for row in self._all("SELECT * FROM former_documents ORDER BY document_id"):
            yield FormerDocument(*row)

    def former_document(self, document_id: str) -> FormerDocument | None:
        """Return what `document_id` named once, None where it never named a document."""
        found = self._one("SELECT * FROM former_documents WHERE document_id = ?", (document_id,))
        return FormerDocument(*found) if found else None

    def _one_document(self, column: str, value: str) -> Document | None:
        names = ", ".join(_DOCUMENT_FIELDS)
        found = self._one(f"SELECT {names} FROM documents WHERE {column} = ?", (value,))
        return _document(found) if found else None

    def reading(self, document: Document) -> Reading:
        """Return what a document of this store says by itself."""
        found = self._one(
            """SELECT described, declared, words, sketch FROM readings
               WHERE position = (SELECT position FROM documents WHERE document_id = ?)""",
            (document.document_id,),
        )
        if found is None:
            return Reading(document)
        only, declared, words, sketch = found
        pairs = tuple((short, long) for short, long in json.loads(declared))
        return Reading(replace(document, **json.loads(only)), pairs, words, sketch)

    def with_words(self, words: Sequence[bytes]) -> list[str]:
        """Return the names of the documents that have one of these digests of their words."""
        found: list[str] = []
        for start in range(0, len(words), _BATCH):
            chosen = words[start : start + _BATCH]
            rows = self._all(
                f"""SELECT source_id FROM readings JOIN documents USING (position)
                    WHERE words != x'' AND words IN ({", ".join("?" * len(chosen))})""",
                chosen,
            )
            found += [name for (name,) in rows]
        return found

    def sketches(self) -> tuple[list[int], bytes]:
        """Return the positions of the documents that have a sketch, and the sketches, joined."""
        found = self._all("SELECT position, sketch FROM readings WHERE sketch != x''")
        return [position for position, _ in found], b"".join(sketch for _, sketch in found)

    def described_by(self, bodies: Sequence[str], words: Sequence[str]) -> list[Document]:
        """Return the documents of these bodies, and those whose body nobody states and whose title
        or name holds one of `words` (in ASCII lower case)."""
        found: dict[int, Document] = {}
        names = ", ".join(_DOCUMENT_FIELDS)
        clauses = [("body = ?", [body]) for body in bodies]
        clauses += [
            (
                "(body = '' OR origins LIKE '%inferred%') AND (title LIKE ? OR source_id LIKE ?)",
                [f"%{word}%"] * 2,
            )
            for word in words
        ]
        for where, values in clauses:
            for row in self._all(f"SELECT position, {names} FROM documents WHERE {where}", values):
                found[row[0]] = _document(row[1:])
        return [found[position] for position in sorted(found)]

    def id_of_content(self, sha256: str) -> str:
        """Return the id of the first document with this content, "" where there is none."""
        found = self._one(
            "SELECT document_id FROM documents WHERE sha256 = ? ORDER BY source_id LIMIT 1",
            (sha256,),
        )
        return str(found[0]) if found else ""

    def ids_beside(self, key: str) -> list[str]:
        """Return the ids of the documents with this `name_key`."""
        statement = "SELECT document_id FROM documents WHERE name_key = ? AND name_key != ''"
        return [found for (found,) in self._all(statement, (key,))]

    def group_of(self, document_ids: Sequence[str]) -> dict[str, str]:
        """Return the group of each of these documents that is held more than once."""
        found: dict[str, str] = {}
        for start in range(0, len(document_ids), _BATCH):
            chosen = document_ids[start : start + _BATCH]
            marks = ", ".join("?" * len(chosen))
            where = f"WHERE document_id IN ({marks})"
            found.update(self._all(f"SELECT document_id, group_id FROM copies {where}", chosen))
        return found

    def copies_of(self, document_id: str) -> list[Copy]:
        """Return the other files of a report: its copies first, then what is nearly the same."""
        group = self.group_of([document_id]).get(document_id, "")
        rows = self._all(
            """SELECT document_id, source_id, relation FROM copies WHERE group_id = ?
               AND NOT (document_id = ? AND relation = ?) ORDER BY document_id != ?, place""",
            (group, document_id, Relation.NEARLY.value, document_id),
        )
        return [
            Copy(found, name, Relation(how) if found == document_id else Relation.NEARLY)
            for found, name, how in rows
        ]

    def near_duplicates(self) -> int:
        """Return how many documents are nearly the same as one before them."""
        ((members, groups),) = self._all(
            "SELECT count(*), count(DISTINCT group_id) FROM copies WHERE relation = ?",
            (Relation.NEARLY.value,),
        )
        return int(members) - int(groups)

    def owner_digest(self) -> str:
        """Return which version of the owner's table was used, "" where there was none."""
        return str(self._all("SELECT digest FROM owner_table")[0][0])

    def owner_problems(self) -> list[dict[str, str | int]]:
        """Return what in the owner's table could not be used: file, line and problem."""
        found: list[dict[str, str | int]] = json.loads(
            self._all("SELECT problems FROM owner_table")[0][0]
        )
        return found

    def document_text(self, document_id: str) -> DocumentText:
        """Return the text of one document; raises KeyError where there is none of that id."""
        found = self._one(
            """SELECT text, page_starts, blocks, properties FROM texts
               WHERE position = (SELECT position FROM documents WHERE document_id = ?)""",
            (document_id,),
        )
        if found is None:
            raise KeyError(document_id)
        text, page_starts, blocks, properties = found
        return DocumentText(
            text, tuple(json.loads(page_starts)), PackedBlocks(blocks).all(), json.loads(properties)
        )

    def block_at(self, document_id: str, offset: int) -> tuple[Block | None, int | None]:
        """Return the block of a document that holds `offset`, and its page; see DocumentText.

        Reads no text and makes one block of hundreds. Raises KeyError where there is none of that
        id.
        """
        found = self._one(
            """SELECT page_starts, blocks FROM texts
               WHERE position = (SELECT position FROM documents WHERE document_id = ?)""",
            (document_id,),
        )
        if found is None:
            raise KeyError(document_id)
        page_starts, blocks = found
        pages = DocumentText("", tuple(json.loads(page_starts)), ())
        return PackedBlocks(blocks).at(offset), pages.page_at(offset)

    def passages(self, rows: SomeRows) -> list[Passage]:
        """Return the passages of `rows`, in that order."""
        found: dict[int, tuple[Any, ...]] = {}
        for start in range(0, len(rows), _BATCH):
            chosen = [int(row) for row in rows[start : start + _BATCH]]
            marks = ", ".join("?" * len(chosen))
            for layer in self._layers:
                select = _SELECT_PASSAGES.format(layer=layer)
                for row in self._all(f"{select} WHERE p.row IN ({marks})", chosen):
                    found[row[1]] = row
        ids = self._document_ids({row[0] for row in found.values()})
        ordered = [found[int(row)] for row in rows]
        return [_passage(ids[position], *values) for position, *values in ordered]

    def _document_ids(self, positions: Collection[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        wanted = sorted(positions)
        for start in range(0, len(wanted), _BATCH):
            chosen = wanted[start : start + _BATCH]
            where = f"position IN ({', '.join('?' * len(chosen))})"
            found.update(
                self._all(f"SELECT position, document_id FROM documents WHERE {where}", chosen)
            )
        return found

    def passages_of(self, document_id: str) -> list[tuple[Passage, bytes]]:
        """Return every passage of a document with the digest of what was embedded for it."""
        found = self._one(
            """SELECT text, first_row, end_row FROM texts JOIN documents USING (position)
               WHERE document_id = ?""",
            (document_id,),
        )
        if found is None:
            return []
        text, first, end = found
        # Cut here and not by SQLite, whose substr counts from the start of the text each time.
        return [
            (_passage(document_id, row, start, stop, text[start:stop], *values), digest)
            for row, start, stop, *values, digest in self._all(
                """SELECT row, start, end, section, paragraph, page, sentences, embedded
                   FROM passages WHERE row >= ? AND row < ? ORDER BY row""",
                (first, end),
            )
        ]

    def definitions_of(self, document_id: str) -> list[Definition]:
        """Return the abbreviations that a document defines."""
        return abbreviation_table.definitions_of(self._all, document_id)

    def abbreviations(self, forms: Sequence[str]) -> list[Abbreviation]:
        """Return what the archive says that these short forms, or long forms, stand for."""
        return abbreviation_table.abbreviations(self._all, forms)

    def embedded_digests(self) -> dict[bytes, int]:
        """Return for the digest of each embedded text a row that has its vector.

        Stores of every format answer this one.
        """
        return {digest: row for row, digest in self._all("SELECT row, embedded FROM passages")}

    def row_embedded(self, digest: bytes) -> int | None:
        """Return a row that has the vector of the text with this digest, None where none has."""
        found = self._one("SELECT row FROM passages WHERE embedded = ? LIMIT 1", (digest,))
        return found[0] if found else None

    @cached_property
    def document_positions(self) -> npt.NDArray[np.int32]:
        """For each row, of one that is gone too, the position of its document (n,)."""
        found: npt.NDArray[np.int32] = np.load(self._folder / POSITIONS_NAME, mmap_mode="r")
        return found

    def rows_of_document(self, document_id: str) -> range:
        """Return the rows of the passages of a document."""
        found = self._one(
            "SELECT first_row, end_row FROM documents WHERE document_id = ?", (document_id,)
        )
        return range(*found) if found else range(0)

    def rows_of(self, filters: Filters) -> npt.NDArray[np.int64]:
        """Return the rows of the documents that pass `filters`, in order."""
        clauses, values = [], []
        for name in ("body", "committee", "doc_type"):
            if value := getattr(filters, name):
                clauses.append(f"{name} = ?")
                values.append(value)
        if filters.date_from or filters.date_to:
            # A report of a month counts where any day of that month does.
            last_day = "date || substr('-99-99', length(date) - 3)"
            clauses.append(f"date != '' AND date <= ? AND {last_day} >= ?")
            values += [filters.date_to or "9999-99-99", filters.date_from]
        where = " AND ".join(clauses) or "1"
        spans = self._all(
            f"SELECT first_row, end_row FROM documents WHERE {where} ORDER BY position", values
        )
        if not spans:
            return np.zeros(0, np.int64)
        return np.concatenate([np.arange(first, end, dtype=np.int64) for first, end in spans])

    def _all(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def _one(self, statement: str, values: Sequence[object] = ()) -> tuple[Any, ...] | None:
        found = self._all(statement, values)
        return found[0] if found else None


def _columns(document: Document) -> tuple[str | float | None, ...]:
    """Return a document as its columns hold it."""
    values = (getattr(document, name) for name in _DOCUMENT_FIELDS)
    return tuple(
        json.dumps(value, sort_keys=True) if isinstance(value, dict) else value for value in values
    )


def _document(row: Sequence[Any]) -> Document:
    """Read the columns of a document."""
    values = dict(zip(_DOCUMENT_FIELDS, row, strict=True))
    return Document(**{**values, "origins": json.loads(values["origins"])})


def _passage(document_id: str, *values: Any) -> Passage:  # noqa: ANN401
    """Read what _SELECT_PASSAGES yields of a document."""
    row, start, end, text, section, paragraph, page, sentences = values
    return Passage(
        row=row,
        document_id=document_id,
        start=start,
        end=end,
        text=text,
        section=tuple(json.loads(section)),
        paragraph=paragraph,
        page=page,
        sentences=unpacked_sentences(sentences, start),
    )


def _file(row: Sequence[Any]) -> FileRecord:
    """Read a row of `files`."""
    source_id, sha256, size, status, reason, document_ids, container, help_, _ = row
    return FileRecord(
        source_id,
        sha256,
        size,
        FileStatus(status),
        reason,
        tuple(json.loads(document_ids)),
        container,
        help_,
    )
