"""A report's blocks arranged for reading, with the quoted place and the hits marked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Literal

from markupsafe import Markup

from search_api.responses import BlockView
from web.marks import Layer, layered

MAX_HEADING_LEVEL = 6
_BETWEEN_CELLS = re.compile(r" \| |\t+")  # as the loaders write a row, or as a text file does

# The hits of a search within the report, by the anchor of their block: the id of the first mark,
# and what to mark, counted in the block.
Hits = Mapping[str, tuple[str, Sequence[tuple[int, int]]]]
PartKind = Literal["heading", "paragraph", "list", "table", "boilerplate"]
_PART_OF: dict[str, PartKind] = {
    "heading": "heading",
    "paragraph": "paragraph",
    "list_item": "list",
    "table_row": "table",
    "boilerplate": "boilerplate",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One block: its HTML by cells (one, but in a table), the id that it still carries ("" when a
    mark in it took the id over), the link to it, the paragraph number that it is the first to
    print, and whether the quoted place ends in it."""

    cells: tuple[Markup, ...]
    anchor: str
    link: str
    number: str
    level: int
    ends_quote: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring blocks that read as one: a list, a table, or a single block.

    `page` is the page that begins here, None where the page stays the same.
    """

    kind: PartKind
    lines: tuple[Line, ...]
    page: int | None


def read_parts(
    blocks: Sequence[BlockView], quoted: tuple[int, int], hits: Hits = MappingProxyType({})
) -> Iterator[Part]:
    """Yield the parts of a report in order; `quoted` is marked wherever it lies, (0, 0) is nothing.

    The first mark takes over the id of its block: the fragment of a citation's link then leads to
    the quoted words themselves, also where a block is longer than the window, without a script.
    """
    numbered_page: int | None = None
    printed_number = ""
    is_marked = False
    for (kind, page), group in groupby(blocks, key=_part_of):
        lines = []
        for block in group:
            holds_quote = block.start < quoted[1] and quoted[0] < block.end
            takes_id = holds_quote and not is_marked
            is_marked = is_marked or holds_quote
            cells = tuple(_cells(block, quoted, block.anchor if takes_id else "", hits))
            number = block.paragraph if block.paragraph != printed_number else ""
            printed_number = block.paragraph
            level = min(len(block.section) + 2, MAX_HEADING_LEVEL)  # h1 is the report's title
            anchor = "" if takes_id else block.anchor
            link = f"?start={block.start}&end={block.end}#{block.anchor}"
            ends = holds_quote and quoted[1] <= block.end
            lines.append(Line(cells, anchor, link, number, level, ends))
        starts_page = page if page != numbered_page else None
        numbered_page = page if page is not None else numbered_page
        if kind in ("list", "table"):
            yield Part(kind, tuple(lines), starts_page)
            continue
        for line in lines:
            yield Part(kind, (line,), starts_page)
            starts_page = None


def words_in(blocks: Sequence[BlockView], quoted: tuple[int, int]) -> str:
    """Return the quoted words on one line."""
    pieces = (
        block.text[max(quoted[0] - block.start, 0) : quoted[1] - block.start]
        for block in blocks
        if block.start < quoted[1] and quoted[0] < block.end
    )
    return " ".join(" ".join(pieces).split())


def _cells(
    block: BlockView, quoted: tuple[int, int], quote_id: str, hits: Hits
) -> Iterator[Markup]:
    """Yield the block's HTML, a table row cell by cell; the first marks drawn take the ids."""
    hit_id, found = hits.get(block.anchor, ("", ()))
    quote = (quoted[0] - block.start, quoted[1] - block.start)
    start = 0
    ends = _BETWEEN_CELLS.finditer(block.text) if block.kind == "table_row" else ()
    for end, next_start in [*((gap.start(), gap.end()) for gap in ends), (len(block.text), 0)]:
        layers = [
            Layer(_within([quote], start, end), first_id=quote_id),
            Layer(_within(found, start, end), "hit", hit_id),
        ]
        yield layered(block.text[start:end], layers)
        quote_id = "" if layers[0].spans else quote_id
        hit_id = "" if layers[1].spans else hit_id
        start = next_start


def _within(spans: Sequence[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """Return what of `spans` lies in [start, end), counted from `start`."""
    return [
        (max(first, start) - start, min(last, end) - start)
        for first, last in spans
        if first < end and start < last
    ]


def _part_of(block: BlockView) -> tuple[PartKind, int | None]:
    return _PART_OF[block.kind], block.page
