"""The file that a report was read from, served so that nothing in it can run here.

Only the very content that was indexed is served, from a file of SOURCE or out of a container in it.
Browsers show PDF, plain text and pictures themselves, under a policy that lets nothing in them load
or run; anything else (web pages, office files, mails) is only ever downloaded.
"""

import hashlib
import re
import shutil
import weakref
from functools import lru_cache
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import FileResponse

from indexer.member import LINE, SEPARATOR
from indexer.records import Document
from search_api.errors import UnknownDocumentError
from search_api.sending import REVALIDATE, is_known
from web.unpacking import unpack

_SHOWN = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/plain",
    "csv": "text/plain",
    "jsonl": "text/plain",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
_SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'self'"
# The viewers of browsers do not start in a sandbox; scripts of a PDF run in the viewer, if at all.
_VIEWER = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_INSIDE = re.compile(f"{re.escape(SEPARATOR)}|{re.escape(LINE)}")
_NAME_CHARS = 100
_NOT_HERE = "the original of this report is not here, or has changed since it was read; its text is"


def original_place(source_dir: Path, source_id: str) -> tuple[Path, str] | None:
    """Return the file of SOURCE that holds a report, and where in it ("" for the file itself).

    None where no such file is there.
    """
    if source_dir.is_file():  # its lines are the reports
        return source_dir, LINE + source_id
    whole = _file(source_dir, source_id)
    if whole is not None:
        return whole, ""
    for sign in _INSIDE.finditer(source_id):
        holder = _file(source_dir, source_id[: sign.start()])
        if holder is not None:
            return holder, source_id[sign.start() :]
    return None


def _file(source_dir: Path, name: str) -> Path | None:
    try:
        folder = source_dir.resolve()
        path = (folder / name).resolve()
        found = path.is_relative_to(folder) and path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return None
    return path if found else None


def is_shown(format_: str) -> bool:
    """True for what browsers show beside the text."""
    return format_ in _SHOWN


def original_response(request: Request, source_dir: Path, document: Document) -> Response:
    """Return the file of a report, 304 for who has it.

    Raises UnknownDocumentError where it is not there as indexed, OverloadedError where too many
    are being unpacked.
    """
    path, inside = original_place(source_dir, document.source_id) or (None, "")
    if path is None or not (inside or _digest(path) == document.sha256):
        raise UnknownDocumentError(_NOT_HERE)
    tag = f'"{document.sha256}"'
    headers = {"ETag": tag, "Cache-Control": REVALIDATE}
    if is_known(request.headers, tag):
        return Response(status_code=304, headers=headers)
    if not inside:
        return _sent(path, path.name, document, headers)
    unpacked = unpack(path, inside, document.sha256)
    if unpacked is None:
        raise UnknownDocumentError(_NOT_HERE)
    # Whoever reads on somewhere else in it would have it unpacked again.
    headers["Accept-Ranges"] = "none"
    response = _sent(unpacked, _member_name(document), document, headers)
    weakref.finalize(response, shutil.rmtree, unpacked.parent, ignore_errors=True)
    return response


def _sent(path: Path, name: str, document: Document, headers: dict[str, str]) -> FileResponse:
    is_pdf = document.format == "pdf" and _begins_as_pdf(path)
    shown = is_shown(document.format) and (is_pdf or document.format != "pdf")
    return FileResponse(
        path,
        filename=name,
        media_type=_SHOWN[document.format] if shown else "application/octet-stream",
        content_disposition_type="inline" if shown else "attachment",
        headers=headers
        | {
            "Content-Security-Policy": _VIEWER if is_pdf else _SANDBOX,
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


def _member_name(document: Document) -> str:
    """Return a name to save a member under: a web page is often called "?id=3", or nothing."""
    last = re.split(r"[/#]", document.source_id)[-1]
    name = re.sub(r"[^\w. ()+-]+", "_", last).strip("_. ")[:_NAME_CHARS] or document.document_id
    ending = f".{document.format}"
    return name if name.lower().endswith(ending) else name + ending


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
