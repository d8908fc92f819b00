"""search_api.changes: figures that differ in nearly the same sentence, and no others."""

from collections.abc import Sequence

import pytest

from search_api.changes import Saying, changes_among
from search_api.figures import figures_in

THING = {"operation", "lantern"}
BUDGET = "The budget of Operation Lantern is £2m a year."


def changed(*texts: str, dates: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the figures that differ, as written, among sentences of reports of following years."""
    sayings = [
        Saying(number, date, f"report {date}", text, figures_in(text))
        for number, (text, date) in enumerate(
            zip(texts, dates or [f"{2010 + number}" for number in range(len(texts))], strict=True)
        )
    ]
    return [
        (
            one.before.text[one.figure_before.start : one.figure_before.end],
            one.after.text[one.figure_after.start : one.figure_after.end],
        )
        for one in changes_among(sayings, THING, str.casefold)
    ]


@pytest.mark.parametrize(
    ("before", "after", "figures"),
    [
        (BUDGET, BUDGET.replace("£2m", "£3.5m"), [("£2m", "£3.5m")]),
        (
            "The budget of Operation Lantern is £2m.",
            "Operation Lantern has a budget of £3m.",
            [("£2m", "£3m")],
        ),
        (
            "Operation Lantern cost £2m in 2010-11 and will cost £3m in 2011-12.",
            "Operation Lantern cost £2m in 2010-11 and will cost £4m in 2011-12.",
            [("£3m", "£4m")],
        ),
        (
            "Operation Lantern | officers on patrol | 40 officers",
            "Operation Lantern | officers on patrol | 55 officers",
            [("40 officers", "55 officers")],
        ),
        (
            "Operation Lantern will be rolled out by March 2012.",
            "Operation Lantern will be rolled out by June 2013.",
            [("March 2012", "June 2013")],
        ),
    ],
)
def test_the_figure_at_the_same_place_of_nearly_the_same_sentence_differs(
    before: str, after: str, figures: list[tuple[str, str]]
) -> None:
    assert changed(before, after) == figures


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BUDGET, BUDGET),
        (BUDGET, BUDGET.replace("£2m", "2,000,000 pounds")),
        # of something else
        (BUDGET, "The overspend that Operation Lantern left behind is £3m."),
        (BUDGET, "The budget of Operation Lantern is 3% of the whole."),
        ("The total budget for the year is £2m.", "The total budget for the year is £3m."),
        ("Operation Lantern: £2m.", "Operation Lantern: £3m."),
        # of somebody else
        (
            "Operation Lantern in the borough of Camden cost £2m.",
            "Operation Lantern in the borough of Islington cost £3m.",
        ),
        # dates of things that were not planned
        (
            "Minutes of the meeting about Operation Lantern held on 5 May 2011.",
            "Minutes of the meeting about Operation Lantern held on 6 June 2012.",
        ),
        ("Operation Lantern minutes Nov 2013.odt", "Operation Lantern minutes Dec 2013.odt"),
        # alike by an address alone
        (
            "Operation Lantern £2m https://e.org/a/b/c/d/reports/lantern/budget.pdf",
            "Lantern oil £3m https://e.org/a/b/c/d/reports/lantern/budget.pdf",
        ),
    ],
)
def test_what_says_the_same_or_speaks_of_something_else_is_no_change(
    before: str, after: str
) -> None:
    assert changed(before, after) == []


def test_a_figure_is_compared_with_the_last_earlier_report_that_puts_it_so() -> None:
    second, third = BUDGET.replace("£2m", "£3m"), BUDGET.replace("£2m", "£4m")
    assert changed(BUDGET, second, third) == [("£2m", "£3m"), ("£3m", "£4m")]
    assert changed(BUDGET, second, BUDGET) == [("£2m", "£3m"), ("£3m", "£2m")]
    assert changed(BUDGET, BUDGET, second) == [("£2m", "£3m")]


def test_a_report_is_not_compared_with_itself_or_one_of_the_same_day() -> None:
    assert changed(BUDGET, BUDGET.replace("£2m", "£3m"), dates=("2011", "2011")) == []


def test_a_new_figure_that_is_said_twice_is_told_once() -> None:
    new = "Operation Lantern now has a budget of £3m."
    assert changed(BUDGET, BUDGET.replace("£2m", "£3m"), new) == [("£2m", "£3m")]
