"""Which sentences of a passage may be quoted, and what does each of them meet?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.records import Document, Passage
from search_api.asked_dates import Days, sentence_fits
from search_api.candidates import Candidate
from search_api.matching import Stem, Term, matches, stemmed_words
from search_api.scorer import InContext

_LONGEST_QUOTE_CHARS = 1200
_SHORTEST_QUOTE_WORDS = 3

_STOP = re.compile(r"[.!?][\"'”’)]*\s*$")
# In lower case: "May" is a month.
_VERB = re.compile(
    r"\b(?:are|be|been|can|could|did|do|does|had|has|have|is|may|should|was|were|will|would)\b"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, its surroundings, and the numbers of the terms that it meets."""

    passage: Passage
    candidate: Candidate
    dated: str  # the date of its report
    start: int
    end: int
    context: InContext
    own: frozenset[int]
    nearby: frozenset[int]  # in it, its two neighbours, the headings and the title
    words: int

    @property
    def text(self) -> str:
        """The sentence itself, verbatim."""
        return self.context.text

    def fits(self, dates: Sequence[Days]) -> float:
        """How well it fits the times that are asked of, 1 where none are."""
        around = "\n".join((self.context.heading, self.context.before, self.context.text))
        return sentence_fits(dates, around, self.dated) if dates else 1.0

    @property
    def prose(self) -> float:
        """Tell a sentence from a line of an agenda, a name of a file, a cell of a table."""
        return (bool(_STOP.search(self.text)) + bool(_VERB.search(self.text))) / 2


def quotable(
    passage: Passage,
    candidate: Candidate,
    document: Document,
    terms: Sequence[Term],
    stem: Stem,
) -> list[Sentence]:
    """Return the quotable sentences of a passage with the terms that each meets."""
    around = _met(" \n".join((document.title, *passage.section)), terms, stem)
    heading = " / ".join((document.title, *passage.section[-1:]))
    spans = [
        (start, end) for start, end in passage.sentences if end - start <= _LONGEST_QUOTE_CHARS
    ]
    texts = [passage.text[start - passage.start : end - passage.start] for start, end in spans]
    met = [_met(text, terms, stem) for text in texts]
    found = []
    for position, ((start, end), text) in enumerate(zip(spans, texts, strict=True)):
        words = len(text.split())
        if words < _SHORTEST_QUOTE_WORDS:
            continue
        nearby = around.union(*met[max(0, position - 1) : position + 2])
        context = InContext(text, texts[position - 1] if position else "", heading)
        found.append(
            Sentence(
                passage, candidate, document.date, start, end, context, met[position], nearby, words
            )
        )
    return found


def _met(text: str, terms: Sequence[Term], stem: Stem) -> frozenset[int]:
    """Return the positions of the terms that occur in a text."""
    _, stems = stemmed_words(text, stem)
    return frozenset(number for number, _, _ in matches(terms, stems))
