"""search_api.query_dates: the days that people name behind `date:` and `year:`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api.query_dates import days_of


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2011", "2011-01-01", "2011-12-31"),
        ("2012-02", "2012-02-01", "2012-02-29"),
        ("02/2012", "2012-02-01", "2012-02-29"),
        ("2011-03-17", "2011-03-17", "2011-03-17"),
        ("17/03/2011", "2011-03-17", "2011-03-17"),
        ("17.3.2011", "2011-03-17", "2011-03-17"),
        ("17 March 2011", "2011-03-17", "2011-03-17"),
        ("17th of march 2011", "2011-03-17", "2011-03-17"),
        ("March 17th, 2011", "2011-03-17", "2011-03-17"),
        ("Mar 2011", "2011-03-01", "2011-03-31"),
        ("2010..2012", "2010-01-01", "2012-12-31"),
        ("2012..2010", "2010-01-01", "2012-12-31"),
        ("2010-2012", "2010-01-01", "2012-12-31"),
        ("2010-03..17/04/2011", "2010-03-01", "2011-04-17"),
        ("2010..", "2010-01-01", "9999-12-31"),
        ("..2012", "0001-01-01", "2012-12-31"),
    ],
)
def test_a_date_or_a_span_names_its_first_and_last_day(written: str, first: str, last: str) -> None:
    assert days_of(written) == (first, last)


@pytest.mark.parametrize("written", ["", "soon", "..", "31/02/2011", "13/13/2011", "99", "2011..x"])
def test_what_is_no_date_names_nothing(written: str) -> None:
    assert days_of(written) is None


@given(st.text(max_size=40))
def test_any_text_is_read(written: str) -> None:
    days = days_of(written)
    assert days is None or days[0] <= days[1]
