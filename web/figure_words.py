"""Figures in full: "£4.7m" is £4,700,000, "2011-12" the financial year 2011-12."""

from search_api.timeline import ChangeView, FigureView
from web.wording import date_words

_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}


def figure_words(figure: FigureView) -> str:
    """Return a figure in full; as it is written where it has no value."""
    if figure.value is not None:
        return _valued(figure.kind, figure.unit, figure.value)
    first, slash, last = figure.date.partition("/")
    if slash:
        return f"financial year {first}-{last[2:]}"
    return date_words(figure.date) or figure.text


def difference_words(change: ChangeView) -> str:
    """Return by how much a figure changed: "+£300,000"; "" for dates."""
    if not change.difference:
        return ""
    sign = "+" if change.difference > 0 else "−"
    unit = "percentage points" if change.unit == "percent" else change.unit
    return sign + _valued(change.kind, unit, abs(change.difference))


def _valued(kind: str, unit: str, value: float) -> str:
    written = f"{value:,.2f}".removesuffix(".00")
    if kind == "money":
        return f"{_SIGNS.get(unit, unit)}{written}"
    if "." in written:
        written = written.rstrip("0")
    return f"{written} %" if unit == "percent" else f"{written} {unit}"
