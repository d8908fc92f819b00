"""indexer.row_vectors: each row gets its vector, wherever that comes from, in little memory."""

import hashlib
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest

from indexer import row_vectors, vector_index
from indexer.embedding import Vectors, normalised
from indexer.known_vectors import KnownVectors
from indexer.row_vectors import fill
from indexer.saved_vectors import SavedVectors
from indexer.vector_file import VectorFile
from indexer.vector_index import VectorIndex
from indexer.wanted import DIGEST_BYTES, WantedRows

DIMENSION = 32


def vector(text: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    found = np.random.default_rng(seed).normal(size=(1, DIMENSION)).astype(np.float32)
    row: Vectors = normalised(found)[0]
    return row


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES]


class Encoding:
    """Encodes two texts at a time, and notes what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[list[str], bool]] = []

    def __call__(self, texts: Sequence[str], is_all: bool) -> Iterator[tuple[int, Vectors]]:
        self.given.append((list(texts), is_all))
        for start in range(0, len(texts), 2):
            yield start, np.stack([vector(text) for text in texts[start : start + 2]])


def known_vectors(folder: Path, texts: Sequence[str]) -> KnownVectors:
    vector_index.write(np.stack([vector(text) for text in texts]), folder)
    rows = {digest(text): row for row, text in enumerate(texts)}
    return KnownVectors(rows.get, VectorIndex(folder), None)


def test_rows_get_vectors_that_are_known_saved_or_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_vectors, "_AT_ONCE", 3)
    known = ["known one", "known two", "known three", "known four"]
    saved = SavedVectors(tmp_path, "x")
    saved.save({digest(text): vector(text) for text in ("new 3", "new 4", "new 5")})
    texts = [*known, *(f"new {number}" for number in range(9)), "a new one", "new 3", "new 0"]
    shuffled = np.random.default_rng(0).permutation(texts).tolist()
    encode = Encoding()
    told: list[tuple[str, int, int]] = []
    with ExitStack() as opened:
        wanted = opened.enter_context(closing(WantedRows(tmp_path / "texts")))
        wanted.extend((digest(text), None if text in known else text) for text in shuffled)
        file = VectorFile(tmp_path / "vectors", (len(shuffled), DIMENSION))
        vectors = opened.enter_context(closing(file))
        embedded = fill(
            vectors,
            wanted,
            known_vectors(tmp_path, known),
            saved,
            encode,
            lambda *now: told.append(now),
        )
        assert np.array_equal(vectors[:], np.stack([vector(text) for text in shuffled]))
    assert embedded == 7
    given = [text for texts, _ in encode.given for text in texts]
    assert sorted(given) == ["a new one", *(f"new {number}" for number in (0, 1, 2, 6, 7, 8))]
    assert given[0] == "a new one"  # the longest
    assert [len(texts) for texts, _ in encode.given] == [3, 3, 1]
    assert not any(is_all for _, is_all in encode.given)
    assert told[-1] == ("embed", 10, 10)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert set(saved.load(DIMENSION)) >= {digest(text) for text in given}


def test_the_vectors_of_a_large_build_are_never_all_in_memory(tmp_path: Path) -> None:
    count, dimension = 24_000, 384

    def encode(texts: Sequence[str], is_all: bool) -> Iterator[tuple[int, Vectors]]:
        for start in range(0, len(texts), 1024):
            yield start, np.ones((len(texts[start : start + 1024]), dimension), np.float32)

    with ExitStack() as opened:
        wanted = opened.enter_context(closing(WantedRows(tmp_path / "texts")))
        file = VectorFile(tmp_path / "vectors", (count, dimension))
        vectors = opened.enter_context(closing(file))
        saved = SavedVectors(tmp_path, "x")
        tracemalloc.start()
        try:
            wanted.extend((digest(str(row)), f"{row:0100}") for row in range(count))
            fill(vectors, wanted, None, saved, encode, lambda *now: None)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert vectors[23_990:].tolist() == np.ones((10, dimension)).tolist()
    assert peak < count * dimension * 4 / 2
