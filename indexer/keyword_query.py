"""A keyword query as a small tree, independent of the engine that runs it.

The query side builds these trees; `keyword_index` turns them into the engine's own queries. There
is no query string that an engine could fail to parse.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeAlias


class Field(StrEnum):
    """Where a word is looked for. What is known about a report decides, and adds no score."""

    ANY = "any"  # title, headings and text, weighted
    TITLE = "title"
    TEXT = "text"
    BODY = "body"
    COMMITTEE = "committee"
    TYPE = "type"

    @property
    def is_known(self) -> bool:
        """True where the word is looked for in what is known about a report, not in its words."""
        return self in (Field.BODY, Field.COMMITTEE, Field.TYPE)


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
class Pair:
    """Two words beside each other in the text. It adds to the score of what they match already.

    Where both words are common in the archive it is left out: see `keyword_index`.
    """

    field: ClassVar = Field.TEXT
    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Prefix:
    """Every word that begins with `text`, as it is written."""

    text: str
    field: Field = Field.ANY
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Every word of this form, as it is written: "?" is one letter, "*" any number of them.

    It begins with a letter, and holds nothing else than letters, digits, "?" and "*".
    """

    text: str
    field: Field = Field.ANY
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Every word that at most `distance` (1 or 2) letters added, lost, changed or swapped make."""

    text: str
    distance: int
    field: Field = Field.ANY
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Dated:
    """Every passage of a report of these days (ISO, inclusive); `text` is what was typed."""

    first: str
    last: str
    text: str


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of `options`; only the best of those that match adds to the score.

    Several ways to write the same thing do not count more than one.
    """

    options: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Group:
    """All of `must`, none of `must_not`; where `must` is empty, at least one of `should`.

    Each of `should` that matches adds to the score.
    """

    must: tuple["Node", ...] = ()
    should: tuple["Node", ...] = ()
    must_not: tuple["Node", ...] = ()


Leaf: TypeAlias = Word | Phrase | Prefix | Wildcard | Fuzzy | Dated
Node: TypeAlias = Leaf | Pair | Either | Group
EVERYTHING = Group()  # matches no passage by words: what a query without words means
