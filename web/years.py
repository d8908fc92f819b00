"""The bars of the years that a search finds reports of, each a filter."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from search_api.responses import FacetValue

# A bar is a target for a finger: 24 CSS pixels, thirteen times, on a screen of 320.
MAX_BARS = 13
_YEAR = re.compile("[0-9]{4}")
_STEPS = (1, 2, 5, 10, 25, 50, 100, 1000)  # years that one bar may stand for


@dataclass(frozen=True, slots=True)
class YearBar:
    """Reports dated from year `first` to year `last`, as a filter writes them; `height` is in
    hundredths of the highest bar, `on` while the filter that is set lets these years pass."""

    first: str
    last: str
    count: int
    height: float
    on: bool

    @property
    def label(self) -> str:
        """Return "2010", or "2010-2014" with a dash where a bar stands for several years."""
        return self.first if self.first == self.last else f"{self.first}–{self.last}"


def year_bars(counts: Iterable[FacetValue], date_from: str, date_to: str) -> tuple[YearBar, ...]:
    """Return the bars from the first year to the last, years without a report among them.

    `date_from` and `date_to` are the filter that is set, "" where it is not.
    """
    years = {int(year.value): year.count for year in counts if _YEAR.fullmatch(year.value)}
    if not years:
        return ()
    first, last = min(years), max(years)
    step = next(step for step in _STEPS if last // step - first // step < MAX_BARS)
    sums: dict[int, int] = dict.fromkeys(range(first // step, last // step + 1), 0)
    for year, count in years.items():
        sums[year // step] += count
    since, until = int(date_from[:4] or 0), int(date_to[:4] or 9999)
    most = max(sums.values())
    return tuple(
        YearBar(
            first=f"{max(number * step, 1):04d}",
            last=f"{number * step + step - 1:04d}",
            count=count,
            height=round(100 * count / most, 1),
            on=since <= number * step + step - 1 and number * step <= until,
        )
        for number, count in sums.items()
    )
