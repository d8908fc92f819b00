"""search_api.fusion: hand-computed merges, and the laws that every merge keeps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.ranking import Hit, Ranking
from search_api.fusion import (
    RRF_K,
    convex_combination,
    reciprocal_rank_fusion,
    towards,
    vector_weight,
)

ROWS = st.integers(0, 50)
BM25 = st.floats(0.01, 60, allow_nan=False)
COSINE = st.floats(-1, 1, allow_nan=False)
KEYWORD = st.dictionaries(ROWS, BM25, max_size=20)
COSINES = st.dictionaries(ROWS, COSINE, max_size=20)


def order(ranking: Ranking) -> list[int]:
    return [hit.row for hit in ranking]


def ranking_of(scores: dict[int, float]) -> Ranking:
    return Ranking.of(scores.items())


RANKINGS = st.dictionaries(ROWS, BM25, max_size=20).map(ranking_of)


# --- convex combination -------------------------------------------------------------------------


def test_scores_are_shares_of_the_largest_weighted_four_to_one() -> None:
    merged = convex_combination({1: 10.0, 2: 5.0}, {1: 0.0, 2: 0.6, 3: 0.2}, 0.8)
    # (cosine + 1) / 1.6: row 1 0.625, row 2 1, row 3 0.75. BM25 / 10: row 1 1, row 2 0.5, row 3 0.
    assert order(merged) == [2, 1, 3]
    assert [hit.score for hit in merged] == pytest.approx(
        [0.2 * 0.5 + 0.8 * 1, 0.2 * 1 + 0.8 * 0.625, 0.8 * 0.75]
    )


@pytest.mark.parametrize(
    ("terms", "weight"), [(0, 0.77), (7, 0.77), (9, 0.77 + 0.17 * 2 / 7), (14, 0.94), (60, 0.94)]
)
def test_meaning_counts_more_in_longer_questions(terms: int, weight: float) -> None:
    assert vector_weight(terms) == pytest.approx(weight)


def test_the_weight_moves_the_order_from_words_to_meaning() -> None:
    keyword, cosine = {1: 8.0, 2: 2.0}, {1: 0.1, 2: 0.9}
    assert order(convex_combination(keyword, cosine, 0.0)) == [1, 2]
    assert order(convex_combination(keyword, cosine, 1.0)) == [2, 1]


def test_a_row_without_a_cosine_is_taken_to_be_as_far_away_as_can_be() -> None:
    merged = convex_combination({1: 4.0}, {2: 0.5}, 0.8)
    assert order(merged) == [2, 1]
    assert [hit.score for hit in merged] == pytest.approx([0.8, 0.2])


def test_opposite_vectors_only_and_no_words_give_zeros() -> None:
    assert convex_combination({}, {4: -1.0, 3: -1.0}, 0.8) == (Hit(3, 0.0), Hit(4, 0.0))


def test_merging_nothing_gives_nothing() -> None:
    assert convex_combination({}, {}, 0.8) == ()
    assert reciprocal_rank_fusion([]) == ()
    assert reciprocal_rank_fusion([(), ()]) == ()


def test_equal_scores_are_ordered_by_row() -> None:
    assert order(convex_combination({9: 1.0, 2: 1.0, 5: 1.0}, {9: 0.5, 2: 0.5, 5: 0.5}, 0.8)) == [
        2,
        5,
        9,
    ]
    assert order(reciprocal_rank_fusion([(Hit(9, 2.0),), (Hit(2, 2.0),)])) == [2, 9]


@settings(deadline=None)
@given(KEYWORD, COSINES, st.floats(0, 1))
def test_scores_lie_between_zero_and_one_and_every_row_is_kept(
    keyword: dict[int, float], cosine: dict[int, float], weight: float
) -> None:
    merged = convex_combination(keyword, cosine, weight)
    assert set(order(merged)) == keyword.keys() | cosine.keys()
    assert all(0 <= hit.score <= 1 + 1e-12 for hit in merged)
    assert list(merged) == sorted(merged, key=lambda hit: (-hit.score, hit.row))


@settings(deadline=None)
@given(KEYWORD)
def test_words_alone_keep_their_order(keyword: dict[int, float]) -> None:
    assert order(convex_combination(keyword, {}, 0.8)) == order(ranking_of(keyword))


@settings(deadline=None)
@given(st.dictionaries(ROWS, st.integers(-100, 100).map(lambda n: n / 100), max_size=20))
def test_meaning_alone_keeps_its_order(cosine: dict[int, float]) -> None:
    assert order(convex_combination({}, cosine, 0.8)) == order(ranking_of(cosine))


@settings(deadline=None)
@given(KEYWORD, COSINES, ROWS)
def test_a_row_that_is_best_in_both_lists_is_first(
    keyword: dict[int, float], cosine: dict[int, float], best: int
) -> None:
    merged = convex_combination(keyword | {best: 61.0}, cosine | {best: 1.0}, 0.8)
    assert merged[0].score == pytest.approx(1.0)
    tied = [hit.row for hit in merged if hit.score == merged[0].score]
    assert best in tied


@settings(deadline=None)
@given(st.dictionaries(ROWS, st.integers(1, 60).map(float), max_size=20), COSINES)
def test_the_unit_of_the_keyword_score_does_not_matter(
    keyword: dict[int, float], cosine: dict[int, float]
) -> None:
    doubled = {row: 2 * score for row, score in keyword.items()}
    assert convex_combination(doubled, cosine, 0.8) == convex_combination(keyword, cosine, 0.8)


# --- reciprocal rank fusion ---------------------------------------------------------------------


def test_each_list_adds_one_over_sixty_plus_rank() -> None:
    merged = reciprocal_rank_fusion(
        [(Hit(7, 9.0), Hit(8, 3.0)), (Hit(8, 0.9), Hit(7, 0.8), Hit(6, 0.1))]
    )
    assert merged == (
        Hit(7, 1 / 61 + 1 / 62),
        Hit(8, 1 / 62 + 1 / 61),
        Hit(6, 1 / 63),
    )
    assert RRF_K == 60


def test_another_k_flattens_or_sharpens() -> None:
    assert reciprocal_rank_fusion([(Hit(3, 1.0),)], k=0) == (Hit(3, 1.0),)


@settings(deadline=None)
@given(RANKINGS)
def test_fusing_one_ranking_keeps_its_order(ranking: Ranking) -> None:
    assert order(reciprocal_rank_fusion([ranking])) == order(ranking)


@settings(deadline=None)
@given(RANKINGS, RANKINGS)
def test_swapping_two_rankings_changes_nothing(one: Ranking, other: Ranking) -> None:
    assert reciprocal_rank_fusion([one, other]) == reciprocal_rank_fusion([other, one])


@settings(deadline=None)
@given(RANKINGS, RANKINGS, ROWS)
def test_the_first_of_both_rankings_is_the_first_of_the_merged_one(
    one: Ranking, other: Ranking, best: int
) -> None:
    first = (Hit(best, 100.0),)
    lists = [first + tuple(hit for hit in ranking if hit.row != best) for ranking in (one, other)]
    assert reciprocal_rank_fusion(lists)[0] == Hit(best, 2 / 61)


@settings(deadline=None)
@given(st.lists(RANKINGS, max_size=4))
def test_rank_scores_lie_in_zero_to_one_and_do_not_depend_on_the_scores(
    rankings: list[Ranking],
) -> None:
    merged = reciprocal_rank_fusion(rankings)
    assert all(0 < hit.score <= 1 for hit in merged)
    flat = [tuple(Hit(hit.row, 0.0) for hit in ranking) for ranking in rankings]
    assert reciprocal_rank_fusion(flat) == merged


def test_a_query_moves_towards_the_mean_of_the_best_and_keeps_length_one() -> None:
    query = np.array([1.0, 0.0, 0.0], np.float32)
    best = np.array([[0, 1, 0], [0, 0, 1]], np.float32)
    moved = towards(query, best)
    assert np.linalg.norm(moved) == pytest.approx(1)
    assert moved / moved[0] == pytest.approx([1, 0.1, 0.1])


def test_a_query_stays_where_nothing_was_found() -> None:
    query = np.array([0.6, 0.8], np.float32)
    assert towards(query, np.zeros((0, 2), np.float32)).tolist() == query.tolist()
