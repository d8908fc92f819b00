"""Which sentences of the retrieved passages answer the question?

Every sentence of the best passages is described by a few numbers (how much of the question it
meets, how well its passage ranks, whether it has the form that the kind of question wants), and
scored by a weighted sum of them. The best are quoted, verbatim.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from indexer.records import Passage
from search_api.matching import Stem, Term, matches, stemmed_words, terms_of
from search_api.question import Kind, form_test, kind_of, names_kind
from search_api.reader import ArchiveReader
from search_api.retrieval import Candidate, Retrieved

# Passages whose sentences are looked at: .94 of our answerable questions have their answer there,
# .89 in the first ten.
PASSAGES = 20
MAX_QUOTES = 5
_LONGEST_QUOTE_CHARS = 1200
_SHORTEST_QUOTE_WORDS = 3
_NOT_A_LETTER = re.compile(r"[\W_]+")

# How a sentence is described. Left out for want of effect (cross-validated, see
# tests/quality/fitting.py): the sentence's own cosine, which cost ten times the rest, its place in
# the passage, the rank of the passage, and names and figures of the question counted apart.
FEATURES = (
    "meets",  # share of the question's words, by rarity, in the sentence
    "nearby",  # the same in the sentence, its two neighbours, the headings and the title
    "passage",  # merged score of the passage
    "form",  # 1 offers what the kind of question wants, 0 does not, .5 any form does
    "length",  # log(words) / 5
)
WEIGHTS = (3.03, 2.36, 14.81, 2.27, 3.50)


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a passage that may answer, with its features and its score."""

    passage: Passage
    candidate: Candidate
    start: int
    end: int
    text: str
    features: tuple[float, ...]
    score: float
    met: frozenset[int]  # numbers of the terms in it and around it


@dataclass(frozen=True, slots=True)
class Selection:
    """The quotes that answer best, best first, and what the decision to answer rests on."""

    kind: Kind
    terms: tuple[Term, ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class _Sentence:
    passage: Passage
    candidate: Candidate
    start: int
    end: int
    text: str
    own: frozenset[int]
    nearby: frozenset[int]
    words: int


def select(
    reader: ArchiveReader, retrieved: Retrieved, titles: Sequence[str], stem: Stem
) -> Selection:
    """Return the best quotes of the first PASSAGES candidates; `titles` are of their documents."""
    question = retrieved.query.question
    kind = kind_of(question)
    terms = terms_of(reader, retrieved.query)
    candidates = retrieved.candidates[:PASSAGES]
    passages = reader.passages([candidate.row for candidate in candidates])
    sentences = [
        sentence
        for candidate, passage, title in zip(candidates, passages, titles, strict=True)
        for sentence in _sentences(passage, candidate, title, terms, stem)
    ]
    if not sentences:
        return Selection(kind, terms, ())
    weights = np.array([term.weight for term in terms])
    has_form = form_test(kind, question)
    asked = frozenset(at for at, term in enumerate(terms) if names_kind(kind, term.text))
    features = []
    met = []
    for sentence in sentences:
        form = has_form(sentence.text)
        offered = asked if form == 1 else frozenset[int]()
        met.append(sentence.nearby | offered)
        features.append(
            (
                _share(weights, sentence.own | offered),
                _share(weights, sentence.nearby | offered),
                sentence.candidate.score,
                form,
                log(sentence.words) / 5,
            )
        )
    scores = (np.array(features) @ np.array(WEIGHTS)).tolist()
    quotes = [
        Quote(
            passage=sentences[at].passage,
            candidate=sentences[at].candidate,
            start=sentences[at].start,
            end=sentences[at].end,
            text=sentences[at].text,
            features=features[at],
            score=scores[at],
            met=met[at],
        )
        for at in sorted(range(len(sentences)), key=lambda at: (-scores[at], at))
    ]
    return Selection(kind, terms, tuple(_distinct(quotes)))


def _sentences(
    passage: Passage,
    candidate: Candidate,
    title: str,
    terms: Sequence[Term],
    stem: Stem,
) -> list[_Sentence]:
    """Return the quotable sentences of a passage with the terms that each meets."""
    around = _met(" \n".join((title, *passage.section)), terms, stem)
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
        found.append(_Sentence(passage, candidate, start, end, text, met[position], nearby, words))
    return found


def _met(text: str, terms: Sequence[Term], stem: Stem) -> frozenset[int]:
    """Return the positions of the terms that occur in a text."""
    _, stems = stemmed_words(text, stem)
    return frozenset(number for number, _, _ in matches(terms, stems))


def _share(weights: npt.NDArray[np.float64], met: frozenset[int]) -> float:
    total = float(weights.sum())
    return float(weights[sorted(met)].sum()) / total if total > 0 and met else 0.0


def _distinct(quotes: Sequence[Quote]) -> list[Quote]:
    """Keep the first of quotes that say the same: one report is often filed in several formats."""
    seen: set[str] = set()
    kept = []
    for quote in quotes:
        said = _NOT_A_LETTER.sub("", quote.text.casefold())
        if said not in seen:
            seen.add(said)
            kept.append(quote)
    return kept
