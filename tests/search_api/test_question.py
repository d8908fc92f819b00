"""search_api.question: what is asked for, and whether a sentence offers it."""

import pytest

from search_api.question import Kind, form_test, kind_of, names_kind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How much did the strategy cost?", Kind.MONEY),
        ("what happened with Operation Connect funding", Kind.MONEY),
        ("what happened with Operation Connect", Kind.HISTORY),
        ("What became of the transparency board?", Kind.HISTORY),
        ("What happened when the panel asked the council?", Kind.HAPPENED),
        ("How many boroughs were invited?", Kind.NUMBER),
        ("What percentage of users agreed?", Kind.NUMBER),
        ("When did the board meet?", Kind.WHEN),
        ("Which cabinet minister joined the meeting?", Kind.WHO),
        ("Where was the event held?", Kind.WHERE),
        ("Why was the list not published?", Kind.WHY),
        ("What does MASH stand for?", Kind.STANDS_FOR),
        ("What did the new site cost?", Kind.MONEY),
        ("What do statements of the member in charge show?", Kind.OTHER),
        ("List the ten boroughs", Kind.LIST),
        ("What two changes did the panel ask for?", Kind.LIST),
        ("Which crimes was the map to show?", Kind.LIST),
        ("Which does the panel prefer?", Kind.OTHER),
        ("What is random choice theory?", Kind.OTHER),
        ("budget of the authority", Kind.MONEY),
    ],
)
def test_a_question_is_read_by_its_words(question: str, kind: Kind) -> None:
    assert kind_of(question) is kind


def test_a_figure_of_the_question_is_no_answer_to_it() -> None:
    offers = form_test(Kind.NUMBER, "How many boroughs were invited in 2011?")
    assert offers("In 2011 boroughs were invited.") == 0.0
    assert offers("In 2011 ten boroughs were invited.") == 1.0


@pytest.mark.parametrize(
    "line",
    [
        "7) 12.40 – 12.55 Updates",
        "Local Public Data Panel, Twentieth Meeting 5 June 2013",
        "Telephone: 020 7664 3217",
        "Designation under Regulation 6 of the Act 1990",
        "Government ICT Strategy, http://www.example.org/strategy2",
    ],
)
def test_dates_times_and_numbering_count_nothing(line: str) -> None:
    offers = form_test(Kind.NUMBER, "How many areas are there?")
    assert offers(line) == 0.0
    assert offers(f"{line}: 548 areas.") == 1.0


def test_a_name_of_the_question_is_no_answer_to_it() -> None:
    offers = form_test(Kind.WHO, "Who chairs the Transparency Board?")
    assert offers("The Transparency Board met again.") == 0.0
    assert offers("The Transparency Board is chaired by Francis Maude.") == 1.0


def test_where_any_form_may_answer_no_sentence_is_preferred() -> None:
    assert form_test(Kind.OTHER, "What is it?")("Anything.") == 0.5


def test_a_sum_meets_the_word_funding() -> None:
    assert names_kind(Kind.MONEY, "funding")
    assert not names_kind(Kind.MONEY, "Connect")
    assert not names_kind(Kind.WHEN, "funding")
