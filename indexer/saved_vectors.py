"""The vectors of a build that is under way, on disk as soon as they are made."""

import logging
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from indexer.embedding import Vectors

logger = logging.getLogger(__name__)

_CHECKSUM_BYTES = 4
_BATCH = 500  # values in one statement


class SavedVectors:
    """The vectors of a build that is under way, so that a killed one embeds nothing twice."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._path = folder / f"vectors-{fingerprint}.sqlite"

    def load(self, dimension: int, digests: Sequence[bytes] | None = None) -> dict[bytes, Vectors]:
        """Return the vectors that are there by the digest of their text: of `digests`, or all."""
        if not self._path.exists():
            return {}
        try:
            with closing(self._connect()) as connection:
                rows = list(_chosen(connection, digests))
        except sqlite3.DatabaseError as error:
            logger.warning(
                "what an interrupted build had embedded cannot be read (%s): starting over", error
            )
            self.delete()
            return {}
        found = {}
        for digest, written in rows:
            vector, checksum = written[:-_CHECKSUM_BYTES], written[-_CHECKSUM_BYTES:]
            if len(vector) == 4 * dimension and checksum == _checksum(digest + vector):
                found[digest] = np.frombuffer(vector, np.float32)
        return found

    def save(self, batch: dict[bytes, Vectors]) -> None:
        """Add vectors; they are on disk when this returns."""
        with closing(self._connect()) as connection, connection:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                (
                    (digest, vector.tobytes() + _checksum(digest + vector.tobytes()))
                    for digest, vector in batch.items()
                ),
            )

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL)"
        )
        return connection

    def delete(self) -> None:
        """Forget them: they are part of a published generation, or worthless."""
        self._path.unlink(missing_ok=True)


def _chosen(
    connection: sqlite3.Connection, digests: Sequence[bytes] | None
) -> Iterator[tuple[bytes, bytes]]:
    if digests is None:
        yield from connection.execute("SELECT digest, vector FROM vectors")
        return
    for start in range(0, len(digests), _BATCH):
        chosen = digests[start : start + _BATCH]
        where = f"digest IN ({', '.join('?' * len(chosen))})"
        yield from connection.execute(f"SELECT digest, vector FROM vectors WHERE {where}", chosen)


def _checksum(content: bytes) -> bytes:
    """The database notices a damaged page only where its structure suffers."""
    return zlib.crc32(content).to_bytes(_CHECKSUM_BYTES)
