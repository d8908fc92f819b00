"""Where does the archive itself say what an abbreviation stands for?

A question like "What does TP stand for?" needs no weighing of sentences: the index has learnt the
places that define TP (`indexer.abbreviations`), and the sentence at the best of them answers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.abbreviations import Abbreviation
from indexer.records import Passage
from search_api.reader import ArchiveReader

MAX_DEFINITIONS = 3  # an abbreviation may stand for several things
_STANDS_FOR = re.compile(r"\b([A-Z][A-Za-z&]*[A-Z0-9]s?)[\"'’”]?\s+(?:stands?\s+for|mean)\b")
_IN_CAPITALS = re.compile(r"\b[A-Z][A-Za-z&]*[A-Z0-9]s?\b")


@dataclass(frozen=True, slots=True)
class DefiningQuote:
    """Text [start, end) of the report of `passage` that writes out an abbreviation."""

    passage: Passage
    start: int
    end: int
    text: str


def definitions(reader: ArchiveReader, question: str) -> list[tuple[int, Abbreviation]]:
    """Return what defines the abbreviation that is asked for, best supported first, with its row.

    In "GPES NHS meaning" that is the rarer of the two: the other says where to look.
    """
    asked = _STANDS_FOR.findall(question) or _rarest(reader, _IN_CAPITALS.findall(question))
    names = {name.removesuffix("s").casefold() for name in asked} | {
        name.casefold() for name in asked
    }
    found = [
        (one.row, one)
        for one in reader.abbreviations(asked)
        if one.row is not None and one.short.casefold() in names
    ]
    return found[:MAX_DEFINITIONS]


def _rarest(reader: ArchiveReader, names: Sequence[str]) -> list[str]:
    def passages(name: str) -> int:
        return min(map(reader.document_frequency, reader.stems(name)), default=0)

    return sorted(names, key=passages)[:1]


def defining_quotes(reader: ArchiveReader, question: str) -> Iterator[DefiningQuote]:
    """Yield the text at each definition of the abbreviation that is asked for.

    That is the sentence that holds the definition; where none does (it is a heading, or lines are
    torn apart), it is the definition itself.
    """
    found = definitions(reader, question)
    passages = reader.passages([row for row, _ in found])
    for (_, definition), passage in zip(found, passages, strict=True):
        start, end = next(
            (
                (start, end)
                for start, end in passage.sentences
                if start <= definition.start and definition.end <= end
            ),
            (definition.start, definition.end),
        )
        text = reader.document_text(definition.document_id).text[start:end]
        yield DefiningQuote(passage, start, end, text)
