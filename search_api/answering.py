"""Which sentences of the retrieved passages answer the question?

Every sentence of the best passages is described by a few numbers (how much of the question it
meets, how close it is in meaning, how well its passage ranks, whether it has the form that the
kind of question wants), and scored by a weighted sum of them. The best are quoted, verbatim.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.records import Passage
from search_api.matching import Stem, Term, occurrences, stemmed_words, terms_of
from search_api.question import Kind, has_form, kind_of
from search_api.reader import ArchiveReader
from search_api.retrieval import Candidate, Retrieved

# Passages whose sentences are looked at. The first ten hold the answer in .84 of our questions.
PASSAGES = 20
# Sentences whose meaning is compared with the question: the most promising by words and rank.
ENCODED = 24
MAX_QUOTES = 5
_LONGEST_QUOTE_CHARS = 1200
_SHORTEST_QUOTE_WORDS = 3

FEATURES = (
    "meets",  # share of the question's weighted words in the sentence
    "meets_nearby",  # share in the sentence, its neighbours, headings and title
    "passage",  # merged score of the passage
    "rank",  # 1 / rank of the passage
    "cosine",  # of the sentence with the question
    "form",  # 1 has the form that the kind of question wants, 0 has not, .5 any form does
    "long",  # words, 0 for none, 1 for 60 or more
)
# Fitted by tests/quality/fit_answers.py; see the table there.
WEIGHTS = (1.6, 0.8, 2.0, 0.4, 2.2, 0.5, 0.2)


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
    rank: int
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
        for rank, (candidate, passage, title) in enumerate(
            zip(candidates, passages, titles, strict=False), start=1
        )
        for sentence in _sentences(passage, candidate, rank, title, terms, stem)
    ]
    if not sentences:
        return Selection(kind, terms, ())
    weights = np.array([term.weight for term in terms])
    features = np.array([_features(sentence, weights, kind) for sentence in sentences])
    first = features @ np.array(WEIGHTS)
    promising = np.argsort(-first, kind="stable")[:ENCODED]
    vector = reader.encode_query(question)
    cosines = reader.encode([sentences[at].text for at in promising]) @ vector[0]
    features[promising, FEATURES.index("cosine")] = cosines
    scores = features @ np.array(WEIGHTS)
    quotes = [
        Quote(
            passage=sentences[at].passage,
            candidate=sentences[at].candidate,
            start=sentences[at].start,
            end=sentences[at].end,
            text=sentences[at].text,
            features=tuple(features[at].tolist()),
            score=float(scores[at]),
        )
        for at in sorted(promising.tolist(), key=lambda at: (-scores[at], at))
    ]
    return Selection(kind, terms, tuple(_distinct(quotes)))


def _sentences(
    passage: Passage,
    candidate: Candidate,
    rank: int,
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
        found.append(
            _Sentence(passage, candidate, rank, start, end, text, met[position], nearby, words)
        )
    return found


def _met(text: str, terms: Sequence[Term], stem: Stem) -> frozenset[int]:
    """Return the positions of the terms that occur in a text."""
    spans, stems = stemmed_words(text, stem)
    return frozenset(
        position for position, term in enumerate(terms) if occurrences([term], spans, stems)
    )


def _features(
    sentence: _Sentence, weights: npt.NDArray[np.float64], kind: Kind
) -> tuple[float, ...]:
    form = has_form(kind, sentence.text)
    return (
        _share(weights, sentence.own),
        _share(weights, sentence.nearby),
        sentence.candidate.score,
        1 / sentence.rank,
        sentence.candidate.cosine,
        0.5 if form is None else form,
        min(sentence.words, 60) / 60,
    )


def _share(weights: npt.NDArray[np.float64], met: frozenset[int]) -> float:
    total = float(weights.sum())
    return float(weights[sorted(met)].sum()) / total if total > 0 and met else 0.0


def _distinct(quotes: Sequence[Quote]) -> list[Quote]:
    """Keep the first of quotes that say the same: one report is often filed in several formats."""
    seen: set[str] = set()
    kept = []
    for quote in quotes:
        said = "".join(character for character in quote.text.casefold() if character.isalnum())
        if said not in seen:
            seen.add(said)
            kept.append(quote)
    return kept
