"""Where does the archive itself say what an abbreviation stands for?

A question like "What does TP stand for?" needs no weighing of sentences: the index has learnt the
places that define TP (`indexer.abbreviations`), and the sentence at the best of them answers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

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


def defining_quotes(reader: ArchiveReader, question: str) -> Iterator[DefiningQuote]:
    """Yield what defines the abbreviations in a question, best supported first.

    That is the sentence that holds the definition; where none does (it is a heading, or lines are
    torn apart), it is the definition itself.
    """
    asked = _STANDS_FOR.findall(question) or list(dict.fromkeys(_IN_CAPITALS.findall(question)))
    names = {name.removesuffix("s").casefold() for name in asked} | {
        name.casefold() for name in asked
    }
    found = [
        one
        for one in reader.abbreviations(asked)
        if one.row is not None and one.short.casefold() in names
    ][:MAX_DEFINITIONS]
    passages = reader.passages([one.row for one in found if one.row is not None])
    for definition, passage in zip(found, passages, strict=True):
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
