"""Blocks and sentences as the store keeps them: few bytes, and one block is found without the rest.

Both are runs of spans that mostly touch: each is written as its distance from the one before and
its length, in the smallest numbers that hold them. Headings and paragraph numbers repeat from block
to block: each is written once and referred to.
"""

import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, pairwise

import numpy as np
import numpy.typing as npt

from indexer.records import Block, BlockKind

Spans = tuple[tuple[int, int], ...]

# Their places are what is stored.
_KINDS = (
    BlockKind.HEADING,
    BlockKind.PARAGRAPH,
    BlockKind.LIST_ITEM,
    BlockKind.TABLE_ROW,
    BlockKind.BOILERPLATE,
)
_SIZES = {"B": (0, 2**8), "h": (-(2**15), 2**15), "i": (-(2**31), 2**31)}  # codes of `struct`


class PackedBlocks:
    """Blocks, in order, out of what `packed_blocks` returned."""

    def __init__(self, packed: bytes) -> None:
        head, _, self._columns = zlib.decompress(packed).partition(b"\n")
        self._count, self._codes, self._sections, self._paragraphs = json.loads(head)
        gaps, lengths = (self._column(number).astype(np.int64) for number in (0, 1))
        self._ends = np.cumsum(gaps + lengths)
        self._starts = self._ends - lengths

    def all(self) -> tuple[Block, ...]:
        """Return every block."""
        sections = [tuple(section) for section in self._sections]
        columns = (self._column(number).tolist() for number in (2, 3, 4))
        return tuple(
            Block(start, end, _KINDS[kind], sections[section], self._paragraphs[paragraph])
            for start, end, kind, section, paragraph in zip(
                self._starts.tolist(), self._ends.tolist(), *columns, strict=True
            )
        )

    def at(self, offset: int) -> Block | None:
        """Return the last block that starts at or before `offset`."""
        at = int(np.searchsorted(self._starts, offset, side="right")) - 1
        if at < 0:
            return None
        kind, section, paragraph = (int(self._column(number)[at]) for number in (2, 3, 4))
        return Block(
            int(self._starts[at]),
            int(self._ends[at]),
            _KINDS[kind],
            tuple(self._sections[section]),
            self._paragraphs[paragraph],
        )

    def _column(self, number: int) -> npt.NDArray[np.signedinteger]:
        before = sum(map(struct.calcsize, self._codes[:number])) * self._count
        return np.frombuffer(self._columns, f"<{self._codes[number]}", self._count, before)


def packed_blocks(blocks: Sequence[Block]) -> bytes:
    """Return `blocks`, whose starts are in order, as `PackedBlocks` reads them."""
    sections: dict[tuple[str, ...], int] = {}
    paragraphs: dict[str, int] = {}
    distances = list(_distances((block.start, block.end) for block in blocks))
    columns = [
        distances[::2],
        distances[1::2],
        [_KINDS.index(block.kind) for block in blocks],
        [sections.setdefault(block.section, len(sections)) for block in blocks],
        [paragraphs.setdefault(block.paragraph, len(paragraphs)) for block in blocks],
    ]
    codes = "".join(map(_code, columns))
    head = [len(blocks), codes, list(sections), list(paragraphs)]
    written = [json.dumps(head, ensure_ascii=False).encode(), b"\n"]
    written += map(_written, codes, columns)
    return zlib.compress(b"".join(written))


def packed_sentences(sentences: Spans, start: int) -> bytes:
    """Return the sentences of a passage that begins at `start`, as `unpacked_sentences` does."""
    distances = list(_distances(sentences, start))
    code = _code(distances)
    return code.encode() + _written(code, distances)


def unpacked_sentences(packed: bytes, start: int) -> Spans:
    """Return what was given to `packed_sentences`."""
    code = packed[:1].decode()
    distances = struct.unpack(f"<{(len(packed) - 1) // struct.calcsize(code)}{code}", packed[1:])
    bounds = iter(accumulate(distances, initial=start))
    next(bounds)
    return tuple(zip(bounds, bounds, strict=True))


def _distances(spans: Iterable[tuple[int, int]], start: int = 0) -> Iterable[int]:
    """Return the way from each bound to the next: to the start of a span, to its end, and on."""
    return (after - before for before, after in pairwise(chain((start,), chain(*spans))))


def _code(numbers: Sequence[int]) -> str:
    """Return the smallest kind of number that holds them all."""
    least, most = min(numbers, default=0), max(numbers, default=0)
    return next(code for code, (low, end) in _SIZES.items() if low <= least and most < end)


def _written(code: str, numbers: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}{code}", *numbers)
