"""indexer.remembered_queries: a query is encoded once."""

from collections.abc import Sequence

import numpy as np

from indexer.embedding import EncoderSpec, Vectors
from indexer.remembered_queries import RememberedQueries


class CountingEncoder:
    """Gives the length of a text, and notes what it was asked."""

    def __init__(self) -> None:
        self.spec = EncoderSpec("lengths", "", 1, 256)
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(text)] for text in texts], np.float32)


def test_a_query_is_encoded_once_and_a_caller_may_change_what_it_got() -> None:
    encoder = CountingEncoder()
    remembered = RememberedQueries(encoder)
    first = remembered.encode(["budget"])
    first += 1
    assert remembered.encode(["budget"]).tolist() == [[6.0]]
    assert remembered.encode(["budgets"]).tolist() == [[7.0]]
    assert encoder.asked == ["budget", "budgets"]
    assert remembered.spec == encoder.spec


def test_several_texts_are_encoded_together() -> None:
    assert RememberedQueries(CountingEncoder()).encode(["a", "bc"]).tolist() == [[1.0], [2.0]]


def test_only_the_last_queries_are_remembered() -> None:
    encoder = CountingEncoder()
    remembered = RememberedQueries(encoder)
    for number in range(1001):
        remembered.encode([str(number)])
    remembered.encode(["1000"])
    remembered.encode(["0"])
    assert encoder.asked[1001:] == ["0"]
