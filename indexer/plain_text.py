"""The text that is stored: what a loader may leave in it, and how it is put together.

Every offset of the project points into this text, so it is cleaned once, here, before the first
offset is taken. Only what nobody can see is touched: line ends, control and zero-width characters.
What is printed (curly quotes, dashes, bullets, £) stays as printed.
"""

import re
from collections.abc import Iterable

from indexer.records import Heading

CELL_SEPARATOR = " | "

_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# Controls, zero-width marks, byte-order marks, lone surrogates and non-characters. U+0002 and
# U+FFFE are what PDF readers leave for a hyphen at a line end (see `clean`).
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u2060\ufeff\ufffe\uffff"
    "\ud800-\udfff]"
)
_SOFT_HYPHEN_AT_LINE_END = re.compile("[\x02\xad\ufffe](?=[\r\n])")
_ODD_SPACE = re.compile("[\xa0\u2000-\u200a\u202f\u205f\u3000]")
_TRAILING_SPACE = re.compile(r"(?<![ \t])[ \t]+$", re.MULTILINE)


def clean(text: str) -> str:
    """Return `text` with line feeds as its only line ends and nothing invisible in it.

    Spaces of every width become the ordinary space; spaces at line ends go. Tabs stay. A soft
    hyphen at the end of a line is printed, so it becomes a hyphen; elsewhere it is not.
    """
    text = _SOFT_HYPHEN_AT_LINE_END.sub("-", text)
    text = _LINE_ENDS.sub("\n", text)
    text = _INVISIBLE.sub("", text).replace("\xad", "")
    return _TRAILING_SPACE.sub("", _ODD_SPACE.sub(" ", text))


def table_row(cells: Iterable[str]) -> str:
    """Return the cells of a row on one line; only empty cells at the end are left out."""
    return CELL_SEPARATOR.join(" ".join(clean(cell).split()) for cell in cells).rstrip(" |")


class TextBuilder:
    """Collects the lines of a document and where its headings are."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []

    def add_line(self, text: str, level: int = 0) -> None:
        """Add a paragraph, item or row; `level` makes it a heading. Blank text adds nothing."""
        text = clean(text).strip()
        if not text:
            return
        if level:
            text = " ".join(text.split())
            start = self._length
            self._headings.append(Heading(start, start + len(text), level))
        self._lines.append(text)
        self._length += len(text) + 1

    @property
    def next_offset(self) -> int:
        """Where the next line will start."""
        return self._length

    @property
    def text(self) -> str:
        """What was added so far, one line each."""
        return "\n".join(self._lines)

    @property
    def headings(self) -> tuple[Heading, ...]:
        """The headings so far, in order."""
        return tuple(self._headings)
