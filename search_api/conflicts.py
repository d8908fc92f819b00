"""Do two quotes state different figures of the same thing? Then they are shown side by side.

Nothing is decided: an archive holds drafts, corrections and later counts, and the reader sees both
with their dates. Dates themselves are left out, for a panel meets on many of them. Two sentences
are about the same thing when most of their words, figures and short words left out, are the same;
they differ when each states one figure of a kind and a unit and the values are not the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from search_api.figures import Figure, FigureKind, figures_in
from search_api.matching import Stem

_WORD = re.compile(r"[^\W\d_]{4,}")  # shorter ones are mostly function words
_ALIKE = 0.5  # shared words of all words of the two
_FEWEST_SHARED = 3
_ROUNDING = 0.005  # 4.7 and 4.71 million are one figure


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Figures of two sentences, by the position of the sentences, that do not agree."""

    first: int
    second: int
    first_figure: Figure
    second_figure: Figure


def disagreements(sentences: Sequence[str], stem: Stem) -> list[Disagreement]:
    """Return each pair of sentences that state different figures of the same thing, in order."""
    figures = [
        [figure for figure in figures_in(sentence) if figure.kind is not FigureKind.DATE]
        for sentence in sentences
    ]
    words = [
        _words(sentence, stated, stem) for sentence, stated in zip(sentences, figures, strict=True)
    ]
    found = []
    for first, second in combinations(range(len(sentences)), 2):
        shared, either = words[first] & words[second], words[first] | words[second]
        if len(shared) < _FEWEST_SHARED or len(shared) < _ALIKE * len(either):
            continue
        for one in _single(figures[first]):
            for other in _single(figures[second]):
                if (one.kind, one.unit) == (other.kind, other.unit) and _differ(one, other):
                    found.append(Disagreement(first, second, one, other))
    return found


def _words(sentence: str, stated: Sequence[Figure], stem: Stem) -> frozenset[str]:
    kept = list(sentence)
    for figure in stated:
        kept[figure.start : figure.end] = " " * (figure.end - figure.start)
    return frozenset(stem(word) for word in _WORD.findall("".join(kept)))


def _single(figures: Sequence[Figure]) -> list[Figure]:
    """Return the figures that are the only ones of their kind and unit: others are a series."""
    kinds = [(figure.kind, figure.unit) for figure in figures]
    return [figure for figure, kind in zip(figures, kinds, strict=True) if kinds.count(kind) == 1]


def _differ(one: Figure, other: Figure) -> bool:
    first, second = one.value or 0.0, other.value or 0.0
    return abs(first - second) > _ROUNDING * max(first, second)
