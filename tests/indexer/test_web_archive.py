"""indexer.web_archive: pages and files that a crawler fetched, each with its address and date."""

import gzip
from pathlib import Path

import pytest

from indexer.parts import Part
from indexer.records import FileStatus
from tests.indexer.test_loading import ARCHIVE, needs_archive
from tests.indexer.test_mail import parts_of, text_of

DATE = "2012-01-16T08:30:00Z"
PAGE = "https://example.org/may.htm"
NAME = "site.warc.gz!/20120116083000/"


def crawl(path: Path, *records: tuple[str, str, str, bytes], compressed: bool = True) -> Path:
    """Write (address, status, content type, content) as responses."""
    written = b""
    for address, status, kind, body in records:
        answer = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n\r\n".encode() + body
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {address}\r\n"
            f"WARC-Date: {DATE}\r\nContent-Type: application/http; msgtype=response\r\n"
            f"Content-Length: {len(answer)}\r\n\r\n"
        )
        record = head.encode() + answer + b"\r\n\r\n"
        written += gzip.compress(record) if compressed else record
    path.write_bytes(written)
    return path


def opened(folder: Path, *records: tuple[str, str, str, bytes]) -> dict[str, Part]:
    return parts_of(crawl(folder / "site.warc.gz", *records), folder / "scratch")


@pytest.mark.parametrize("name", ["site.warc", "site.warc.gz"])
def test_a_page_is_a_document_with_its_address(tmp_path: Path, name: str) -> None:
    page = (PAGE, "200 OK", "text/html; charset=utf-8", b"<title>May</title><p>We met.</p>")
    path = crawl(tmp_path / name, page, compressed=name.endswith("gz"))
    parts = parts_of(path, tmp_path / "scratch")
    assert list(parts) == [f"{name}!/20120116083000/{PAGE}", name]
    found = parts[f"{name}!/20120116083000/{PAGE}"]
    assert text_of(found) == "We met."
    assert found.document is not None
    assert found.document.source_url == PAGE
    assert parts[name].status is FileStatus.CONTAINER


def test_a_file_is_read_by_its_type_though_its_address_has_none(tmp_path: Path) -> None:
    parts = opened(tmp_path, ("https://e.org/get?id=1", "200 OK", "text/csv", b"a,b\n1,2\n"))
    assert text_of(parts[NAME + "https://e.org/get?id=1"]) == "a | b\n1 | 2"


def test_what_is_no_report_is_counted(tmp_path: Path) -> None:
    parts = opened(
        tmp_path,
        ("https://e.org/a.png", "200 OK", "image/png", b"x"),
        ("https://e.org/a.js", "200 OK", "text/javascript", b"x"),
        ("https://e.org/old", "301 Moved", "text/html", b"x"),
        ("https://e.org/robots.txt", "200 OK", "text/plain", b"x"),
        ("https://e.org/none", "404 Not Found", "text/html", b"<p>none</p>"),
    )
    assert list(parts) == ["site.warc.gz"]
    assert parts["site.warc.gz"].reason == (
        "nothing in it is a report; left out: 3 other files (pictures, scripts, styles), "
        "2 redirects and errors"
    )


def test_the_same_page_twice_is_one_document_and_a_duplicate(tmp_path: Path) -> None:
    parts = opened(
        tmp_path,
        (PAGE, "200 OK", "text/html", b"<p>We met.</p>"),
        ("https://example.org/copy.htm", "200 OK", "text/html", b"<p>We met.</p>"),
        (PAGE, "200 OK", "text/html", b"<p>We met again.</p>"),
    )
    assert parts[f"{NAME}https://example.org/copy.htm"].status is FileStatus.DUPLICATE
    assert text_of(parts[f"{NAME}{PAGE} (2)"]) == "We met again."


@pytest.mark.parametrize("missing", [6, 60, 200])  # in the answer, in its head, in the record's
def test_a_file_that_breaks_off_keeps_what_came_before(tmp_path: Path, missing: int) -> None:
    records = [
        (f"https://e.org/{number}", "200 OK", "text/html", b"<p>%d</p>" % number)
        for number in range(3)
    ]
    path = crawl(tmp_path / "site.warc", *records, compressed=False)
    path.write_bytes(path.read_bytes()[:-missing])
    parts = parts_of(path, tmp_path / "scratch")
    assert text_of(parts["site.warc!/20120116083000/https://e.org/1"]) == "1"
    assert parts["site.warc"].status is FileStatus.UNREAD
    assert parts["site.warc"].reason.startswith("damaged: ")


def test_a_file_that_was_gzipped_as_a_whole_is_read(tmp_path: Path) -> None:
    records = [
        (f"https://e.org/{number}", "200 OK", "text/html", b"<p>%d</p>" % number)
        for number in range(3)
    ]
    path = crawl(tmp_path / "plain.warc", *records, compressed=False)
    (tmp_path / "site.warc.gz").write_bytes(gzip.compress(path.read_bytes()))
    parts = parts_of(tmp_path / "site.warc.gz", tmp_path / "scratch")
    assert [text_of(part) for part in list(parts.values())[:-1]] == ["0", "1", "2"]


def test_what_is_no_web_archive_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "site.warc").write_bytes(b"not a web archive\n" * 9)
    (part,) = parts_of(tmp_path / "site.warc", tmp_path / "scratch").values()
    assert part.reason.startswith("damaged: it breaks off after 0 records")


@needs_archive
@pytest.mark.parametrize(
    "name", ["example.warc", "example.warc.gz", "example.arc", "example.arc.gz"]
)
def test_real_crawls_are_read(tmp_path: Path, name: str) -> None:
    parts = parts_of(ARCHIVE / "hard_files" / "warcio" / name, tmp_path / "scratch")
    page = next(iter(parts.values()))
    assert page.document is not None
    assert page.document.source_url == "http://example.com/"
    assert text_of(page).startswith("Example Domain\n")
