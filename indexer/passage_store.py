"""The text of every document, its passages, and what became of every file: one SQLite file, or two.

SQLite stores what people read; the two indexes hold only rows. A file is written once, in order
of rows, and opened read-only and immutable afterwards. Where a second one says what changed since
(see store_layers.py and store_update.py), numbers of rows and positions may have holes.
"""

import json
import sqlite3
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import numpy.typing as npt

from indexer import abbreviation_table, store_layers
from indexer.abbreviations import Abbreviation, Definition
from indexer.packed import PackedBlocks, unpacked_sentences
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
from indexer.store_schema import DOCUMENT_FIELDS, POSITIONS_NAME

_BATCH = 500  # values in one statement
# A passage and its text are always in the same file.
_SELECT_PASSAGES = """
SELECT p.document, p.row, p.start, p.end, substr(t.text, p.start + 1, p.end - p.start),
       p.section, p.paragraph, p.page, p.sentences
FROM {layer}.passages p JOIN {layer}.texts t ON t.position = p.document
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
        names = ", ".join(DOCUMENT_FIELDS)
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
        names = ", ".join(DOCUMENT_FIELDS)
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
        names = ", ".join(DOCUMENT_FIELDS)
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
        names = ", ".join(DOCUMENT_FIELDS)
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


def _document(row: Sequence[Any]) -> Document:
    """Read the columns of a document."""
    values = dict(zip(DOCUMENT_FIELDS, row, strict=True))
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
