"""The vectors of a build in a file, by row: written in any order, read a slice at a time."""

from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from indexer.embedding import Vectors
from indexer.row_sets import Rows


class VectorRows(Protocol):
    """What an index is made of: a matrix, or a file of one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """How many vectors there are, and how long each is."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice | Rows, /) -> Vectors: ...


class VectorFile:
    """A matrix of `shape` in single precision, of which only what is asked for is in memory."""

    def __init__(self, path: Path, shape: tuple[int, int]) -> None:
        self.shape: tuple[int, ...] = shape
        self._row_bytes = shape[1] * np.dtype(np.float32).itemsize
        self._file = path.open("w+b")
        self._file.truncate(shape[0] * self._row_bytes)

    def __len__(self) -> int:
        return self.shape[0]

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __setitem__(self, rows: Rows, vectors: Vectors) -> None:
        starts = [0, *(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)]
        for start, end in pairwise(starts):  # a run of rows at a time
            if start < end:
                self._file.seek(int(rows[start]) * self._row_bytes)
                self._file.write(vectors[start:end].tobytes())

    def __getitem__(self, rows: slice | Rows, /) -> Vectors:
        if isinstance(rows, slice):
            start, end, _ = rows.indices(len(self))
            return self._read(start, max(0, end - start))
        found: Vectors = np.empty((len(rows), self.shape[1]), np.float32)
        for place, row in enumerate(rows.tolist()):
            found[place] = self._read(row, 1)
        return found

    def _read(self, start: int, count: int) -> Vectors:
        found: Vectors = np.empty((count, self.shape[1]), np.float32)
        self._file.seek(start * self._row_bytes)
        self._file.readinto(found.data)
        return found
