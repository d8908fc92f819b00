"""An encoder for archives of a million passages: vectors like real ones that cost next to nothing.

Some thousand real passages are embedded once and kept in a cache folder. The vector of any other
text lies between one of these and one of its nearest neighbours, both drawn by the text's digest,
with some noise: such vectors crowd where real ones do. Queries are encoded by the real model.
"""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from indexer.embedding import BUNDLED_NAME, BuildEncoder, Vectors, normalised
from indexer.row_sets import Rows
from tests.benchmarks.passages import reports

SEEDS = 20_000
_WORDS = 75
_SLICE = 512
_NEIGHBOURS = 32
_NOISES = 4096
_NOISE = 0.35  # of the length of a vector; a real passage and the nearest other are as far apart


class StandInEncoder(BuildEncoder):
    """The real tokenizer, sizes and export. Handing out vectors took `seconds` of the processor."""

    def __init__(self, seeds: Vectors, near: Rows) -> None:
        super().__init__(BUNDLED_NAME)
        self.seconds = 0.0
        self._seeds = seeds
        self._near = near
        noise = np.random.default_rng(0).normal(size=(_NOISES, seeds.shape[1]))
        self._noise = normalised(noise.astype(np.float32))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the stand-in vectors of texts."""
        started = time.process_time()
        drawn = b"".join(hashlib.sha256(text.encode()).digest() for text in texts)
        numbers = np.frombuffer(drawn, np.uint32).reshape(-1, 8)
        first = numbers[:, 0] % len(self._seeds)
        second = self._near[first, numbers[:, 1] % self._near.shape[1]]
        share = (0.5 + (numbers[:, 2] % 1024) / 2048)[:, None].astype(np.float32)
        between = normalised(share * self._seeds[first] + (1 - share) * self._seeds[second])
        vectors = normalised(between + _NOISE * self._noise[numbers[:, 3] % _NOISES])
        self.seconds += time.process_time() - started
        return vectors

    def encode_few(self, texts: Sequence[str], exported: Path) -> Vectors:
        """As `encode`: few or many texts are one to it."""
        return self.encode(texts)


def stand_in_encoder(cache: Path, seeds: int) -> StandInEncoder:
    """Return the encoder over so many seeds; who is near whom is found once, and kept."""
    vectors = seed_vectors(cache, seeds)
    file = cache / f"near-{seeds}.npy"
    if not file.exists():
        np.save(file, neighbours(vectors))
    return StandInEncoder(vectors, np.load(file))


def seed_vectors(cache: Path, wanted: int) -> Vectors:
    """Return the vectors of `wanted` real passages of 75 words; what is missing is embedded.

    They are saved as they are made: 20,000 take some minutes, once.
    """
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / "seeds.npy"
    found: Vectors = np.load(file) if file.exists() else np.zeros((0, 384), np.float32)
    if len(found) < wanted:
        texts = seed_texts(wanted)
        encoder = BuildEncoder()
        for start in range(len(found), wanted, _SLICE):
            found = np.concatenate([found, encoder.encode(texts[start : start + _SLICE])])
            part = file.with_suffix(".part.npy")
            np.save(part, found)
            part.replace(file)
    return found[:wanted]


def seed_texts(wanted: int) -> list[str]:
    """Return `wanted` runs of 75 words out of the reports, the same for each number of them."""
    texts: list[str] = []
    for report in reports():
        words = report.split()
        # one or two of each report, from anywhere in it
        for start in range(len(texts) % 5 * _WORDS, len(words) - _WORDS, 10 * _WORDS):
            texts.append(" ".join(words[start : start + _WORDS]))
        if len(texts) >= wanted:
            return texts[:wanted]
    raise AssertionError("the reports have no end")


def neighbours(seeds: Vectors) -> Rows:
    """Return the rows of the nearest others of each row, a slice at a time."""
    kept = min(_NEIGHBOURS, len(seeds) - 1)
    found = []
    for start in range(0, len(seeds), _SLICE):
        scores = seeds[start : start + _SLICE] @ seeds.T
        found.append(np.argpartition(-scores, kept, axis=1)[:, : kept + 1])
    return np.concatenate(found)
