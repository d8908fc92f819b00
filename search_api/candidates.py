"""The passages of a merged ranking: computed with as columns, shown one at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

from indexer.ranking import Ranking, Scores
from indexer.row_sets import Rows

Ranks = npt.NDArray[np.int64]  # from 1; 0 where a list did not bring a passage


class Candidate(NamedTuple):
    """A passage in the merged ranking. Ranks are None where a list did not bring it."""

    row: int
    score: float
    keyword_score: float
    cosine: float
    keyword_rank: int | None
    vector_rank: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Candidates(Sequence[Candidate]):
    """A merged ranking, best first, equal scores ordered by row; each column is (n,)."""

    rows: Rows
    scores: Scores
    keyword_scores: Scores
    cosines: Scores
    keyword_ranks: Ranks
    vector_ranks: Ranks

    @classmethod
    def by_words(cls, ranking: Ranking) -> "Candidates":
        """Return the keyword list alone."""
        ranks, none = _counted(ranking), np.zeros(len(ranking), np.int64)
        unknown = np.full(len(ranking), -1.0)
        return cls(ranking.rows, ranking.scores, ranking.scores, unknown, ranks, none)

    @classmethod
    def by_meaning(cls, ranking: Ranking) -> "Candidates":
        """Return the vector list alone."""
        ranks, none = _counted(ranking), np.zeros(len(ranking), np.int64)
        return cls(ranking.rows, ranking.scores, none.astype(float), ranking.scores, none, ranks)

    def taken(self, places: slice | Ranks) -> "Candidates":
        """Return the passages at `places`, in that order."""
        return Candidates(
            self.rows[places],
            self.scores[places],
            self.keyword_scores[places],
            self.cosines[places],
            self.keyword_ranks[places],
            self.vector_ranks[places],
        )

    def __len__(self) -> int:
        """Return how many passages it holds."""
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Candidate: ...
    @overload
    def __getitem__(self, at: slice) -> "Candidates": ...
    def __getitem__(self, at: int | slice) -> "Candidate | Candidates":
        """Return one passage, or the ranking of some."""
        if isinstance(at, slice):
            return self.taken(at)
        return Candidate(
            int(self.rows[at]),
            float(self.scores[at]),
            float(self.keyword_scores[at]),
            float(self.cosines[at]),
            int(self.keyword_ranks[at]) or None,
            int(self.vector_ranks[at]) or None,
        )

    def __iter__(self) -> Iterator[Candidate]:
        """Yield the passages, best first."""
        return map(self.__getitem__, range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Compare with any sequence of passages."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def ranks_in(rows: Rows, ranking: Ranking) -> Ranks:
    """Return the rank of each of `rows`, which are in ascending order, in a ranking of some."""
    ranks = np.zeros(len(rows), np.int64)
    ranks[np.searchsorted(rows, ranking.rows)] = _counted(ranking)
    return ranks


def _counted(ranking: Ranking) -> Ranks:
    return np.arange(1, len(ranking) + 1)
