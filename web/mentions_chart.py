"""How often is a thing named, month by month? The geometry of a bar chart, in per cent."""

from collections.abc import Sequence
from dataclasses import dataclass

from search_api.timeline import MonthOfMentions

_LABELS = 8  # years that fit beside each other on a small screen
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
_LEAST_WIDTH = 0.35  # of a bar in a chart of many years


@dataclass(frozen=True, slots=True)
class Bar:
    """A month: where its bar stands, how wide and how high it is."""

    month: str
    reports: int
    left: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class MentionsChart:
    """Bars in order of time, and years with the place where each begins."""

    bars: tuple[Bar, ...]
    years: tuple[tuple[int, float], ...]
    most: int


def chart_of(months: Sequence[MonthOfMentions]) -> MentionsChart | None:
    """Return the chart; None where no month is known. A year alone has no place in it."""
    counted = [(_number(one.month), one) for one in months if len(one.month) == 7]
    if not counted:
        return None
    first = counted[0][0] // 12 * 12
    slots = (counted[-1][0] // 12 + 1) * 12 - first
    most = max(one.reports for _, one in counted)
    bars = tuple(
        Bar(
            one.month,
            one.reports,
            round(100 * (number - first) / slots, 2),
            round(max(80 / slots, _LEAST_WIDTH), 2),
            round(100 * one.reports / most, 1),
        )
        for number, one in counted
    )
    return MentionsChart(bars, _years(first // 12, slots // 12), most)


def _years(first: int, count: int) -> tuple[tuple[int, float], ...]:
    step = next((step for step in _STEPS if count / step <= _LABELS), _STEPS[-1])
    years = range(first + -first % step, first + count, step)
    return tuple((year, round(100 * (year - first) / count, 2)) for year in years)


def _number(month: str) -> int:
    """Return the month as a number that counts on from year to year."""
    return int(month[:4]) * 12 + int(month[5:7]) - 1
