"""indexer.extraction: one file becomes text, or a reason."""

from pathlib import Path

import pytest
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import UnreadableFileError
from indexer.extraction import extract
from indexer.plain_text import clean

ARCHIVE = Path(__file__).parents[2].parent / "shared" / "archive"


def write_pdf(path: Path, pages: list[str], password: str = "") -> Path:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    for text in pages:
        pdf.add_page()
        if text:
            pdf.multi_cell(0, 8, text)
    if password:
        pdf.set_encryption(owner_password="owner", user_password=password)
    pdf.output(str(path))
    return path


def reason(path: Path) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        extract(path)
    return str(caught.value)


def test_each_page_of_a_pdf_starts_at_its_own_text(tmp_path: Path) -> None:
    # Two pound signs before the page break: byte offsets would be two too large.
    extraction = extract(write_pdf(tmp_path / "r.pdf", ["Costs ££5 million.", "Second page."]))
    assert extraction.format == "pdf"
    assert extraction.text == "Costs ££5 million.\n\nSecond page."
    assert extraction.page_starts == (0, 20)
    assert extraction.text[20:] == "Second page."


def test_an_empty_page_keeps_its_number(tmp_path: Path) -> None:
    extraction = extract(write_pdf(tmp_path / "r.pdf", ["First.", "", "Third."]))
    starts = extraction.page_starts
    assert len(starts) == 3
    assert extraction.text[starts[2] :] == "Third."


def test_a_pdf_of_empty_pages_is_unread_with_its_page_count(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "empty.pdf", ["", ""])
    assert reason(path) == "no text in it: 2 pages without printed words"


def test_an_encrypted_pdf_asks_for_a_copy_without_password(tmp_path: Path) -> None:
    assert reason(write_pdf(tmp_path / "secret.pdf", ["Hidden."], "open")) == (
        "protected by a password: the file is encrypted; save a copy without the password"
    )


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.touch()
    assert reason(path) == "empty: the file holds 0 bytes"


def test_a_truncated_pdf_is_damaged(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "cut.pdf", ["Text."])
    path.write_bytes(b"%PDF-1.7\n" + b"\x00" * 50)
    assert reason(path).startswith("damaged: ")


def test_an_unknown_format_names_its_extension(tmp_path: Path) -> None:
    path = tmp_path / "report.xyz"
    path.write_bytes(b"\x01\x02\x03\x04")
    assert reason(path).startswith("unknown format '.xyz'")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_text_is_read_in_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "report.txt"
    printed = "Operation Connect – £4.7m for “gang” work\r\nin 2011-12.\n" * 3
    path.write_bytes(printed.encode(encoding))
    assert extract(path).text == printed.replace("\r\n", "\n")


def test_cyrillic_text_is_not_taken_for_western(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    printed = "Отчёт о работе комитета представлен на рассмотрение членов совета. " * 8
    path.write_bytes(printed.encode("cp1251"))
    assert extract(path).text.startswith("Отч")


def test_binary_data_called_txt_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(bytes(range(256)) * 4)
    assert reason(path).startswith("not text")


def test_csv_rows_become_lines_with_separated_cells(tmp_path: Path) -> None:
    path = tmp_path / "spend.csv"
    path.write_text('Body,Amount\n"Audit, Commission",£40\nMPS,£9\n', encoding="utf-8")
    assert (
        extract(path).text
        == "Body | Amount\nBody: Audit, Commission | Amount: £40\nBody: MPS | Amount: £9"
    )


def test_a_doc_that_is_rtf_is_read_as_rtf(tmp_path: Path) -> None:
    path = tmp_path / "report.doc"
    path.write_bytes(rb"{\rtf1\ansi The panel met on 5 May.\par}")
    assert extract(path).text.strip() == "The panel met on 5 May."


def test_tables_of_a_docx_keep_their_cells_apart(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_heading("Attendance", level=2)
    document.add_paragraph("The panel met.")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text = "Item"
    table.rows[0].cells[0].paragraphs[0].runs[0].bold = True
    table.rows[0].cells[1].text = "Lead"
    document.save(str(tmp_path / "minutes.docx"))
    extraction = extract(tmp_path / "minutes.docx")
    assert extraction.text == "Attendance\nThe panel met.\nItem | Lead"
    assert [(h.start, h.end, h.level) for h in extraction.headings] == [(0, 10, 2)]


@pytest.mark.skipif(not ARCHIVE.is_dir(), reason=f"NOT CHECKED: no archive at {ARCHIVE}")
def test_what_only_the_author_of_slides_sees_is_left_out() -> None:
    folder = ARCHIVE / "uk_public_bodies" / "files"
    text = extract(folder / "TB(9)2 110906 Transparency Board - Defra v1-0.ppt").text
    assert text.startswith("Transparency Board\n\n6 September 2011")
    assert "Click to edit" not in text


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text())
def test_clean_text_can_be_stored_and_holds_no_control_characters(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert not [c for c in cleaned if ord(c) < 32 and c not in "\n\t"]


def test_a_bullet_or_curly_quote_stays_as_printed() -> None:
    printed = "• ‘Hills’ – £4.7m…"
    assert clean(printed) == printed


def test_a_hyphen_at_a_line_end_of_a_pdf_is_printed() -> None:
    assert clean("self\x02\r\nassessment of co\xadoperation") == "self-\nassessment of cooperation"


def test_a_reason_says_once_and_in_words_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(bytes(range(256)))
    assert reason(path) == (
        "damaged: Invalid PDF; fetch it again from its source, or save a copy as PDF"
    )
