"""How are the formats read that kreuzberg reads well? PDF, .doc, .rtf, slides, sheets, .msg.

What it gives is put right where that is known to be needed: page boundaries, rows of tables, marks
of Word that are not printed. Pages of a PDF without text are recognised from their picture where
tesseract is installed.
"""

import re
from collections.abc import Callable
from pathlib import Path

import kreuzberg

from indexer import ocr
from indexer.errors import Help, UnreadableFileError
from indexer.plain_text import TextBuilder, clean
from indexer.records import Extraction
from indexer.table_rows import row_lines, separated

_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_MIME_TYPES = {
    ".pdf": "application/pdf",
    ".rtf": "application/rtf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

# What the master of a presentation says to its author; no slide shows it.
_MASTER = re.compile(
    r"^Click to edit Master [a-z]+ styles?$(?:\n+(?:Second|Third|Fourth|Fifth) level$)*\n*",
    re.MULTILINE,
)

Alive = Callable[[], None]


def read_with_kreuzberg(path: Path, extension: str, alive: Alive) -> Extraction:
    """Return the text of a file with its pages, where the format has them.

    `extension` is what the file really is.
    """
    config = kreuzberg.ExtractionConfig(  # type: ignore[call-arg]  # its stub lacks disable_ocr
        use_cache=False,
        disable_ocr=True,
        pages=kreuzberg.PageConfig(extract_pages=True),
        pdf_options=kreuzberg.PdfConfig(extract_metadata=True),
    )
    try:
        # Where the first bytes overruled the extension, kreuzberg must hear of it.
        mime_type = _MIME_TYPES[extension] if extension != path.suffix.lower() else None
        result = kreuzberg.extract_file_sync(str(path), mime_type, config=config)
    except kreuzberg.ValidationError as error:
        raise _unknown_format(path) from error
    except kreuzberg.KreuzbergError as error:
        raise _refusal(path, str(error)) from error
    except (ValueError, RuntimeError, OSError) as error:
        raise _refusal(path, str(error)) from error
    if isinstance(result.metadata, dict) and result.metadata.get("format_type") == "excel":
        return _spreadsheet(result, extension)
    if extension == ".pdf":
        return _pdf(result, path, alive)
    text, page_starts = _joined([page["content"] for page in result.pages or ()])
    text = text or clean(result.content)
    if extension == ".doc":
        text = _as_word_prints(text)
    if extension == ".ppt":
        text = _MASTER.sub("", text)
    if extension == ".rtf":
        text = separated(text, (table.cells for table in result.tables))
    return Extraction(text, extension.lstrip(".") or "txt", page_starts, (), _properties(result))


def _refusal(path: Path, message: str) -> UnreadableFileError:
    content = path.read_bytes()[: 4 * 2**20]
    if re.search(r"password|encrypt|decrypt", message, re.IGNORECASE) or (
        content.startswith(_OLE_MAGIC) and _ENCRYPTED_PACKAGE in content
    ):
        return UnreadableFileError("protected by a password: the file is encrypted", Help.PASSWORD)
    if re.search(r"unsupported|mime type", message, re.IGNORECASE):
        return _unknown_format(path)
    found = " ".join(message.split("\nContext:")[0].split())
    # It names its classes, and says the same at each level.
    pieces = dict.fromkeys(re.sub(r"\b\w+Error(: |$)", "", found).strip(": ").split(": "))
    said = ": ".join(pieces)[:160] or "it cannot be opened"
    return UnreadableFileError(f"damaged: {said}; {Help.FETCH}, or", Help.CONVERT)


def _unknown_format(path: Path) -> UnreadableFileError:
    extension = path.suffix.lower() or "(no extension)"
    return UnreadableFileError(f"unknown format {extension!r}: no reader for it", Help.FORMAT)


def _pdf(result: kreuzberg.ExtractionResult, path: Path, alive: Alive) -> Extraction:
    pages = [page["content"] for page in result.pages or ()]
    pages += [""] * (int(result.metadata.get("page_count") or 0) - len(pages))

    def picture(number: int, dpi: int) -> bytes:
        try:
            return kreuzberg.render_pdf_page(path, number, dpi=dpi)
        except (kreuzberg.KreuzbergError, ValueError, RuntimeError):
            return b""  # what cannot be drawn cannot be read either

    scans = ocr.read_scans(pages, picture, alive)
    text, starts = _joined(scans.pages)
    return Extraction(
        text or clean(result.content),
        "pdf",
        starts,
        (),
        _properties(result),
        ocr_confidence=scans.confidence,
        unread_pages=scans.unread,
    )


def _joined(contents: list[str]) -> tuple[str, tuple[int, ...]]:
    """Return the text and where its pages begin.

    Joined from the pages themselves: kreuzberg's page boundaries count bytes, and for some files
    `content` differs from its pages (tables are repeated at the end, or white space is dropped).
    """
    pages = [clean(content).strip() for content in contents]
    if not any(pages):
        return "", (0,) * len(pages)
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
        for line in row_lines(table.cells):
            builder.add_line(line)
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
