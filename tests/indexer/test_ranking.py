"""indexer.ranking: columns that read as hits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.ranking import Hit, Ranking, best_first

HITS = st.dictionaries(st.integers(0, 30), st.sampled_from([0.0, 0.25, 0.5, 2.0]), max_size=20)


@given(HITS)
def test_a_ranking_of_hits_is_in_order_and_equal_scores_are_ordered_by_row(
    scores: dict[int, float],
) -> None:
    ranking = Ranking.of(scores.items())
    expected = sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))
    assert list(ranking) == expected
    assert ranking == expected
    assert len(ranking) == len(scores)
    rows, values = np.array([*scores], np.int64), np.array([*scores.values()], np.float32)
    assert rows[best_first(rows, values)].tolist() == [row for row, _ in expected]
    assert Ranking.best_first(rows, values) == ranking


def test_a_hit_has_plain_numbers_and_a_slice_is_a_ranking() -> None:
    ranking = Ranking.of([(7, 0.5), (3, 1.5), (9, 0.25)])
    assert ranking[0] == Hit(3, 1.5)
    assert [type(value) for value in ranking[-1]] == [int, float]
    assert [type(value) for value in next(iter(ranking))] == [int, float]
    assert ranking[1:] == [Hit(7, 0.5), Hit(9, 0.25)]
    assert isinstance(ranking[1:], Ranking)
    assert ranking != [Hit(3, 1.5)]
    assert repr(ranking[:1]) == "Ranking([Hit(row=3, score=1.5)])"
