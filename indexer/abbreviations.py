"""Which abbreviations does a report define? "Territorial Policing (TP)", glossaries, lists.

A short form is looked for in the text, and a long form beside it: before or inside brackets, behind
a dash, a colon or a comma, or on the rest of a glossary's line. It counts as defined only where the
letters of the short form are found in the long form, in order, the first of them at its start.
Source of the letter matching inside brackets: Schwartz & Hearst, PSB 2003. What stands outside of
brackets is weaker evidence, and must match by the first letters of its words.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from indexer.words import folded

# Definitions of one report that are kept: hostile text could hold one in every word.
MAX_DEFINITIONS = 1000
_MAX_SHORT_CHARS = 10
_MAX_LONG_CHARS = 120
_WINDOW_CHARS = 160  # that are looked at on each side of a short form

_SMALL = frozenset("a an and at by de for from in of on or the to with".split())
_SHORT = re.compile(
    rf"(?<![\w&/@.-])(?<!\w['’])(?P<short>[A-Z][A-Za-z0-9&/]{{1,{_MAX_SHORT_CHARS - 1}}})"
    r"(?![\w&/@-]|[.'’]\w)"
)
_QUOTE = "[\"'‘’“”]*"
_OPENED = re.compile(
    rf"\(\s*{_QUOTE}(?:(?:the|or|hereafter|hereinafter|now|called|i\.e\.)[\s,]+)*{_QUOTE}$"
)
_CLOSED = re.compile(rf"{_QUOTE}\s*[),;]")
_BRACKET = re.compile(r"\s{0,2}\(\s*(?P<inside>[^()]{4,120})\)")
_SEPARATOR = re.compile(
    r"[ \t]*(?:[|\t]|[-–—:=]+[ \t]|,[ \t]+(?=the[ \t])|"
    r",?[ \t]+(?:which[ \t]+)?(?:stands[ \t]+for|means|is[ \t]+short[ \t]+for)\b)[ \t|]*"
)
_SEPARATOR_BEFORE = re.compile(r"(?:[|\t]|[ \t][-–—:=]+)[ \t|]*$")
_SEPARATORS = tuple("-–—:=|\t")
_NAME_END = re.compile(r"[ \t]*(?:$|[\n.,;:|(–—-])|[ \t]+[a-z]")
_LINE_END = re.compile(r"[ \t]*(?:$|[\n|,.;)])")
_BULLET = re.compile(r"[\s•·*|–—-]*")
_ENDS = re.compile(r"[.;:!?)\n|\t]")  # what a long form does not reach across, looking back
_SMALL_LETTERS = re.compile(rf"(?<![\w./@-])[a-z]{{2,{_MAX_SHORT_CHARS}}}(?![\w@])")
_WORD = re.compile(r"[^\W_][\w’'&]*")
_LEADING = re.compile(r"[\s,\"'‘’“”–—-]*(?:the\s+)?", re.IGNORECASE)
_BREAK = re.compile(r"[.;:|()]")
_TAIL = re.compile(r"(?:['’‟]s?|(?<=[a-z])\d{1,2})?$")  # a possessive, the number of a footnote
_ROMAN = re.compile(r"[A-Z]?[IVX]+")  # "AIII" is Annex III
_EDGES = " \t\n,-–—\"'‘’“”"


@dataclass(frozen=True, slots=True)
class Definition:
    """A place that says what `short` stands for: `text[start:end]` holds both forms.

    `ordinary`: the report also writes the short form in small letters, as a word of its own.
    """

    short: str
    long: str
    start: int
    end: int
    ordinary: bool = False


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """What the archive says that `short` stands for, and the place that says it best.

    `documents` counts the reports that define it so. `row` is the passage that holds the place
    [start, end) of the document's text, None where no passage does. `ordinary`: the short form in
    small letters is a word of these reports.
    """

    short: str
    long: str
    documents: int
    document_id: str
    start: int
    end: int
    row: int | None = None
    ordinary: bool = False


@lru_cache(10_000)  # every run of a query's words is looked up, some of them three times
def key_of(text: str) -> str:
    """Return what spellings of one long (or short) form share: no accents, plurals, small words."""
    words = _WORD.findall(folded(text.replace("&", " and ")))
    return " ".join(_singular(word) for word in words if word not in _SMALL)


def _singular(word: str) -> str:
    word = re.sub(r"['’]s?$", "", word)
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def definitions(text: str) -> list[Definition]:
    """Return the definitions in a text in order, the first of each pair of forms."""
    found: dict[tuple[str, str], Definition] = {}
    ordinary: frozenset[str] | None = None
    for match in _SHORT.finditer(text):
        short = match["short"]
        if short[-1] == "s" and not short[-2].islower():
            short = short[:-1]
        if not _is_short_form(short):
            continue
        span = _defined(text, match.start(), match.end(), short)
        if span is None:
            continue
        first, last = span
        last -= len(_TAIL.search(text, first, last)[0])  # type: ignore[index]
        long = " ".join(text[first:last].split())
        if not _is_long_form(long, short):
            continue
        key = (short, key_of(long))
        if key in found:
            continue
        if ordinary is None:
            ordinary = frozenset(_SMALL_LETTERS.findall(text))
        start, end = min(first, match.start()), max(last, match.end())
        end += text[end : end + 1] in (")", "”", "’") and text[start:end].count("(") > 0
        found[key] = Definition(short, long, start, end, short.lower() in ordinary)
        if len(found) >= MAX_DEFINITIONS:
            break
    return list(found.values())


def _is_short_form(short: str) -> bool:
    if short[1:].islower() or not any(map(str.isupper, short[1:])):  # "Defra", but not "The"
        return len(short) >= 4 and short.isalpha()
    return not _ROMAN.fullmatch(short)


def _is_long_form(long: str, short: str) -> bool:
    words = _WORD.findall(long)
    return (
        len(words) >= 2
        and len(long) > len(short) + 2
        and not {words[0].casefold(), words[-1].casefold()} & _SMALL
        and short.casefold() not in (word.casefold() for word in words)
    )


def _defined(text: str, start: int, end: int, short: str) -> tuple[int, int] | None:
    """Return the span of the long form that stands beside the short form, if one does."""
    before = text[max(0, start - 24) : start]
    if "(" in before and (opened := _OPENED.search(before)) and _CLOSED.match(text, end):
        strict = not short.isupper()
        return _before(text, start - len(before) + opened.start(), short, strict=strict)
    if bracket := _BRACKET.match(text, end):
        return _inside(text, bracket.start("inside"), bracket.end("inside"), short)
    if separator := _SEPARATOR.match(text, end):
        found = _after(text, separator.end(), short)
        return found if found and (_is_name(text, *found) or "," not in separator[0]) else None
    if _begins_a_line(before, start) and (found := _after(text, end, short)):
        return found if _ends_a_name(text, *found) else None
    separated = before.rstrip(" ")[-1:] in _SEPARATORS
    if separated and _LINE_END.match(text, end) and (at := _SEPARATOR_BEFORE.search(before)):
        return _before(text, start - len(before) + at.start(), short, strict=True)
    return None


def _begins_a_line(before: str, start: int) -> bool:
    line = before.rpartition("\n")
    return bool(line[1] or start == len(before)) and _BULLET.fullmatch(line[2]) is not None


def _before(text: str, end: int, short: str, *, strict: bool) -> tuple[int, int] | None:
    """Return the long form that ends at `end`."""
    floor = max(0, end - _WINDOW_CHARS)
    for stop in _ENDS.finditer(text, floor, end):
        abbreviated = stop[0] == "." or (stop[0] == "\n" and text[stop.start() - 1] != "\n")
        if not (abbreviated and stop[0] == "\n"):
            floor = stop.end()
    words = [match.span() for match in _WORD.finditer(text, floor, end)]
    most = min(len(short) + 5, 2 * len(short)) + 2
    words = words[-most:]
    if not words or text[words[-1][1] : end].strip(_EDGES):
        return None
    # The nearest words whose first letters are the short form; else letters inside of them too.
    for left_out in (0, 1):  # "National Energy Efficiency Data framework (NEED)"
        spelling = words[: len(words) - left_out]
        for first in range(len(spelling) - 1, -1, -1):
            if _initials(text, spelling[first:], short) == len(spelling) - first:
                return words[first][0], words[-1][1]
        if strict:
            return None
    return _by_letters(text, words, short)


def _inside(text: str, start: int, end: int, short: str) -> tuple[int, int] | None:
    """Return the long form that fills brackets behind the short form."""
    words = [match.span() for match in _WORD.finditer(text, start, end)]
    if words and text[slice(*words[0])].casefold() in _SMALL:
        words = words[1:]
    used = _initials(text, words, short)
    if used and not text[words[used - 1][1] : end].strip(_EDGES)[:1].isalnum():
        return words[0][0], words[used - 1][1]
    if not short.isupper() or len(words) > len(short) + 3:
        return None
    found = _by_letters(text, words, short)
    return found if found and found[0] == words[0][0] else None


def _after(text: str, start: int, short: str) -> tuple[int, int] | None:
    """Return the long form that begins at `start` and has the short form's first letters."""
    begin = _LEADING.match(text, start)
    if begin is None or text[begin.end() : begin.end() + 1].casefold() != short[0].casefold():
        return None
    end = min(len(text), start + _WINDOW_CHARS)
    blank = text.find("\n\n", start, end)
    found = _WORD.finditer(text, begin.end(), end if blank < 0 else blank)
    words = [match.span() for match in islice(found, 2 * len(short) + 4)]
    used = _initials(text, words, short)
    if not used or _BREAK.search(text, words[0][0], words[used - 1][1]):
        return None
    return words[0][0], words[used - 1][1]


def _ends_a_name(text: str, start: int, end: int) -> bool:
    """Is it a name in capitals that nothing prolongs? Then a bare space before it will do."""
    return _is_name(text, start, end) and _NAME_END.match(text, end) is not None


def _is_name(text: str, start: int, end: int) -> bool:
    words = _WORD.findall(text, start, end)
    return all(word[0].isupper() for word in words if word not in _SMALL)


def _initials(text: str, words: Sequence[tuple[int, int]], short: str) -> int:
    """Return how many words spell the short form by their first letters, 0 where none do.

    Small words may be left out; a word in capitals ("HM Revenue") may give several letters.
    """
    letters = re.sub(r"[^a-z0-9]", "", short.casefold().replace("&", ""))
    position = 0
    for number, (start, end) in enumerate(words):
        word = text[start:end]
        lowered = word.casefold()
        if position == len(letters):
            return number
        if lowered[0] == letters[position] and not (
            lowered in _SMALL and _spelt_without(text, words[number + 1 :], letters[position:])
        ):
            position += 1
            if word.isupper():
                for char in lowered[1:]:
                    if position < len(letters) and char == letters[position]:
                        position += 1
        elif lowered not in _SMALL:
            return 0
    return len(words) if position == len(letters) else 0


def _spelt_without(text: str, words: Sequence[tuple[int, int]], letters: str) -> bool:
    """Do the words that follow spell the letters, so that a small word need not give one?"""
    firsts = [text[start].casefold() for start, end in words if text[start:end] not in _SMALL]
    return firsts[: len(letters)] == list(letters)


def _by_letters(text: str, words: Sequence[tuple[int, int]], short: str) -> tuple[int, int] | None:
    """Return the shortest end of the words that holds the letters in order, from the right.

    The first letter begins a word, and at least three of four do.
    """
    if not words or len(short) < 3:
        return None
    starts = {start for start, _ in words}
    at = words[-1][1] - 1
    begun = 0
    letters = [char for char in short.casefold() if char.isalnum()]
    for number in range(len(letters) - 1, -1, -1):
        while at >= words[0][0] and not (
            text[at].casefold() == letters[number] and (number > 0 or at in starts)
        ):
            at -= 1
        if at < words[0][0]:
            return None
        begun += at in starts
        at -= 1
    start = at + 1
    taken = [word for word in words if word[0] >= start]
    content = sum(text[slice(*word)].casefold() not in _SMALL for word in taken)
    inside = len(letters) - begun
    if inside > len(letters) // 4 or content > len(letters) + (inside == 0):
        return None
    return (start, words[-1][1]) if words[-1][1] - start <= _MAX_LONG_CHARS else None


def supported(meanings: Iterable[Abbreviation]) -> list[Abbreviation]:
    """Return the meanings of one short form that enough reports give, best first, four at most."""
    ordered = sorted(meanings, key=lambda one: (-one.documents, one.long))
    enough = ordered[0].documents / 4 if ordered else 0
    return [one for one in ordered if one.documents >= enough][:4]
