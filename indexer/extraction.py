"""How does one file become text?

`extract` picks the reader by extension and by the first bytes: kreuzberg for PDF, legacy Office,
slides, spreadsheets, and the rest; our own readers where kreuzberg is not exact. Whatever cannot be
read raises UnreadableFileError with a reason that says what was found and what would help.
What is inside a container is not read here but in `parts`.
"""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from indexer import ocr
from indexer.book import read_book
from indexer.errors import Help, UnreadableFileError
from indexer.kreuzberg_reader import Alive, read_with_kreuzberg
from indexer.mail import read_mail, read_saved_page
from indexer.opendocument import read_opendocument
from indexer.plain_text import clean
from indexer.records import Extraction
from indexer.table_rows import read_csv
from indexer.text_encoding import decode
from indexer.web_page import read_markdown, read_web_page
from indexer.word_document import read_word_document

MAX_FILE_BYTES = 256 * 1024 * 1024  # a report is a few MB; 0.2 % of a real archive passes 20 MB
MAX_TEXT_CHARS = 20_000_000  # about 6,000 printed pages

_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"}
_ARCHIVES = {".tar", ".tgz", ".7z", ".bz2", ".xz", ".rar"}
_SNIFFED = (".doc", ".dot", ".rtf", ".xls", ".docx", ".docm", ".pdf", ".zip")
_WEB_PAGE = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)

Reader = Callable[[Path], Extraction]


def extract(path: Path, alive: Alive = lambda: None) -> Extraction:
    """Return the text of one file, its pages, its headings and its own properties.

    `alive` is called now and then while a long file is read. Raises UnreadableFileError, with a
    reason written for people.
    """
    try:
        size = path.stat().st_size
        if size == 0:
            raise UnreadableFileError("empty: the file holds 0 bytes")
        if size > MAX_FILE_BYTES:
            raise UnreadableFileError(
                f"too large: {size / 2**20:.0f} MB; files up to {MAX_FILE_BYTES // 2**20} MB "
                "are read",
                Help.SPLIT,
            )
        extension = format_of(path)
        if extension in _ARCHIVES:  # kreuzberg would list what is in it, or glue it together
            raise UnreadableFileError(
                f"unknown format {extension!r}: an archive of many files", Help.UNPACK
            )
        reader = _READERS.get(extension)
        extraction = reader(path) if reader else read_with_kreuzberg(path, extension, alive)
    except OSError as error:
        raise UnreadableFileError(f"cannot be opened: {error.strerror or error}") from error
    except RecursionError as error:
        raise UnreadableFileError("damaged: it is nested too deeply to be a report") from error
    if not extraction.text.strip():
        raise _no_text(extraction)
    if len(extraction.text) > MAX_TEXT_CHARS:
        raise UnreadableFileError(
            f"too large: {len(extraction.text):,} characters of text; documents up to "
            f"{MAX_TEXT_CHARS:,} are read",
            Help.SPLIT,
        )
    return extraction


def format_of(path: Path) -> str:
    """Return what a file is, as an extension: its first bytes overrule a .doc that is none.

    A gzipped web archive is ".warc" or ".arc". Raises OSError where it cannot be opened.
    """
    extension = path.suffix.lower()
    if extension == ".gz" and Path(path.stem).suffix.lower() in (".warc", ".arc"):
        return Path(path.stem).suffix.lower()
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith(b"%PDF-"):
        return ".pdf"
    if extension in _SNIFFED:
        if start.startswith(b"{\\rtf"):
            return ".rtf"
        if start.startswith(b"PK\x03\x04"):
            return _zip_kind(path, extension)
        if _WEB_PAGE.match(start):
            return ".html"
    return extension


def _zip_kind(path: Path, extension: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return extension
    if {"content.xml", "mimetype"} <= names:
        return ".odt"
    if "[Content_Types].xml" in names:
        for folder, kind in (("word/", ".docx"), ("xl/", ".xlsx"), ("ppt/", ".pptx")):
            if any(name.startswith(folder) for name in names):
                return kind
    return ".epub" if "META-INF/container.xml" in names else extension


def _no_text(extraction: Extraction) -> UnreadableFileError:
    count = len(extraction.page_starts)
    pages = f"{count} page{'' if count == 1 else 's'}"
    if extraction.unread_pages and ocr.is_installed():
        return UnreadableFileError(f"scanned pages: tesseract could not read them ({pages})")
    if extraction.unread_pages:
        return UnreadableFileError(f"scanned pages without text: {pages}, no text layer", Help.OCR)
    if extraction.format == "pdf":
        return UnreadableFileError(f"no text in it: {pages} without printed words")
    if f".{extraction.format}" in _PICTURES:
        return UnreadableFileError("no text in it: a picture without printed words")
    return UnreadableFileError("no text in it: it may hold only pictures, drawings or attachments")


def _read_text(path: Path) -> Extraction:
    return Extraction(clean(decode(path.read_bytes())), "txt")


def _read_picture(path: Path) -> Extraction:
    found = ocr.recognise(path.read_bytes())
    starts, length = [], 0
    for page in found.pages:
        starts.append(length)
        length += len(page) + 2
    extension = path.suffix.lower().lstrip(".")
    confidence = found.confidence if found.characters else None
    return Extraction(found.text, extension, tuple(starts), ocr_confidence=confidence)


_READERS: dict[str, Reader] = {
    ".odt": read_opendocument,
    ".ott": read_opendocument,
    ".odp": read_opendocument,
    ".docx": read_word_document,
    ".docm": read_word_document,
    ".epub": read_book,
    ".html": read_web_page,
    ".htm": read_web_page,
    ".xhtml": read_web_page,
    ".mhtml": read_saved_page,
    ".mht": read_saved_page,
    ".eml": read_mail,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": _read_text,
    ".text": _read_text,
    ".csv": read_csv,
    ".tsv": read_csv,
    **dict.fromkeys(_PICTURES, _read_picture),
}
