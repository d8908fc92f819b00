"""search_api.candidates: a merged ranking as columns."""

import numpy as np

from indexer.ranking import Ranking
from search_api.candidates import Candidate, Candidates, ranks_in

BY_WORDS = Ranking.of([(4, 9.0), (2, 3.0)])
BY_MEANING = Ranking.of([(2, 0.8), (5, 0.1)])


def test_one_list_alone_says_nothing_of_the_other() -> None:
    assert list(Candidates.by_words(BY_WORDS)) == [
        Candidate(4, 9.0, 9.0, -1.0, 1, None),
        Candidate(2, 3.0, 3.0, -1.0, 2, None),
    ]
    assert list(Candidates.by_meaning(BY_MEANING)) == [
        Candidate(2, 0.8, 0.0, 0.8, None, 1),
        Candidate(5, 0.1, 0.0, 0.1, None, 2),
    ]


def test_a_rank_is_none_where_a_list_did_not_bring_a_passage() -> None:
    rows = np.array([2, 4, 5])
    ranks = (ranks_in(rows, BY_WORDS), ranks_in(rows, BY_MEANING))
    both = Candidates(rows, np.array([0.9, 0.7, 0.2]), np.zeros(3), np.zeros(3), *ranks)
    assert [(one.keyword_rank, one.vector_rank) for one in both] == [(2, 1), (1, None), (None, 2)]


def test_what_is_taken_comes_in_the_order_asked_for() -> None:
    found = Candidates.by_words(BY_WORDS)
    assert [one.row for one in found.taken(np.array([1, 0]))] == [2, 4]
    assert found[1:] == [found[-1]]
    assert [type(value) for value in found[0][:5]] == [int, float, float, float, int]
    assert (found == found[:1], len(found[:0])) == (False, 0)
