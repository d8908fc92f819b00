"""indexer.ocr: what is printed on a picture, and how sure that is."""

from pathlib import Path

import kreuzberg
import pytest
from fpdf import FPDF

from indexer import ocr
from indexer.errors import Help, UnreadableFileError
from indexer.extraction import extract
from indexer.parts import load, load_document
from tests.indexer.test_extraction import write_pdf

WORDS = "The Authority agreed the budget for Operation Connect on 17 March 2011."
needs_tesseract = pytest.mark.skipif(
    not ocr.is_installed(), reason="NOT CHECKED: tesseract is not installed"
)


def picture(folder: Path, text: str = WORDS) -> Path:
    drawn = write_pdf(folder / "drawn.pdf", [text])
    path = folder / "page.png"
    path.write_bytes(kreuzberg.render_pdf_page(drawn, 0, dpi=200))
    return path


def scan(folder: Path, *pages: str) -> Path:
    """Write a PDF of the named kinds of pages: "text", "blank", or "picture"."""
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    for kind in pages:
        pdf.add_page()
        if kind == "text":
            pdf.multi_cell(0, 8, "Page with a text layer. " * 4)
        if kind == "picture":
            pdf.image(str(picture(folder)), 0, 0, 210, 297)
    pdf.output(str(folder / "scan.pdf"))
    return folder / "scan.pdf"


@pytest.fixture
def no_tesseract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@needs_tesseract
def test_a_scanned_page_becomes_text_with_its_confidence(tmp_path: Path) -> None:
    document, text, _ = load_document(scan(tmp_path, "picture"), "scan.pdf", "")
    assert text.text.split() == WORDS.split()
    assert document.ocr_confidence is not None
    assert 0.8 < document.ocr_confidence <= 1


@needs_tesseract
def test_only_pages_without_text_are_recognised(tmp_path: Path) -> None:
    extraction = extract(scan(tmp_path, "text", "blank", "picture"))
    assert extraction.text.startswith("Page with a text layer.")
    assert extraction.text[extraction.page_starts[2] :].split() == WORDS.split()
    assert extraction.unread_pages == ()


@needs_tesseract
def test_a_picture_is_read(tmp_path: Path) -> None:
    extraction = extract(picture(tmp_path))
    assert extraction.text.split() == WORDS.split()
    assert extraction.format == "png"


@needs_tesseract
def test_what_is_no_picture_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "page.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    with pytest.raises(UnreadableFileError, match="tesseract cannot read the picture"):
        extract(path)


@pytest.mark.usefixtures("no_tesseract")
def test_without_tesseract_a_scan_says_what_would_help(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        extract(scan(tmp_path, "picture", "picture"))
    assert caught.value.help == Help.OCR
    assert str(caught.value) == (
        "scanned pages without text: 2 pages, no text layer; "
        "install tesseract-ocr and tesseract-ocr-eng, then build again"
    )


@pytest.mark.usefixtures("no_tesseract")
def test_without_tesseract_a_picture_says_what_would_help(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        extract(picture(tmp_path))
    assert caught.value.help == Help.OCR


@pytest.mark.usefixtures("no_tesseract")
def test_pages_that_are_pictures_are_named_though_the_others_can_be_searched(
    tmp_path: Path,
) -> None:
    path = scan(tmp_path, "text", "blank", "picture")
    (part,) = load(path, "scan.pdf", "", tmp_path)
    assert part.text is not None
    assert part.help == Help.OCR
    assert part.reason == (
        "1 of 3 pages are pictures (3); install tesseract-ocr and tesseract-ocr-eng, "
        "then build again"
    )
