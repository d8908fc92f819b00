"""What is in a WARC or ARC file? Pages, PDFs and office files as a crawler fetched them.

Each becomes a document with its original address and the time of the capture; this is how the
website of a body that was closed is kept. Pictures, scripts, redirects and errors are no reports:
they are counted. What was fetched again unchanged is recorded as a revisit and holds nothing new.
"""

import gzip
import itertools
import re
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from indexer.errors import Help, UnreadableFileError
from indexer.member import Member, read_name

if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/rtf": ".rtf",
    "application/rtf": ".rtf",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/epub+zip": ".epub",
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
    "message/rfc822": ".eml",
    "application/vnd.ms-outlook": ".msg",
}
_OF_ANY_TYPE = ("", "application/octet-stream", "binary/octet-stream", "application/download")
_MAX_PADDING_BYTES = 8  # at the end of a file
_WITH_CONTENT = ("response", "resource", "conversion")


def read_web_archive(path: Path) -> Generator[Member, None, str]:
    """Yield the documents in a WARC or ARC file, plain or gzipped; return what was left out.

    Raises UnreadableFileError where it breaks off; what came before was yielded.
    """
    left_out: Counter[str] = Counter()
    count = broken = 0
    try:
        for record in _records(path):
            count += 1
            member = _member(record, left_out)
            if member is not None:
                yield member
            broken += _is_broken(record)
    except UnreadableFileError:
        raise
    except Exception as error:  # warcio lets through what zlib and its own parsing raise
        raise UnreadableFileError(
            f"damaged: it breaks off after {count} records ({_one_line(error)})", Help.FETCH
        ) from error
    if broken:
        raise UnreadableFileError(
            f"damaged: {broken} of its {count} records are broken or cut off", Help.FETCH
        )
    if not count:
        raise UnreadableFileError("damaged: no record in it", Help.FETCH)
    found = [f"{number} {kind}" for kind, number in sorted(left_out.items())]
    return f"left out: {', '.join(found)}" if found else ""


def _records(path: Path) -> Iterator["ArcWarcRecord"]:
    """Yield the records; a file that was gzipped as a whole is unpacked on the way."""
    # A sixth of the time that a small build takes to start: only who opens an archive pays for it.
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    count = 0
    try:
        with path.open("rb") as file:
            records = ArchiveIterator(file, arc2warc=True)
            for record in records:
                count += 1
                yield record
            # warcio ends without a word where the head of a record is cut off.
            if path.stat().st_size - records.offset > _MAX_PADDING_BYTES:
                raise ArchiveLoadFailed("what follows is no whole record")
    except ArchiveLoadFailed as error:
        if "non-chunked gzip" not in str(error):
            raise
        with gzip.open(path) as file:
            yield from itertools.islice(ArchiveIterator(file, arc2warc=True), count, None)


def _member(record: "ArcWarcRecord", left_out: Counter[str]) -> Member | None:
    """Return the document in a record, None where it holds none."""
    if record.rec_type == "revisit":
        left_out["unchanged captures"] += 1
    if record.rec_type not in _WITH_CONTENT:
        return None
    address = (record.rec_headers.get_header("WARC-Target-URI") or "").strip(" <>")
    if record.rec_type == "response" and record.http_headers is None:
        return None  # see _is_broken
    status = record.http_headers.get_statuscode() if record.http_headers else "200"
    if not address.startswith(("http:", "https:", "ftp:", "file:")):
        return None  # dns: and the crawler's own notes
    if status not in ("200", "203"):
        left_out["redirects and errors"] += 1
        return None
    suffix = _suffix(record, address)
    if not suffix:
        left_out["other files (pictures, scripts, styles)"] += 1
        return None
    captured = record.rec_headers.get_header("WARC-Date") or ""
    stamp = re.sub(r"\D", "", captured)[:14]
    return Member(
        # As web archives print it, so that two captures of one page differ.
        name=read_name(stamp + "/" + address.replace("://", ":/", 1)).replace(":/", "://", 1),
        content=record.content_stream(),
        suffix=suffix,
        properties={"url": address, "captured": captured},
    )


def _suffix(record: "ArcWarcRecord", address: str) -> str:
    """Return the format of a record as an extension, "" where it is none of ours."""
    headers = record.http_headers or record.rec_headers
    kind = (headers.get_header("Content-Type") or "").split(";")[0].strip().lower()
    path = urlsplit(address).path if "[" not in address else ""
    if path.endswith("/robots.txt"):
        return ""
    if kind in _SUFFIXES:
        return _SUFFIXES[kind]
    named = PurePosixPath(path).suffix.lower()
    return named if kind in _OF_ANY_TYPE and named in _SUFFIXES.values() else ""


def _is_broken(record: "ArcWarcRecord") -> bool:
    """Has it no head, or did the file end before it did? Asked when its content has been read."""
    if not record.rec_headers.get_header("Content-Length"):
        return True
    if record.rec_type == "response" and record.http_headers is None:
        address = record.rec_headers.get_header("WARC-Target-URI") or ""
        return not address.startswith("dns:")
    missing = getattr(record.raw_stream, "limit", 0)
    return bool(missing) and not record.raw_stream.read(1)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
