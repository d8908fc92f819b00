"""Which words of the archive are spelt nearly like one of the query, or have a pattern's form?"""

import fnmatch
import re
from collections.abc import Iterator

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
    for length in range(len(typed) - distance, len(typed) + distance + 1):
        words = reader.words_of_length(length)
        found = process.extract(
            typed, list(words), scorer=OSA.distance, score_cutoff=distance, limit=None
        )
        near += [(other, words[other], int(wrong)) for other, wrong, _ in found]
    return sorted(near, key=lambda one: (-one[1], one[0]))


def _in_case_of(word: str, better: str) -> str:
    return better.capitalize() if word[:1].isupper() else better
