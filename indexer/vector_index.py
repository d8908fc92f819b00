"""The vectors of all passages, by row: exact inner products with FAISS. Owner of faiss."""

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from indexer.embedding import Vectors
from indexer.records import Hit, Ranking

FILE_NAME = "vectors.faiss"
_BEYOND_THE_CUT = 16  # hits that are asked for to see whether the last score goes on

Rows = npt.NDArray[np.int64]


def write(vectors: Vectors, folder: Path) -> None:
    """Write an index over `vectors` (n, dimension); the row of a vector is its id.

    Raises OSError where it cannot be written.
    """
    index = faiss.IndexFlatIP(vectors.shape[1])
    if len(vectors):
        index.add(vectors)
    try:
        faiss.write_index(index, str(folder / FILE_NAME))
    except RuntimeError as error:  # how the engine reports a full disk
        reason = str(error).rpartition("(")[2].rstrip(")")
        raise OSError(f"vector index: {reason}") from error


class VectorIndex:
    """Opened read-only; safe to search from several threads."""

    def __init__(self, folder: Path) -> None:
        self._index = faiss.read_index(str(folder / FILE_NAME))

    @property
    def count(self) -> int:
        """How many vectors it holds."""
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """The length of each vector."""
        return int(self._index.d)

    def search(self, query: Vectors, depth: int, rows: Rows | None = None) -> Ranking:
        """Return the `depth` rows nearest to one query vector (1, dimension), by cosine.

        `rows` limits the search to those rows. Equal scores are ordered by row.
        """
        wanted = min(depth, self.count if rows is None else len(rows))
        if wanted == 0:
            return ()
        parameters = None
        if rows is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(rows))  # type: ignore[call-arg]
        # Of equal scores at the cut FAISS keeps any: look further until the last one is lower.
        reach = wanted + _BEYOND_THE_CUT
        while True:
            scores, found = self._index.search(query, reach, params=parameters)
            # FAISS pads with row -1 when it holds fewer than depth vectors.
            if found[0][-1] < 0 or scores[0][-1] < scores[0][wanted - 1]:
                break
            reach *= 2
        kept = found[0] >= 0
        order = np.lexsort((found[0][kept], -scores[0][kept]))[:wanted]
        pairs = zip(found[0][kept][order].tolist(), scores[0][kept][order].tolist(), strict=True)
        return tuple(Hit(row, score) for row, score in pairs)

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of `rows` (n, dimension), in their order."""
        if len(rows) == 0:
            return np.zeros((0, self.dimension), np.float32)
        found: Vectors = self._index.reconstruct_batch(rows)
        return found
