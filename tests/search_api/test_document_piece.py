"""search_api.document_piece: pieces that follow each other are the whole report."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_api.document_piece import piece_of
from search_api.responses import BlockView, DocumentResponse

PIECE_CHARS = 20_000
FIELDS: dict[str, Any] = dict.fromkeys(
    (
        *("document_id", "source_id", "title", "date", "body", "committee", "doc_type"),
        *("report_number", "author", "source_url", "format", "source_sha256", "url"),
        *("citation", "generation"),
    ),
    "",
)


def report(*lengths: int) -> DocumentResponse:
    """A report of blocks of these lengths, one character between them."""
    text = "".join(chr(97 + number % 26) for number in range(sum(lengths)))
    blocks, at, taken = [], 0, 0
    for number, length in enumerate(lengths):
        blocks.append(
            BlockView(
                start=at,
                end=at + length,
                kind="paragraph",
                text=text[taken : taken + length],
                section=(),
                paragraph=str(number),
                page=None,
                anchor=f"b{number}",
            )
        )
        at, taken = at + length + 1, taken + length
    return DocumentResponse(**FIELDS, pages=0, characters=at, blocks=tuple(blocks))


def pieces(whole: DocumentResponse) -> list[tuple[BlockView, ...]]:
    found, start = [], 0
    while True:
        piece = piece_of(whole, start, PIECE_CHARS, 500)
        found.append(piece.blocks)
        if piece.next is None:
            return found
        assert piece.next > start
        start = piece.next


@settings(deadline=None)
@given(st.lists(st.sampled_from([1, 50, 9_000, 19_999, 20_000, 20_001, 65_000]), max_size=8))
def test_pieces_are_bounded_and_give_every_character_once(lengths: list[int]) -> None:
    whole = report(*lengths)
    found = pieces(whole)
    blocks = [block for piece in found for block in piece]
    assert "".join(block.text for block in blocks) == "".join(one.text for one in whole.blocks)
    for piece in found:
        assert sum(len(block.text) for block in piece) <= PIECE_CHARS
    for block in blocks:
        assert len(block.text) == block.end - block.start


def test_a_piece_ends_with_a_whole_block_where_it_can() -> None:
    first, second = pieces(report(15_000, 10_000))
    assert [len(block.text) for block in (*first, *second)] == [15_000, 10_000]


def test_a_block_that_is_too_long_is_cut_and_keeps_its_place() -> None:
    first, second = pieces(report(25_000))
    assert [(one.start, one.end, one.anchor) for one in (*first, *second)] == [
        (0, 20_000, "b0"),
        (20_000, 25_000, "b0"),
    ]


def test_many_short_blocks_come_in_bounded_numbers() -> None:
    assert [len(piece) for piece in pieces(report(*[1] * 1200))] == [500, 500, 200]


@pytest.mark.parametrize("start", [27, 10**9])
def test_behind_the_end_there_is_nothing(start: int) -> None:
    piece = piece_of(report(10, 15), start, PIECE_CHARS, 500)
    assert (piece.blocks, piece.next) == ((), None)
