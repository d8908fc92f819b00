"""Merge a keyword ranking and a vector ranking: pure functions, each with its source."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from indexer.embedding import Vectors
from indexer.ranking import Hit, Ranking, Scores

Vector = npt.NDArray[np.float32]

# Weight of the vector side: the more words a question has, the less each says of what is wanted,
# and the more its meaning counts as a whole. One weight of .8 (which Bruch, Gai & Ingber find
# robust) is worse than the vectors alone on questions of fourteen words; .93 is worse than the
# words alone on those of five.
SHORT_WEIGHT, LONG_WEIGHT = 0.77, 0.94
SHORT_TERMS, LONG_TERMS = 7, 14
# Share of the mean of the best passages against the question's own vector.
FEEDBACK_WEIGHT = 0.2
# k of reciprocal rank fusion, as its authors chose it; not tuned on our queries.
RRF_K = 60


def vector_weight(terms: int) -> float:
    """Return the weight of the vector side for a query of so many terms, function words left out.

    Linear between SHORT_TERMS and LONG_TERMS, level outside.
    """
    share = (terms - SHORT_TERMS) / (LONG_TERMS - SHORT_TERMS)
    return SHORT_WEIGHT + (LONG_WEIGHT - SHORT_WEIGHT) * min(max(share, 0.0), 1.0)


def convex_combination(
    keyword: Mapping[int, float], cosine: Mapping[int, float], weight: float
) -> Ranking:
    """Rank rows by (1 - w) * BM25 / max(BM25) + w * (cosine + 1) / max(cosine + 1).

    Both scores are scaled between their theoretical minimum (0 and -1) and the largest found, so
    that a list of poor matches is not stretched to look good. A row without a keyword score has
    matched no word and counts 0; every row needs a cosine, or is taken to be as far away as can
    be. Scores lie in [0, 1]; equal ones are ordered by row.
    Source: Bruch, Gai & Ingber, ACM TOIS 42(1), 2023, "theoretical min-max" convex combination.
    """
    rows = np.array(sorted(keyword.keys() | cosine.keys()), np.int64)
    scores = convex_scores(
        np.array([keyword.get(row, 0.0) for row in rows.tolist()], np.float64),
        np.array([cosine.get(row, -1.0) for row in rows.tolist()], np.float64),
        weight,
    )
    return Ranking.best_first(rows, scores)


def convex_scores(keyword: Scores, cosine: Scores, weight: float) -> Scores:
    """Return what `convex_combination` scores passages by, from their two scores (n,) each."""
    return (1 - weight) * _shares(keyword) + weight * _shares(cosine + 1)


def towards(query: Vector, best: Vectors) -> Vector:
    """Return the query moved towards the mean of the passages found best, of length 1.

    Rocchio's feedback with the best passages taken to be relevant, on dense vectors as Li et al.
    (ACM TOIS 41(3), 2023) have it. `query` is (dimension,), `best` (n, dimension).
    """
    if not len(best):
        return query
    moved = query + FEEDBACK_WEIGHT * best.mean(axis=0)
    result: Vector = moved / np.linalg.norm(moved)
    return result


def reciprocal_rank_fusion(rankings: Sequence[Sequence[Hit]], k: int = RRF_K) -> Ranking:
    """Rank rows by the sum of 1 / (k + rank) over the rankings that hold them.

    Ranks start at 1; a ranking without the row adds nothing; equal scores are ordered by row. Kept
    for engines that give ranks only: with scores at hand, the convex combination ranked better on
    every set.
    Source: Cormack, Clarke & Büttcher, SIGIR 2009.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.row] = scores.get(hit.row, 0.0) + 1 / (k + rank)
    return Ranking.of(scores.items())


def _shares(scores: Scores) -> Scores:
    largest = scores.max(initial=0.0)
    return scores / largest if largest > 0 else np.zeros_like(scores)
