"""search_api.citation_formats: real parsers read back what hostile reports are called."""

import json

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from indexer.records import Document
from search_api.citation_formats import (
    CITATION_FORMATS,
    CitationFormat,
    bibtex_entry,
    formatted,
    web_address,
)
from search_api.citing import Place

PLAIN = Document(
    document_id="0123456789abcdef",
    source_id="sop/report 9.pdf",
    sha256="ab" * 32,
    format="pdf",
    title="Gangs & knives: 50% of £4.7m",
    date="2011-03-17",
    body="Metropolitan Police Authority",
    committee="Strategic and Operational Policing Committee",
    doc_type="report",
    report_number="9",
    source_url="https://example.org/a_b~c?d=1#e",
)
BASE = "https://archive.example"
HOSTILE = (
    "}}, note = {stolen}, x = {{",
    "\\input{/etc/passwd} \\write18{rm}",
    "a\r\nER  - \r\nTY  - BOOK",
    "a\nAU  - Forged, Author",
    '"], "title": "forged',
    "@article{forged, title={x}}",
    "{", "}", "{}", "\\", "\\{", "% all of this", "a $x^2$ #1 _b_ ~c & d",
    "\x00\x1b[31m‮evil",
    "Smith and Jones and others",
)  # fmt: skip


def named(title: str) -> Document:
    return Document(**{name: getattr(PLAIN, name) for name in PLAIN.__slots__} | {"title": title})


def test_bibtex_is_read_back_by_a_parser() -> None:
    (entry,) = parse_string(formatted(PLAIN, "bibtex", "g1", BASE)).entries
    fields = {name: field.value for name, field in entry.fields_dict.items()}
    assert (entry.entry_type, entry.key) == ("techreport", "report-0123456789abcdef")
    assert fields["title"] == r"{Gangs \& knives: 50\% of £4.7m}"
    assert fields["author"] == fields["institution"].join("{}")
    assert (fields["year"], fields["month"], fields["number"]) == ("2011", "3", "9")
    assert fields["url"] == f"{BASE}/reports/0123456789abcdef"
    assert fields["note"].startswith(r"Source https://example.org/a\_b\%7Ec?d=1\%23e, SHA-256 abab")


def test_ris_is_read_back_by_a_parser() -> None:
    (entry,) = rispy.loads(formatted(PLAIN, "ris", "g1", BASE))
    assert entry["type_of_reference"] == "RPRT"
    assert entry["title"] == PLAIN.title
    assert entry["authors"] == [f"{PLAIN.body}, {PLAIN.committee}"]
    assert (entry["year"], entry["date"]) == ("2011", "2011/03/17")
    assert entry["urls"] == [f"{BASE}/reports/0123456789abcdef"]
    assert entry["notes"][0].startswith("Generation g1 of the archive. Source https://example.org")


def test_csl_json_is_a_list_of_one_report() -> None:
    (item,) = json.loads(formatted(PLAIN, "csl-json", "g1", BASE))
    assert (item["type"], item["title"]) == ("report", PLAIN.title)
    assert item["issued"] == {"date-parts": [[2011, 3, 17]]}
    assert item["custom"]["generation"] == "g1"


def test_text_is_the_citation_and_where_to_read_it() -> None:
    assert formatted(PLAIN, "text", "g1", BASE) == (
        "Gangs & knives: 50% of £4.7m. Metropolitan Police Authority, Strategic and Operational "
        "Policing Committee. report 9. 17 March 2011. "
        "https://archive.example/reports/0123456789abcdef\n"
    )


def test_a_report_of_which_nothing_is_known_is_cited_in_every_format() -> None:
    bare = Document("0" * 16, "a.txt", "cd" * 32, "txt", "A")
    for written_as in CITATION_FORMATS:
        assert "/reports/0000000000000000" in formatted(bare, written_as, "g1", "")
    (item,) = json.loads(formatted(bare, "csl-json", "g1", ""))
    assert not {"issued", "author", "publisher"} & set(item)


@pytest.mark.parametrize("title", HOSTILE)
def test_no_title_breaks_out_of_its_field(title: str) -> None:
    assert_contained(title)


@given(title=st.text(max_size=60) | st.lists(st.sampled_from(HOSTILE), max_size=3).map("".join))
def test_no_text_at_all_breaks_out_of_its_field(title: str) -> None:
    assert_contained(title)


def assert_contained(title: str) -> None:
    hostile = Document("0" * 16, title, "cd" * 32, "txt", title, author=title, body=title)
    plain = Document("0" * 16, "a", "cd" * 32, "txt", "a", author="a", body="a")
    library = parse_string(bibtex_entry(hostile, ""))
    (entry,) = library.entries
    assert not library.failed_blocks
    (expected,) = parse_string(bibtex_entry(plain, "")).entries
    has_words = any(sign.isprintable() and not sign.isspace() for sign in title)
    if has_words:
        assert set(entry.fields_dict) == set(expected.fields_dict)
    else:
        assert set(entry.fields_dict) <= set(expected.fields_dict)
    text = entry.fields_dict["note"].value
    assert text.count("{") == text.count("}")
    assert r"\input" not in text
    assert r"\write" not in text

    (read,) = rispy.loads(formatted(hostile, "ris", "g1", ""))
    assert read["type_of_reference"] == "RPRT"
    assert len(read.get("authors", [])) <= 1
    (item,) = json.loads(formatted(hostile, "csl-json", "g1", ""))
    assert item["id"] == "report-" + "0" * 16
    assert formatted(hostile, "text", "g1", "").count("\n") == 1


@pytest.mark.parametrize(
    "written", ["javascript:alert(1)", "data:text/html,x", "https://a b", "file:///etc", ""]
)
def test_only_addresses_of_the_web_are_given_on(written: str) -> None:
    assert web_address(written) == ""
    assert web_address("https://example.org/x?y=1") == "https://example.org/x?y=1"


@pytest.mark.parametrize("written_as", CITATION_FORMATS)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_words_of_a_place_break_its_citation(written_as: CitationFormat, hostile: str) -> None:
    place = Place(7, 40, f"Quoted {hostile}", "b7", hostile, 3)
    written = formatted(PLAIN, written_as, "g1", BASE, place)
    address = f"{BASE}/reports/0123456789abcdef?start=7&end=40#b7"
    if written_as == "text":
        assert written.count("\n") == 1
        assert written.startswith("“Quoted ")
        assert written.endswith(f" {address}\n")
    elif written_as == "bibtex":
        (entry,) = parse_string(written).entries
        fields = {name: field.value for name, field in entry.fields_dict.items()}
        assert (fields["url"], fields["pages"]) == (address, "3")
        assert "x" not in fields
    elif written_as == "ris":
        (reference,) = rispy.loads(written)
        assert (reference["urls"], reference["start_page"]) == ([address], "3")
        assert reference["title"] == PLAIN.title
    else:
        (item,) = json.loads(written)
        assert (item["URL"], item["page"], item["title"]) == (address, "3", PLAIN.title)


def test_a_place_that_is_too_long_for_a_quote_is_cited_without_its_words() -> None:
    written = formatted(PLAIN, "text", "g1", BASE, Place(0, 9999, "word " * 2000, "b0", "3", 2))
    assert written.startswith("Gangs & knives")
    assert "Paragraph 3, page 2. https://archive.example/reports/" in written
