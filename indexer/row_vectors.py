"""How does each row of a build get its vector? From the last generation, from what a build that was
killed had embedded, or by embedding its text; never are all of them in memory.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np

from indexer.embedding import Vectors
from indexer.known_vectors import KnownVectors
from indexer.row_sets import Rows
from indexer.saved_vectors import SavedVectors
from indexer.vector_file import VectorFile
from indexer.wanted import WantedRows

# A multiple of the slices that an encoder takes, which are then those of all texts at once.
_AT_ONCE = 8192

# Takes texts, and whether they are all; yields (position, vectors) of consecutive slices of them.
Encode = Callable[[Sequence[str], bool], Iterator[tuple[int, Vectors]]]


def fill(
    vectors: VectorFile,
    wanted: WantedRows,
    known: KnownVectors | None,
    saved: SavedVectors,
    encode: Encode,
    progress: Callable[[str, int, int], None],
) -> int:
    """Write the vector that is wanted for each row; return how many texts had to be embedded."""
    _copy(vectors, wanted, known)
    texts = wanted.to_embed()
    done = embedded = 0

    def put(rows: Rows, vector: Vectors) -> None:
        nonlocal done
        vectors[rows] = np.broadcast_to(vector, (len(rows), len(vector)))
        done += 1

    def missing() -> Iterator[Rows]:
        rest = iter(texts)
        while chosen := list(islice(rest, _AT_ONCE)):
            digests = [wanted.digest(rows[0]) for rows in chosen]
            found = saved.load(vectors.shape[1], digests)
            for rows, digest in zip(chosen, digests, strict=True):
                if digest in found:
                    put(rows, found[digest])
                else:
                    yield rows

    left = missing()
    while chosen := list(islice(left, _AT_ONCE)):
        progress("embed", done, len(texts))
        is_all = embedded == 0 and len(chosen) < _AT_ONCE
        for start, found in encode([wanted.text(rows[0]) for rows in chosen], is_all):
            batch = chosen[start : start + len(found)]
            digests = [wanted.digest(rows[0]) for rows in batch]
            saved.save(dict(zip(digests, found, strict=True)))
            for rows, vector in zip(batch, found, strict=True):
                put(rows, vector)
            embedded += len(batch)
            progress("embed", done, len(texts))
    return embedded


def _copy(vectors: VectorFile, wanted: WantedRows, known: KnownVectors | None) -> None:
    rows = wanted.known()
    for start in range(0, len(rows), _AT_ONCE):
        assert known is not None  # who says that a vector is known has it
        chosen = rows[start : start + _AT_ONCE]
        vectors[chosen] = known.of([wanted.digest(row) for row in chosen.tolist()])
