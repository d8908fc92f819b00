"""Which figures of one kind do two reports give differently, in nearly the same sentence?

Two sentences are laid side by side, word for word: a figure differs when another one of its kind
stands at its place. What is merely about something like it, or names somebody else, is left out: a
false alarm costs the reader more than a change that is not pointed out, for all quotes are there.
"""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from search_api.figures import Figure, FigureKind
from search_api.matching import Stem
from search_api.query_words import is_function_word

MAX_CHANGES = 50
_ALIKE = 0.7  # of the words and figures of both sentences stand in both, in the same order
_SHARED_WORDS = 3
_WORD = re.compile(r"[^\W\d_]{2,}")
# Addresses and names of files: their pieces are no words of the sentence.
_ADDRESS = re.compile(r"://|www\.|@|\.[a-z]{3,4}\b", re.IGNORECASE)
# A date changes when it is planned. Elsewhere it says when something else happened.
_PLANNED = re.compile(r"\b(?:will|by|until|due|expected|planned|scheduled|target|deadline)\b", re.I)
_PERIOD_CHARS = 60


@dataclass(frozen=True, slots=True)
class Saying:
    """A quote of a dated report, with its figures; `quote` is its number."""

    quote: int
    date: str
    document_id: str
    text: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A figure and the one at its place in an earlier report; `about` are the words of both."""

    before: Saying
    figure_before: Figure
    after: Saying
    figure_after: Figure
    about: tuple[str, ...]
    periods: tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Token:
    """A word with its stem, or a figure with its kind, as `key`."""

    key: str
    word: str
    figure: Figure | None = None
    is_name: bool = False


def changes_among(sayings: Sequence[Saying], thing: Set[str], stem: Stem) -> list[Change]:
    """Return how figures differ from those of the last earlier report that puts it so, each once.

    `sayings` come in order of time. `thing` are the stems of what all of them are about: a
    sentence must name something of it, but to share that alone says nothing.
    """
    read = [tuple(_tokens(one, stem)) for one in sayings]
    found = []
    for at, after in enumerate(sayings):
        settled: set[Figure] = set()
        for earlier in reversed(range(at)):
            before = sayings[earlier]
            if before.date >= after.date or before.document_id == after.document_id:
                continue
            for change in _between(before, read[earlier], after, read[at], thing):
                if change.figure_after not in settled:
                    settled.add(change.figure_after)
                    found.append(change)
    first: dict[object, Change] = {}
    for change in sorted(found, key=lambda one: (one.after.quote, one.figure_after.start)):
        new = _said(change.figure_after)
        if new != _said(change.figure_before):
            first.setdefault((change.before.quote, change.figure_before, new), change)
    return list(first.values())[:MAX_CHANGES]


def _between(
    before: Saying,
    read_before: Sequence[_Token],
    after: Saying,
    read_after: Sequence[_Token],
    thing: Set[str],
) -> Iterator[Change]:
    """Yield the figures that stand at one place of both sentences, also where they are the same."""
    keys = [token.key for token in read_before], [token.key for token in read_after]
    ours, theirs = set(keys[0]), set(keys[1])
    if 2 * len(ours & theirs) < _ALIKE * len(ours) or Indel.normalized_similarity(*keys) < _ALIKE:
        return
    shared = {one.key: one.word for one in read_after if one.figure is None and one.key in ours}
    about = tuple(word for key, word in shared.items() if key not in thing)
    if len(shared) < _SHARED_WORDS or not 0 < len(about) < len(shared):
        return
    if _named(read_before) - theirs and _named(read_after) - ours:
        return  # "in Camden" and "in Islington"
    planned = _PLANNED.search(before.text) and _PLANNED.search(after.text)
    for block in Indel.editops(*keys).as_matching_blocks():
        for place in range(block.size):
            one, other = read_before[block.a + place].figure, read_after[block.b + place].figure
            if one and other and (planned or one.kind is not FigureKind.DATE):
                periods = _period(before, one), _period(after, other)
                yield Change(before, one, after, other, about, periods)


def _named(tokens: Sequence[_Token]) -> set[str]:
    return {one.key for one in tokens if one.is_name}


def _said(figure: Figure) -> tuple[float | None, str]:
    return figure.value, figure.date


def _tokens(one: Saying, stem: Stem) -> Iterator[_Token]:
    """Yield the words of a sentence that carry a topic, and its figures, in their order."""
    hidden = re.sub(r"\S+", _without_address, one.text)
    for figure in one.figures:
        hidden = hidden[: figure.start] + " " * (figure.end - figure.start) + hidden[figure.end :]
    pieces: list[tuple[int, str | Figure]] = [
        *((match.start(), match[0]) for match in _WORD.finditer(hidden)),
        *((figure.start, figure) for figure in one.figures),
    ]
    is_first = True
    for _, piece in sorted(pieces, key=lambda piece: piece[0]):
        if isinstance(piece, Figure):
            key = f"{piece.kind.value} {piece.unit} {len(piece.date)}"
            yield _Token(key, "", figure=piece)
        elif not is_function_word(piece) and (key := stem(piece)):
            yield _Token(key, piece.casefold(), is_name=piece[0].isupper() and not is_first)
        is_first = False


def _without_address(found: re.Match[str]) -> str:
    return " " * len(found[0]) if _ADDRESS.search(found[0]) else found[0]


def _period(one: Saying, figure: Figure) -> str:
    """Return the date of the same quote that stands nearest to a figure, "" where none is near."""
    dates = [
        (abs(other.start - figure.end), other.date)
        for other in one.figures
        if other.date and other is not figure
    ]
    distance, date = min(dates, default=(_PERIOD_CHARS + 1, ""))
    return date if distance <= _PERIOD_CHARS else ""
