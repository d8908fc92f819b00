"""The text of every document, its passages, and what became of every file: one SQLite file.

SQLite stores what people read; the two indexes hold only rows. The file is written once, in order
of rows, and opened read-only and immutable afterwards.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import numpy.typing as npt

from indexer import abbreviation_table
from indexer.abbreviations import Abbreviation, Definition, definitions
from indexer.records import (
    Block,
    BlockKind,
    Copy,
    Document,
    DocumentText,
    FileRecord,
    FileStatus,
    Filters,
    FormerDocument,
    Passage,
    Reading,
    Relation,
)

FILE_NAME = "store.sqlite"
_BATCH = 500  # values in one statement

_DOCUMENT_FIELDS = tuple(field.name for field in fields(Document))
_SQL_TYPES = {"ocr_confidence": "REAL"}
_SCHEMA = f"""
CREATE TABLE documents (
    position INTEGER PRIMARY KEY,
    {", ".join(f"{name} {_SQL_TYPES.get(name, 'TEXT NOT NULL')}" for name in _DOCUMENT_FIELDS)},
    first_row INTEGER NOT NULL,
    end_row INTEGER NOT NULL,
    page_starts TEXT NOT NULL,
    properties TEXT NOT NULL,
    blocks TEXT NOT NULL,
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
    sentences TEXT NOT NULL,
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
    help TEXT NOT NULL
);
CREATE TABLE former_documents (
    document_id TEXT PRIMARY KEY,
    source_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    successor_id TEXT NOT NULL
);
CREATE TABLE readings (
    document_id TEXT PRIMARY KEY,
    described TEXT NOT NULL,
    declared TEXT NOT NULL,
    words BLOB NOT NULL,
    sketch BLOB NOT NULL
);
CREATE TABLE copies (
    group_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    relation TEXT NOT NULL
);
CREATE TABLE owner_table (digest TEXT NOT NULL, problems TEXT NOT NULL);
"""
_INDEXES = """
CREATE INDEX passage_document ON passages (document);
CREATE UNIQUE INDEX document_id ON documents (document_id);
CREATE UNIQUE INDEX document_source ON documents (source_id);
CREATE INDEX copy_document ON copies (document_id);
CREATE INDEX copy_group ON copies (group_id);
CREATE INDEX copy_source ON copies (source_id);
"""

_SELECT_PASSAGES = """
SELECT p.row, d.document_id, p.start, p.end, substr(d.text, p.start + 1, p.end - p.start),
       p.section, p.paragraph, p.page, p.sentences, p.embedded
FROM passages p JOIN documents d ON d.position = p.document
"""


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
        self._connection = sqlite3.connect(folder / FILE_NAME)
        # The file is worthless until its generation is published: speed before safety here.
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(_SCHEMA + abbreviation_table.SCHEMA)
        self._position = 0
        self._row = 0

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
        self._connection.execute(
            f"INSERT INTO documents VALUES ({', '.join('?' * (len(_DOCUMENT_FIELDS) + 7))})",
            (
                self._position,
                *_columns(document),
                self._row,
                self._row + len(passages),
                json.dumps(text.page_starts),
                json.dumps(text.properties, ensure_ascii=False, sort_keys=True),
                _blocks_to_json(text.blocks),
                text.text,
            ),
        )
        self._connection.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    self._row + offset,
                    self._position,
                    passage.start,
                    passage.end,
                    json.dumps(passage.section, ensure_ascii=False),
                    passage.paragraph,
                    passage.page,
                    json.dumps(passage.sentences, separators=(",", ":")),
                    digest,
                )
                for offset, (passage, digest) in enumerate(passages)
            ),
        )
        abbreviation_table.add(
            self._connection,
            self._position,
            definitions(text.text) if defined is None else defined,
            [passage for passage, _ in passages],
            self._row,
        )
        self._position += 1
        self._row += len(passages)

    def add_files(self, records: Iterable[FileRecord]) -> None:
        """Add what became of each file."""
        self._connection.executemany(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
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
                )
                for record in records
            ),
        )

    def add_former(self, former: Iterable[FormerDocument]) -> None:
        """Add ids that name a document no longer."""
        self._connection.executemany(
            "INSERT INTO former_documents VALUES (?, ?, ?, ?)", map(astuple, former)
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
            only = {
                name: getattr(reading.described, name)
                for name in _DOCUMENT_FIELDS
                if getattr(reading.described, name) != getattr(document, name)
            }
            if only or reading.declared or reading.words:
                self._connection.execute(
                    "INSERT INTO readings VALUES (?, ?, ?, ?, ?)",
                    (
                        document.document_id,
                        json.dumps(only, ensure_ascii=False),
                        json.dumps(reading.declared, ensure_ascii=False),
                        reading.words,
                        reading.sketch,
                    ),
                )

    def add_copies(self, copies: Iterable[tuple[str, Copy]]) -> None:
        """Add (group, file) for each file of a report that is held more than once."""
        self._connection.executemany(
            "INSERT INTO copies VALUES (?, ?, ?, ?)",
            (
                (group, copy.document_id, copy.source_id, copy.relation.value)
                for group, copy in copies
            ),
        )

    def add_owner_table(self, digest: str, problems: Sequence[dict[str, str | int]]) -> None:
        """Add which version of the owner's table was used, and what in it could not be."""
        self._connection.execute(
            "INSERT INTO owner_table VALUES (?, ?)", (digest, json.dumps(problems))
        )

    def close(self) -> None:
        """Finish the file."""
        self._connection.executescript(_INDEXES)
        abbreviation_table.finish(self._connection)
        self._connection.commit()
        self._connection.close()


class PassageStore:
    """Opened read-only. Threads share one connection, which stays usable after a prune."""

    def __init__(self, folder: Path) -> None:
        uri = f"{(folder / FILE_NAME).resolve().as_uri()}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        # A connection refers to itself: unclosed, it would hold its file until the next full
        # garbage collection.
        finalize(self, self._connection.close)
        self._lock = threading.Lock()
        self._all("SELECT count(*) FROM documents")

    def counts(self) -> Counts:
        """Return how much it holds."""
        ((documents, date_from, date_to, passages),) = self._all(
            """SELECT count(*), coalesce(min(nullif(date, '')), ''), max(date),
                      (SELECT count(*) FROM passages) FROM documents"""
        )
        by_status = dict(self._all("SELECT status, count(*) FROM files GROUP BY status"))
        return Counts(
            documents=documents,
            passages=passages,
            files=sum(by_status.values()) - by_status.get(FileStatus.CONTAINER, 0),
            searchable=by_status.get(FileStatus.SEARCHABLE, 0),
            duplicate=by_status.get(FileStatus.DUPLICATE, 0),
            unread=by_status.get(FileStatus.UNREAD, 0),
            date_from=date_from,
            date_to=date_to or "",
            containers=by_status.get(FileStatus.CONTAINER, 0),
        )

    def files(self, status: FileStatus | None = None) -> Iterator[FileRecord]:
        """Yield what became of each file, in the order in which they were read."""
        where, values = ("WHERE status = ?", (status.value,)) if status else ("", ())
        for row in self._all(f"SELECT * FROM files {where} ORDER BY rowid", values):
            source_id, sha256, size, found, reason, document_ids, container, help_ = row
            yield FileRecord(
                source_id,
                sha256,
                size,
                FileStatus(found),
                reason,
                tuple(json.loads(document_ids)),
                container,
                help_,
            )

    def documents(self) -> Iterator[Document]:
        """Yield every document, in order of rows."""
        names = ", ".join(_DOCUMENT_FIELDS)
        for row in self._all(f"SELECT {names} FROM documents ORDER BY position"):
            yield _document(row)

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
            "SELECT described, declared, words, sketch FROM readings WHERE document_id = ?",
            (document.document_id,),
        )
        if found is None:
            return Reading(document)
        only, declared, words, sketch = found
        pairs = tuple((short, long) for short, long in json.loads(declared))
        return Reading(replace(document, **json.loads(only)), pairs, words, sketch)

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
               AND NOT (document_id = ? AND relation = ?) ORDER BY document_id != ?, rowid""",
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
            "SELECT text, page_starts, blocks, properties FROM documents WHERE document_id = ?",
            (document_id,),
        )
        if found is None:
            raise KeyError(document_id)
        text, page_starts, blocks, properties = found
        return DocumentText(
            text, tuple(json.loads(page_starts)), _blocks_from_json(blocks), json.loads(properties)
        )

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Return the passages of `rows`, in that order."""
        found: dict[int, Passage] = {}
        for start in range(0, len(rows), _BATCH):
            chosen = [int(row) for row in rows[start : start + _BATCH]]
            marks = ", ".join("?" * len(chosen))
            for row in self._all(f"{_SELECT_PASSAGES} WHERE p.row IN ({marks})", chosen):
                found[row[0]] = _passage(row)
        return [found[int(row)] for row in rows]

    def passages_of(self, document_id: str) -> list[tuple[Passage, bytes]]:
        """Return every passage of a document with the digest of what was embedded for it."""
        document = self._one(
            "SELECT position, text FROM documents WHERE document_id = ?", (document_id,)
        )
        if document is None:
            return []
        position, text = document
        # Cut here and not by SQLite, whose substr counts from the start of the text each time.
        return [
            (_passage((row[0], document_id, *row[1:3], text[row[1] : row[2]], *row[3:])), row[7])
            for row in self._all(
                """SELECT row, start, end, section, paragraph, page, sentences, embedded
                   FROM passages WHERE document = ? ORDER BY row""",
                (position,),
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

    def document_positions(self) -> npt.NDArray[np.int32]:
        """Return for each row the position of its document (n,)."""
        found = self._all("SELECT document FROM passages ORDER BY row")
        return np.fromiter((position for (position,) in found), np.int32, len(found))

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


def _passage(row: tuple[Any, ...]) -> Passage:
    """Read a row of _SELECT_PASSAGES."""
    number, document_id, start, end, text, section, paragraph, page, sentences, _ = row
    return Passage(
        row=number,
        document_id=document_id,
        start=start,
        end=end,
        text=text,
        section=tuple(json.loads(section)),
        paragraph=paragraph,
        page=page,
        sentences=tuple((first, last) for first, last in json.loads(sentences)),
    )


def _blocks_to_json(blocks: Sequence[Block]) -> str:
    """Headings repeat from block to block: each section is written once and referred to."""
    sections: dict[tuple[str, ...], int] = {}
    rows = [
        [
            block.start,
            block.end,
            block.kind.value,
            sections.setdefault(block.section, len(sections)),
            block.paragraph,
        ]
        for block in blocks
    ]
    return json.dumps({"sections": list(sections), "blocks": rows}, ensure_ascii=False)


def _blocks_from_json(written: str) -> tuple[Block, ...]:
    found = json.loads(written)
    sections = [tuple(section) for section in found["sections"]]
    return tuple(
        Block(start, end, BlockKind(kind), sections[section], paragraph)
        for start, end, kind, section, paragraph in found["blocks"]
    )
