from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api.figures import figures_in


def read(text: str) -> list[tuple[str, str, float | str, str]]:
    return [(one.kind, text[one.start : one.end], one.value, one.unit) for one in figures_in(text)]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("It cost £4.7m.", 4_700_000, "GBP"),
        ("It cost £4.7 million.", 4_700_000, "GBP"),
        ("It cost £4,700,000 in all.", 4_700_000, "GBP"),
        ("It cost GBP 12k.", 12_000, "GBP"),
        ("It cost €3bn.", 3e9, "EUR"),
        ("Each pays $0.50 more.", 0.5, "USD"),
        ("It cost £12 more.", 12, "GBP"),
    ],
)
def test_one_sum_has_one_value_however_it_is_written(text: str, value: float, unit: str) -> None:
    assert [(one.kind, one.value, one.unit) for one in figures_in(text)] == [("money", value, unit)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on 17 March 2011", "2011-03-17"),
        ("on the 17th of March, 2011", "2011-03-17"),
        ("on March 17th, 2011", "2011-03-17"),
        ("on 17/03/2011", "2011-03-17"),
        ("on 2011-03-17", "2011-03-17"),
        ("in Sept 2011", "2011-09"),
    ],
)
def test_one_date_has_one_value_however_it_is_written(text: str, value: str) -> None:
    assert [(one.kind, one.value) for one in figures_in(text)] == [("date", value)]


def test_counts_carry_what_is_counted_and_percentages_their_sign() -> None:
    assert read("Of 8,344 surgeries 12 per cent closed, and 300% of 2 million patients moved.") == [
        ("count", "8,344", 8344, "surgerie"),
        ("percentage", "12 per cent", 12, "%"),
        ("percentage", "300%", 300, "%"),
        ("count", "2 million", 2_000_000, "patient moved"),
    ]


@pytest.mark.parametrize(
    "text",
    ["In 2011 the panel met.", "Paragraph 4.2 says so.", "3 months later", "31/02/2011", "item 5."],
)
def test_years_paragraphs_spans_of_time_and_impossible_dates_are_no_figures(text: str) -> None:
    assert figures_in(text) == []


@given(st.text(alphabet="£$%0123456789., /-kmbn March2011 percent officers", max_size=80))
def test_figures_lie_in_the_text_in_order_and_never_overlap(text: str) -> None:
    found = figures_in(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
