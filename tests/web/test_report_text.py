"""Blocks become parts that read like the report."""

from typing import Any

from search_api.responses import BlockView
from web.report_text import Part, read_parts


def blocks(*specs: tuple[str, str, dict[str, Any]]) -> list[BlockView]:
    """Return blocks of (kind, text, more fields), one character apart."""
    made: list[BlockView] = []
    start = 0
    for position, (kind, text, more) in enumerate(specs):
        fields: dict[str, Any] = {
            "section": (),
            "paragraph": "",
            "page": None,
            "anchor": f"b{position}",
            **more,
        }
        end = start + len(text)
        made.append(
            BlockView.model_validate(dict(start=start, end=end, kind=kind, text=text) | fields)
        )
        start = end + 1
    return made


def html(part: Part) -> list[list[str]]:
    return [[str(cell) for cell in line.cells] for line in part.lines]


def test_items_and_rows_that_follow_each_other_are_one_list_and_one_table() -> None:
    parts = list(
        read_parts(
            blocks(
                ("list_item", "- Hackney;", {}),
                ("list_item", "- Brent.", {}),
                ("table_row", "Hackney | 1,204", {}),
                ("table_row", "Brent\t998", {}),
                ("paragraph", "After.", {}),
                ("paragraph", "Last.", {}),
            ),
            (0, 0),
        )
    )
    assert [part.kind for part in parts] == ["list", "table", "paragraph", "paragraph"]
    assert html(parts[1]) == [["Hackney", "1,204"], ["Brent", "998"]]


def test_a_quote_is_marked_across_blocks_and_its_first_mark_takes_the_id() -> None:
    found = blocks(("paragraph", "One two.", {}), ("paragraph", "Three four.", {}))
    parts = list(read_parts(found, (4, 14)))
    assert html(parts[0]) == [['One <mark id="b0">two.</mark>']]
    assert html(parts[1]) == [["<mark>Three</mark> four."]]
    assert [part.lines[0].anchor for part in parts] == ["", "b1"]


def test_a_quote_in_a_table_is_marked_in_its_cells_only() -> None:
    parts = list(read_parts(blocks(("table_row", "Hackney | 1,204 | 1,101", {})), (10, 23)))
    assert html(parts[0]) == [
        ["Hackney", '<mark id="b0">1,204</mark>', "<mark>1,101</mark>"],
    ]


def test_without_a_quote_nothing_is_marked_and_every_block_keeps_its_id() -> None:
    found = blocks(("paragraph", "One.", {}), ("heading", "Two", {}))
    parts = list(read_parts(found, (0, 0)))
    assert [html(part) for part in parts] == [[["One."]], [["Two"]]]
    assert [part.lines[0].anchor for part in parts] == ["b0", "b1"]


def test_a_page_is_announced_once_where_it_begins_even_inside_a_list() -> None:
    found = blocks(
        ("list_item", "- a", {"page": 1}),
        ("list_item", "- b", {"page": 2}),
        ("paragraph", "c", {"page": 2}),
    )
    parts = list(read_parts(found, (0, 0)))
    assert [(part.kind, part.page) for part in parts] == [
        ("list", 1),
        ("list", 2),
        ("paragraph", None),
    ]


def test_a_paragraph_number_is_offered_as_a_link_only_where_it_is_printed_first() -> None:
    found = blocks(
        ("paragraph", "3. Costs.", {"paragraph": "3"}),
        ("list_item", "- staff", {"paragraph": "3"}),
        ("paragraph", "4. Risks.", {"paragraph": "4"}),
    )
    numbers = [line.number for part in read_parts(found, (0, 0)) for line in part.lines]
    assert numbers == ["3", "", "4"]


def test_a_heading_is_as_deep_as_the_headings_above_it_and_never_deeper_than_six() -> None:
    found = blocks(
        ("heading", "A. Summary", {}),
        ("heading", "Costs", {"section": ("A. Summary",)}),
        ("heading", "Deep", {"section": tuple("abcdef")}),
    )
    levels = [line.level for part in read_parts(found, (0, 0)) for line in part.lines]
    assert levels == [2, 3, 6]


def test_markup_in_a_report_stays_text() -> None:
    parts = list(read_parts(blocks(("paragraph", "<img src=x onerror=alert(1)>", {})), (5, 8)))
    assert html(parts[0]) == [
        ['&lt;img <mark id="b0">src</mark>=x onerror=alert(1)&gt;'],
    ]
