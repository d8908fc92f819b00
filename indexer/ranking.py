"""Passages in order, best first: two columns that read as hits."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

from indexer.row_sets import Rows

SomeRows = Sequence[int] | Rows
Scores = npt.NDArray[np.float64]


class Hit(NamedTuple):
    """One passage in a ranking."""

    row: int
    score: float


class Ranking(Sequence[Hit]):
    """Hits, best first; equal scores are ordered by row.

    A search has a thousand of them, and shows ten: they are computed with as columns.
    """

    __slots__ = ("rows", "scores")

    def __init__(self, rows: Rows, scores: npt.NDArray[np.floating]) -> None:
        """Take over columns (n,) that are in order already."""
        self.rows = rows
        self.scores: Scores = scores.astype(np.float64, copy=False)

    @classmethod
    def of(cls, hits: Iterable[tuple[int, float]]) -> "Ranking":
        """Return a ranking of hits that may be in any order."""
        found = list(hits)
        rows = np.array([row for row, _ in found], np.int64)
        return cls.best_first(rows, np.array([score for _, score in found], np.float64))

    @classmethod
    def best_first(cls, rows: Rows, scores: npt.NDArray[np.floating]) -> "Ranking":
        """Return a ranking of columns that may be in any order."""
        order = best_first(rows, scores)
        return cls(rows[order], scores[order])

    def __len__(self) -> int:
        """Return how many hits it holds."""
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> "Ranking": ...
    def __getitem__(self, at: int | slice) -> "Hit | Ranking":
        """Return one hit, or the ranking of some."""
        if isinstance(at, slice):
            return Ranking(self.rows[at], self.scores[at])
        return Hit(int(self.rows[at]), float(self.scores[at]))

    def __iter__(self) -> Iterator[Hit]:
        """Yield the hits, best first."""
        return map(Hit, self.rows.tolist(), self.scores.tolist())

    def __eq__(self, other: object) -> bool:
        """Compare with any sequence of hits."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Show the hits."""
        return f"Ranking({list(self)})"


def best_first(rows: Rows, scores: npt.NDArray[np.floating]) -> npt.NDArray[np.intp]:
    """Return the positions of `rows` by score; equal scores are ordered by row."""
    return np.lexsort((rows, -scores))
