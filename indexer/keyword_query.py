"""A keyword query as a small tree, independent of the engine that runs it.

The query side builds these trees; `keyword_index` turns them into the engine's own queries. There
is no query string that an engine could fail to parse.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Field(StrEnum):
    """Where a word is looked for."""

    ANY = "any"  # title, headings and text, weighted
    TITLE = "title"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed; it matches its inflections. "2011-12" matches its parts side by side."""

    text: str
    field: Field = Field.ANY
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must stand side by side, as they are written, in the title or in the text."""

    text: str
    field: Field = Field.ANY
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Prefix:
    """Every word that begins with `text`, as it is written."""

    text: str
    field: Field = Field.ANY
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Group:
    """All of `must`, none of `must_not`; where `must` is empty, at least one of `should`.

    Each of `should` that matches adds to the score.
    """

    must: tuple["Node", ...] = ()
    should: tuple["Node", ...] = ()
    must_not: tuple["Node", ...] = ()


Node: TypeAlias = Word | Phrase | Prefix | Group
EVERYTHING = Group()  # matches no passage by words: what a query without words means
