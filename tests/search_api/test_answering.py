"""search_api.answering: which sentences are chosen, and in which order they are shown."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from indexer.embedding import Vectors
from indexer.ranking import Ranking
from indexer.records import Document, DocumentText, Passage
from indexer.sentences import sentence_spans
from search_api.answering import FEATURES, READ, WEIGHTS, Quote, Selection, select, shown
from search_api.candidates import Candidate, Candidates
from search_api.matching import Stemmer
from search_api.query import parse
from search_api.question import Kind
from search_api.retrieval import Retrieved
from search_api.scorer import InContext
from tests.search_api.plain_reader import PlainReader

TEXTS = {
    "kestrel": "Operation Kestrel began in May. It was given £4.7m. Nobody was in the hall.",
    "copy": "Operation Kestrel began in May!  It was given £4.7m.",
    "pool": "The pool in Borchester was mended. A new roof was laid on it.",
}


class Likes:
    """A scorer that likes one word, and remembers what it was shown."""

    def __init__(self, word: str) -> None:
        self._word = word
        self.asked: list[tuple[str, tuple[InContext, ...]]] = []

    def scores(self, question: str, sentences: Sequence[InContext]) -> list[float]:
        self.asked.append((question, tuple(sentences)))
        return [20.0 if self._word in sentence.text else 0.0 for sentence in sentences]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def encode(texts: Sequence[str]) -> Vectors:
    return np.ones((len(texts), 1), np.float32)


def reader() -> PlainReader:
    texts, passages = [], []
    for row, (name, text) in enumerate(TEXTS.items()):
        document = Document(name, f"{name}.txt", "", "txt", f"Report on {name}")
        texts.append((document, DocumentText(text, (), ())))
        passages.append(
            Passage(row, name, 0, len(text), text, sentences=tuple(sentence_spans(text)))
        )
    vectors = encode([passage.text for passage in passages])
    return PlainReader(words, words, encode, texts, passages, vectors)


def chosen(question: str, scorer: Likes, read: int = READ) -> Selection:
    archive = reader()
    rows, ones = np.arange(3), np.ones(3, np.int64)
    candidates = Candidates(rows, 1 - rows / 10, np.ones(3), np.full(3, 0.5), ones, ones)
    found = Retrieved(parse(question), candidates, 3)
    return select(archive, found, archive.documents_of([0, 1, 2]), Stemmer(archive), scorer, read)


def quote(text: str, score: float, row: int = 0) -> Quote:
    passage = Passage(row, "d", 0, len(text), text)
    return Quote(
        passage=passage,
        candidate=Candidate(row, 1.0, 1.0, 0.5, 1, 1),
        start=0,
        end=len(text),
        context=InContext(text, "", ""),
        features=(0.0,) * len(FEATURES),
        score=score,
        met=frozenset(),
    )


def test_what_the_scorer_likes_comes_first_and_the_sum_is_that_of_the_features() -> None:
    selection = chosen("What happened to the roof?", Likes("roof"))
    assert selection.quotes[0].text == "A new roof was laid on it."
    for one in selection.quotes:
        expected = sum(a * b for a, b in zip(one.features, WEIGHTS, strict=True))
        assert one.score == pytest.approx(expected)


def test_the_scorer_sees_the_sentence_before_and_the_heading() -> None:
    scorer = Likes("nothing")
    chosen("How much was Operation Kestrel given?", scorer)
    ((question, contexts),) = scorer.asked
    assert question == "How much was Operation Kestrel given?"
    given = next(one for one in contexts if one.text == "It was given £4.7m.")
    assert given.before == "Operation Kestrel began in May."
    assert given.heading == "Report on kestrel"


def test_sentences_that_say_the_same_are_read_once() -> None:
    scorer = Likes("nothing")
    chosen("How much was Operation Kestrel given?", scorer)
    texts = [one.text for _, contexts in scorer.asked for one in contexts]
    assert sum("£4.7m" in text for text in texts) == 1
    assert sum("began in May" in text for text in texts) == 1


def test_only_the_best_of_the_first_look_are_read() -> None:
    scorer = Likes("hall")
    selection = chosen("How much was Operation Kestrel given?", scorer, read=2)
    assert len(selection.quotes) == len(scorer.asked[0][1]) == 2
    assert "hall" not in " ".join(one.text for one in selection.quotes)


def test_nothing_retrieved_gives_no_quotes() -> None:
    archive = reader()
    found = Retrieved(parse("anything"), Candidates.by_words(Ranking.of(())), 0)
    assert select(archive, found, [], Stemmer(archive), Likes("x")).quotes == ()


def test_quotes_much_worse_than_the_best_are_not_shown() -> None:
    quotes = (quote("best", 9.0, 0), quote("good", 6.0, 1), quote("weak", 4.9, 2))
    found = shown(Selection(Kind.OTHER, (), (quotes,)), {})
    assert [one.text for one in found] == ["best", "good"]


def test_each_part_of_a_question_is_quoted_in_turn_and_measured_by_itself() -> None:
    both = quote("both", 9.0, 0)
    first = (both, quote("one", 8.0, 1), quote("weak one", 4.9, 2))
    second = (quote("two", 4.0, 3), replace(both, score=3.0), quote("other two", 2.0, 4))
    found = shown(Selection(Kind.OTHER, (), (first, second)), {})
    assert [one.text for one in found] == ["both", "two", "one", "other two"]


def test_each_part_of_a_question_is_read_for_itself() -> None:
    scorer = Likes("roof")
    selection = chosen("How much was Kestrel given, and what happened to the roof?", scorer)
    asked = ["How much was Kestrel given", "what happened to the roof?"]
    assert [question for question, _ in scorer.asked] == asked
    assert selection.parts[1][0].text == "A new roof was laid on it."
    texts = [one.text for one in selection.quotes]
    assert len(set(texts)) == len(texts)


def test_a_sentence_is_told_from_a_line_of_an_agenda() -> None:
    prose = FEATURES.index("prose")
    described = {one.text: one.features[prose] for one in chosen("Kestrel", Likes("x")).quotes}
    assert described["It was given £4.7m."] == 1.0
    assert described["Operation Kestrel began in May."] == 0.5


def test_a_sentence_of_the_time_that_is_asked_of_comes_first() -> None:
    dated = FEATURES.index("dated")
    undated, asked = (
        {one.text: one for one in chosen(question, Likes("x")).quotes}
        for question in ("Was a new roof laid?", "Was a new roof laid in 2011?")
    )
    text = "A new roof was laid on it."
    assert (undated[text].features[dated], asked[text].features[dated]) == (1.0, 0.0)


def test_what_happened_is_told_in_the_order_of_dates() -> None:
    documents = {
        0: Document("a", "a.txt", "", "txt", "A", date="2012-05-01"),
        1: Document("b", "b.txt", "", "txt", "B"),
        2: Document("c", "c.txt", "", "txt", "C", date="2009-01-31"),
    }
    quotes = (quote("late", 9.0, 0), quote("undated", 8.5, 1), quote("early", 8.0, 2))
    told = shown(Selection(Kind.HISTORY, (), (quotes,)), documents)
    assert [one.text for one in told] == ["early", "late", "undated"]
    asked = shown(Selection(Kind.MONEY, (), (quotes,)), documents)
    assert [one.text for one in asked] == ["late", "undated", "early"]
