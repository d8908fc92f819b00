"""The bars of a search by year."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api.responses import FacetValue
from web.years import MAX_BARS, YearBar, year_bars


def counted(**years: int) -> list[FacetValue]:
    return [FacetValue(value=year.removeprefix("y"), count=count) for year, count in years.items()]


def test_years_without_a_report_have_a_bar_too_and_the_highest_is_100() -> None:
    assert year_bars(counted(y2012=4, y2009=1), "", "") == (
        YearBar("2009", "2009", 1, 25.0, True),
        YearBar("2010", "2010", 0, 0.0, True),
        YearBar("2011", "2011", 0, 0.0, True),
        YearBar("2012", "2012", 4, 100.0, True),
    )


def test_the_bars_that_a_filter_lets_pass_are_on() -> None:
    years = counted(y2009=1, y2010=1, y2011=1)
    assert [bar.on for bar in year_bars(years, "2010-01-01", "2010-12-31")] == [False, True, False]
    assert [bar.on for bar in year_bars(years, "2010-06-01", "")] == [False, True, True]


def test_many_years_share_bars_that_filter_by_all_of_them() -> None:
    bars = year_bars(counted(y1987=3, y1994=1, y2012=2), "", "")
    assert [(bar.label, bar.count) for bar in bars] == [
        *(("1985–1989", 3), ("1990–1994", 1), ("1995–1999", 0)),
        *(("2000–2004", 0), ("2005–2009", 0), ("2010–2014", 2)),
    ]


@pytest.mark.parametrize("value", ["", "²011", "20", "soon", "-201"])
def test_what_is_no_year_has_no_bar(value: str) -> None:
    assert year_bars([FacetValue(value=value, count=1)], "", "") == ()


@given(st.dictionaries(st.integers(1, 9999), st.integers(1, 9), min_size=1))
def test_every_report_is_in_one_of_a_few_bars(years: dict[int, int]) -> None:
    bars = year_bars([FacetValue(value=f"{y:04d}", count=c) for y, c in years.items()], "", "")
    assert len(bars) <= MAX_BARS
    assert sum(bar.count for bar in bars) == sum(years.values())
    assert all(bar.first <= bar.last and len(bar.first) == len(bar.last) == 4 for bar in bars)
    assert max(bar.height for bar in bars) == 100
