"""How does one file become text?

`extract` picks the reader by extension and by the first bytes: kreuzberg for PDF, legacy Office,
slides, spreadsheets, mail and the rest; our own readers where kreuzberg is not exact (.odt, .odp,
.docx, .html, .md, .txt, .csv). Whatever cannot be read raises UnreadableFileError with a reason
that says what was found and what would help. Nothing is recognised from pictures (OCR).
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import kreuzberg

from indexer.errors import UnreadableFileError
from indexer.opendocument import read_opendocument
from indexer.plain_text import TextBuilder, clean, table_row
from indexer.records import Extraction
from indexer.text_encoding import decode
from indexer.web_page import read_markdown, read_web_page
from indexer.word_document import read_word_document

MAX_FILE_BYTES = 256 * 1024 * 1024  # a report is a few MB; 0.2 % of a real archive passes 20 MB
MAX_TEXT_CHARS = 20_000_000  # about 6,000 printed pages
_MAX_SPREADSHEET_ROWS = 200_000

_PASSWORD = "protected by a password: the file is encrypted; save a copy without the password"
_NEEDS_OCR = "OCR needs tesseract, which is not used here"
_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".jp2", ".heic"}
_ARCHIVES = {".warc", ".arc", ".gz", ".zip", ".tar", ".tgz", ".7z", ".bz2", ".xz", ".rar"}
_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")

_MIME_TYPES = {
    ".pdf": "application/pdf",
    ".rtf": "application/rtf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

Reader = Callable[[Path], Extraction]


def extract(path: Path) -> Extraction:
    """Return the text of one file, its pages, its headings and its own properties.

    Raises UnreadableFileError, with a reason written for people.
    """
    try:
        size = path.stat().st_size
        if size == 0:
            raise UnreadableFileError("empty: the file holds 0 bytes")
        if size > MAX_FILE_BYTES:
            raise UnreadableFileError(
                f"too large: {size / 2**20:.0f} MB; files up to {MAX_FILE_BYTES // 2**20} MB "
                "are read; split it"
            )
        extension = _extension(path)
        if extension in _ARCHIVES:  # kreuzberg would list what is in it, or glue it together
            raise UnreadableFileError(_unknown_format(path))
        extraction = _READERS.get(extension, _read_other)(path)
    except OSError as error:
        raise UnreadableFileError(f"cannot be opened: {error.strerror or error}") from error
    except RecursionError as error:
        raise UnreadableFileError("damaged: it is nested too deeply to be a report") from error
    if not extraction.text.strip():
        raise UnreadableFileError(_why_no_text(extraction, extension))
    if len(extraction.text) > MAX_TEXT_CHARS:
        raise UnreadableFileError(
            f"too large: {len(extraction.text):,} characters of text; documents up to "
            f"{MAX_TEXT_CHARS:,} are read; split it"
        )
    return extraction


def _extension(path: Path) -> str:
    """Return what the file is, as an extension: its first bytes overrule a .doc that is none."""
    extension = path.suffix.lower()
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith(b"%PDF-"):
        return ".pdf"
    if extension in (".doc", ".dot", ".rtf", ".xls", ".docx", ".docm", ".pdf"):
        if start.startswith(b"{\\rtf"):
            return ".rtf"
        if start.startswith(b"PK\x03\x04"):
            return _zip_kind(path, extension)
        if re.match(rb"\s*(<!doctype html|<html)", start, re.IGNORECASE):
            return ".html"
    return extension


def _zip_kind(path: Path, extension: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return extension
    if "content.xml" in names:
        return ".odt"
    if any(name.startswith("word/") for name in names):
        return ".docx"
    return ".xlsx" if any(name.startswith("xl/") for name in names) else extension


def _why_no_text(extraction: Extraction, extension: str) -> str:
    if extension in _PICTURES:
        return f"no text in it: it is a picture; {_NEEDS_OCR}"
    if extraction.format == "pdf":
        count = len(extraction.page_starts)
        pages = f"{count} page{'' if count == 1 else 's'}"
        return f"scanned pages without text: {pages}, no text layer; {_NEEDS_OCR}"
    return "no text in it: it may hold only pictures, drawings or attachments"


# --- plain text and tables ----------------------------------------------------------------------


def _read_text(path: Path) -> Extraction:
    return Extraction(clean(decode(path.read_bytes())), "txt")


def _read_csv(path: Path) -> Extraction:
    source = clean(decode(path.read_bytes()))
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(source[:8192], ",;\t|")
    except csv.Error:
        dialect = csv.excel_tab if path.suffix.lower() == ".tsv" else csv.excel
    builder = TextBuilder()
    try:
        for row in csv.reader(io.StringIO(source), dialect):
            builder.add_line(table_row(row))
    except csv.Error:  # a quote that never closes, or a field over 128 KB
        return Extraction(source, "csv")
    return Extraction(builder.text, "csv")


# --- kreuzberg ----------------------------------------------------------------------------------


def _read_other(path: Path) -> Extraction:
    """Read a file with kreuzberg; the result keeps its pages where the format has them."""
    config = kreuzberg.ExtractionConfig(  # type: ignore[call-arg]  # its stub lacks disable_ocr
        use_cache=False,
        disable_ocr=True,
        pages=kreuzberg.PageConfig(extract_pages=True),
        pdf_options=kreuzberg.PdfConfig(extract_metadata=True),
    )
    extension = _extension(path)
    try:
        # Where the first bytes overruled the extension, kreuzberg must hear of it.
        mime_type = _MIME_TYPES[extension] if extension != path.suffix.lower() else None
        result = kreuzberg.extract_file_sync(str(path), mime_type, config=config)
    except kreuzberg.ValidationError as error:
        raise UnreadableFileError(_unknown_format(path)) from error
    except kreuzberg.KreuzbergError as error:
        raise UnreadableFileError(_why_refused(path, str(error))) from error
    except (ValueError, RuntimeError, OSError) as error:
        raise UnreadableFileError(_why_refused(path, str(error))) from error
    if isinstance(result.metadata, dict) and result.metadata.get("format_type") == "excel":
        return _spreadsheet(result, extension)
    text, page_starts = _joined_pages(result)
    if extension == ".doc":
        text = _as_word_prints(text)
    properties = _properties(result)
    return Extraction(text, extension.lstrip(".") or "txt", page_starts, (), properties)


def _why_refused(path: Path, message: str) -> str:
    content = path.read_bytes()[: 4 * 2**20]
    if re.search(r"password|encrypt|decrypt", message, re.IGNORECASE) or (
        content.startswith(_OLE_MAGIC) and _ENCRYPTED_PACKAGE in content
    ):
        return _PASSWORD
    found = " ".join(message.split("\nContext:")[0].split())
    found = re.sub(r"^(\w+Error: )+", "", found)[:160]
    if re.search(r"unsupported|mime type", message, re.IGNORECASE):
        return _unknown_format(path)
    return f"damaged: {found}; fetch it again from its source, or save a copy as PDF"


def _unknown_format(path: Path) -> str:
    extension = path.suffix.lower()
    if extension in _ARCHIVES:
        return f"unknown format {extension!r}: an archive of many files; unpack it"
    return (
        f"unknown format {extension or '(no extension)'!r}: no reader for it; "
        "save it as PDF, .docx, .odt, .html or .txt"
    )


def _joined_pages(result: kreuzberg.ExtractionResult) -> tuple[str, tuple[int, ...]]:
    """Return the text and where its pages begin.

    Joined from the pages themselves: kreuzberg's page boundaries count bytes, and for some files
    `content` differs from its pages (tables are repeated at the end, or white space is dropped).
    """
    pages = [clean(page["content"]).strip() for page in result.pages or ()]
    if not any(pages):
        return clean(result.content), (0,) * int(result.metadata.get("page_count") or len(pages))
    starts, length = [], 0
    for page in pages:
        starts.append(length)
        length += len(page) + 2
    return "\n\n".join(pages), tuple(starts)


def _spreadsheet(result: kreuzberg.ExtractionResult, extension: str) -> Extraction:
    """Return one line a row, under the name of each sheet: `content` glues the cells together."""
    names = result.metadata.get("sheet_names") or ()
    builder = TextBuilder()
    for position, table in enumerate(result.tables):
        sheet = table.page_number - 1 if table.page_number else position
        if 0 <= sheet < len(names):
            builder.add_line(str(names[sheet]), level=1)
        if len(table.cells) > _MAX_SPREADSHEET_ROWS:
            raise UnreadableFileError(
                f"too large: a sheet of {len(table.cells):,} rows; at most "
                f"{_MAX_SPREADSHEET_ROWS:,} are read. Split the file"
            )
        for row in table.cells:
            builder.add_line(table_row(row))
    text = builder.text or clean(result.content)
    return Extraction(text, extension.lstrip("."), (), builder.headings, _properties(result))


def _as_word_prints(text: str) -> str:
    """Put each row of a .doc table on its own line.

    Word ends a cell with one mark and a row with another; kreuzberg turns every mark into a tab,
    so that a whole table, and the paragraph after it, are one line. It also prints the address
    behind each link in brackets, which no reader of the report sees: a quote would break there.
    """
    text = re.sub(r" ?\[(?:https?://|mailto:|ftp://)[^\]\s]*\]", "", text)
    text = re.sub(r' ?HYPERLINK (?:\\[a-z] )*"[^"\n]*"(?: \\[a-z](?: "[^"\n]*")?)*', "", text)
    return re.sub(r"(?<=\S)[ ]*\t[ ]*\t[\t ]*(?=\S)", "\n", text)


def _properties(result: kreuzberg.ExtractionResult) -> dict[str, str]:
    metadata: dict[str, object] = dict(result.metadata)
    authors = metadata.get("authors")
    found = {
        "title": str(metadata.get("title") or ""),
        "author": ", ".join(map(str, authors)) if isinstance(authors, list) else "",
        "created": str(metadata.get("created_at") or ""),
    }
    return {key: " ".join(clean(value).split()) for key, value in found.items() if value.strip()}


_READERS: dict[str, Reader] = {
    ".odt": read_opendocument,
    ".ott": read_opendocument,
    ".odp": read_opendocument,
    ".docx": read_word_document,
    ".docm": read_word_document,
    ".html": read_web_page,
    ".htm": read_web_page,
    ".xhtml": read_web_page,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": _read_text,
    ".text": _read_text,
    ".csv": _read_csv,
    ".tsv": _read_csv,
}
