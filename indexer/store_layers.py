"""The passage store may lie in two files: one that was written whole, and what changed since.

The generations that follow share the first by a hard link, so that a build writes what changed and
no more. `gone` names what in the first counts no longer. For each table a view shows the rest of
the first and the second as one, under the name of the table: who reads need not know.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

FILE_NAME = "store.sqlite"
CHANGES_NAME = "changes.sqlite"
WHOLE, CHANGES = "main", "changes"  # what a connection calls the two

# For each table: under which kind `gone` names its rows, and by which column.
_KEYS = {
    "documents": ("documents", "position"),
    "texts": ("texts", "position"),
    "passages": ("texts", "document"),
    "readings": ("readings", "position"),
    "definitions": ("texts", "document"),
    "files": ("files", "source_id"),
    "stamps": ("stamps", "source_id"),
    "former_documents": ("former_documents", "document_id"),
    "copies": ("copies", "group_id"),
    "abbreviations": ("abbreviations", "short_key"),
}
_ADDED_UP = ("names",)  # what changed is added to what was
_REPLACED = ("owner_table", "counts")
GONE = """
CREATE TABLE gone (
    kind TEXT NOT NULL, key BLOB NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
"""


def connect(folder: Path, *, to_change: bool = False) -> sqlite3.Connection:
    """Open the store in `folder` read-only; `to_change` opens what changed since for writing."""
    connection = sqlite3.connect(_uri(folder / FILE_NAME), uri=True, check_same_thread=False)
    changes = folder / CHANGES_NAME
    if to_change or changes.exists():
        uri = _uri(changes, "mode=rwc" if to_change else "mode=ro&immutable=1")
        connection.execute(f"ATTACH ? AS {CHANGES}", (uri,))
        _show_as_one(connection)
    return connection


def layers(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the names of the files that a connection reads."""
    attached = [row[1] for row in connection.execute("PRAGMA database_list")]
    return (WHOLE, CHANGES) if CHANGES in attached else (WHOLE,)


def _show_as_one(connection: sqlite3.Connection) -> None:
    """Let the name of each table stand for what both files hold of it."""
    for table, (kind, key) in _KEYS.items():
        connection.execute(
            f"""CREATE TEMP VIEW {table} AS SELECT * FROM {WHOLE}.{table} AS whole
                WHERE NOT EXISTS (SELECT 1 FROM {CHANGES}.gone
                                  WHERE kind = '{kind}' AND key = whole.{key})
                UNION ALL SELECT * FROM {CHANGES}.{table}"""
        )
    for table in _ADDED_UP:
        connection.execute(
            f"""CREATE TEMP VIEW {table} AS SELECT * FROM {WHOLE}.{table}
                UNION ALL SELECT * FROM {CHANGES}.{table}"""
        )
    for table in _REPLACED:
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM {CHANGES}.{table}")


def take_out(connection: sqlite3.Connection, kind: str, keys: Iterable[object]) -> None:
    """Let what is stored under `keys`, in either file, count no longer."""
    for key in keys:
        connection.execute(f"INSERT OR IGNORE INTO {CHANGES}.gone VALUES (?, ?)", (kind, key))
        for table, (own_kind, column) in _KEYS.items():
            if own_kind == kind:
                connection.execute(f"DELETE FROM {CHANGES}.{table} WHERE {column} = ?", (key,))


def _uri(path: Path, mode: str = "mode=ro&immutable=1") -> str:
    return f"{path.resolve().as_uri()}?{mode}"
