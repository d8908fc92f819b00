"""Vectors in lists of neighbours, of which a search reads the nearest: for large archives.

Four bits for two dimensions find candidates, which half-precision vectors then put in order. How
many lists are read is settled when the index is written, by its recall against an exact search.
"""

import json
import logging
import math
import os
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import IO, Any
from weakref import WeakKeyDictionary

import faiss
import numpy as np
import numpy.typing as npt

from indexer.embedding import Vectors, normalised
from indexer.row_sets import Rows, RowSet
from indexer.vector_file import VectorRows

logger = logging.getLogger(__name__)

_SEED = 20261122
_TRAINED_ON = 32  # vectors for each list
_TRAINED_ON_AT_LEAST = 8192  # the codes of four bits need no more
_AT_ONCE = 16_384  # a multiple of what FAISS multiplies at once: less memory, the same bytes
_END_BYTES = 8 + 4  # of the file of an index: a number of bytes, and a number
# Candidates: a multiple of what is wanted, as if at least so many hits were, and some more.
_CANDIDATES = (2, 4, 8, 16)
_WANTED_AT_LEAST = 300
_MORE = 100
# Questions to measure with: vectors of passages, moved by that much of a noise that is spread as
# the archive is. So far out they are about as hard to find as real ones: 300 questions over 69,114
# passages of eleven archives had recalls of .980 and .969 (@10, @100) where these have .978 and
# .976, and .993 and .988 where these have .991 and .990. Less noise makes it look better.
_QUESTIONS = 256
_MOVED_BY = 1.5
_ROUNDING = 1e-4  # of a product with half-precision vectors, several times over
LEAST_RECALL = 0.992  # what is promised is .99: real questions may find .002 less
# What is aimed at where it can be had: where many passages lie close together people's questions
# found .004 less, and 256 questions say it to .002. At 100,000 passages it takes .15 ms more.
_AIMED_AT = 0.995
_ROWS_AT_ONCE = 256  # half-precision rows that are widened together: they stay in the cache
# Up to so many rows (1.5 ms) are scored one by one; more of them where that costs less than lists.
_ALWAYS_EXACT = 5000
_ROW_COST = 30  # of one row, in rows of a list

Found = tuple[npt.NDArray[np.float32], Rows]


@dataclass(frozen=True, slots=True)
class Recall:
    """How an index is searched, and what that finds of what an exact search finds."""

    lists: int
    lists_read: int
    candidates: int  # for each hit that is wanted
    recall_at_10: float
    recall_at_100: float


def build(
    vectors: VectorRows, path: Path, least_recall: float = LEAST_RECALL
) -> tuple[faiss.Index, Recall] | None:
    """Write an index over `vectors` to `path`; return the same without them, and its recall.

    None where the recall stays below what is promised however many lists are read.
    """
    started = time.perf_counter()
    lists = _lists(len(vectors))
    index = _untrained(vectors.shape[1], lists)
    shuffled = np.random.default_rng(_SEED).permutation(len(vectors))
    chosen = shuffled[: max(_TRAINED_ON * lists, _TRAINED_ON_AT_LEAST)]
    index.train(vectors[np.sort(chosen)])
    empty = faiss.clone_index(index)
    _write_with(vectors, index, path)
    del index
    recall = _settled(opened(path), lists, vectors, (max(_AIMED_AT, least_recall), least_recall))
    seconds = time.perf_counter() - started
    if recall is None:
        logger.warning("vector index: too little is found in lists; it will be exact")
        return None
    logger.info("vector index: %s in %.1f s", recall, seconds)
    return empty, recall


def _write_with(vectors: VectorRows, index: Any, path: Path) -> None:  # noqa: ANN401 - as above
    """Write `index` as FAISS would once `vectors` were added to it.

    Most of that are the vectors in half precision. They are never in memory together: a file ends
    with their number of bytes, which is 0 as long as there are none, with them, and one number.
    """
    added_to(index.base_index, vectors)
    halves: Any = faiss.downcast_index(index.refine_index)
    index.ntotal = halves.ntotal = len(vectors)
    write(index, path)
    with _written(path, "r+b") as file:
        file.seek(-_END_BYTES, os.SEEK_END)
        end = file.read()
        file.seek(-_END_BYTES, os.SEEK_END)
        file.write((len(vectors) * halves.code_size).to_bytes(8, "little"))
        for start in range(0, len(vectors), _AT_ONCE):
            file.write(halves.sa_encode(vectors[start : start + _AT_ONCE]).data)
        file.write(end[8:])


def write(index: faiss.Index, path: Path) -> None:
    """Write an index; raises OSError."""
    # Not by its name: the engine only prints that the last bytes could not be written.
    with _written(path, "wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]


def opened(path: Path) -> Any:  # noqa: ANN401 - FAISS knows it as an Index
    """Return an index that is read from its file as it is needed."""
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)


@contextmanager
def _written(path: Path, mode: str) -> Iterator[IO[bytes]]:
    try:
        with path.open(mode) as file:
            yield file
    except OSError as error:
        raise OSError(f"vector index: {error.strerror}") from error


def added_to(index: Any, vectors: VectorRows) -> Any:  # noqa: ANN401 - any index of FAISS
    """Return the index with `vectors` in it."""
    for start in range(0, len(vectors), _AT_ONCE):
        index.add(vectors[start : start + _AT_ONCE])
    return index


def _lists(count: int) -> int:
    return 1 << max(2, round(math.log2(2 * math.sqrt(count))))


def _untrained(dimension: int, lists: int) -> Any:  # noqa: ANN401 - FAISS knows it as an Index
    codes = dimension // 2 if dimension % 2 == 0 else dimension
    index: Any = faiss.index_factory(
        dimension, f"IVF{lists},PQ{codes}x4fs,Refine(SQfp16)", faiss.METRIC_INNER_PRODUCT
    )
    clustering = faiss.downcast_index(index.base_index).cp  # type: ignore[attr-defined]
    clustering.seed = _SEED
    clustering.min_points_per_centroid = 1  # nothing is printed where there are fewer
    return index


def _settled(
    index: Any,  # noqa: ANN401 - FAISS knows it as an Index
    lists: int,
    vectors: VectorRows,
    aims: Sequence[float],
) -> Recall | None:
    """Return the cheapest lists and candidates that reach the first of `aims` that can be."""
    questions = _questions(vectors)
    expected = _best_scores(questions, vectors, 100)
    steps = sorted({math.ceil(lists * 2 ** (-step / 4)) for step in range(25)})

    @cache
    def measured(lists_read: int, candidates: int) -> Recall:
        found, _ = index.search(questions, 100, params=_parameters(lists_read, candidates, 100))
        at_10, at_100 = (_recall(expected[:, :k], found[:, :k]) for k in (10, 100))
        return Recall(lists, lists_read, candidates, round(at_10, 4), round(at_100, 4))

    def cost(recall: Recall) -> float:
        read = len(vectors) * recall.lists_read / lists
        return read + _ROW_COST * recall.candidates * _WANTED_AT_LEAST

    for least in aims:
        enough: list[Recall] = []
        for candidates in _CANDIDATES:

            def finds(lists_read: int, candidates: int = candidates, least: float = least) -> bool:
                recall = measured(lists_read, candidates)
                return min(recall.recall_at_10, recall.recall_at_100) >= least

            if finds(lists):
                # More lists never find less: the first that are enough are found by halves.
                fewest = steps[bisect_left(steps, True, key=finds)]
                enough.append(measured(fewest, candidates))
        if enough:
            return min(enough, key=cost)
    return None


def _best_scores(questions: Vectors, vectors: VectorRows, wanted: int) -> Vectors:
    """Return the scores of an exact search, best first (questions, wanted)."""
    best: Vectors = np.zeros((len(questions), 0), np.float32)
    for start in range(0, len(vectors), _AT_ONCE):
        some = vectors[start : start + _AT_ONCE]
        count = min(wanted, len(some))
        found, _ = faiss.knn(questions, some, count, metric=faiss.METRIC_INNER_PRODUCT)
        best = -np.sort(-np.hstack([best, found]), axis=1)[:, :wanted]
    return best


def _questions(vectors: VectorRows) -> Vectors:
    """Return vectors that lie to those of passages as questions do."""
    generator = np.random.default_rng(_SEED)
    count = min(_QUESTIONS, len(vectors))
    drawn = generator.integers(0, len(vectors), (9, count))
    noise = sum(vectors[drawn[one]] - vectors[drawn[one + 1]] for one in range(1, 9, 2)) / 2
    return normalised(vectors[drawn[0]] + _MOVED_BY * noise)


def _recall(expected: Vectors, found: Vectors) -> float:
    """Return how many of the scores found are among the best; both (questions, k), best first.

    By score, not by row: archives repeat themselves; of a hundred equal passages any ten will do.
    """
    return float(np.mean(found >= expected[:, -1:] - _ROUNDING))


def _parameters(
    lists_read: int, candidates: int, wanted: int, among: faiss.IDSelector | None = None
) -> faiss.IndexRefineSearchParameters:
    inner = faiss.SearchParametersIVF(nprobe=lists_read, sel=among)  # type: ignore[call-arg]
    return faiss.IndexRefineSearchParameters(  # type: ignore[call-arg]
        k_factor=(candidates * max(wanted, _WANTED_AT_LEAST) + _MORE) / wanted,
        base_index_params=inner,
    )


class ApproximateVectors:
    """An index of lists as it is read: positions count from 0."""

    def __init__(self, index: Any, recall: Recall) -> None:  # noqa: ANN401 - as FAISS reads it
        self._index = index
        self._recall = recall
        self.count = int(index.ntotal)
        self.dimension = int(index.d)
        self._lists: Any = faiss.downcast_index(index.base_index)
        self._sizes = self._list_sizes()
        self._counts: WeakKeyDictionary[RowSet, npt.NDArray[np.int64]] = WeakKeyDictionary()
        exact: Any = faiss.downcast_index(index.refine_index)
        codes = faiss.rev_swig_ptr(exact.codes.data(), exact.codes.size())
        self._halves = codes.view(np.float16).reshape(self.count, self.dimension)

    def nearest(self, query: Vectors, wanted: int, among: RowSet | None) -> Found:
        """Return scores and positions of about the `wanted` nearest, in any order."""
        if among is None:
            return self._from_lists(query, wanted, self._recall.lists_read, None)
        if among.count <= _ALWAYS_EXACT and among.few is not None:
            return self._products(query, among.few), among.few
        lists_read, read = self._lists_for(query, among)
        if among.few is not None and among.count <= max(wanted, read / _ROW_COST):
            return self._products(query, among.few), among.few
        return self._from_lists(query, wanted, lists_read, selector(among))

    def _lists_for(self, query: Vectors, among: RowSet) -> tuple[int, int]:
        """Return how many lists to read where only some rows count, and how many rows they hold.

        The fewer rows count, the farther out the nearest of them lie: a larger share of them is
        looked at, wherever in the lists they are.
        """
        usual = self._recall.lists_read * (self.count / among.count) ** 0.25
        wanted = usual * among.count / self._recall.lists
        _, nearest = self._lists.quantizer.search(query, self._recall.lists)
        counts = self._counts.get(among)
        if counts is None:
            counts = self._counts[among] = np.bincount(
                self._list_of[among.listed()], minlength=self._recall.lists
            )
        lists_read = 1 + int(np.searchsorted(np.cumsum(counts[nearest[0]]), wanted))
        if lists_read > usual:  # what is near does not count: what does lies all around it
            lists_read = math.ceil(lists_read * lists_read / usual)
        lists_read = min(lists_read, self._recall.lists)
        return lists_read, int(self._sizes[nearest[0][:lists_read]].sum())

    def _list_sizes(self) -> Rows:
        sizes = (self._lists.get_list_size(number) for number in range(self._recall.lists))
        return np.fromiter(sizes, np.int64, self._recall.lists)

    @cached_property
    def _list_of(self) -> npt.NDArray[np.int32]:
        """For each position the list that holds it; not needed before a filter is used."""
        found = np.zeros(self.count, np.int32)
        for number, size in enumerate(self._sizes.tolist()):
            if size:
                ids = self._lists.invlists.get_ids(number)
                found[faiss.rev_swig_ptr(ids, size)] = number
        return found

    def _from_lists(
        self, query: Vectors, wanted: int, lists_read: int, selector: faiss.IDSelector | None
    ) -> Found:
        parameters = _parameters(lists_read, self._recall.candidates, wanted, selector)
        scores, found = self._index.search(query, wanted, params=parameters)
        kept = found[0] >= 0
        return scores[0][kept], found[0][kept]

    def _products(self, query: Vectors, positions: Rows) -> npt.NDArray[np.float32]:
        slices = range(0, len(positions), _ROWS_AT_ONCE)
        pieces = [self.vectors(positions[at : at + _ROWS_AT_ONCE]) @ query[0] for at in slices]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)

    def vectors(self, positions: Rows) -> Vectors:
        """Return the vectors at `positions` (n, dimension), in their order."""
        return widened(self._halves[positions])


def selector(among: RowSet) -> Any:  # noqa: ANN401 - FAISS's types do not know its numpy side
    """Return how FAISS is told which rows count; `among` must outlive it."""
    return faiss.IDSelectorBitmap(among.bits)  # type: ignore[call-arg, arg-type]


def widened(halves: npt.NDArray[np.float16]) -> Vectors:
    """Return half-precision numbers in single precision; numpy's own way takes four times as long.

    Sign, exponent and fraction go where single precision has them; 2^112 corrects the exponent.
    """
    moved = halves.view(np.int16).astype(np.int32)
    moved <<= 13
    moved &= np.int32(-0x70002000)
    found: Vectors = moved.view(np.float32)
    found *= np.float32(2.0**112)
    return found


def recall_to_json(recall: Recall) -> str:
    """Return what `recall_from_json` reads."""
    return json.dumps(asdict(recall), indent=2) + "\n"


def recall_from_json(written: str) -> Recall:
    """Read how an index is searched."""
    return Recall(**json.loads(written))
