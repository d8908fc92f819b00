"""search_api.citing: places in words and as links."""

from urllib.parse import parse_qs, urlsplit

import pytest

from indexer.records import Block, BlockKind, Document, DocumentText
from search_api.citing import (
    anchor_at,
    anchor_of,
    citation_of,
    in_words,
    place_of,
    place_url,
    report_url,
)

TEXT = DocumentText(
    text="Home | Back\nA. Money\n1. One.\n2. Two.",
    page_starts=(0, 21),
    blocks=(
        Block(0, 11, BlockKind.BOILERPLATE),
        Block(12, 20, BlockKind.HEADING),
        Block(21, 28, BlockKind.PARAGRAPH, ("A. Money",), "1"),
        Block(29, 36, BlockKind.PARAGRAPH, ("A. Money",), "2"),
    ),
)
REPORT = Document(
    document_id="0123456789abcdef",
    source_id="report.pdf",
    sha256="",
    format="pdf",
    title="Operation Connect",
    date="2011-03-17",
    body="Metropolitan Police Authority",
    committee="Strategic and Operational Policing Committee",
    report_number="9",
)


def test_a_place_is_section_paragraph_as_printed_and_page() -> None:
    assert place_of(TEXT, 30) == (("A. Money",), "2", 2)
    assert place_of(TEXT, 12) == ((), "", 1)


def test_a_place_before_all_blocks_has_a_page_only() -> None:
    empty = DocumentText("  ", (), ())
    assert place_of(empty, 1) == ((), "", None)
    assert anchor_at(empty, 1) == "b0"


def test_an_anchor_names_the_block_that_holds_the_place() -> None:
    assert anchor_at(TEXT, 35) == anchor_of(TEXT.blocks[3]) == "b29"


def test_a_link_to_a_place_has_the_span_and_the_anchor() -> None:
    url = urlsplit(place_url("0123456789abcdef", 29, 36, "b29"))
    assert url.path == "/reports/0123456789abcdef"
    assert parse_qs(url.query) == {"start": ["29"], "end": ["36"]}
    assert url.fragment == "b29"


def test_an_id_cannot_leave_its_place_in_an_address() -> None:
    assert report_url("../a b?c#d") == "/reports/..%2Fa%20b%3Fc%23d"


def test_a_report_is_cited_by_title_body_committee_number_and_date() -> None:
    assert citation_of(REPORT) == (
        "Operation Connect. Metropolitan Police Authority, "
        "Strategic and Operational Policing Committee. report 9. 17 March 2011."
    )


def test_what_is_unknown_is_left_out_of_a_citation() -> None:
    assert citation_of(Document("i", "s", "", "txt", title="Minutes.")) == "Minutes."


@pytest.mark.parametrize(
    ("date", "written"),
    [("2011-03-17", "17 March 2011"), ("2011-03-01", "1 March 2011"), ("", ""), ("2011", "2011")],
)
def test_dates_are_written_in_words(date: str, written: str) -> None:
    assert in_words(date) == written
