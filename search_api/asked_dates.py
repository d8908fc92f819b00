"""Which times does a question name, and how well does a report or a sentence fit them?

What was so in June 2013 stands in a report of June 2013, in one of the next few months, or in a
sentence that names the month.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache

from search_api.figures import FigureKind, figures_in
from search_api.query_dates import days_of

Days = tuple[str, str]  # the first and the last, ISO

# How long after a time reports still tell of it, the less the later. Two to six months find the
# same on archive_questions; without, found@5 is .02 lower.
_TOLD_WITHIN_DAYS = 90
# Six hundred passages are of fewer reports, and those of fewer days.
_days_of = lru_cache(maxsize=10_000)(days_of)


def dates_in(text: str) -> tuple[Days, ...]:
    """Return the days, months and years that a text names, each once, in order."""
    return tuple(dict.fromkeys(_dates_in(text)))


def _dates_in(text: str) -> Iterator[Days]:
    for figure in figures_in(text):
        if figure.kind is FigureKind.DATE and (days := days_of(figure.date)) is not None:
            yield days


def report_fits(asked: Sequence[Days], dated: str) -> float:
    """Return how well a report of that date fits what is asked about, the mean of the times."""
    return _mean(_fits(asked, dated))


def sentence_fits(asked: Sequence[Days], text: str, dated: str) -> float:
    """Return the same for a sentence with what stands around it: what it names fits as well."""
    named = dates_in(text) if _names_year(asked, text) else ()
    return _mean(
        1.0 if any(_within(one, days) for one in named) else fit
        for days, fit in zip(asked, _fits(asked, dated), strict=True)
    )


def _fits(asked: Sequence[Days], dated: str) -> list[float]:
    found = _days_of(dated) if dated else None
    return [_told(days, found) if found else 0.0 for days in asked]


def _names_year(asked: Sequence[Days], text: str) -> bool:
    """A look that is ten times as fast as reading the figures of the text."""
    return any(first[:4] in text or last[:4] in text for first, last in asked)


def _within(inner: Days, outer: Days) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _told(asked: Days, dated: Days) -> float:
    if _within(dated, asked) or _within(asked, dated):
        return 1.0
    after = date.fromisoformat(dated[0]) - date.fromisoformat(asked[1])
    return max(0.0, 1 - after.days / _TOLD_WITHIN_DAYS) if after.days > 0 else 0.0


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
