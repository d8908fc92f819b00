"""A very long report is shown in portions, so that a page of it comes quickly."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from search_api.responses import BlockView

# About fifty printed pages, which become a quarter of a megabyte of HTML.
PORTION_CHARS = 150_000
PORTION_BLOCKS = 1_500


@dataclass(frozen=True, slots=True)
class Portion:
    """The blocks [first, end) of a report, and the first and the last page in them."""

    number: int
    first: int
    end: int
    start: int
    pages: tuple[int, int] | None


def portions_of(blocks: Sequence[BlockView]) -> list[Portion]:
    """Return the portions of a report, one at least."""
    firsts = [0]
    for position, block in enumerate(blocks):
        first = firsts[-1]
        if position > first and (
            block.end - blocks[first].start > PORTION_CHARS or position - first >= PORTION_BLOCKS
        ):
            firsts.append(position)
    ends = [*firsts[1:], len(blocks)]
    return [
        Portion(number, first, end, _start(blocks, first), _pages(blocks[first:end]))
        for number, (first, end) in enumerate(zip(firsts, ends, strict=True), start=1)
    ]


def portion_at(portions: Sequence[Portion], offset: int) -> Portion:
    """Return the portion that shows the character at `offset`."""
    position = bisect_right(portions, offset, key=lambda one: one.start)
    return portions[max(position - 1, 0)]


def _start(blocks: Sequence[BlockView], first: int) -> int:
    return blocks[first].start if first else 0


def _pages(blocks: Sequence[BlockView]) -> tuple[int, int] | None:
    pages = [block.page for block in blocks if block.page is not None]
    return (pages[0], pages[-1]) if pages else None
