"""Which words of the archive are spelt nearly like one of the query, or have a pattern's form?"""

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer.keyword_query import Either, Field, Fuzzy, Group, Node, Prefix, Wildcard, Word
from indexer.words import folded
from search_api.query import ParsedQuery
from search_api.reader import ArchiveReader

# Of the words that a pattern names, so many are marked, the most frequent.
_MOST_WORDS = 64
_SHORTEST = 4  # letters of a word for which another is suggested
_LONG = 7  # letters: two of them may be wrong
# A word that the archive holds is taken for a slip only where so many times as many passages hold
# its neighbour.
_SLIP = 200


def words_of(reader: ArchiveReader, pattern: Prefix | Wildcard | Fuzzy) -> list[str]:
    """Return the words of the archive that a pattern names, most frequent first."""
    match pattern:
        case Prefix():
            found = [word for word, _ in reader.words(folded(pattern.text))]
        case Wildcard():
            start = re.split(r"[*?]", folded(pattern.text))[0]
            # fnmatch does not try again: ".*a" eight times on 60 times "a" would take hours.
            form = re.compile(fnmatch.translate(folded(pattern.text)))
            found = [word for word, _ in reader.words(start) if form.match(word)]
        case Fuzzy():
            found = [word for word, _, _ in _near(reader, pattern.text, pattern.distance)]
    return found[:_MOST_WORDS]


def did_you_mean(reader: ArchiveReader, query: ParsedQuery) -> str:
    """Return the query with words of the archive for those that it does not hold, "" for none.

    Only offered: a word is never replaced in what is searched. Words that the archive holds are
    kept, but for slips of single passages beside a word that many hold.
    """
    suggested = query.q
    for word in dict.fromkeys(_plain_words(query.node)):
        if better := _better(reader, word):
            suggested = re.sub(
                rf"(?<!\w){re.escape(word)}(?!\w)", _in_case_of(word, better), suggested
            )
    return suggested if suggested != query.q else ""


def _plain_words(node: Node) -> Iterator[str]:
    match node:
        case Word(field=Field.ANY | Field.TEXT):
            yield node.text
        case Either():
            yield from _plain_words(node.options[0])
        case Group():
            for part in (*node.must, *node.should):
                yield from _plain_words(part)
        case _:
            pass


def _better(reader: ArchiveReader, word: str) -> str:
    """Return the word that was likely meant, "" where the archive holds this one."""
    stems = reader.stems(word)
    if len(stems) != 1 or not word.isalpha() or len(word) < _SHORTEST or word.isupper():
        return ""
    held = reader.document_frequency(stems[0])
    if held > reader.counts.passages // (_SLIP * 5):
        return ""
    near = _near(reader, word, 1 + (len(word) >= _LONG and not held))
    best = min(near, key=lambda one: (one[2], -one[1], one[0]), default=None)
    if best is None or reader.stems(best[0]) == stems:
        return ""
    return best[0] if best[1] >= max(1, held * _SLIP) else ""


def _near(reader: ArchiveReader, word: str, distance: int) -> list[tuple[str, int, int]]:
    """Return (word, passages, letters wrong) of the nearest words, most frequent first."""
    typed = folded(word)
    near: list[tuple[str, int, int]] = []
    for length in range(max(1, len(typed) - distance), len(typed) + distance + 1):
        held = _held(reader, length)
        found = process.extract(
            typed,
            held.with_letters_of(typed, distance),
            scorer=OSA.distance,
            score_cutoff=distance,
            limit=None,
        )
        near += [(other, held.passages[other], int(wrong)) for other, wrong, _ in found]
    return sorted(near, key=lambda one: (-one[1], one[0]))


@dataclass(frozen=True, slots=True)
class _Held:
    """The words of one length, with their passages, and the letters of each as bits."""

    passages: Mapping[str, int]
    words: tuple[str, ...]
    letters: NDArray[np.uint64]

    def with_letters_of(self, word: str, distance: int) -> list[str]:
        """Return a few words, with all among them that are within `distance` of `word`.

        A letter wrong takes at most one from the letters of a word, and brings at most one.
        """
        letters = _letters((word,), len(word))
        taken = np.bitwise_count(letters & ~self.letters)
        brought = np.bitwise_count(self.letters & ~letters)
        (left,) = np.nonzero((taken <= distance) & (brought <= distance))
        return [self.words[at] for at in left.tolist()]


# Comparing with each of 15,000 words took 2 ms of a search; this leaves one in a hundred.
_known: WeakKeyDictionary[ArchiveReader, dict[int, _Held]] = WeakKeyDictionary()


def _held(reader: ArchiveReader, length: int) -> _Held:
    lengths = _known.setdefault(reader, {})
    if length not in lengths:
        passages = reader.words_of_length(length)
        words = tuple(passages)
        lengths[length] = _Held(passages, words, _letters(words, length))
    return lengths[length]


def _letters(words: tuple[str, ...], length: int) -> NDArray[np.uint64]:
    """Return the letters of each of some words of one length as bits; 64 letters share one."""
    points = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    bits = np.uint64(1) << (points & 63).astype(np.uint64)
    letters: NDArray[np.uint64] = np.bitwise_or.reduce(bits.reshape(len(words), length), axis=1)
    return letters


def _in_case_of(word: str, better: str) -> str:
    return better.capitalize() if word[:1].isupper() else better
