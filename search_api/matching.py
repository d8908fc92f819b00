"""Where do the words of a query stand in a text? Marks, snippets and answers ask this one place.

Words are compared as the keyword index compares them (stems, accents folded), so that what is
marked is what matched.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakMethod

from indexer.records import Passage
from indexer.sentences import sentence_spans
from indexer.words import compounds, joined
from search_api.query import ParsedQuery
from search_api.reader import ArchiveReader
from search_api.spelling import words_of

# As the keyword index splits words: letters and digits of any script, with accents of their own.
_WORD = re.compile(r"[^\W_][^\W_\u0300-\u036f]*(?:[\u0300-\u036f]+[^\W_]*)*")
SNIPPET_CHARS = 320

Stem = Callable[[str], str]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase of the query as a sequence of stems; `weight` is its rarity.

    `variants` are the stems of what else stands for it: the long form of an abbreviation, another
    way to write a figure, the words of the archive that a pattern names.
    """

    text: str
    stems: tuple[str, ...]
    weight: float
    variants: tuple[tuple[str, ...], ...] = ()


class Stemmer(dict[str, str]):
    """Stems single words and remembers them: a text repeats its words.

    Called with a word, a dictionary looks it up in a third of the time that a method takes.
    """

    __call__ = dict.__getitem__

    def __init__(self, reader: ArchiveReader) -> None:
        # Weakly: what a stemmer remembers must not keep a generation open that has been replaced.
        self._stems = WeakMethod(reader.stems)

    def __missing__(self, word: str) -> str:
        if len(self) > 200_000:
            self.clear()
        stems = self._stems()
        if stems is None:
            raise ReferenceError("the generation that this stemmer belongs to has been closed")
        found = self[word] = " ".join(stems(word))
        return found


def terms_of(reader: ArchiveReader, query: ParsedQuery) -> tuple[Term, ...]:
    """Return the terms to look for, each weighted by its inverse document frequency in [0, 1]."""
    patterns = {pattern.text: pattern for pattern in query.patterns}
    found = []
    for text in query.terms:
        stems = tuple(reader.stems(text))
        others = [joined(text)] if len(stems) > 1 else []
        others += [other.to for other in query.expanded if text in other.words]
        if text in patterns:
            others += words_of(reader, patterns[text])
        if stems:
            variants = dict.fromkeys(tuple(reader.stems(other)) for other in others)
            variants.pop(stems, None)
            variants.pop((), None)
            found.append(Term(text, stems, _rarity(reader, stems), tuple(variants)))
    return tuple(found)


def _rarity(reader: ArchiveReader, stems: Sequence[str]) -> float:
    """Return 1 for a word that no passage holds, toward 0 for one that all do."""
    from math import log

    passages = max(reader.counts.passages, 1)
    rarest = min(reader.document_frequency(stem) for stem in stems)
    return log(1 + passages / (rarest + 1)) / log(1 + passages)


def stemmed_words(text: str, stem: Stem) -> tuple[list[Span], list[str]]:
    """Return the place and the stem of each word of `text`, and behind them of each compound.

    A place that holds nothing lies between: no term matches across it.
    """
    found = list(_WORD.finditer(text))
    spans = [match.span() for match in found]
    stems = [stem(match[0]) for match in found]
    for start, end, as_one in compounds(text):
        spans += [(end, end), (start, end)]
        stems += ["", stem(as_one)]
    return spans, stems


def matches(terms: Sequence[Term], stems: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield (number of the term, first word, word after the last) of each occurrence of a term."""
    first: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    for number, term in enumerate(terms):
        for sequence in (term.stems, *term.variants):
            first.setdefault(sequence[0], []).append((number, sequence))
    begins = [position for position, word in enumerate(stems) if word in first]
    for position in begins:
        for number, sequence in first[stems[position]]:
            end = position + len(sequence)
            if len(sequence) == 1 or tuple(stems[position:end]) == sequence:
                yield number, position, end


def occurrences(terms: Sequence[Term], spans: Sequence[Span], stems: Sequence[str]) -> list[Span]:
    """Return the places of all terms in order, overlapping ones merged."""
    return merged([(spans[first][0], spans[end - 1][1]) for _, first, end in matches(terms, stems)])


def merged(spans: Sequence[Span]) -> list[Span]:
    """Return the union of spans, in order."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


@dataclass(frozen=True, slots=True)
class Piece:
    """What is shown of a passage: `start` counts in the passage, `marks` in the piece.

    It may begin, or end, in the middle of a sentence.
    """

    start: int
    text: str
    marks: tuple[Span, ...]
    cut_start: bool
    cut_end: bool


def snippet(passage: Passage, terms: Sequence[Term], stem: Stem) -> Piece:
    """Return a piece of the passage, verbatim, around its best words, and what to mark in it.

    There is always a mark: where no word of the query occurs (the vector side brought the
    passage), it is the sentence that the piece begins with.
    """
    text = passage.text
    spans, stems = stemmed_words(text, stem)
    marks = occurrences(terms, spans, stems)
    # Where all is shown, no sentence is looked for.
    sentences = sentence_spans(text) if len(text) > SNIPPET_CHARS else []
    start, end = _window(text, sentences, marks)
    inside = [
        (max(a, start) - start, min(b, end) - start) for a, b in marks if a < end and b > start
    ]
    if not inside:
        first = sentence_spans(text, start, end)
        inside = [(first[0][0] - start, first[0][1] - start)] if first else [(0, end - start)]
    cut = {at for first, last in sentences for at in (start, end) if first < at < last}
    return Piece(start, text[start:end], tuple(inside), start in cut, end in cut)


def _window(text: str, sentences: Sequence[Span], marks: Sequence[Span]) -> Span:
    """Return the sentences around the densest place of marks, SNIPPET_CHARS long at most."""
    if len(text) <= SNIPPET_CHARS:
        return 0, len(text)
    best = max(
        range(len(sentences)),
        key=lambda at: (_marked_ahead(sentences[at][0], marks), -at),
        default=0,
    )
    start = sentences[best][0] if sentences else 0
    hit = next((mark for mark in marks if mark[0] >= start), None)
    if hit and hit[1] > start + SNIPPET_CHARS:  # the match is deep inside a long sentence
        start = max(start, hit[0] - SNIPPET_CHARS // 2)
        while start > 0 and not text[start - 1].isspace():
            start -= 1
    end = min(len(text), start + SNIPPET_CHARS)
    while end < len(text) and end > start + 1 and not text[end].isspace():
        end -= 1
    return (start, end) if end > start + 1 else (start, min(len(text), start + SNIPPET_CHARS))


def _marked_ahead(start: int, marks: Sequence[Span]) -> int:
    return sum(1 for mark in marks if start <= mark[0] and mark[1] <= start + SNIPPET_CHARS)
