"""Completions of what one types, out of the archive's own titles, names and headings."""

import re
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Literal

from indexer.records import BlockKind
from search_api.errors import OverloadedError
from search_api.query_words import is_function_word
from search_api.reader import ArchiveReader
from search_api.response_model import ResponseModel

SuggestionKind = Literal["title", "name", "phrase"]
# Of a large archive the first so many characters are read for names: they repeat.
_READ_CHARS = 30_000_000
_MOST_NAMES = 20_000
_MIN_REPORTS = 2  # in which a name or a heading stands, so that slips of one report are none
_MAX_CHARS = 90
_MAX_WORDS = 8  # from each of which a completion may begin
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_NAME = re.compile(
    r"\b[A-Z][\w’'-]+"
    r"(?:[ \u00a0](?:(?:of|the|and|for|de|van|von|&)[ \u00a0]){0,2}[A-Z][\w’'-]*){1,5}"
)
_PAST_ANY = "\U0010ffff"


class Suggestion(ResponseModel):
    """A completion and the number of reports that it stands in."""

    text: str
    kind: SuggestionKind
    reports: int


class SuggestResponse(ResponseModel):
    """What /v1/suggest answers."""

    q: str
    suggestions: tuple[Suggestion, ...]
    did_you_mean: str = ""
    generation: str
    took_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class _Entry:
    text: str
    folded: str
    kind: SuggestionKind
    reports: int


class Completions:
    """The completions of one generation, found by the start of any of their words."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self._entries = list(entries)
        # Each from its start, and from each later word of it; the first counts as the better match.
        keys = [
            (entry.folded[start:], start > 0, number)
            for number, entry in enumerate(self._entries)
            for start in _word_starts(entry.folded)
        ]
        keys.sort()
        self._keys = [key for key, _, _ in keys]
        self._found = [(inside, number) for _, inside, number in keys]

    def complete(self, typed: str, limit: int) -> list[Suggestion]:
        """Return what begins like this: from its own start first, then by number of reports."""
        wanted = _folded(typed)
        if not wanted:
            return []
        first = bisect_left(self._keys, wanted)
        last = bisect_left(self._keys, wanted + _PAST_ANY)
        best: dict[int, bool] = {}
        for inside, number in self._found[first:last]:
            best[number] = best.get(number, True) and inside
        ordered = nsmallest(
            limit,
            best.items(),
            key=lambda item: (
                item[1],
                -self._entries[item[0]].reports,
                len(self._entries[item[0]].text),
                self._entries[item[0]].folded,
                item[0],
            ),
        )
        return [
            Suggestion(text=one.text, kind=one.kind, reports=one.reports)
            for one in (self._entries[number] for number, _ in ordered)
        ]


class Suggester:
    """Keeps the completions of the generation that was asked last; made when first asked for."""

    def __init__(self) -> None:
        self._known: tuple[str, Completions] | None = None
        self._making = threading.Lock()

    def completions(self, reader: ArchiveReader) -> Completions:
        """Return the completions of a generation.

        Raises OverloadedError while they are being made for someone else: that takes seconds, and
        who types on would hold all places of the service meanwhile.
        """
        known = self._known
        if known is not None and known[0] == reader.generation_id:
            return known[1]
        if not self._making.acquire(blocking=False):
            raise OverloadedError("the completions of a new generation are being made")
        try:
            made = Completions(entries_of(reader))
            self._known = reader.generation_id, made
        finally:
            self._making.release()
        return made


def entries_of(reader: ArchiveReader) -> list[_Entry]:
    """Return titles, names and headings, each once, the most common way of writing it."""
    titles: Counter[str] = Counter()
    names: Counter[str] = Counter()
    headings: Counter[str] = Counter()
    declared: set[str] = set()
    read = 0
    for document in reader.documents():
        titles[_line(document.title)] += 1
        known = {_line(field) for field in (document.body, document.committee) if field}
        declared |= known
        if read < _READ_CHARS:
            text = reader.document_text(document.document_id)
            read += len(text.text)
            known |= {_name(match[0]) for match in _NAME.finditer(text.text)}
            headings.update(
                {
                    _line(text.text[block.start : block.end])
                    for block in text.blocks
                    if block.kind is BlockKind.HEADING and block.end - block.start <= _MAX_CHARS
                }
            )
        names.update(known)
    entries: dict[str, _Entry] = {}
    sources: tuple[tuple[SuggestionKind, Counter[str], int], ...] = (
        ("title", titles, 1),
        ("name", names, _MIN_REPORTS),
        ("phrase", headings, _MIN_REPORTS),
    )
    for kind, counted, least in sources:
        by_count = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        for text_, reports in by_count[:_MOST_NAMES]:
            folded = _folded(text_)
            enough = reports >= least or text_ in declared
            if enough and len(folded) > 2 and len(text_) <= _MAX_CHARS * 2:
                entries.setdefault(folded, _Entry(text_, folded, kind, reports))
    return list(entries.values())


def _name(found: str) -> str:
    """Return a name without the small words that a sentence begins with, and without 's; "" for
    one word."""
    words = re.sub(r"['’]s?$", "", found).split()
    while words and is_function_word(words[0]):
        words = words[1:]
    return " ".join(words) if len(words) > 1 else ""


def _word_starts(folded: str) -> Sequence[int]:
    return [match.start() for match in _WORD.finditer(folded)][:_MAX_WORDS]


def _folded(text: str) -> str:
    """Return the words of a text as they compare; a space at its end says that a word has ended."""
    words = " ".join(_WORD.findall(text.casefold().replace("’", "'")))
    return f"{words} " if words and text[-1:].isspace() else words


def _line(text: str) -> str:
    return " ".join(text.split())
