"""Bars of mentions: every month has its place, and no archive makes the chart too wide."""

from hypothesis import given
from hypothesis import strategies as st

from search_api.timeline import MonthOfMentions
from web.mentions_chart import chart_of


def months(*counted: tuple[str, int]) -> list[MonthOfMentions]:
    return [MonthOfMentions(month=month, reports=reports) for month, reports in counted]


def test_bars_stand_in_their_month_and_are_as_high_as_their_count() -> None:
    chart = chart_of(months(("2010-01", 1), ("2010-07", 4), ("2011-12", 2)))
    assert chart is not None
    assert [(bar.left, bar.height) for bar in chart.bars] == [(0, 25), (25, 100), (95.83, 50)]
    assert chart.years == ((2010, 0.0), (2011, 50.0))
    assert chart.most == 4


def test_a_year_alone_has_no_place_among_months() -> None:
    assert chart_of(months(("2011", 3))) is None
    chart = chart_of(months(("2011", 3), ("2011-02", 1)))
    assert chart is not None
    assert [bar.month for bar in chart.bars] == ["2011-02"]


known = st.lists(
    st.tuples(st.integers(1, 9999), st.integers(1, 12), st.integers(1, 500)), min_size=1
)


@given(known=known)
def test_every_bar_lies_in_the_chart_and_few_years_are_named(
    known: list[tuple[int, int, int]],
) -> None:
    counted = {f"{year:04d}-{month:02d}": count for year, month, count in known}
    chart = chart_of(months(*sorted(counted.items())))
    assert chart is not None
    assert len(chart.bars) == len(counted)
    for bar in chart.bars:
        assert 0 <= bar.left < bar.left + bar.width <= 101
        assert 0 < bar.height <= 100
    assert len(chart.years) <= 9
    assert all(0 <= left < 100 for _, left in chart.years)
