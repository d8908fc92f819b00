"""The vectors of all passages, by row: inner products with FAISS.

A small archive is searched exactly; a large one in lists of neighbours (`approximate_vectors`),
which its generation names in RECALL_NAME. A generation that was written whole has no more than
that. One that was appended to another shares those files with it; what was added since lies in
_ADDED, the rows that are gone are listed in _REMOVED. Only writing it whole numbers rows anew.
"""

from pathlib import Path

import faiss
import numpy as np

from indexer.approximate_vectors import (
    LEAST_RECALL,
    ApproximateVectors,
    Found,
    added_to,
    build,
    opened,
    recall_from_json,
    recall_to_json,
    selector,
)
from indexer.approximate_vectors import write as write_file
from indexer.embedding import Vectors
from indexer.publishing import link_or_copy
from indexer.ranking import Ranking
from indexer.row_sets import Rows, RowSet
from indexer.vector_file import VectorRows

PREFIX = "vectors."  # of the name of each file of the index
FILE_NAME = "vectors.faiss"
RECALL_NAME = "vectors.recall.json"
_EMPTY = "vectors.empty.faiss"  # the lists without their vectors: what is added goes into a copy
_ADDED = "vectors.added.faiss"
_REMOVED = "vectors.removed"  # 64-bit rows, in order
# An exact search takes .1 ms for 1000 passages: below that number it is fast enough.
EXACT_BELOW = 20_000
_BEYOND_THE_CUT = 16  # hits that are asked for to see whether the last score goes on
# An index is written whole again once so much of it was appended or is gone.
_ADDED_SHARE = 0.05
_REMOVED_SHARE = 0.2
_FEW = 1000  # what is added or removed at any size before that is worth its time


def write(
    vectors: VectorRows,
    folder: Path,
    exact_below: int = EXACT_BELOW,
    least_recall: float = LEAST_RECALL,
) -> None:
    """Write an index over `vectors` (n, dimension); the row of a vector is its id.

    The same vectors give the same index. Raises OSError where it cannot be written.
    """
    path = folder / FILE_NAME
    built = build(vectors, path, least_recall) if len(vectors) >= exact_below else None
    if built is None:
        write_file(added_to(faiss.IndexFlatIP(vectors.shape[1]), vectors), path)
        return
    empty, recall = built
    write_file(empty, folder / _EMPTY)
    (folder / RECALL_NAME).write_text(recall_to_json(recall), encoding="utf-8")


def append(previous: Path, folder: Path, removed: Rows, vectors: VectorRows) -> None:
    """Make in `folder` the index of the generation in the folder `previous`, changed.

    `removed` rows are never found again; `vectors` become the rows after the highest one of
    `previous`. What did not change is shared with it, so that the cost follows the change.
    Raises ValueError for rows that `previous` never had, OSError where it cannot be written.
    """
    before = VectorIndex(previous)
    if len(removed) and not 0 <= removed.min() <= removed.max() < before.rows:
        raise ValueError(f"rows {removed.min()} to {removed.max()} of {before.rows} rows")
    shared = [FILE_NAME, RECALL_NAME, _EMPTY] + ([] if len(vectors) else [_ADDED])
    for name in shared:
        if (previous / name).exists():
            link_or_copy(previous / name, folder / name)
    if len(vectors):
        of_its_kind = [previous / name for name in (_ADDED, _EMPTY) if (previous / name).exists()]
        start = faiss.IndexFlatIP(before.dimension)
        write_file(
            added_to(faiss.read_index(str(of_its_kind[0])) if of_its_kind else start, vectors),
            folder / _ADDED,
        )
    gone = np.union1d(before.removed, removed).astype(np.int64)
    if len(gone):
        (folder / _REMOVED).write_bytes(gone.tobytes())


def worth_rewriting(folder: Path) -> bool:
    """True where so much was appended or removed that `write` pays for itself."""
    index = VectorIndex(folder)
    return index.added > max(_FEW, _ADDED_SHARE * index.rows) or len(index.removed) > max(
        _FEW, _REMOVED_SHARE * index.rows
    )


class _ExactVectors:
    """An index of whole vectors as it is read: positions count from 0."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index
        self.count = int(index.ntotal)
        self.dimension = int(index.d)

    def nearest(self, query: Vectors, wanted: int, among: RowSet | None) -> Found:
        """Return scores and positions of all that may be the `wanted` nearest, in any order."""
        wanted = min(wanted, self.count)
        if wanted == 0:
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        parameters = None
        if among is not None:
            parameters = faiss.SearchParameters(sel=selector(among))  # type: ignore[call-arg]
        # Of equal scores at the cut FAISS keeps any: look further until the last one is lower.
        reach = wanted + _BEYOND_THE_CUT
        while True:
            scores, found = self._index.search(query, reach, params=parameters)
            # FAISS pads with row -1 when it holds fewer than depth vectors.
            if found[0][-1] < 0 or scores[0][-1] < scores[0][wanted - 1]:
                break
            reach *= 2
        kept = found[0] >= 0
        return scores[0][kept], found[0][kept]

    def vectors(self, positions: Rows) -> Vectors:
        """Return the vectors at `positions` (n, dimension), in their order."""
        if len(positions) == 0:
            return np.zeros((0, self.dimension), np.float32)
        found: Vectors = self._index.reconstruct_batch(positions)
        return found


class VectorIndex:
    """Opened read-only and mapped into memory; safe to search from several threads."""

    def __init__(self, folder: Path) -> None:
        main = _opened(folder, FILE_NAME)
        self.dimension = main.dimension
        """The length of each vector."""
        self._parts = [(0, main)]
        self.added = 0
        """How many of its rows were appended."""
        if (folder / _ADDED).exists():
            tail = _opened(folder, _ADDED)
            self.added = tail.count
            self._parts.append((main.count, tail))
        self.rows = main.count + self.added
        """One more than the highest row, removed or not."""
        removed = (folder / _REMOVED).read_bytes() if (folder / _REMOVED).exists() else b""
        self.removed: Rows = np.frombuffer(removed, np.int64)
        """The rows that are never found, in order."""
        self._live: RowSet | None = None
        if len(self.removed):
            live = np.setdiff1d(np.arange(self.rows), self.removed, assume_unique=True)
            self._live = RowSet.of(live, self.rows)

    @property
    def count(self) -> int:
        """How many vectors can be found."""
        return self.rows - len(self.removed)

    def row_set(self, rows: Rows) -> RowSet:
        """Return those of `rows` that can be found, for `search`."""
        chosen = RowSet.of(rows, self.rows)
        return chosen if self._live is None else chosen & self._live

    def search(self, query: Vectors, depth: int, rows: Rows | RowSet | None = None) -> Ranking:
        """Return the `depth` rows nearest to one query vector (1, dimension), by cosine.

        `rows` limits the search to those rows. Equal scores are ordered by row.
        """
        among = self.row_set(rows) if isinstance(rows, np.ndarray) else rows or self._live
        wanted = min(depth, self.count if among is None else among.count)
        if wanted == 0:
            return Ranking.of(())
        # One thread a query: other queries need the cores. The setting is the calling thread's own.
        faiss.omp_set_num_threads(1)
        pieces = []
        for first, part in self._parts:
            inside = among
            if among is not None and len(self._parts) > 1:
                inside = among.between(first, first + part.count)
            scores, positions = part.nearest(query, wanted, inside)
            pieces.append((scores, positions + first))
        scores = np.concatenate([scores for scores, _ in pieces])
        found = np.concatenate([found for _, found in pieces])
        return Ranking.best_first(found, scores)[:wanted]

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of `rows` (n, dimension), in their order."""
        if len(self._parts) == 1:
            return self._parts[0][1].vectors(rows)
        found: Vectors = np.empty((len(rows), self.dimension), np.float32)
        for first, part in self._parts:
            here = (rows >= first) & (rows < first + part.count)
            found[here] = part.vectors(rows[here] - first)
        return found


def _opened(folder: Path, name: str) -> _ExactVectors | ApproximateVectors:
    index = opened(folder / name)
    recall = folder / RECALL_NAME
    if recall.exists():
        return ApproximateVectors(index, recall_from_json(recall.read_text(encoding="utf-8")))
    return _ExactVectors(index)
