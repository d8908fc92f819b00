"""search_api.question_parts: what a question asks at once."""

import pytest

from search_api.question_parts import MAX_PARTS, Part, parts_of

MARCH, OCTOBER = ("2011-03-01", "2011-03-31"), ("2011-10-01", "2011-10-31")


def test_two_things_that_are_asked_are_two_parts_each_with_its_time() -> None:
    question = "How many councils took part in March 2011, and how many by October 2011?"
    assert parts_of(question) == (
        Part("How many councils took part in March 2011", (MARCH,)),
        Part("how many by October 2011?", (OCTOBER,)),
    )


def test_one_thing_asked_of_two_times_is_two_parts() -> None:
    question = "How far did visits grow between March 2011 and October 2011?"
    assert parts_of(question) == (Part(question, (MARCH,)), Part(question, (OCTOBER,)))


@pytest.mark.parametrize(
    "question",
    [
        "Where and when was it found?",
        "Gangs, knives and how many officers were there?",
        "Which boroughs and police forces took part?",
        "operation connect funding",
        "",
    ],
)
def test_what_asks_one_thing_is_one_part(question: str) -> None:
    assert parts_of(question) == (Part(question, ()),)


def test_no_question_has_more_than_so_many_parts() -> None:
    years = " and ".join(f"what was spent in {year}" for year in range(1990, 2020))
    assert len(parts_of(years)) == MAX_PARTS
