"""Which sentences of the retrieved passages answer the question?

Every sentence of the best passages is described by a few numbers (how much of the question it
meets, how well its passage ranks, whether it has the form that the kind of question wants), and
scored by a weighted sum of them. The best of this first look are read together with the question by
a trained model (`scorer`), whose score joins the sum. The best then are quoted, verbatim.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from math import log

import numpy as np
import numpy.typing as npt

from indexer.records import Document, Passage
from search_api.candidates import Candidate
from search_api.defining import defining_quotes
from search_api.matching import Stem, Term, terms_of
from search_api.question import Kind, form_test, kind_of, names_kind
from search_api.question_parts import Part, parts_of
from search_api.quotable import Sentence, quotable
from search_api.reader import ArchiveReader
from search_api.retrieval import Retrieved
from search_api.scorer import InContext, SentenceScorer

# Passages whose sentences are looked at: .94 of our answerable questions have their answer there,
# .89 in the first ten.
PASSAGES = 20
# Sentences that the model reads. Eight find .02 fewer right first sentences in two thirds of the
# time, twenty .02 more in half as much again (cross-validated on archive_questions).
READ = 12
MAX_QUOTES = 5
# A quote whose score is this much below the best is not shown: the odds against it are 50 to 1.
_MUCH_WORSE = 4.0
# A sentence that defines what is asked for is this much above the best of the others.
_DEFINES = 6.0
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
    "dated",  # how well it fits the times that the question names, 1 where it names none
    "prose",  # 1 ends like a sentence and has a verb, .5 one of the two, 0 neither
    "read",  # score by the trained model
)
# WEIGHTS are fitted on archive_questions and a sample of squad20_dev_half (`make fit`); those of
# time and prose in FIRST_WEIGHTS are chosen by hand.
FIRST_WEIGHTS = (3.03, 2.36, 14.81, 2.27, 3.50, 1.50, 0.80)  # without the model
WEIGHTS = (2.40, 3.98, 7.16, 2.41, -3.65, 2.34, 0.77, 0.92)


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a passage that may answer, with its features and its score."""

    passage: Passage
    candidate: Candidate
    start: int
    end: int
    context: InContext
    features: tuple[float, ...]
    score: float
    met: frozenset[int]  # numbers of the terms in it and around it

    @property
    def text(self) -> str:
        """The quote itself, verbatim."""
        return self.context.text


@dataclass(frozen=True, slots=True)
class Selection:
    """The quotes that answer best, and what the decision to answer rests on."""

    kind: Kind
    terms: tuple[Term, ...]
    parts: tuple[tuple[Quote, ...], ...]
    """The quotes for each part of the question, best first."""

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """The best of each part, then the second best of each, and so on, each quote once."""
        found: dict[tuple[int, int], Quote] = {}
        for rank in zip_longest(*self.parts):
            for one in rank:
                if one is not None:
                    found.setdefault((one.candidate.row, one.start), one)
        return tuple(found.values())


def select(
    reader: ArchiveReader,
    retrieved: Retrieved,
    documents: Sequence[Document],
    stem: Stem,
    scorer: SentenceScorer,
    read: int = READ,
) -> Selection:
    """Return the `read` best quotes, best first; `documents` are those of the best PASSAGES."""
    question = retrieved.query.question
    kind = kind_of(question)
    terms = terms_of(reader, retrieved.query)
    candidates = retrieved.candidates[:PASSAGES]
    passages = reader.passages([candidate.row for candidate in candidates])
    sentences = [
        sentence
        for candidate, passage, document in zip(candidates, passages, documents, strict=True)
        for sentence in quotable(passage, candidate, document, terms, stem)
    ]
    if not sentences:
        return Selection(kind, terms, ())
    parts = [_best_for(part, sentences, terms, scorer, read) for part in parts_of(question)]
    if kind is Kind.STANDS_FOR:
        parts[0] = _with_definitions(reader, retrieved, parts[0], len(terms))
    return Selection(kind, terms, tuple(map(tuple, parts)))


def _best_for(
    part: Part,
    sentences: Sequence[Sentence],
    terms: Sequence[Term],
    scorer: SentenceScorer,
    read: int,
) -> list[Quote]:
    """Return the `read` best quotes for one part of the question, best first."""
    kind = kind_of(part.text)
    has_form = form_test(kind, part.text)
    asked = frozenset(at for at, term in enumerate(terms) if names_kind(kind, term.text))
    weights = np.array([term.weight for term in terms])
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
                sentence.fits(part.dates),
                sentence.prose,
            )
        )
    first = (np.array(features) @ np.array(FIRST_WEIGHTS)).tolist()
    order = sorted(range(len(sentences)), key=lambda at: (-first[at], at))
    chosen = _distinct(order, sentences)[:read]
    answering = scorer.scores(part.text, [sentences[at].context for at in chosen])
    described = [(*features[at], score) for at, score in zip(chosen, answering, strict=True)]
    scores = (np.array(described) @ np.array(WEIGHTS)).tolist()
    quotes = [
        Quote(
            passage=sentences[at].passage,
            candidate=sentences[at].candidate,
            start=sentences[at].start,
            end=sentences[at].end,
            context=sentences[at].context,
            features=numbers,
            score=score,
            met=met[at],
        )
        for at, numbers, score in zip(chosen, described, scores, strict=True)
    ]
    # Sorting is stable: of equals, the better at the first look stays first.
    quotes.sort(key=lambda quote: -quote.score)
    return quotes


def _with_definitions(
    reader: ArchiveReader, retrieved: Retrieved, quotes: Sequence[Quote], terms: int
) -> list[Quote]:
    """Put the sentences that define what is asked for before all others, in their order.

    Only out of what was retrieved: that passes the filters and holds what the query demands. They
    meet the whole question: its other words say how it is asked, or where to look.
    """
    best = quotes[0]
    candidates = {candidate.row: candidate for candidate in retrieved.candidates}
    found = [
        one
        for one in defining_quotes(reader, retrieved.query.question)
        if one.passage.row in candidates
    ]
    defining = [
        Quote(
            passage=one.passage,
            candidate=candidates[one.passage.row],
            start=one.start,
            end=one.end,
            context=InContext(one.text, "", ""),
            features=best.features,
            score=best.score + _DEFINES - rank,
            met=frozenset(range(terms)),
        )
        for rank, one in enumerate(found)
    ]
    places = {(quote.candidate.row, quote.start) for quote in defining}
    others = [one for one in quotes if (one.candidate.row, one.start) not in places]
    return [*defining, *others]


def shown(selection: Selection, documents: Mapping[int, Document]) -> tuple[Quote, ...]:
    """Return the quotes to show, at most MAX_QUOTES, in the order to show them.

    Best first; but what happened with something is told in the order of the reports' dates, those
    without one last. `documents` are those of the passages, by row.
    """
    kept = list(worth_showing(selection))
    if selection.kind is Kind.HISTORY:
        kept.sort(key=lambda quote: documents[quote.candidate.row].date or "9")
    return tuple(kept)


def worth_showing(selection: Selection) -> Iterator[Quote]:
    """Yield MAX_QUOTES at most, none of them much worse than the best for its part."""
    enough = [
        quote
        for part in selection.parts
        for quote in part
        if quote.score > part[0].score - _MUCH_WORSE
    ]
    return islice((quote for quote in selection.quotes if quote in enough), MAX_QUOTES)


def _share(weights: npt.NDArray[np.float64], met: frozenset[int]) -> float:
    total = float(weights.sum())
    return float(weights[sorted(met)].sum()) / total if total > 0 and met else 0.0


def _distinct(order: Sequence[int], sentences: Sequence[Sentence]) -> list[int]:
    """Keep the first of sentences that say the same: one report is filed in several formats."""
    first: dict[str, int] = {}
    for at in order:
        first.setdefault(_NOT_A_LETTER.sub("", sentences[at].text.casefold()), at)
    return list(first.values())
