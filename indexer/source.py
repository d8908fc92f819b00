"""What SOURCE holds: the files of a folder, or the lines of one .jsonl file."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from indexer import owner_table
from indexer.errors import EmptySourceError, SourceError, UnreadableFileError
from indexer.records import Block, BlockKind, Document, DocumentText, Extraction, document_id_of
from indexer.structure import read_blocks

_JSONL = ".jsonl"
_NO_REPORTS = ("README.md", *owner_table.FILE_NAMES)  # at the top of SOURCE
# Longer lines are not read into memory; 64 MiB hold a report of ten thousand pages.
_MAX_LINE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SourceItem:
    """One thing to index: a file at `path`, or, where `line` is given, a line of a .jsonl file.

    `problem` says why it cannot be read, where that is known already.
    """

    source_id: str
    path: Path
    sha256: str
    size: int
    line: bytes | None = None
    problem: str = ""


def scan(source: Path, index_dir: Path) -> list[SourceItem]:
    """Return everything that SOURCE holds, ordered by source_id, with the digest of its content.

    Hidden files, office lock files ("~$…"), a README.md and the owner's table at the top, and
    indexes that lie inside are not reports. Raises SourceError where SOURCE is missing,
    EmptySourceError where it is empty.
    """
    if source.is_file():
        if source.suffix.lower() != _JSONL:
            raise SourceError(
                f"{source}: is one {source.suffix or 'unnamed'} file; expected a folder of "
                "reports, or one .jsonl file. Name the folder that holds it"
            )
        items = list(lines_of(source, prefix=""))
    elif source.is_dir():
        items = list(_files(source, index_dir.resolve()))
    else:
        raise SourceError(f"{source}: no such folder or file. Name the folder that holds reports")
    if not items:
        raise EmptySourceError(
            f"{source}: holds no reports. Put files into it (pdf, docx, odt, html, txt, …), "
            "or name another folder"
        )
    return _distinct(sorted(items, key=lambda item: item.source_id))


def _distinct(items: list[SourceItem]) -> list[SourceItem]:
    """Rename files that have the name of a part of another: "a.zip!/b" may be a path, too."""
    names = {item.source_id for item in items}
    return [
        replace(item, source_id=f"{item.source_id} (a file)")
        if any(
            item.source_id[: sign.start()] in names for sign in re.finditer("!/", item.source_id)
        )
        else item
        for item in items
    ]


def _files(source: Path, index_dir: Path) -> Iterator[SourceItem]:
    closed: list[OSError] = []
    for folder, folders, names in os.walk(source, onerror=closed.append):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and not _is_index(Path(folder) / name, index_dir)
        )
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(folder) / name
            if name.startswith((".", "~$")) or path in (source / one for one in _NO_REPORTS):
                continue
            item = _file(path, _readable(path.relative_to(source)), source)
            if path.suffix.lower() == _JSONL and not item.problem:
                yield from _lines_of(item)
            else:
                yield item
    for error in closed:
        path = Path(error.filename)
        name = _readable(path.relative_to(source)) + "/"
        yield SourceItem(name, path, "", 0, problem=f"cannot be opened: {_reason(error)}")


def _is_index(folder: Path, index_dir: Path) -> bool:
    """True for INDEX_DIR and for any other index: what they hold are not reports."""
    if folder.resolve() == index_dir:
        return True
    return (folder / "generations").is_dir() and (folder / "write.lock").is_file()


def _file(path: Path, source_id: str, source: Path) -> SourceItem:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            return SourceItem(source_id, path, "", 0, problem="a link to a folder: not followed")
        if not stat.S_ISREG(found.st_mode):
            return SourceItem(source_id, path, "", 0, problem="not a regular file")
        if path.is_symlink() and not path.resolve().is_relative_to(source.resolve()):
            return SourceItem(source_id, path, "", 0, problem="a link to a file outside the folder")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return SourceItem(source_id, path, digest, found.st_size)
    except OSError as error:
        return SourceItem(source_id, path, "", 0, problem=f"cannot be opened: {_reason(error)}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _lines_of(item: SourceItem) -> Iterator[SourceItem]:
    """Yield the lines of a .jsonl file of a folder, or the file itself where it holds none."""
    empty = True
    for line in lines_of(item.path, prefix=f"{item.source_id}#"):
        empty = False
        yield line
    if empty:
        yield replace(item, problem="empty: no line in it")


def lines_of(path: Path, prefix: str) -> Iterator[SourceItem]:
    """Yield the lines of a .jsonl file; their names begin with `prefix`."""
    seen: set[str] = set()
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE_BYTES), b""), 1):
                content = line.strip().removeprefix(b"\xef\xbb\xbf")
                if not content:
                    continue
                name, problem = _name_of(content, number)
                if name in seen:
                    problem = f"line {number}: _id {name} is taken"
                while name in seen:
                    name = f"{name} (line {number})"
                seen.add(name)
                yield SourceItem(
                    source_id=prefix + name,
                    path=path,
                    sha256=hashlib.sha256(content).hexdigest(),
                    size=len(content),
                    line=None if problem else content,
                    problem=problem,
                )
    except OSError as error:
        yield SourceItem(prefix.rstrip("#") or path.name, path, "", 0, problem=str(error.strerror))


def _name_of(line: bytes, number: int) -> tuple[str, str]:
    """Return the _id of a line, and what is wrong with the line, "" where nothing is."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return f"line {number}", f"line {number}: not JSON; expected one object a line"
    if not isinstance(found, dict):
        return f"line {number}", f"line {number}: not an object with _id, title and text"
    if not isinstance(found.get("_id"), str | int) or found["_id"] == "":
        return f"line {number}", f"line {number}: no _id; expected _id, title and text"
    return " ".join(_clean(str(found["_id"])).split()), ""


def load_line(item: SourceItem) -> tuple[Document, DocumentText]:
    """Return the document of a .jsonl line; raises UnreadableFileError where it has no text."""
    found: dict[str, Any] = json.loads(item.line or b"{}")
    values = {name: _text(found.get(name)) for name in ("title", "text", "date", "body", "url")}
    text = values["text"] if values["text"].strip() else values["title"]
    if not text.strip():
        raise UnreadableFileError("no text in it (title and text are empty)")
    blocks = (
        read_blocks(Extraction(text=text, format="jsonl"))
        if "\n" in text
        else (Block(0, len(text), BlockKind.PARAGRAPH),)
    )
    document = Document(
        document_id=document_id_of(item.source_id),
        source_id=item.source_id,
        sha256=item.sha256,
        format="jsonl",
        title=" ".join(values["title"].split()),
        date=values["date"][:10] if _is_iso_date(values["date"][:10]) else "",
        body=values["body"],
        source_url=values["url"],
    )
    return document, DocumentText(text, (), blocks)


def _text(value: object) -> str:
    return _clean(str(value)) if isinstance(value, str | int | float) else ""


def _clean(text: str) -> str:
    """Without NUL and lone surrogates, which no index can store."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode()


def _is_iso_date(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _readable(path: Path) -> str:
    """The path with "/", and with bytes that are not UTF-8 written as \\xNN."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")
