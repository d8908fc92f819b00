"""Merge a keyword ranking and a vector ranking: pure functions, each with its source."""

from collections.abc import Mapping, Sequence

from indexer.records import Hit, Ranking

# Weight of the vector side. Bruch, Gai & Ingber find one weight near .8 robust across data sets;
# on our sets see the README's table.
VECTOR_WEIGHT = 0.8
# k of reciprocal rank fusion, as its authors chose it; not tuned on our queries.
RRF_K = 60


def convex_combination(
    keyword: Mapping[int, float],
    cosine: Mapping[int, float],
    vector_weight: float = VECTOR_WEIGHT,
) -> Ranking:
    """Rank rows by (1 - w) * BM25 / max(BM25) + w * (cosine + 1) / max(cosine + 1).

    Both scores are scaled between their theoretical minimum (0 and -1) and the largest found, so
    that a list of poor matches is not stretched to look good. A row without a keyword score has
    matched no word and counts 0; every row needs a cosine, or is taken to be as far away as can
    be. Scores lie in [0, 1]; equal ones are ordered by row.
    Source: Bruch, Gai & Ingber, ACM TOIS 42(1), 2023, "theoretical min-max" convex combination.
    """
    largest_keyword = max(keyword.values(), default=0.0)
    largest_cosine = max(cosine.values(), default=-1.0) + 1
    scores = {
        row: (1 - vector_weight) * _share(keyword.get(row, 0.0), largest_keyword)
        + vector_weight * _share(cosine.get(row, -1.0) + 1, largest_cosine)
        for row in keyword.keys() | cosine.keys()
    }
    return _ranked(scores)


def reciprocal_rank_fusion(rankings: Sequence[Ranking], k: int = RRF_K) -> Ranking:
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
    return _ranked(scores)


def _share(score: float, largest: float) -> float:
    return score / largest if largest > 0 else 0.0


def _ranked(scores: Mapping[int, float]) -> Ranking:
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Hit(row, score) for row, score in ordered)
