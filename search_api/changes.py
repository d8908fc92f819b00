"""Which figures of one kind do two reports give differently, in the same words?"""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from search_api.figures import Figure, FigureKind
from search_api.matching import Stem
from search_api.query_words import is_function_word

MAX_CHANGES = 50
# What a figure is about is read off the words this near to it.
_AROUND_CHARS = 90
_SHARED_WORDS = 2  # or all, of a sentence that has fewer
_SHARED = 0.4  # of the words around the figure that has fewer
_WORD = re.compile(r"[^\W\d_]{2,}")
_PERIOD_CHARS = 60


@dataclass(frozen=True, slots=True)
class Sighting:
    """A figure in a quote of a dated report; `quote` is the number of the quote."""

    quote: int
    date: str
    document_id: str
    text: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Change:
    """A figure and the one that an earlier report gave; `about` are the words around both."""

    before: Sighting
    after: Sighting
    about: tuple[str, ...]
    periods: tuple[str, str]


def changes_among(sightings: Sequence[Sighting], thing: Set[str], stem: Stem) -> list[Change]:
    """Return for each figure how it differs from the most alike one of the last earlier report.

    `thing` are the stems of what all quotes are about: that they share these says nothing.
    """
    words = [_words_around(one, thing, stem) for one in sightings]
    found = []
    for at, after in enumerate(sightings):
        best: tuple[tuple[str, float], int] | None = None
        for earlier in range(at):
            before = sightings[earlier]
            if not _comparable(before, after):
                continue
            alike = _alikeness(words[earlier], words[at])
            if alike and (best is None or (before.date, alike) > best[0]):
                best = ((before.date, alike), earlier)
        if best is None:
            continue
        before = sightings[best[1]]
        if (before.figure.value, before.figure.date) == (after.figure.value, after.figure.date):
            continue  # said again: no change
        shared = words[best[1]].keys() & words[at].keys()
        about = tuple(word for key, word in words[at].items() if key in shared)
        periods = (_period(before, sightings), _period(after, sightings))
        found.append(Change(before, after, about, periods))
    return found[:MAX_CHANGES]


def _comparable(before: Sighting, after: Sighting) -> bool:
    return (
        before.date < after.date
        and before.document_id != after.document_id
        and before.figure.kind is after.figure.kind
        and before.figure.unit == after.figure.unit
        and len(before.figure.date) == len(after.figure.date)
        # A year alone is named in passing too often to be what a sentence is about.
        and (before.figure.kind is not FigureKind.DATE or len(before.figure.date) in (7, 10))
    )


def _alikeness(one: dict[str, str], other: dict[str, str]) -> float:
    shared, fewer = len(one.keys() & other.keys()), min(len(one), len(other))
    if not shared or shared < min(_SHARED_WORDS, fewer):
        return 0.0
    return shared / fewer if shared >= _SHARED * fewer else 0.0


def _words_around(one: Sighting, thing: Set[str], stem: Stem) -> dict[str, str]:
    """Return the words near a figure by their stems, without those that carry no topic."""
    figure, text = one.figure, one.text
    around = (
        text[max(0, figure.start - _AROUND_CHARS) : figure.start]
        + " "
        + text[figure.end : figure.end + _AROUND_CHARS]
    )
    found: dict[str, str] = {}
    for word in _WORD.findall(around):
        key = stem(word)
        if key and key not in thing and not is_function_word(word):
            found.setdefault(key, word.casefold())
    return found


def _period(one: Sighting, sightings: Sequence[Sighting]) -> str:
    """Return the date of the same quote that stands nearest to a figure, "" where none is near."""
    dates = [
        (abs(other.figure.start - one.figure.end), other.figure.date)
        for other in sightings
        if other.quote == one.quote and other.figure.date and other is not one
    ]
    distance, date = min(dates, default=(_PERIOD_CHARS + 1, ""))
    return date if distance <= _PERIOD_CHARS else ""
