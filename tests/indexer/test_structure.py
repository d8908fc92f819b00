"""indexer.structure: blocks, headings, numbers and boilerplate."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.extraction import extract
from indexer.records import Block, BlockKind, Extraction, Heading
from indexer.structure import read_blocks

MPA = Path(__file__).parents[2].parent / "shared" / "archive" / "mpa"
needs_mpa = pytest.mark.skipif(not MPA.is_dir(), reason=f"NOT CHECKED: no archive at {MPA}")

LONG = "The panel considered the report at length and asked for a further update in the autumn."
PARTS = ["1. ", "(a) ", "- ", "•", "A. ", "Contents", "Page 3", LONG, "TITLE", "\n"]
PARTS += ["\t", " | ", "x"]


def read(text: str, format_: str = "txt", **more: object) -> list[tuple[str, str, str]]:
    """Return (kind, paragraph, text) of each block."""
    extraction = Extraction(text, format_, **more)  # type: ignore[arg-type]
    return [(b.kind.value, b.paragraph, text[b.start : b.end]) for b in read_blocks(extraction)]


def pages(*texts: str) -> Extraction:
    starts, length = [], 0
    for text in texts:
        starts.append(length)
        length += len(text) + 2
    return Extraction("\n\n".join(texts), "pdf", tuple(starts))


def block_with(extraction: Extraction, quote: str) -> Block:
    at = extraction.text.index(quote)
    return next(b for b in read_blocks(extraction) if b.start <= at < b.end)


@given(
    st.lists(st.sampled_from(PARTS), max_size=40).map("".join) | st.text(max_size=200),
    st.sampled_from(["txt", "pdf", "doc"]),
    st.lists(st.integers(0, 200), max_size=4),
)
def test_blocks_are_in_order_apart_and_cover_all_but_white_space(
    text: str, format_: str, cuts: list[int]
) -> None:
    starts = (0, *sorted({min(cut, len(text)) for cut in cuts})) if format_ == "pdf" else ()
    end = 0
    for block in read_blocks(Extraction(text, format_, starts)):
        assert end <= block.start < block.end <= len(text)
        assert not text[end : block.start].strip()
        assert text[block.start : block.end] == text[block.start : block.end].strip()
        end = block.end
    assert not text[end:].strip()


def test_lettered_and_plain_headings_make_the_section_path() -> None:
    text = (
        f"A. Other implications\nFinancial Implications\n3. {LONG}\nLegal Implications\n4. {LONG}"
    )
    blocks = read_blocks(Extraction(text, "txt"))
    assert [(b.kind, b.section, b.paragraph) for b in blocks] == [
        (BlockKind.HEADING, (), ""),
        (BlockKind.HEADING, ("A. Other implications",), ""),
        (BlockKind.PARAGRAPH, ("A. Other implications", "Financial Implications"), "3"),
        (BlockKind.HEADING, ("A. Other implications",), ""),
        (BlockKind.PARAGRAPH, ("A. Other implications", "Legal Implications"), "4"),
    ]


def test_items_and_continuations_carry_the_number_above_them() -> None:
    text = f"3. {LONG}\n- Westminster;\n- Brent.\n{LONG}\n4. {LONG}"
    assert [(kind, number) for kind, number, _ in read(text)] == [
        ("paragraph", "3"),
        ("list_item", "3"),
        ("list_item", "3"),
        ("paragraph", "3"),
        ("paragraph", "4"),
    ]


def test_a_list_that_counts_inside_a_paragraph_keeps_its_number() -> None:
    text = f"3. {LONG}\n  1. Information\n  2. Inclusion\n4. {LONG}"
    assert [(kind, number) for kind, number, _ in read(text)] == [
        ("paragraph", "3"),
        ("list_item", "3"),
        ("list_item", "3"),
        ("paragraph", "4"),
    ]


def test_a_number_without_full_stop_counts_when_it_is_next() -> None:
    text = f"1 {LONG}\n2 {LONG}\n40 officers and more officers were sent to the event that day."
    assert [number for _, number, _ in read(text)] == ["1", "2", "2"]


def test_a_date_is_no_paragraph_number() -> None:
    assert read("5 February 2013\n17. March was the month of the meeting.")[0][1] == ""


def test_the_lines_of_a_pdf_paragraph_are_one_block() -> None:
    text = (
        "1. Executive Summary\nEstimating the value of open data to the economy is\n"
        "notoriously challenging. The analysis provided here\nis short.\n"
        "A second paragraph begins here and runs on to the\nnext line."
    )
    found = [(b.kind.value, text[b.start : b.end]) for b in read_blocks(pages(text))]
    assert found == [
        ("heading", "1. Executive Summary"),
        ("paragraph", text[21:135].rstrip()),
        ("paragraph", text[135:].lstrip()),
    ]


def test_running_headers_and_page_numbers_are_boilerplate() -> None:
    extraction = pages(*(f"ODUG BENEFITS\nPage {n}\n{LONG} {n * 'x'}" for n in range(1, 6)))
    marked = [
        extraction.text[b.start : b.end]
        for b in read_blocks(extraction)
        if b.kind is BlockKind.BOILERPLATE
    ]
    assert marked == [f"ODUG BENEFITS\nPage {n}" for n in range(1, 6)]


def test_text_at_the_top_of_a_page_is_not_boilerplate() -> None:
    texts = [
        f"Case study of {word}\nEach {word} of 2011 was late." for word in ("bus", "tram", "car")
    ]
    extraction = pages(*texts)
    assert not [b for b in read_blocks(extraction) if b.kind is BlockKind.BOILERPLATE]


def test_a_table_of_contents_is_boilerplate() -> None:
    text = f"Contents\n1. Costs........ 2\n2. Benefits ..... 3\n1. Costs\n{LONG}"
    assert read(text)[0] == ("boilerplate", "", text[: text.index("\n1. Costs\n")])


def test_site_phrases_are_boilerplate_and_a_feedback_heading_is_not() -> None:
    text = f"Skip to content\nFeedback\n{LONG}\nSend an e-mail linking to this page\nFeedback"
    assert [kind for kind, _, _ in read(text)] == [
        "boilerplate",
        "heading",
        "paragraph",
        "boilerplate",
    ]


def test_declared_headings_are_headings_whatever_their_form() -> None:
    extraction = Extraction("one.\ntext", "odt", (), (Heading(0, 4, 2),))
    assert [b.kind for b in read_blocks(extraction)] == [BlockKind.HEADING, BlockKind.PARAGRAPH]


@needs_mpa
def test_the_funding_of_operation_connect_has_its_section_and_number() -> None:
    path = MPA / "sop-2011-03-17-report-09-anti-violence-strategy.txt"
    block = block_with(extract(path), "£4.7m")
    assert block.paragraph == "3"
    assert block.section == (
        "C. Other organisational and community implications",
        "Financial Implications",
    )


@needs_mpa
@pytest.mark.parametrize(
    ("file", "quote", "section", "paragraph"),
    [
        ("sop-2011-03-17-report-09-anti-violence-strategy.txt", "Hackney;",
         ("B. Supporting information", "Implementation of a"), "4"),
        ("cep-2009-09-10-report-06-engagement-strategy.txt", "was value for money",
         ("B. Supporting information",), "2"),
        ("cep-2011-02-02-report-05-community-engagement.txt", "2. Inclusion:",
         ("B. Supporting information",), "3"),
        ("cep-2011-02-02-report-05-community-engagement.txt", "17. Lewisham Borough",
         ("B. Supporting information", "Territorial Policing"), "17"),
    ],
)  # fmt: skip
def test_facts_of_the_mpa_reports(
    file: str, quote: str, section: tuple[str, ...], paragraph: str
) -> None:
    block = block_with(extract(MPA / file), quote)
    assert block.paragraph == paragraph
    assert block.section[0] == section[0]
    assert block.section[-1].startswith(section[-1])
