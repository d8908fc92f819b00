"""search_api.figures: what a figure is, where it stands, and what it comes to."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_api.figures import Figure, FigureKind, figures_in


def read(text: str) -> list[tuple[str, str, object, str]]:
    return [
        (one.kind.value, text[one.start : one.end], one.date or one.value, one.unit)
        for one in figures_in(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("£4.7m in all", ("money", "£4.7m", 4_700_000.0, "GBP")),
        ("£ 2 million more", ("money", "£ 2 million", 2_000_000.0, "GBP")),
        ("cost £1,234,567.50.", ("money", "£1,234,567.50", 1_234_567.5, "GBP")),
        ("about £50k", ("money", "£50k", 50_000.0, "GBP")),
        ("€3bn and", ("money", "€3bn", 3_000_000_000.0, "EUR")),
        ("two million pounds", ("money", "two million pounds", 2_000_000.0, "GBP")),
        ("£4.7\u00a0million", ("money", "£4.7\u00a0million", 4_700_000.0, "GBP")),
        ("£10 makes", ("money", "£10", 10.0, "GBP")),
        ("a fee of 50p", ("money", "50p", 0.5, "GBP")),
        ("fell by 12.5%", ("percentage", "12.5%", 12.5, "percent")),
        ("ten per cent of", ("percentage", "ten per cent", 10.0, "percent")),
        ("3 percentage points", ("percentage", "3 percentage points", 3.0, "percentage points")),
        ("1,400 police officers", ("staff", "1,400 police officers", 1400.0, "officers")),
        ("25 full-time police staff", ("staff", "25 full-time police staff", 25.0, "staff")),
        ("twelve PCSOs", ("staff", "twelve PCSOs", 12.0, "PCSOs")),
        ("3 special constables", ("staff", "3 special constables", 3.0, "specials")),
        ("4.5 FTE", ("staff", "4.5 FTE", 4.5, "FTE")),
        ("on 17 March 2011", ("date", "17 March 2011", "2011-03-17", "")),
        ("on 1st of Sept. 2010,", ("date", "1st of Sept. 2010", "2010-09-01", "")),
        ("March 3, 2009", ("date", "March 3, 2009", "2009-03-03", "")),
        ("by 05/06/2010", ("date", "05/06/2010", "2010-06-05", "")),
        ("2011-03-17", ("date", "2011-03-17", "2011-03-17", "")),
        ("since May 2008", ("date", "May 2008", "2008-05", "")),
        ("for 2011-12", ("date", "2011-12", "2011/2012", "")),
        ("for 2011/2012", ("date", "2011/2012", "2011/2012", "")),
        ("in 1999–00", ("date", "1999–00", "1999/2000", "")),
        ("in 2011.", ("date", "2011", "2011", "")),
    ],
)
def test_a_figure_is_read_with_its_place_and_its_value(
    text: str, expected: tuple[str, str, object, str]
) -> None:
    assert read(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "paragraph 4.2",
        "section 12",
        "20115",
        "£",
        "31/02/2010",
        "a 4 m wall",
        "page 1999a",
        "may 5",
    ],
)
def test_what_is_no_figure_is_left_alone(text: str) -> None:
    assert read(text) == []


def test_a_year_before_officers_is_a_year() -> None:
    assert read("In 2011 officers met.") == [("date", "2011", "2011", "")]


def test_figures_come_in_order_and_do_not_overlap() -> None:
    text = "In 2011-12, 40 officers cost £2.7m, 5% more than the £2m of 17 March 2010."
    assert [one[1] for one in read(text)] == [
        *("2011-12", "40 officers", "£2.7m", "5%", "£2m", "17 March 2010"),
    ]


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from("£ 1 2, . m % 2011 - / May officers".split())).map(" ".join)
)
def test_any_text_can_be_read(text: str) -> None:
    end = 0
    for figure in figures_in(text):
        assert isinstance(figure, Figure)
        assert end <= figure.start < figure.end <= len(text)
        assert (figure.value is None) == (figure.kind is FigureKind.DATE) == bool(figure.date)
        end = figure.end


@pytest.mark.parametrize(
    "piece", ["1,", "1 ", "9 a ", "£1", "1,000,", "2011-", "may ", "a-", "1 a'"]
)
def test_no_text_takes_long(piece: str) -> None:
    started = time.perf_counter()
    figures_in(piece * (20_000 // len(piece)))
    assert time.perf_counter() - started < 5
