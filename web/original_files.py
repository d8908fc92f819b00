"""The file that a report was read from, served so that nothing in it can run here.

Only a file of SOURCE with the very content that was indexed is served. Browsers show PDF, plain
text and pictures themselves, under a policy that lets nothing in them load or run; anything else
(web pages, office files, mails) is only ever downloaded.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

from fastapi.responses import FileResponse, Response

from indexer.records import Document
from search_api.errors import UnknownDocumentError

_SHOWN = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/plain",
    "csv": "text/plain",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
_SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'self'"
# The viewers of browsers do not start in a sandbox; scripts of a PDF run in the viewer, if at all.
_VIEWER = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"


def original_path(source_dir: Path, source_id: str) -> Path | None:
    """Return the file that `source_id` names; None for what lies in another file, or has gone."""
    try:
        folder = source_dir.resolve()
        path = (folder / source_id).resolve()
        found = path.is_relative_to(folder) and path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return None
    return path if found else None


def is_shown(format_: str) -> bool:
    """True for what browsers show beside the text."""
    return format_ in _SHOWN


def original_response(source_dir: Path, document: Document) -> Response:
    """Return the file of a report; raises UnknownDocumentError where it is not there as indexed."""
    path = original_path(source_dir, document.source_id)
    if path is None or _digest(path) != document.sha256:
        raise UnknownDocumentError(
            "the original of this report is not here, or has changed since it was read; its text is"
        )
    is_pdf = document.format == "pdf" and _begins_as_pdf(path)
    shown = is_shown(document.format) and (is_pdf or document.format != "pdf")
    return FileResponse(
        path,
        filename=path.name,
        media_type=_SHOWN[document.format] if shown else "application/octet-stream",
        content_disposition_type="inline" if shown else "attachment",
        headers={
            "Content-Security-Policy": _VIEWER if is_pdf else _SANDBOX,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-cache",
        },
    )


def _digest(path: Path) -> str:
    try:
        found = path.stat()
        return _digest_of(path, found.st_mtime_ns, found.st_size)
    except OSError:
        return ""


@lru_cache(maxsize=512)
def _digest_of(path: Path, changed: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _begins_as_pdf(path: Path) -> bool:
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)
