"""Original files: what was indexed and nothing else, so sent that nothing in it can run here."""

import hashlib
from pathlib import Path

import pytest
from starlette.responses import FileResponse

from indexer.records import Document
from search_api.errors import UnknownDocumentError
from web.original_files import original_path, original_response

HTML = b"<script>alert(1)</script>"


def filed(folder: Path, name: str, content: bytes, format_: str) -> Document:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Document(document_id="d", source_id=name, sha256=digest, format=format_, title="t")


def sent(folder: Path, document: Document) -> FileResponse:
    response = original_response(folder, document)
    assert isinstance(response, FileResponse)
    return response


@pytest.mark.parametrize("format_", ["html", "mhtml", "svg", "xml", "docx", "eml", "epub", "xls"])
def test_what_a_browser_might_run_is_only_ever_downloaded(tmp_path: Path, format_: str) -> None:
    response = sent(tmp_path, filed(tmp_path, f"a.{format_}", HTML, format_))
    assert response.media_type == "application/octet-stream"
    assert response.headers["content-disposition"] == f'attachment; filename="a.{format_}"'
    assert response.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


@pytest.mark.parametrize("format_", ["txt", "md", "csv"])
def test_plain_text_is_shown_as_plain_text_even_if_it_is_markup(
    tmp_path: Path, format_: str
) -> None:
    response = sent(tmp_path, filed(tmp_path, f"a.{format_}", HTML, format_))
    assert response.media_type == "text/plain"
    assert response.headers["content-disposition"].startswith("inline")
    assert response.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_only_what_begins_as_a_pdf_goes_to_the_viewer(tmp_path: Path) -> None:
    real = sent(tmp_path, filed(tmp_path, "a.pdf", b"%PDF-1.7 ...", "pdf"))
    assert real.media_type == "application/pdf"
    assert "sandbox" not in real.headers["content-security-policy"]
    assert "script-src" not in real.headers["content-security-policy"]
    false = sent(tmp_path, filed(tmp_path, "b.pdf", HTML, "pdf"))
    assert false.media_type == "application/octet-stream"
    assert false.headers["content-disposition"].startswith("attachment")
    assert false.headers["content-security-policy"].startswith("sandbox")


def test_a_file_that_has_changed_since_it_was_read_is_not_served(tmp_path: Path) -> None:
    document = filed(tmp_path, "a.txt", b"as it was", "txt")
    assert sent(tmp_path, document)
    (tmp_path / "a.txt").write_bytes(b"as it is now")
    with pytest.raises(UnknownDocumentError, match="has changed since it was read"):
        original_response(tmp_path, document)


@pytest.mark.parametrize(
    "source_id",
    [
        "../secret.txt",
        "/etc/hostname",
        "a/../../secret.txt",
        "box.zip!/a.txt",
        "a\x00.txt",
        "",
        ".",
        "x" * 5000,
        "a.txt/b",
    ],
)
def test_a_name_that_leads_out_of_the_folder_or_nowhere_is_no_file(
    tmp_path: Path, source_id: str
) -> None:
    folder = tmp_path / "reports"
    filed(folder, "a.txt", b"inside", "txt")
    (tmp_path / "secret.txt").write_text("outside")
    assert original_path(folder, source_id) is None


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("outside")
    (folder / "a.txt").symlink_to(tmp_path / "secret.txt")
    assert original_path(folder, "a.txt") is None


def test_a_name_cannot_end_its_header(tmp_path: Path) -> None:
    document = filed(tmp_path, 'a"\r\nSet-Cookie: x=1\r\n\r\n.txt', b"text", "txt")
    header = sent(tmp_path, document).headers["content-disposition"]
    assert "\r" not in header
    assert "\n" not in header
    assert header.startswith("inline; filename*=utf-8''a%22%0D%0ASet-Cookie")
