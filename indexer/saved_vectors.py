"""The vectors of a build that is under way, on disk as soon as they are made."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from indexer.embedding import Vectors

logger = logging.getLogger(__name__)


class SavedVectors:
    """The vectors of a build that is under way, so that a killed one embeds nothing twice."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._path = folder / f"vectors-{fingerprint}.sqlite"

    def load(self, dimension: int) -> dict[bytes, Vectors]:
        """Return the vectors that an earlier build left, by the digest of their text."""
        if not self._path.exists():
            return {}
        try:
            with closing(sqlite3.connect(self._path)) as connection:
                rows = connection.execute("SELECT digest, vector FROM vectors").fetchall()
        except sqlite3.DatabaseError:
            logger.warning("what an interrupted build had embedded cannot be read: starting over")
            self.delete()
            return {}
        found = {digest: np.frombuffer(vector, np.float32) for digest, vector in rows}
        return {digest: vector for digest, vector in found.items() if len(vector) == dimension}

    def save(self, batch: dict[bytes, Vectors]) -> None:
        """Add vectors; they are on disk when this returns."""
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL)"
            )
            connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                ((digest, vector.tobytes()) for digest, vector in batch.items()),
            )

    def delete(self) -> None:
        """Forget them: they are part of a published generation, or worthless."""
        self._path.unlink(missing_ok=True)
