"""Where do the words of a query stand in one report? For reading on in it from hit to hit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from search_api.matching import Span, Stem, Term, matches, merged, stemmed_words
from search_api.responses import BlockView

MatchedAs = Literal["phrase", "all words", "any words"]
MAX_MARKS = 200  # in one block: a text without blocks may be megabytes long


@dataclass(frozen=True, slots=True)
class FoundBlock:
    """A block that holds the words; `marks` count characters of the block."""

    anchor: str
    start: int
    marks: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class FoundInReport:
    """The blocks that hold the words side by side; where none does, all words; else any."""

    matched_as: MatchedAs
    blocks: tuple[FoundBlock, ...]


def find_in(blocks: Sequence[BlockView], terms: Sequence[Term], stem: Stem) -> FoundInReport:
    """Return the blocks that hold the terms as narrowly as the report has them, in order.

    Boilerplate is not looked at, as it is nowhere else searched.
    """
    phrase: list[FoundBlock] = []
    every: list[FoundBlock] = []
    some: list[FoundBlock] = []
    for block in blocks:
        if block.kind == "boilerplate":
            continue
        spans, stems = stemmed_words(block.text, stem)
        met = list(matches(terms, stems))
        if not met:
            continue
        anywhere = _found(block, spans, [(first, end) for _, first, end in met])
        some.append(anywhere)
        if len({number for number, _, _ in met}) == len(terms):
            every.append(anywhere)
            together = _side_by_side(met, len(terms))
            if together:
                phrase.append(_found(block, spans, together))
    if phrase:
        return FoundInReport("phrase", tuple(phrase))
    if every:
        return FoundInReport("all words", tuple(every))
    return FoundInReport("any words", tuple(some))


def _found(block: BlockView, spans: Sequence[Span], words: Iterable[tuple[int, int]]) -> FoundBlock:
    places = merged([(spans[first][0], spans[end - 1][1]) for first, end in words])
    return FoundBlock(block.anchor, block.start, tuple(places[:MAX_MARKS]))


def _side_by_side(met: Iterable[tuple[int, int, int]], count: int) -> list[tuple[int, int]]:
    """Return (first word, word after the last) wherever all terms follow each other in order."""
    ends = {(number, first): end for number, first, end in met}
    found = []
    for first in (first for number, first in ends if number == 0):
        at: int | None = first
        for number in range(count):
            at = ends.get((number, at)) if at is not None else None
        if at is not None:
            found.append((first, at))
    return found
