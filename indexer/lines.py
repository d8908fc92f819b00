"""The printed lines of a document: what structure and boilerplate are read from."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.records import Extraction

_BULLET = re.compile(
    r"(?:[-–—•·●○▪■◦‣⁃∙*→➢✓§¾\uf000-\uf0ff]|o(?=[ \t]))[ \t]+|[•●▪■◦‣➢\uf000-\uf0ff](?=\S)"
)
_SUB_ITEM = re.compile(r"\(?(?:[a-z]|[ivx]{1,5})\)[ \t]+|[a-z]\.[ \t]+(?=[A-Za-z])")
_LONE_BULLET = re.compile(r"[-–—•·●○▪■◦‣⁃∙*→➢✓\uf000-\uf0ff]|o")


@dataclass(frozen=True, slots=True)
class Line:
    """One line without the white space around it; `page` counts from 0, -1 without pages."""

    text: str
    start: int
    indent: int
    gap: bool  # a blank line, a page break or the start of the text is before it
    page: int
    is_item: bool  # begins with a bullet, or with (a), (iv) or b)
    is_row: bool  # a table row as our readers write one, or with tabs between its cells

    @property
    def end(self) -> int:
        """Where it ends, exclusive."""
        return self.start + len(self.text)

    @property
    def is_lone_bullet(self) -> bool:
        """Is it a bullet whose text is printed on the next line?"""
        return _LONE_BULLET.fullmatch(self.text) is not None


def read_lines(text: str, page_starts: Sequence[int]) -> list[Line]:
    """Return the lines that hold anything, in order."""
    lines: list[Line] = []
    offset, gap, page = 0, True, -1
    for raw in text.split("\n"):
        stripped = raw.strip()
        if stripped:
            start = offset + raw.index(stripped[0])
            indent = start - offset
            here = bisect_right(page_starts, start) - 1
            anew = gap or here != page
            item, row = _is_item(stripped), _is_row(stripped)
            lines.append(Line(stripped, start, indent, anew, here, item, row))
            page = here
        gap = not stripped
        offset += len(raw) + 1
    return lines


def _is_item(text: str) -> bool:
    return bool(_BULLET.match(text) or _SUB_ITEM.match(text) or _LONE_BULLET.fullmatch(text))


def _is_row(text: str) -> bool:
    before_last_tab = text[: max(0, text.rfind("\t"))]
    return " | " in text or re.search(r"\S{3}", before_last_tab) is not None


def is_hard_wrapped(extraction: Extraction, lines: Sequence[Line]) -> bool:
    """Is a paragraph spread over several lines, as in a PDF, rather than one line each?"""
    if extraction.format == "pdf":
        return True
    if extraction.format not in ("txt", "eml", "msg") or len(lines) < 10:
        return False
    lengths = sorted(len(line.text) for line in lines)
    longest = lengths[int(len(lengths) * 0.98)]
    # Wrapped text has many lines just short of one width, and none beyond it.
    near = sum(length > longest * 0.75 for length in lengths)
    return 40 <= longest <= 110 and near > len(lengths) * 0.4
