"""Original files: what was indexed and nothing else, so sent that nothing in it can run here."""

import hashlib
from pathlib import Path

import pytest
from fastapi import Request, Response
from fastapi.responses import FileResponse

from indexer.records import Document
from search_api.errors import OverloadedError, UnknownDocumentError
from search_api.gate import Gate
from tests.indexer.test_parts import zipped
from web import unpacking
from web.original_files import original_place, original_response

HTML = b"<script>alert(1)</script>"


def filed(folder: Path, name: str, content: bytes, format_: str) -> Document:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Document(document_id="d", source_id=name, sha256=digest, format=format_, title="t")


def put_in(folder: Path, box: str, name: str, content: bytes, format_: str) -> Document:
    """Put a file into a new zip; return the report that it is."""
    filed(folder, box, zipped({"other.txt": b"other", name: content}), "zip")
    digest = hashlib.sha256(content).hexdigest()
    return Document("d", f"{box}!/{name}", digest, format_, "t")


def asked(folder: Path, document: Document, known: str = "") -> Response:
    headers = [(b"if-none-match", known.encode())] if known else []
    request = Request({"type": "http", "method": "GET", "headers": headers})
    return original_response(request, folder, document)


def sent(folder: Path, document: Document) -> FileResponse:
    response = asked(folder, document)
    assert isinstance(response, FileResponse)
    return response


def content_of(response: FileResponse) -> bytes:
    return Path(response.path).read_bytes()


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
        asked(tmp_path, document)


def test_who_has_the_original_is_told_so_while_it_is_there(tmp_path: Path) -> None:
    plain = filed(tmp_path, "a.txt", b"as it was", "txt")
    inside = put_in(tmp_path, "box.zip", "a.txt", b"in a box", "txt")
    for document in (plain, inside):
        tag = sent(tmp_path, document).headers["etag"]
        assert tag == f'"{document.sha256}"'
        assert asked(tmp_path, document, known=tag).status_code == 304
        assert asked(tmp_path, document, known='"other"').status_code == 200
    (tmp_path / "a.txt").write_bytes(b"as it is now")
    with pytest.raises(UnknownDocumentError):
        asked(tmp_path, plain, known=f'"{plain.sha256}"')


def test_a_file_in_a_container_is_taken_out_of_it_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    response = sent(tmp_path, put_in(tmp_path, "box.zip", "may/a.pdf", b"%PDF-1.7", "pdf"))
    assert content_of(response) == b"%PDF-1.7"
    assert response.media_type == "application/pdf"
    assert response.headers["content-disposition"] == 'inline; filename="a.pdf"'
    assert response.headers["accept-ranges"] == "none"
    folder = Path(response.path).parent
    assert [one.name for one in folder.iterdir() if one.is_file()] == ["original"]
    del response
    assert not folder.exists()


def test_a_page_in_a_container_is_only_ever_downloaded(tmp_path: Path) -> None:
    name = "e.org/?id=3&x=y"
    response = sent(tmp_path, put_in(tmp_path, "box.zip", name, HTML, "html"))
    assert response.media_type == "application/octet-stream"
    assert response.headers["content-disposition"] == 'attachment; filename="id_3_x_y.html"'
    assert response.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_a_line_of_a_file_is_shown_as_it_is_written(tmp_path: Path) -> None:
    lines = (b'{"_id": "a/1", "text": "One"}', b'{"_id": "b", "text": "Two"}')
    filed(tmp_path, "r.jsonl", b"\n".join(lines), "jsonl")
    digest = hashlib.sha256(lines[0]).hexdigest()
    for source, name in ((tmp_path, "r.jsonl#a/1"), (tmp_path / "r.jsonl", "a/1")):
        response = sent(source, Document("d", name, digest, "jsonl", "t"))
        assert content_of(response) == lines[0]
        assert response.media_type == "text/plain"
        assert response.headers["content-disposition"] == 'inline; filename="1.jsonl"'


@pytest.mark.parametrize(
    "content",
    [zipped({"may/a.pdf": b"changed"}), zipped({"b.pdf": b"%PDF-1.7"}), b"no zip", b""],
)
def test_a_container_without_what_was_indexed_gives_nothing(tmp_path: Path, content: bytes) -> None:
    document = put_in(tmp_path, "box.zip", "may/a.pdf", b"%PDF-1.7", "pdf")
    (tmp_path / "box.zip").write_bytes(content)
    with pytest.raises(UnknownDocumentError, match="has changed since it was read"):
        asked(tmp_path, document)


def test_no_more_are_unpacked_at_a_time_than_may_be_and_none_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = put_in(tmp_path, "box.zip", "a.txt", b"Minutes", "txt")
    monkeypatch.setattr(unpacking, "AT_ONCE", Gate(1, "originals"))
    with unpacking.AT_ONCE, pytest.raises(OverloadedError, match="as many originals"):
        asked(tmp_path, document)
    monkeypatch.setattr(unpacking, "SECONDS", 0.01)
    with pytest.raises(UnknownDocumentError):
        asked(tmp_path, document)
    monkeypatch.setattr(unpacking, "SECONDS", 20)
    assert content_of(sent(tmp_path, document)) == b"Minutes"


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
    assert original_place(folder, source_id) is None


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("outside")
    (folder / "a.txt").symlink_to(tmp_path / "secret.txt")
    assert original_place(folder, "a.txt") is None


def test_a_name_cannot_end_its_header(tmp_path: Path) -> None:
    document = filed(tmp_path, 'a"\r\nSet-Cookie: x=1\r\n\r\n.txt', b"text", "txt")
    header = sent(tmp_path, document).headers["content-disposition"]
    assert "\r" not in header
    assert "\n" not in header
    assert header.startswith("inline; filename*=utf-8''a%22%0D%0ASet-Cookie")
