"""Into which blocks does a document fall, and under which headings and numbers?

A block is what a reader would point at: a paragraph, a heading, a list item, a row of a table.
Blocks are in order, never overlap, and cover everything in the text but white space. The section
path and the paragraph number of a block are those that the report prints, for they are cited.
"""

import re
from collections.abc import Iterator, Sequence

from indexer.boilerplate import find_boilerplate
from indexer.headings import Neighbours, Rank, heading_rank
from indexer.lines import Line, is_hard_wrapped, read_lines
from indexer.records import Block, BlockKind, Extraction

_NUMBER = re.compile(r"(?P<number>\d{1,3}(?:\.\d{1,3}){0,3})(?P<mark>[.)]?)[ \t]+(?P<rest>\S.*)")
_MONTH = re.compile(
    r"(?:st|nd|rd|th)?[ ]?(?:january|february|march|april|may|june|july|august|september|october|"
    r"november|december|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec)\b",
    re.IGNORECASE,
)
_LETTERED_LINE = re.compile(r"[A-Z]\.[ \t]+[A-Z]")
_SENTENCE_END = re.compile(r"[.!?:;][\"'”’)\]]*$")
_UNMARKED_MIN_CHARS = 40  # "1 In May 2009 ...": a number without a full stop needs a long line
_SHORT_LINE = 0.75  # of the page's usual width: the last line of a paragraph
_SHORT_UNENDED_LINE = 0.6  # without a full stop it is short only if it is very short
_FULL_LINE = 0.8  # a line as long as that is hardly a heading
_MAX_BLOCK_CHARS = 6000  # a PDF without any sign of paragraphs


def read_blocks(extraction: Extraction) -> tuple[Block, ...]:
    """Return the blocks of a document, in order."""
    lines = read_lines(extraction.text, extraction.page_starts)
    boilerplate = find_boilerplate(lines)
    reader = _Reader(extraction, lines, boilerplate)
    return tuple(reader.blocks())


class _Numbering:
    """Follows the numbers of paragraphs: which is current, and which may come next."""

    def __init__(self, strict: bool) -> None:
        self.current = ""  # what an unnumbered block carries
        self._last: tuple[int, ...] = ()
        self._nested = 0  # the last number of a list inside the current paragraph
        self._strict = strict  # lines are wrapped: a number may begin any line by chance

    def leave_paragraph(self) -> None:
        """A heading: what follows belongs to no numbered paragraph, and may count from 1 again."""
        self.current = ""
        self._nested = 0

    def read(self, line: Line) -> BlockKind | None:
        """Return what a line that begins with a number is; None when it is no number of ours."""
        match = _NUMBER.match(line.text)
        if match is None or _MONTH.match(match["rest"]):
            return None
        parts = tuple(int(part) for part in match["number"].split("."))
        if not self._is_label(match, parts, line):
            return None
        if self._is_nested(parts, line):
            self._nested = parts[0]
            return BlockKind.LIST_ITEM
        self.current, self._last, self._nested = match["number"], parts, 0
        return BlockKind.PARAGRAPH

    def _is_label(self, match: re.Match[str], parts: tuple[int, ...], line: Line) -> bool:
        rest = match["rest"]
        if not match["mark"] and len(parts) == 1:
            long_enough = len(line.text) >= _UNMARKED_MIN_CHARS and rest[0].isupper()
            return long_enough and self._is_next(parts)
        if not (rest[0].isalpha() or rest[0] in "‘“'\"£(["):
            return False
        return self._is_next(parts) or not self._strict

    def _is_next(self, parts: tuple[int, ...]) -> bool:
        if parts[-1] == 1 or parts[0] == self._nested + 1:
            return True
        last = self._last
        return any(parts == (*last[:depth], last[depth] + 1) for depth in range(len(last)))

    def _is_nested(self, parts: tuple[int, ...], line: Line) -> bool:
        """Is it an item of a list that itself counts from 1 inside a numbered paragraph?"""
        if not self.current or len(parts) > 1:
            return False
        if line.indent:
            return True
        if parts[0] == 1:
            return len(self._last) == 1
        return self._nested > 0 and parts[0] == self._nested + 1


class _Reader:
    """One pass over the lines of a document."""

    def __init__(
        self, extraction: Extraction, lines: Sequence[Line], boilerplate: set[int]
    ) -> None:
        self._text = extraction.text
        self._lines = lines
        self._boilerplate = boilerplate
        self._wrapped = is_hard_wrapped(extraction, lines)
        self._joins_lowercase = self._wrapped or extraction.format == "txt"
        self._declared = {heading.start: heading.level for heading in extraction.headings}
        self._content = [line for i, line in enumerate(lines) if i not in boilerplate]
        self._content_at = {line.start: i for i, line in enumerate(self._content)}
        self._widths = _page_widths(lines) if self._wrapped else {}
        self._numbering = _Numbering(strict=self._wrapped)
        self._path: list[tuple[int, str]] = []
        self._last_letter = ""
        self._last_rank = 0  # of the block before, 0 when it was no heading

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks; boilerplate that stands together is one block."""
        position = content = 0
        while position < len(self._lines):
            first = position
            if position in self._boilerplate:
                while position in self._boilerplate and (
                    position == first or not self._lines[position].gap
                ):
                    position += 1
                yield self._block(first, position, BlockKind.BOILERPLATE)
                continue
            rank = self._rank(content)
            if rank:
                position, content = position + 1, content + 1
                yield self._heading(first, rank)
                continue
            kind = self._kind(self._lines[position])
            position += 1
            while position < len(self._lines) and self._continues(first, position, kind):
                position += 1
            content += position - first
            self._last_rank = 0
            yield self._block(first, position, kind)

    def _block(self, first: int, end: int, kind: BlockKind) -> Block:
        start, stop = self._lines[first].start, self._lines[end - 1].end
        if kind is BlockKind.BOILERPLATE:
            return Block(start, stop, kind)
        section = tuple(title for _, title in self._path)
        return Block(start, stop, kind, section, self._numbering.current)

    # --- headings -------------------------------------------------------------------------------

    def _rank(self, content: int) -> int:
        line = self._content[content]
        if line.start in self._declared:
            return self._declared[line.start]
        around = Neighbours(
            self._content[content - 1] if content else None,
            line,
            self._content[content + 1] if content + 1 < len(self._content) else None,
            self._content[content + 2] if content + 2 < len(self._content) else None,
            wraps_on=self._wraps_on(content),
            before_full_line=self._is_full(content + 1),
            begins_anew=not self._wrapped or self._last_rank > 0,
        )
        rank = heading_rank(around, self._last_letter)
        if rank == Rank.PLAIN and self._last_rank in (Rank.PLAIN, Rank.BELOW_PLAIN):
            return Rank.BELOW_PLAIN
        return rank

    def _wraps_on(self, content: int) -> bool:
        """Does the line look like the first of several lines of one paragraph?"""
        if not self._wrapped or content + 1 >= len(self._content):
            return False
        line, following = self._content[content], self._content[content + 1]
        if following.gap:
            return False
        full = len(line.text) >= _FULL_LINE * self._widths[line.page]
        return full or following.text[0].islower()

    def _is_full(self, content: int) -> bool:
        """Is it a line of running text, as long as the page is wide?"""
        if not self._wrapped or content >= len(self._content):
            return False
        line = self._content[content]
        return len(line.text) >= _SHORT_LINE * self._widths[line.page] and len(line.text) > 25

    def _heading(self, position: int, rank: int) -> Block:
        line = self._lines[position]
        if rank == Rank.LETTERED and re.match(r"[A-Z]\.", line.text):
            self._last_letter = line.text[0]
        is_first = self._content[0].start == line.start and rank not in _NUMBERED_RANKS
        self._numbering.leave_paragraph()
        while self._path and self._path[-1][0] >= rank:
            self._path.pop()
        block = Block(line.start, line.end, BlockKind.HEADING, tuple(t for _, t in self._path))
        if rank != Rank.TITLE and not is_first:  # a title heads everything: no path repeats it
            self._path.append((rank, line.text))
        self._last_rank = rank
        return block

    # --- text -----------------------------------------------------------------------------------

    def _kind(self, line: Line) -> BlockKind:
        if line.is_row:
            return BlockKind.TABLE_ROW
        if line.is_item:
            return BlockKind.LIST_ITEM
        return self._numbering.read(line) or BlockKind.PARAGRAPH

    def _continues(self, first: int, position: int, kind: BlockKind) -> bool:
        """Is the line at `position` part of the block that began at `first`?"""
        line, previous = self._lines[position], self._lines[position - 1]
        if position in self._boilerplate or line.page != previous.page:
            return False
        if line.start in self._declared or line.is_item or line.is_row:
            return False
        if previous.is_lone_bullet:
            return True
        if kind is BlockKind.TABLE_ROW or line.gap:
            return False
        if line.end - self._lines[first].start > _MAX_BLOCK_CHARS:
            return False
        if not self._joins_lowercase:
            return False
        if not self._wrapped:
            return line.text[0].islower() and not _SENTENCE_END.search(previous.text)
        return self._is_wrapped_on(previous, line)

    def _is_wrapped_on(self, previous: Line, line: Line) -> bool:
        if line.text[0].islower():
            return True
        if _LETTERED_LINE.match(line.text) and self._rank_of(line) == Rank.LETTERED:
            return False
        if _NUMBER.match(line.text) and self._would_number(line):
            return False
        ended = _SENTENCE_END.search(previous.text) is not None
        share = len(previous.text) / self._widths[previous.page]
        if share < (_SHORT_LINE if ended else _SHORT_UNENDED_LINE):
            return False
        return not (ended and self._is_heading_line(line))

    def _would_number(self, line: Line) -> bool:
        probe = _Numbering(strict=True)
        probe.current, probe._last = self._numbering.current, self._numbering._last
        probe._nested = self._numbering._nested
        return probe.read(line) is not None

    def _is_heading_line(self, line: Line) -> bool:
        return self._rank_of(line) > 0

    def _rank_of(self, line: Line) -> int:
        return self._rank(self._content_at[line.start])


_NUMBERED_RANKS = range(Rank.LETTERED, Rank.CAPITALS)


def _page_widths(lines: Sequence[Line]) -> dict[int, int]:
    """Return for each page how long a full line is: nine in ten are no longer."""
    lengths: dict[int, list[int]] = {}
    for line in lines:
        lengths.setdefault(line.page, []).append(len(line.text))
    return {page: sorted(found)[int(len(found) * 0.9)] for page, found in lengths.items()}
