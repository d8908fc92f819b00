"""Two tables of the passage store: what each report defines, and what the archive makes of it.

`definitions` is kept by report, so that a build reads only changed reports again; `abbreviations`
is summed up from it each time.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from indexer.abbreviations import Abbreviation, Definition, key_of, supported
from indexer.records import Passage

SCHEMA = """
CREATE TABLE definitions (
    short_key TEXT NOT NULL,
    long_key TEXT NOT NULL,
    document INTEGER NOT NULL,
    short TEXT NOT NULL,
    long TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    ordinary INTEGER NOT NULL,
    row INTEGER
);
CREATE TABLE abbreviations (
    short_key TEXT NOT NULL,
    long_key TEXT NOT NULL,
    short TEXT NOT NULL,
    long TEXT NOT NULL,
    documents INTEGER NOT NULL,
    document_id TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    row INTEGER,
    ordinary INTEGER NOT NULL
);
"""
INDEXES = """
CREATE INDEX definition_document ON definitions (document);
CREATE INDEX definition_short ON definitions (short_key);
CREATE INDEX abbreviation_short ON abbreviations (short_key);
CREATE INDEX abbreviation_long ON abbreviations (long_key);
"""
_BATCH = 200  # forms in one statement

# Runs a statement with its values and returns all rows.
Select = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]


def add(
    connection: sqlite3.Connection,
    table: str,
    document: int,
    definitions: Sequence[Definition],
    passages: Sequence[Passage],
    first_row: int,
) -> None:
    """Add what the document at that position defines; its passages begin at `first_row`."""
    connection.executemany(
        f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                one.short.casefold(),
                key_of(one.long),
                document,
                one.short,
                one.long,
                one.start,
                one.end,
                one.ordinary,
                _row_of(one, passages, first_row),
            )
            for one in definitions
        ),
    )


def _row_of(one: Definition, passages: Sequence[Passage], first_row: int) -> int | None:
    return next(
        (
            first_row + offset
            for offset, passage in enumerate(passages)
            if passage.start <= one.start and one.end <= passage.end
        ),
        None,
    )


def sum_up(connection: sqlite3.Connection, table: str, only: Sequence[str] | None = None) -> None:
    """Write into `table` what the archive defines, of the keys `only` where they are given.

    The place that is named is the first that is searched, by the names of the reports.
    """
    if only is None:
        _sum_up(connection, table, "")
    for start in range(0, len(only or ()), _BATCH):
        chosen = (only or ())[start : start + _BATCH]
        where = f"WHERE short_key IN ({', '.join('?' * len(chosen))})"
        _sum_up(connection, table, where, chosen)


def _sum_up(
    connection: sqlite3.Connection, table: str, where: str, values: Sequence[str] = ()
) -> None:
    rows = connection.execute(
        f"""SELECT short_key, long_key, short, long, d.document_id, start, end, row, ordinary
            FROM definitions JOIN documents d ON d.position = document {where}
            ORDER BY short_key, long_key, row IS NULL, d.source_id, start""",
        values,
    ).fetchall()
    for short_key, group in groupby(rows, key=lambda row: row[0]):
        connection.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    short_key,
                    key_of(one.long),
                    one.short,
                    one.long,
                    one.documents,
                    one.document_id,
                    one.start,
                    one.end,
                    one.row,
                    one.ordinary,
                )
                for one in supported(_meanings(group))
            ),
        )


def _meanings(rows: Iterator[tuple[Any, ...]]) -> Iterator[Abbreviation]:
    for _, group in groupby(rows, key=lambda row: row[1]):
        found = list(group)
        _, _, short, long, document_id, start, end, row, _ = found[0]
        documents = len({one[4] for one in found})
        ordinary = any(one[8] for one in found)
        yield Abbreviation(short, long, documents, document_id, start, end, row, ordinary)


def definitions_of(select: Select, document_id: str) -> list[Definition]:
    """Return what one document defines, in order."""
    found = select(
        """SELECT short, long, start, end, ordinary FROM definitions
           WHERE document = (SELECT position FROM documents WHERE document_id = ?)
           ORDER BY start, end""",
        (document_id,),
    )
    return [
        Definition(short, long, start, end, bool(ordinary))
        for short, long, start, end, ordinary in found
    ]


def abbreviations(select: Select, forms: Sequence[str]) -> list[Abbreviation]:
    """Return what the archive knows of these short or long forms, best supported first."""
    found: dict[tuple[str, str], Abbreviation] = {}
    wanted = sorted({form for form in forms if form})
    for start in range(0, len(wanted), _BATCH):
        chosen = wanted[start : start + _BATCH]
        marks = ", ".join("?" * len(chosen))
        rows = select(
            f"""SELECT short_key, long_key, short, long, documents, document_id, start, end, row,
                       ordinary FROM abbreviations
                WHERE short_key IN ({marks}) OR long_key IN ({marks})""",
            [*(form.casefold() for form in chosen), *map(key_of, chosen)],
        )
        for short_key, long_key, *known, ordinary in rows:
            found[short_key, long_key] = replace(Abbreviation(*known), ordinary=bool(ordinary))
    return sorted(found.values(), key=lambda one: (-one.documents, one.short, one.long))
