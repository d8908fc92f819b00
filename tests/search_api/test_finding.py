"""Reading on in one report: as narrowly as it has the words, hit by hit."""

import pytest

from search_api.finding import MAX_MARKS, find_in
from search_api.matching import Term
from search_api.responses import BlockView


def block(position: int, text: str, kind: str = "paragraph") -> BlockView:
    fields = {"start": position, "end": position + len(text), "kind": kind, "text": text}
    place = {"section": (), "paragraph": "", "page": None, "anchor": f"b{position}"}
    return BlockView.model_validate(fields | place)


BLOCKS = [
    block(0, "Operation Connect began."),
    block(100, "To connect an operation."),
    block(200, "The operation."),
    block(300, "Operation Connect", "boilerplate"),
    block(400, "Nothing here."),
]
TERMS = {word: Term(word, (word,), 0.5) for word in ("operation", "connect", "funding", "zebra")}


@pytest.mark.parametrize(
    ("words", "matched_as", "found"),
    [
        (("operation", "connect"), "phrase", {"b0": ((0, 17),)}),
        (("connect", "operation"), "all words", {"b0": None, "b100": None}),
        (("operation", "funding"), "any words", {"b0": None, "b100": None, "b200": ((4, 13),)}),
        (("zebra",), "any words", {}),
        ((), "any words", {}),
    ],
)
def test_blocks_are_found_as_narrowly_as_the_report_has_the_words(
    words: tuple[str, ...], matched_as: str, found: dict[str, object]
) -> None:
    result = find_in(BLOCKS, [TERMS[word] for word in words], str.casefold)
    assert result.matched_as == matched_as
    assert [one.anchor for one in result.blocks] == [*found]
    for one in result.blocks:
        assert found[one.anchor] in (None, one.marks)


def test_a_phrase_is_marked_as_one_where_one_term_is_all_of_it() -> None:
    phrase = Term("operation connect", ("operation", "connect"), 0.5)
    (only,) = find_in(BLOCKS, [phrase], str.casefold).blocks
    assert only.marks == ((0, 17),)


def test_a_text_without_blocks_has_a_bounded_number_of_marks() -> None:
    (only,) = find_in([block(0, "operation. " * 1000)], [TERMS["operation"]], str.casefold).blocks
    assert len(only.marks) == MAX_MARKS
