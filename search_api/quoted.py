"""Which passages of a draft stand in quotation marks? And text as it compares: folded.

Folding makes equal what typesetting changes: runs of white space, curly and straight marks, kinds
of dashes, invisible characters. Letters, case, figures and punctuation stay.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_CLOSERS = {"“": "”", "„": "“", "«": "»", '"': '"', "‘": "’", "'": "'"}
_WORD = re.compile(r"[^\W_]")
_DASHES = dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")
_SINGLE = dict.fromkeys("‘’‚‛′ʼ", "'")
_DOUBLE = dict.fromkeys("“”„‟«»″", '"')
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_FOLDED = _DASHES | _SINGLE | _DOUBLE | {"…": "...", "ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff"}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quoted passage: `text` between the marks, and where it stands in the draft."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text; `places[i]` is where its character i comes from, the last is the end."""

    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the original of a span of the folded text."""
        if end <= start:
            return self.places[start], self.places[start]
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """Return a text as it compares."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        if sign in _INVISIBLE:
            continue
        if sign.isspace():
            if signs and signs[-1] != " ":
                signs.append(" ")
                places.append(place)
            continue
        for folded in _FOLDED.get(sign, sign):
            signs.append(folded)
            places.append(place)
    while signs and signs[-1] == " ":
        del signs[-1], places[-1]
    return Folded("".join(signs), (*places, len(text)))


def quoted_passages(draft: str) -> list[Quoted]:
    """Return the quoted passages of a draft, in order.

    A quotation ends with its paragraph where no mark closes it, as it does where a quotation goes
    on over several paragraphs. A single mark opens one only before a word and closes it only after
    one, so that apostrophes are none.
    """
    found = []
    for start, paragraph in _paragraphs(draft):
        singles = _closing_singles(paragraph)
        at = 0
        while at < len(paragraph):
            closing = _closing(paragraph, at, singles)
            if closing is None:
                at += 1
                continue
            begin, end = _trimmed(paragraph, at + 1, closing)
            if begin < end:
                found.append(Quoted(paragraph[begin:end], start + begin, start + end))
            at = closing + 1
    return found


def _paragraphs(draft: str) -> Iterator[tuple[int, str]]:
    start = 0
    for gap in re.finditer(r"\n[^\S\n]*\n", draft):
        yield start, draft[start : gap.start()]
        start = gap.end()
    yield start, draft[start:]


def _closing(paragraph: str, at: int, singles: Mapping[str, Sequence[int]]) -> int | None:
    """Return where the quotation that opens at `at` closes, None where none opens there."""
    closer = _CLOSERS.get(paragraph[at])
    if closer is None or at + 1 >= len(paragraph):
        return None
    if closer not in singles:
        place = paragraph.find(closer, at + 1)
        # A straight mark that is never closed may be an inch; one that curls open is a quotation.
        return place if place >= 0 else (None if closer == '"' else len(paragraph))
    before = paragraph[at - 1] if at else " "
    if _WORD.match(before) or not _WORD.match(paragraph[at + 1]):
        return None
    following = bisect_right(singles[closer], at)
    return singles[closer][following] if following < len(singles[closer]) else None


def _closing_singles(paragraph: str) -> dict[str, list[int]]:
    """Return where single marks may close a quotation, found once: a draft may open thousands."""
    return {
        closer: [match.start() for match in re.finditer(rf"(?<=\S){closer}(?![^\W_])", paragraph)]
        for closer in ("’", "'")
    }


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
