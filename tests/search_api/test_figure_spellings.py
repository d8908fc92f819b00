"""search_api.figure_spellings: one sum, year or date is found however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api.figure_spellings import MAX_SPELLINGS, spellings


def others(query: str) -> list[str]:
    found = list(spellings(query.split()))
    assert len(found) <= 1
    return list(found[0][2]) if found else []


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("£4.7m", "4.7 million"),
        ("£4.7m", "4,700,000"),
        ("£4.7m", "4700000"),
        ("£4.7 million", "4.7m"),
        ("4.7mn", "4.7m"),
        ("4,700,000", "4.7m"),
        ("£4,700,000", "4700000"),
        ("4700000", "4,700,000"),
        ("25,000", "25000"),
        ("£25k", "25,000"),
        ("£2bn", "2 billion"),
        ("GBP 4.7m", "4.7m"),
        ("GBP 4.7 million", "4,700,000"),
        ("2011-12", "2011-2012"),
        ("2011/12", "2011-2012"),
        ("1999-00", "1999-2000"),
        ("2011-2012", "2011-12"),
        ("17 March 2011", "17/03/2011"),
        ("17th March 2011", "17 March 2011"),
        ("March 17th, 2011", "17 March 2011"),
        ("17/03/2011", "17 March 2011"),
        ("2011-03-17", "17th March 2011"),
        ("17 March", "17th March"),
        ("Report 9", "Report no 9"),
    ],
)
def test_a_figure_is_also_searched_as_others_write_it(typed: str, written: str) -> None:
    assert written in others(typed)
    assert typed not in others(typed)


@pytest.mark.parametrize(
    "typed",
    "2011 900 9 budget March 2011-10 2011-11-31 0800123456 1.2.3 C++ MPA/2011/09 £ million".split(),
)
def test_what_is_no_figure_or_has_one_spelling_is_left_alone(typed: str) -> None:
    assert others(typed) == []


def test_figures_are_found_among_other_words_and_their_words_counted() -> None:
    found = list(spellings("cost £4.7 million on 17 March 2011 agreed".split()))
    assert [(first, end) for first, end, _ in found] == [(1, 3), (4, 7)]


@given(st.lists(st.text(max_size=12) | st.sampled_from("17 March 2011 4,7 £4.7 m bn k".split())))
def test_any_words_are_read_and_no_figure_has_many_spellings(words: list[str]) -> None:
    end = 0
    for first, last, written in spellings(words):
        assert end <= first < last <= len(words)
        assert 0 < len(written) <= MAX_SPELLINGS
        end = last
