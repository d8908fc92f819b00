"""What SOURCE holds: the files of a folder, or the lines of one .jsonl file."""

import hashlib
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from indexer import owner_table
from indexer.digests import Digests, stamp_of
from indexer.errors import EmptySourceError, SourceError, UnreadableFileError
from indexer.records import (
    Block,
    BlockKind,
    Document,
    DocumentText,
    Extraction,
    Stamp,
    document_id_of,
)
from indexer.structure import read_blocks

_JSONL = ".jsonl"
_NO_REPORTS = ("README.md", *owner_table.FILE_NAMES)  # at the top of SOURCE
# Longer lines are not read into memory; 64 MiB hold a report of ten thousand pages.
_MAX_LINE_BYTES = 64 * 1024 * 1024
CLASHING = " (a file)"  # behind the name of a file that a part of another has
_NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SourceItem:
    """One thing to index: a file at `path`, or, where `line` is given, a line of a .jsonl file.

    `line` is where it begins in the file, and how many bytes it has. `problem` says why the item
    cannot be read, where that is known already.
    """

    source_id: str
    path: Path
    sha256: str
    size: int
    line: tuple[int, int] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of SOURCE, at `place`; `problem` says why it cannot be read, else it has a stamp."""

    source_id: str
    place: str
    stamp: Stamp | None = None
    problem: str = ""

    @property
    def path(self) -> Path:
        """Where it is. Of a hundred thousand files only a few are asked."""
        return Path(self.place)

    @property
    def prefix(self) -> str | None:
        """How the names of its lines begin, None where it is one report."""
        if self.problem or not is_lines(self.place):
            return None
        return f"{self.source_id}#" if self.source_id else ""


def scan(source: Path, index_dir: Path) -> list[SourceItem]:
    """Return everything that SOURCE holds; see `list_files` and `items_in`."""
    return items_in(source, list_files(source, index_dir), Digests({}))


def items_in(source: Path, files: Iterable[SourceFile], digests: Digests) -> list[SourceItem]:
    """Return what the files of SOURCE hold, ordered by source_id, with the digest of its content.

    Raises EmptySourceError where that is nothing.
    """
    items = [item for file in files for item in items_of(file, digests)]
    if not items:
        raise EmptySourceError(
            f"{source}: holds no reports. Put files into it (pdf, docx, odt, html, txt, …), "
            "or name another folder"
        )
    return _distinct(sorted(items, key=lambda item: item.source_id))


def list_files(source: Path, index_dir: Path) -> list[SourceFile]:
    """Return the files of SOURCE, none of which is opened; raises SourceError where it is missing.

    Hidden files, office lock files ("~$…"), a README.md and the owner's table at the top, and
    indexes that lie inside are not reports. A .jsonl file that is SOURCE itself has no name.
    """
    if source.is_dir():
        return list(_files(source, index_dir.resolve()))
    if not source.is_file():
        raise SourceError(f"{source}: no such folder or file. Name the folder that holds reports")
    if not is_lines(source.name):
        raise SourceError(
            f"{source}: is one {source.suffix or 'unnamed'} file; expected a folder of "
            "reports, or one .jsonl file. Name the folder that holds it"
        )
    return [SourceFile("", os.fspath(source), stamp_of(source.stat()))]


def is_lines(name: str) -> bool:
    """True for the name of a file each line of which is an item of its own."""
    return name.lower().endswith(_JSONL)


def items_of(
    file: SourceFile, digests: Digests, names: Mapping[str, str] = _NO_NAMES
) -> Iterator[SourceItem]:
    """Yield what one file holds: itself, or its lines; what cannot be opened has a problem.

    `names` are those of lines that are known; see `lines_of`.
    """
    try:
        digest = digests.of(file.source_id, file.path, file.stamp) if file.stamp else ""
    except OSError as error:
        file = replace(file, problem=f"cannot be opened: {_reason(error)}")
    if file.problem or file.stamp is None:
        yield SourceItem(file.source_id, file.path, "", 0, problem=file.problem)
        return
    itself = SourceItem(file.source_id, file.path, digest, file.stamp.size)
    if file.prefix is None:
        yield itself
        return
    empty = True
    for line in lines_of(file.path, file.prefix, names):
        empty = False
        yield line
    if empty and file.source_id:
        yield replace(itself, problem="empty: no line in it")


def _distinct(items: list[SourceItem]) -> list[SourceItem]:
    """Rename files that have the name of a part of another: "a.zip!/b", "a.jsonl#b"."""
    names = Counter(item.source_id for item in items)
    return [
        replace(item, source_id=item.source_id + CLASHING)
        if not is_lines(item.path.name)
        and (names[item.source_id] > 1 or _is_inside(item.source_id, names))
        else item
        for item in items
    ]


def _is_inside(source_id: str, names: Container[str]) -> bool:
    return any(source_id[: sign.start()] in names for sign in re.finditer("!/", source_id))


def _files(source: Path, index_dir: Path) -> Iterator[SourceFile]:
    root = source.resolve()
    waiting = [(os.fspath(source), "")]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            yield SourceFile(prefix or "./", folder, problem=f"cannot be opened: {_reason(error)}")
            continue
        for entry in entries:
            name = entry.name
            if name.startswith(".") or _is_index(entry, index_dir):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, f"{prefix}{_readable(name)}/"))
            elif not name.startswith("~$") and (prefix or name not in _NO_REPORTS):
                yield _file(entry, prefix + _readable(name), root)


def _is_index(entry: "os.DirEntry[str]", index_dir: Path) -> bool:
    """True for INDEX_DIR and for any other index: what they hold are not reports."""
    try:
        if not entry.is_dir():
            return False
    except OSError:  # a link that leads nowhere
        return False
    folder = Path(entry.path)
    if folder.resolve() == index_dir:
        return True
    return (folder / "generations").is_dir() and (folder / "write.lock").is_file()


def _file(entry: "os.DirEntry[str]", source_id: str, root: Path) -> SourceFile:
    try:
        found = entry.stat()
        problem = ""
        if stat.S_ISDIR(found.st_mode):
            problem = "a link to a folder: not followed"
        elif not stat.S_ISREG(found.st_mode):
            problem = "not a regular file"
        elif entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
            problem = "a link to a file outside the folder"
    except OSError as error:
        problem = f"cannot be opened: {_reason(error)}"
    if problem:
        return SourceFile(source_id, entry.path, problem=problem)
    return SourceFile(source_id, entry.path, stamp_of(found))


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def lines_of(path: Path, prefix: str, names: Mapping[str, str] = _NO_NAMES) -> Iterator[SourceItem]:
    """Yield the lines of a .jsonl file; their names begin with `prefix`.

    `names` holds, by sha256, the _id of lines that were read before and had nothing wrong with
    them: such a line is not decoded again, which takes five times as long as all else.
    """
    seen: set[str] = set()
    end = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE_BYTES), b""), 1):
                start, end = end, end + len(line)
                content = _content(line)
                if not content:
                    continue
                digest = hashlib.sha256(content).hexdigest()
                known = names.get(digest)
                name, problem = (known, "") if known else _name_of(content, number)
                if name in seen:
                    problem = f"line {number}: _id {name} is taken"
                while name in seen:
                    name = f"{name} (line {number})"
                seen.add(name)
                yield SourceItem(
                    source_id=prefix + name,
                    path=path,
                    sha256=digest,
                    size=len(content),
                    line=None if problem else (start, len(line)),
                    problem=problem,
                )
    except OSError as error:
        yield SourceItem(prefix.rstrip("#") or path.name, path, "", 0, problem=str(error.strerror))


def _content(line: bytes) -> bytes:
    return line.strip().removeprefix(b"\xef\xbb\xbf")


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
    """Return the document of a .jsonl line; raises UnreadableFileError where it has none.

    Raises OSError where the disk fails: a line that could be read a moment ago is not given up.
    """
    return document_of_line(item, content_of_line(item))


def content_of_line(item: SourceItem) -> bytes:
    """Return the bytes of a .jsonl line; raises UnreadableFileError where they are others now."""
    start, size = item.line or (0, 0)
    with item.path.open("rb") as file:
        file.seek(start)
        content = _content(file.read(size))
    if hashlib.sha256(content).hexdigest() != item.sha256:
        raise UnreadableFileError("it changed while it was read")
    return content


def document_of_line(item: SourceItem, content: bytes) -> tuple[Document, DocumentText]:
    """Return the document that a line says; raises UnreadableFileError where it has no text."""
    found: dict[str, Any] = json.loads(content)
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


def _readable(path: str) -> str:
    """The path with "/", and with bytes that are not UTF-8 written as \\xNN."""
    if path.isascii():
        return path
    return os.fsencode(path).decode("utf-8", "backslashreplace")
