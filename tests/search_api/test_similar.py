"""search_api.similar and passage_list over the sample archive."""

import numpy as np
import pytest

from indexer.generation import Generation
from search_api.passage_list import passages_of
from search_api.similar import similar_to


def test_reports_are_ranked_by_the_cosine_of_their_mean_vectors(sample: Generation) -> None:
    means = {}
    for document in sample.documents():
        rows = [one.row for one in sample.document_passages(document.document_id)]
        mean = sample.row_vectors(rows).mean(axis=0)
        means[document.document_id] = mean / np.linalg.norm(mean)
    for name, mean in means.items():
        found = similar_to(sample, name, 5)
        expected = sorted(
            ((-round(float(mean @ other), 4), key) for key, other in means.items() if key != name)
        )[:5]
        assert [one.document_id for one in found.results] == [key for _, key in expected]
        assert [one.similarity for one in found.results] == pytest.approx([-s for s, _ in expected])
        assert [one.rank for one in found.results] == [1, 2, 3, 4, 5]
        assert found.generation == sample.generation_id


def test_passages_that_touch_a_span_come_in_order_with_their_places(sample: Generation) -> None:
    (document,) = list(sample.documents())[:1]
    every = sample.document_passages(document.document_id)
    found = passages_of(sample, document.document_id, 0, 10**9)
    assert [one.id for one in found.passages] == [one.passage_id for one in every]
    assert (found.total, found.next) == (len(every), None)
    second = every[1]
    touching = passages_of(sample, document.document_id, second.start, second.start + 1)
    assert [one.number for one in touching.passages] == [2]
    text = sample.document_text(document.document_id).text
    assert all(text[one.start : one.end] == one.text for one in found.passages)
    assert passages_of(sample, document.document_id, 10**8, 10**9).passages == ()


def test_a_long_list_of_passages_goes_on_where_it_says(
    sample: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search_api.passage_list.MAX_PASSAGES", 3)
    (document,) = list(sample.documents())[:1]
    start: int | None = 0
    seen = []
    while start is not None:
        page = passages_of(sample, document.document_id, start, 10**9)
        seen += [one.number for one in page.passages]
        start = page.next
    assert seen == list(range(1, page.total + 1))
