"""Figures in full, as a reader compares them."""

import pytest

from search_api.figures import figures_in
from search_api.timeline import ChangeSide, ChangeView, FigureView
from web.figure_words import difference_words, figure_words


def view(text: str) -> FigureView:
    (figure,) = figures_in(text)
    return FigureView(
        kind=figure.kind.value,
        text=text[figure.start : figure.end],
        start=figure.start,
        end=figure.end,
        value=figure.value,
        unit=figure.unit,
        date=figure.date,
    )


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("£4.7m", "£4,700,000"),
        ("£1,204.50", "£1,204.50"),
        ("5 pence", "£0.05"),
        ("€2bn", "€2,000,000,000"),
        ("12.5 per cent", "12.5 %"),
        ("twenty officers", "20 officers"),
        ("17/03/2011", "17 March 2011"),
        ("2011-12", "financial year 2011-12"),
        ("March 2011", "March 2011"),
    ],
)
def test_a_figure_is_written_in_full(written: str, full: str) -> None:
    assert figure_words(view(written)) == full


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("£4.7m", "£5m", "+£300,000"),
        ("20 officers", "18 officers", "−2 officers"),
        ("10 per cent", "12.5 per cent", "+2.5 percentage points"),
        ("17 March 2011", "18 March 2011", ""),
    ],
)
def test_a_difference_has_its_sign_and_its_unit(before: str, after: str, words: str) -> None:
    figures = view(before), view(after)
    values = [figure.value for figure in figures]
    sides = [
        ChangeSide(quote=0, date="2011", document_id="d", figure=figure, period="")
        for figure in figures
    ]
    change = ChangeView(
        kind=figures[1].kind,
        unit=figures[1].unit,
        about=(),
        before=sides[0],
        after=sides[1],
        difference=None if None in values else round((values[1] or 0) - (values[0] or 0), 4),
        same_period=True,
    )
    assert difference_words(change) == words
