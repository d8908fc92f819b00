"""A long report in portions: nothing is lost between them, and every place has its own."""

from hypothesis import given
from hypothesis import strategies as st

from search_api.responses import BlockView
from web.report_portions import PORTION_BLOCKS, PORTION_CHARS, portion_at, portions_of


def blocks(lengths: list[int], pages: bool = False) -> list[BlockView]:
    made, start = [], 0
    for position, length in enumerate(lengths):
        made.append(
            BlockView(
                start=start,
                end=start + length,
                kind="paragraph",
                text="",
                section=(),
                paragraph="",
                page=position // 2 + 1 if pages else None,
                anchor=f"b{start}",
            )
        )
        start += length + 1
    return made


def test_a_report_of_usual_length_is_one_portion() -> None:
    (only,) = portions_of(blocks([1000] * 100, pages=True))
    assert (only.number, only.first, only.end, only.pages) == (1, 0, 100, (1, 50))


def test_a_report_without_text_is_one_empty_portion() -> None:
    (only,) = portions_of([])
    assert (only.first, only.end, only.pages) == (0, 0, None)


def test_many_short_blocks_are_cut_by_their_number() -> None:
    assert [one.end for one in portions_of(blocks([1] * (PORTION_BLOCKS + 1)))] == [
        PORTION_BLOCKS,
        PORTION_BLOCKS + 1,
    ]


@given(lengths=st.lists(st.integers(1, PORTION_CHARS + 5), min_size=1, max_size=20))
def test_portions_hold_every_block_once_and_are_found_by_their_characters(
    lengths: list[int],
) -> None:
    all_blocks = blocks(lengths)
    portions = portions_of(all_blocks)
    held = [position for one in portions for position in range(one.first, one.end)]
    assert held == [*range(len(all_blocks))]
    for one in portions:
        for block in all_blocks[one.first : one.end]:
            assert portion_at(portions, block.start) == portion_at(portions, block.end) == one
        if one.end - one.first > 1:
            assert all_blocks[one.end - 1].end - all_blocks[one.first].start <= PORTION_CHARS
