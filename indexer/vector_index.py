"""The vectors of all passages, by row: exact inner products with FAISS. Owner of faiss.

A generation that was written whole has FILE_NAME alone. One that was appended to another shares
that file with it; what was added since lies in _ADDED, the rows that are gone are listed in
_REMOVED. Rows are never numbered anew but by writing the index whole.
"""

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from indexer.embedding import Vectors
from indexer.publishing import link_or_copy
from indexer.records import Hit, Ranking

PREFIX = "vectors."  # of the name of each file of the index
FILE_NAME = "vectors.faiss"
_ADDED = "vectors.added.faiss"
_REMOVED = "vectors.removed"  # 64-bit rows, in order
_BEYOND_THE_CUT = 16  # hits that are asked for to see whether the last score goes on
# An index is written whole again once so much of it was appended or is gone.
_ADDED_SHARE = 0.02
_REMOVED_SHARE = 0.2
_FEW = 1000  # what is added or removed at any size before that is worth its time

Rows = npt.NDArray[np.int64]


def write(vectors: Vectors, folder: Path) -> None:
    """Write an index over `vectors` (n, dimension); the row of a vector is its id.

    Raises OSError where it cannot be written.
    """
    _write_flat(vectors, folder / FILE_NAME)


def append(previous: Path, folder: Path, removed: Rows, vectors: Vectors) -> None:
    """Make in `folder` the index of the generation in the folder `previous`, changed.

    `removed` rows are never found again; `vectors` become the rows after the highest one of
    `previous`. What did not change is shared with it, so that the cost follows the change.
    Raises ValueError for rows that `previous` never had, OSError where it cannot be written.
    """
    before = VectorIndex(previous)
    if len(removed) and not 0 <= removed.min() <= removed.max() < before.rows:
        raise ValueError(f"rows {removed.min()} to {removed.max()} of {before.rows} rows")
    link_or_copy(previous / FILE_NAME, folder / FILE_NAME)
    added = np.concatenate([before.added, vectors])
    if len(added):
        _write_flat(added, folder / _ADDED)
    gone = np.union1d(before.removed, removed).astype(np.int64)
    if len(gone):
        (folder / _REMOVED).write_bytes(gone.tobytes())


def worth_rewriting(folder: Path) -> bool:
    """True where so much was appended or removed that `write` pays for itself."""
    index = VectorIndex(folder)
    return len(index.added) > max(_FEW, _ADDED_SHARE * index.rows) or len(index.removed) > max(
        _FEW, _REMOVED_SHARE * index.rows
    )


def _write_flat(vectors: Vectors, path: Path) -> None:
    index = faiss.IndexFlatIP(vectors.shape[1])
    if len(vectors):
        index.add(vectors)
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:  # how the engine reports a full disk
        reason = str(error).rpartition("(")[2].rstrip(")")
        raise OSError(f"vector index: {reason}") from error


class VectorIndex:
    """Opened read-only; safe to search from several threads."""

    def __init__(self, folder: Path) -> None:
        self._main = faiss.read_index(str(folder / FILE_NAME))
        self.removed: Rows = np.zeros(0, np.int64)
        self.added: Vectors = np.zeros((0, self.dimension), np.float32)
        self._tail: faiss.Index = faiss.IndexFlatIP(self.dimension)
        if (folder / _REMOVED).exists():
            self.removed = np.frombuffer((folder / _REMOVED).read_bytes(), np.int64)
        if (folder / _ADDED).exists():
            self._tail = faiss.read_index(str(folder / _ADDED))
            self.added = self._tail.reconstruct_n(0, self._tail.ntotal)

    @property
    def count(self) -> int:
        """How many vectors can be found."""
        return self.rows - len(self.removed)

    @property
    def rows(self) -> int:
        """One more than the highest row, removed or not."""
        return int(self._main.ntotal + self._tail.ntotal)

    @property
    def dimension(self) -> int:
        """The length of each vector."""
        return int(self._main.d)

    def search(self, query: Vectors, depth: int, rows: Rows | None = None) -> Ranking:
        """Return the `depth` rows nearest to one query vector (1, dimension), by cosine.

        `rows` limits the search to those rows. Equal scores are ordered by row.
        """
        if rows is not None:
            rows = np.setdiff1d(rows, self.removed)
        wanted = min(depth, self.count if rows is None else len(rows))
        if wanted == 0:
            return ()
        pieces = [
            self._nearest(self._main, 0, query, wanted, rows),
            self._nearest(self._tail, self._main.ntotal, query, wanted, rows),
        ]
        scores = np.concatenate([scores for scores, _ in pieces])
        found = np.concatenate([found for _, found in pieces])
        order = np.lexsort((found, -scores))[:wanted]
        pairs = zip(found[order].tolist(), scores[order].tolist(), strict=True)
        return tuple(Hit(row, score) for row, score in pairs)

    def _nearest(
        self, index: faiss.Index, first: int, query: Vectors, wanted: int, rows: Rows | None
    ) -> tuple[npt.NDArray[np.float32], Rows]:
        """Return scores and rows of all that may be among the `wanted` nearest in one part."""
        if index.ntotal == 0:
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        selector: faiss.IDSelector | None = None
        if rows is not None:
            selector = faiss.IDSelectorBatch(rows - first)
        elif len(self.removed):
            selector = faiss.IDSelectorNot(faiss.IDSelectorBatch(self.removed - first))
        parameters = faiss.SearchParameters(sel=selector) if selector else None  # type: ignore[call-arg]
        # Of equal scores at the cut FAISS keeps any: look further until the last one is lower.
        reach = wanted + _BEYOND_THE_CUT
        while True:
            scores, found = index.search(query, reach, params=parameters)
            # FAISS pads with row -1 when it holds fewer than depth vectors.
            if found[0][-1] < 0 or scores[0][-1] < scores[0][wanted - 1]:
                break
            reach *= 2
        kept = found[0] >= 0
        return scores[0][kept], found[0][kept] + first

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of `rows` (n, dimension), in their order."""
        found: Vectors = np.zeros((len(rows), self.dimension), np.float32)
        late = rows >= self._main.ntotal
        if not late.all():
            found[~late] = self._main.reconstruct_batch(rows[~late])
        if late.any():
            found[late] = self.added[rows[late] - self._main.ntotal]
        return found
