"""search_api.confidence: when is an answer shown, and as what?"""

from math import log

import pytest

from indexer.records import Passage
from search_api.answering import Quote, Selection
from search_api.candidates import Candidate
from search_api.confidence import (
    NOT_FOUND_BELOW,
    confidence_of,
    described,
    evidence_of,
    status_of,
)
from search_api.matching import Term
from search_api.question import Kind
from search_api.scorer import InContext

TERMS = (Term("gangs", ("gang",), 0.5), Term("Connect", ("connect",), 0.5))


def selection(*, meets: float, met: set[int], score: float = 20.0) -> Selection:
    quote = Quote(
        passage=Passage(0, "d", 0, 5, "Gangs"),
        candidate=Candidate(0, 1.0, 1.0, 0.5, 1, 1),
        start=0,
        end=5,
        context=InContext("Gangs", "", ""),
        features=(meets, 1.0, 1.0, 0.5, 0.3, 1.0, 1.0, 0.0),
        score=score,
        met=frozenset(met),
    )
    return Selection(Kind.OTHER, TERMS, ((quote,),))


NOTHING = Selection(Kind.OTHER, TERMS, ())


def test_nothing_to_quote_is_not_found_without_confidence() -> None:
    assert confidence_of(NOTHING) == 0.0
    assert status_of(1.0, NOTHING, found_exactly=True) == "not_found"


def test_a_better_quote_is_surer() -> None:
    weak, strong = (selection(meets=0.5, met={0}, score=score) for score in (15.0, 25.0))
    assert 0 < confidence_of(weak) < confidence_of(strong) < 1


def test_a_choice_among_equals_is_less_sure() -> None:
    alone = selection(meets=0.5, met={0})
    contested = Selection(Kind.OTHER, TERMS, (alone.quotes * 4,))
    assert evidence_of(alone)[2] == 0
    assert evidence_of(contested)[2] == pytest.approx(log(4))
    assert confidence_of(contested) < confidence_of(alone)


def test_an_answer_in_two_parts_is_as_sure_as_its_parts_on_average() -> None:
    weak, strong = (selection(meets=0.5, met={0}, score=score) for score in (15.0, 25.0))
    both = Selection(Kind.OTHER, TERMS, weak.parts + strong.parts)
    assert evidence_of(both)[0] == 20.0
    assert confidence_of(weak) < confidence_of(both) < confidence_of(strong)


def test_below_the_threshold_the_archive_does_not_say() -> None:
    found = selection(meets=0.5, met={0, 1})
    assert status_of(NOT_FOUND_BELOW - 0.01, found, found_exactly=False) == "not_found"
    assert status_of(NOT_FOUND_BELOW, found, found_exactly=False) == "answered"


def test_what_stands_there_exactly_is_never_denied() -> None:
    assert status_of(0.0, selection(meets=0.5, met={0}), found_exactly=True) == "partial"
    assert status_of(0.0, selection(meets=1.0, met={0, 1}), found_exactly=False) == "partial"


def test_an_answer_that_leaves_words_unmet_is_partial() -> None:
    assert status_of(0.9, selection(meets=0.5, met={0}), found_exactly=False) == "partial"


@pytest.mark.parametrize(("value", "band"), [(0.7, "high"), (0.5, "medium"), (0.49, "low")])
def test_confidence_is_put_into_words(value: float, band: str) -> None:
    assert described(value).band == band
