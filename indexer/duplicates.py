"""Which documents are the same, or nearly: a draft, a .doc beside its .odt, a page and its PDF?

The same words in the same order are the same text, whatever the format. Nearly the same is told by
MinHash (Broder 1997): a sketch of a document keeps, for each of 128 hash functions, the smallest
value over its runs of four words, and two sketches agree in as many places as the documents share
runs (Jaccard; its standard error is .04 at most). Sketches that agree in one of 32 bands of four
places are compared, so the work grows with the documents and not with their pairs.
"""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

NEAR = 0.76  # of the runs of words are shared
_RUN = 4  # words
_MIN_RUNS = 140  # in a shorter document the few words that differ are what it is about
_PLACES = 128
_BAND = 4  # places
BAND_BYTES = 4 * _BAND
_MOST_COMPARED = 200  # documents of one band, so that a form filled in a million times stays cheap
_SLICE = 1 << 14  # runs hashed at once: 16 MiB

_Hashes = npt.NDArray[np.uint64]
_random = np.random.default_rng(20110317)  # any numbers do, as long as they stay the same
_FACTORS = _random.integers(1, 2**63, (_PLACES, 1), np.uint64) | np.uint64(1)
_SHIFTS = _random.integers(0, 2**63, (_PLACES, 1), np.uint64)
_WORD = re.compile(r"[£$€%]|\w+")


def words_digest(text: str) -> bytes:
    """Return a digest of the words of `text` in order: case, spaces and points do not count."""
    return hashlib.sha256(" ".join(_WORD.findall(text.casefold())).encode()).digest()


def sketch_of(text: str) -> bytes:
    """Return the sketch of a document, b"" for one that is too short to be compared."""
    words = _WORD.findall(text.casefold())
    codes = {word: _hash_of(word) for word in set(words)}
    hashes = np.fromiter((codes[word] for word in words), np.uint64, len(words))
    if len(hashes) < _MIN_RUNS + _RUN:
        return b""
    runs = np.zeros(len(hashes) - _RUN + 1, np.uint64)
    for place in range(_RUN):
        runs = runs * np.uint64(0x9E3779B97F4A7C15) + hashes[place : place + len(runs)]
    runs = np.unique(runs)
    if len(runs) < _MIN_RUNS:
        return b""
    least = np.full(_PLACES, np.iinfo(np.uint32).max, np.uint32)
    for start in range(0, len(runs), _SLICE):
        mixed = (runs[start : start + _SLICE] * _FACTORS + _SHIFTS) >> np.uint64(32)
        least = np.minimum(least, mixed.min(axis=1).astype(np.uint32))
    return least.tobytes()


def _hash_of(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


def similarity(one: bytes, other: bytes) -> float:
    """Return the estimated share of the runs of words that two documents have in common."""
    if not one or not other:
        return 0.0
    return float(np.mean(np.frombuffer(one, np.uint32) == np.frombuffer(other, np.uint32)))


def nearly_same(sketches: Sequence[bytes]) -> list[int]:
    """Return for each document the position of the first one that it is nearly the same as.

    That may be its own. Each document is compared with the first ones only, so that a chain of
    small changes does not join documents that have little in common.
    """
    firsts: dict[tuple[int, bytes], list[int]] = {}
    found: list[int] = []
    for position, sketch in enumerate(sketches):
        if not sketch:
            found.append(position)
            continue
        bands = [(at, sketch[at : at + BAND_BYTES]) for at in range(0, len(sketch), BAND_BYTES)]
        near = {one for band in bands for one in firsts.get(band, ())[-_MOST_COMPARED:]}
        alike = [(similarity(sketch, sketches[one]), -one) for one in near]
        best, first = max(alike, default=(0.0, 0))
        found.append(-first if best >= NEAR else position)
        if best < NEAR:
            for band in bands:
                firsts.setdefault(band, []).append(position)
    return found
