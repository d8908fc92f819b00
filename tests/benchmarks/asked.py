"""One service's worth of searching, in a process of its own: `python -m tests.benchmarks.asked`.

Arguments: INDEX_DIR QUERIES. Prints as JSON how long opening, the two rankings and whole searches
take, how near the vector list comes to an exact one, and what filters cost.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from indexer.generation import Generation
from indexer.records import Filters
from search_api.live import LiveArchive
from search_api.query import parse
from search_api.requests import SearchRequest
from search_api.retrieval import retrieve
from search_api.service import SearchService
from tests.benchmarks.machine import percentile, resident_mb
from tests.benchmarks.passages import BODIES
from tests.benchmarks.questions import questions

_SLICE = 50_000
_TOP = 10
FILTERS = {
    "all dates": Filters(date_from="1990-01-01"),
    "one year": Filters(date_from="1999-01-01", date_to="1999-12-31"),
    "one month": Filters(date_from="1999-05-01", date_to="1999-05-31"),
    **{body.lower(): Filters(body=body) for body in BODIES},
}


class GivenVectors:
    """Hands out the vectors of queries that were encoded before the clock started."""

    def __init__(self, generation: Generation, queries: Sequence[str]) -> None:
        self.spec = generation.encoder.spec
        asked = {parse(query).question for query in queries} - {""}
        self._known = {text: generation.encode_query(text) for text in asked}

    def encode(self, texts: Sequence[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """Return the vectors of one known query."""
        return self._known[texts[0]]


def main() -> None:
    """Measure one index."""
    index_dir, wanted = Path(sys.argv[1]), int(sys.argv[2])
    archive = LiveArchive(index_dir)
    started = time.perf_counter()
    archive.refresh()
    found: dict[str, object] = {"open_seconds": time.perf_counter() - started}
    found["opened_mb"] = resident_mb(os.getpid())
    generation = archive.current()
    every = questions(2 * wanted)
    queries, others = every[:wanted], every[wanted:]
    service = SearchService(archive)
    # Others are asked for answers: the vectors of what was searched are remembered.
    found["search"] = _measured(lambda q: service.search(SearchRequest(q=q)), queries)
    found["answer"] = _measured(lambda q: service.answer(q, Filters()), others)
    encoder = GivenVectors(generation, queries)
    generation._encoder = encoder
    found["retrieval"] = _measured(lambda q: retrieve(generation, parse(q), Filters()), queries)
    vectors = [encoder.encode([parse(q).question]) for q in queries if parse(q).question]
    found["recall"], found["filters"] = _filtered(generation, vectors, queries)
    found["asked_mb"] = resident_mb(os.getpid())
    print(json.dumps(found))


def _measured(call: Callable[[str], object], queries: Sequence[str]) -> dict[str, float]:
    warming = min(10, len(queries) // 2)
    for query in queries[:warming]:
        call(query)
    taken, used = [], []
    for query in queries[warming:]:
        started, before = time.perf_counter(), time.process_time()
        call(query)
        taken.append(time.perf_counter() - started)
        used.append(time.process_time() - before)
    times = (("p50", taken, 0.5), ("p99", taken, 0.99), ("cpu", used, 0.5), ("cpu99", used, 0.99))
    return {name: percentile(values, share) for name, values, share in times}


def _filtered(
    generation: Generation, vectors: Sequence[np.ndarray], queries: Sequence[str]
) -> tuple[float, dict[str, dict[str, float]]]:
    """Return recall@10 without a filter; for each filter its share, its recall and its times."""
    asked = np.concatenate(vectors)
    every = np.arange(generation.counts.passages)
    exact = exact_nearest(generation, asked, every)
    recall = _recall(generation, vectors, exact, Filters())
    filters = {}
    for name, filter_ in FILTERS.items():
        rows = generation.store.rows_of(filter_)
        exact = exact_nearest(generation, asked, rows)
        filters[name] = {
            "share": len(rows) / len(every),
            "recall": _recall(generation, vectors, exact, filter_),
            **_measured(lambda q, f=filter_: retrieve(generation, parse(q), f), queries),  # type: ignore[misc]
        }
    return recall, filters


def exact_nearest(generation: Generation, asked: np.ndarray, rows: np.ndarray) -> list[set[int]]:
    """Return the ten nearest of `rows` for each vector, by comparing with all of them."""
    best = [(np.zeros(0, np.float32), np.zeros(0, np.int64)) for _ in asked]
    for start in range(0, len(rows), _SLICE):
        part = np.asarray(rows[start : start + _SLICE], np.int64)
        scores = asked @ generation.row_vectors(part.tolist()).T
        for at, (known, names) in enumerate(best):
            together = np.concatenate([known, scores[at]])
            kept = np.argsort(-together, kind="stable")[:_TOP]
            best[at] = (together[kept], np.concatenate([names, part])[kept])
    return [set(names.tolist()) for _, names in best]


def _recall(
    generation: Generation, vectors: Sequence[np.ndarray], exact: list[set[int]], filter_: Filters
) -> float:
    shares = [
        len(wanted & {hit.row for hit in generation.vector_ranking(vector, 300, filter_)[:_TOP]})
        / len(wanted)
        for vector, wanted in zip(vectors, exact, strict=True)
        if wanted
    ]
    return sum(shares) / len(shares) if shares else 1.0


if __name__ == "__main__":
    main()
