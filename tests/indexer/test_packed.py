"""indexer.packed: what is packed is what is unpacked, whatever its numbers."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from indexer.packed import PackedBlocks, packed_blocks, packed_sentences, unpacked_sentences
from indexer.records import Block, BlockKind, DocumentText

GAPS = st.one_of(st.integers(0, 3), st.integers(0, 2**20))
LENGTHS = st.one_of(st.integers(1, 300), st.integers(1, 2**20))
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@st.composite
def spans(draw: st.DrawFn, first: int = 0) -> tuple[tuple[int, int], ...]:
    found, end = [], first
    for gap, length in draw(st.lists(st.tuples(GAPS, LENGTHS), max_size=30)):
        found.append((end + gap, end + gap + length))
        end += gap + length
    return tuple(found)


@st.composite
def many_blocks(draw: st.DrawFn) -> tuple[Block, ...]:
    sections = draw(st.lists(st.lists(NAMES, max_size=3).map(tuple), min_size=1, max_size=400))
    return tuple(
        Block(
            start,
            end,
            draw(st.sampled_from(BlockKind)),
            draw(st.sampled_from(sections)),
            draw(NAMES),
        )
        for start, end in draw(spans())
    )


@given(many_blocks(), st.lists(st.integers(0, 2**21), max_size=5))
def test_blocks_come_back_all_or_the_one_at_an_offset(
    blocks: tuple[Block, ...], offsets: list[int]
) -> None:
    packed = PackedBlocks(packed_blocks(blocks))
    assert packed.all() == blocks
    text = DocumentText("", (), blocks)
    bounds = [at for block in blocks for at in (block.start - 1, block.start, block.end)]
    for offset in (*offsets, *bounds):
        assert packed.at(offset) == text.block_at(offset)


def test_more_headings_than_a_byte_counts_are_told_apart() -> None:
    blocks = tuple(
        Block(at, at + 1, BlockKind.HEADING, (f"Part {at}",), f"{at}.") for at in range(300)
    )
    assert PackedBlocks(packed_blocks(blocks)).all() == blocks


@given(st.integers(0, 2**30), st.data())
def test_sentences_come_back(start: int, data: st.DataObject) -> None:
    sentences = data.draw(spans(start))
    assert unpacked_sentences(packed_sentences(sentences, start), start) == sentences


def test_spans_that_touch_or_overlap_come_back_too() -> None:
    overlapping = ((5, 9), (9, 12), (3, 4), (100_000, 100_001))
    assert unpacked_sentences(packed_sentences(overlapping, 7), 7) == overlapping
    assert unpacked_sentences(packed_sentences((), 7), 7) == ()


def test_a_block_takes_two_bytes_or_so_where_reports_are_of_lines() -> None:
    lines = [(at * 61, at * 61 + 40 + at % 20) for at in range(1000)]
    blocks = [Block(start, end, BlockKind.PARAGRAPH, ("Costs",), "3") for start, end in lines]
    assert len(packed_blocks(blocks)) < 3000
    assert len(packed_sentences(tuple(lines[:4]), 0)) == 9
    assert zlib.decompress(packed_blocks(blocks)).startswith(b"[")
