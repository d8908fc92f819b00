"""Which documents does one file hold, and what is unread in it and why?

Most files hold one. A container (zip, mail, web archive) holds several, each read on its own, so
that one that is damaged, protected or huge never loses the others. What lies in `box.zip` is named
`box.zip!/folder/report.pdf`; containers within containers are opened down to MAX_DEPTH.
Parts come in the same order each time, so that a reader that died can be followed by one that
goes on after the part that killed it.
"""

import contextlib
import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from indexer import ocr
from indexer.containers import READERS, distinct, suffix_of
from indexer.errors import Help, UnreadableFileError
from indexer.extraction import MAX_FILE_BYTES, extract, format_of
from indexer.member import SEPARATOR, Member
from indexer.metadata import describe
from indexer.records import (
    Document,
    DocumentText,
    Extraction,
    FileRecord,
    FileStatus,
    Relation,
)
from indexer.source import lines_of, load_line
from indexer.structure import read_blocks

MAX_DEPTH = 3  # a mail in a zip in a zip; deeper is a trick, or a slip
MAX_MEMBERS = 100_000
MAX_UNPACKED_RATIO = 50  # of a container's size; text packs 5 to 20 times smaller
MIN_UNPACKED_BYTES = 2 * 1024**3  # so much may be unpacked however small the container is
_CHUNK_BYTES = 1024 * 1024

_DOCUMENTS_TOO = (".eml", ".msg")  # the words of the mail, beside what is attached to it


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one thing that a file holds. The last part of a file is the file itself.

    `document` and `text` are there where `status` is SEARCHABLE.
    """

    source_id: str
    sha256: str
    size: int
    status: FileStatus
    reason: str = ""
    help: str = ""
    document: Document | None = None
    text: DocumentText | None = None

    def record(self, file: str) -> FileRecord:
        """Return what is kept of it; `file` is the file of SOURCE that it is, or lies in."""
        return FileRecord(
            source_id=self.source_id,
            sha256=self.sha256,
            size=self.size,
            status=self.status,
            reason=self.reason,
            document_ids=(self.document.document_id,) if self.document else (),
            container="" if self.source_id == file else file,
            help=self.help,
        )

    def unread(self, error: UnreadableFileError) -> "Part":
        """Return it as unread for the reason that `error` gives."""
        return replace(
            self,
            status=FileStatus.UNREAD,
            reason=str(error),
            help=str(error.help or ""),
            document=None,
            text=None,
        )


# Called with a part before it is read, and with None now and then while that takes long.
Working = Callable[[Part | None], None]


def load(
    path: Path,
    source_id: str,
    sha256: str,
    scratch: Path,
    done: int = 0,
    working: Working = lambda part: None,
) -> Iterator[Part]:
    """Yield what one file holds, the file itself last; only a crash or a hang can stop it.

    `scratch` is a folder for what is unpacked. The first `done` parts are known already: they are
    neither read nor yielded again.
    """
    yield from _Walk(scratch, done, working, path).parts(path, source_id, sha256, {}, depth=0)


def explained(error: BaseException) -> UnreadableFileError:
    """Return the reason that an error of a reader gives, whatever it is."""
    if isinstance(error, UnreadableFileError):
        plain = UnreadableFileError(str(error))  # without its cause, which may not pickle
        plain.help = error.help
        return plain
    if isinstance(error, MemoryError):
        return UnreadableFileError(
            "too large: reading it needs more memory than is allowed", Help.RETRY
        )
    if type(error).__name__ == "PanicException":  # of a library in Rust; the class has no module
        said = " ".join(str(error).split())[:160]
        return UnreadableFileError(f"damaged: its reader gave up ({said})", Help.CONVERT)
    return UnreadableFileError(
        f"damaged: reading it failed ({type(error).__name__}: {str(error)[:160]})", Help.CONVERT
    )


class _Walk:
    """One pass over a file and what lies in it."""

    def __init__(self, scratch: Path, done: int, working: Working, path: Path) -> None:
        self._scratch = scratch
        self._done = done
        self._working = working
        self._count = 0  # of parts so far
        self._members = 0
        self._bytes_left = max(MIN_UNPACKED_BYTES, MAX_UNPACKED_RATIO * path.stat().st_size)
        self._stopped: UnreadableFileError | None = None
        self._first_of: dict[str, str] = {}

    def parts(
        self, path: Path, source_id: str, sha256: str, properties: dict[str, str], depth: int
    ) -> Iterator[Part]:
        """Yield the parts of the file at `path`: the file itself, or a member of it."""
        this = Part(source_id, sha256, path.stat().st_size, FileStatus.CONTAINER)
        try:
            extension = format_of(path)
        except OSError as error:
            reason = UnreadableFileError(f"cannot be opened: {error.strerror or error}")
            yield from self._closing(this.unread(reason))
            return
        if extension == ".jsonl":
            yield from self._lines(path, source_id)
            yield from self._closing(this)
        elif extension not in READERS:
            yield from self._document(path, this, properties)
        else:
            opened = yield from self._opened(path, extension, this, depth)
            if extension not in _DOCUMENTS_TOO:
                yield from self._closing(opened)
                return
            if opened.status is FileStatus.UNREAD:
                name = f"{source_id}{SEPARATOR}attachments"
                yield from self._closing(replace(opened, source_id=name))
            yield from self._document(path, this, properties)

    def _closing(self, part: Part) -> Iterator[Part]:
        """Yield `part`, unless it is known already."""
        self._count += 1
        if self._count > self._done:
            yield part

    def _document(self, path: Path, this: Part, properties: dict[str, str]) -> Iterator[Part]:
        if self._count < self._done:
            self._count += 1
            return
        self._working(this)
        try:
            document, text, extraction = load_document(
                path, this.source_id, this.sha256, properties, lambda: self._working(None)
            )
            part = replace(
                this,
                status=FileStatus.SEARCHABLE,
                document=document,
                text=text,
                reason=_what_is_missing(extraction),
                help=Help.OCR if extraction.unread_pages and not ocr.is_installed() else "",
            )
        except BaseException as error:  # a panic in the library is a BaseException
            part = this.unread(explained(error))
        yield from self._closing(part)

    def _lines(self, path: Path, source_id: str) -> Iterator[Part]:
        for line in lines_of(path, prefix=f"{source_id}#"):
            part = Part(line.source_id, line.sha256, line.size, FileStatus.SEARCHABLE)
            try:
                if line.problem:
                    raise UnreadableFileError(line.problem)
                document, text = load_line(line)
                part = replace(part, document=document, text=text)
            except BaseException as error:
                part = part.unread(explained(error))
            yield from self._closing(part)

    def _opened(
        self, path: Path, extension: str, this: Part, depth: int
    ) -> Generator[Part, None, Part]:
        """Yield the parts of what lies in a container; return what became of it."""
        if depth >= MAX_DEPTH:
            return this.unread(
                UnreadableFileError(f"nested too deeply: inside {depth} others", Help.UNPACK)
            )
        with contextlib.closing(READERS[extension](path)) as members:
            return (yield from self._read_members(members, this, depth))

    def _read_members(
        self, members: Generator[Member, None, str], this: Part, depth: int
    ) -> Generator[Part, None, Part]:
        names: set[str] = set()
        while True:
            self._working(None)
            try:
                member = next(members)
            except StopIteration as end:
                nothing = "" if names else "nothing in it is a report"
                return replace(this, reason="; ".join(filter(None, (nothing, end.value))))
            except BaseException as error:
                return this.unread(explained(error))
            name = distinct(member.name, names)
            yield from self._member(member, f"{this.source_id}{SEPARATOR}{name}", depth + 1)
            if self._stopped:
                return this.unread(self._stopped)

    def _member(self, member: Member, source_id: str, depth: int) -> Iterator[Part]:
        self._members += 1
        if self._members > MAX_MEMBERS:
            self._stopped = UnreadableFileError(
                f"too large: it holds more than {MAX_MEMBERS:,} files", Help.SPLIT
            )
            return
        path = self._scratch / f"{self._members}{suffix_of(member)}"
        part = Part(source_id, "", 0, FileStatus.UNREAD)
        try:
            digest, size = self._unpack(member, path)
            part = replace(part, sha256=digest, size=size)
            first = self._first_of.setdefault(digest, source_id)
            if first != source_id:
                reason = f"{Relation.CONTENT} {first}"
                same = replace(part, status=FileStatus.DUPLICATE, reason=reason)
                yield from self._closing(same)
            else:
                yield from self.parts(path, source_id, digest, member.properties, depth)
        except BaseException as error:
            if isinstance(error, GeneratorExit):
                raise
            yield from self._closing(part.unread(explained(error)))
        finally:
            path.unlink(missing_ok=True)

    def _unpack(self, member: Member, path: Path) -> tuple[str, int]:
        """Write the content of a member to `path`; return its digest and size."""
        if member.problem or member.content is None:
            raise member.problem or UnreadableFileError("empty: the file holds 0 bytes")
        most = self._bytes_left if _is_container(path) else min(self._bytes_left, MAX_FILE_BYTES)
        digest, size = hashlib.sha256(), 0
        with path.open("wb") as target:
            while chunk := _chunk(member.content.read, min(_CHUNK_BYTES, most - size + 1)):
                size += len(chunk)
                self._bytes_left -= len(chunk)
                if size > most:
                    break
                digest.update(chunk)
                target.write(chunk)
        if self._bytes_left < 0:
            self._stopped = UnreadableFileError(
                "too large: it unpacks to more than "
                f"{max(MIN_UNPACKED_BYTES // 2**30, 1)} GB and {MAX_UNPACKED_RATIO} times its "
                "size, as files do that are made to fill a disk",
                Help.UNPACK,
            )
            raise self._stopped
        if size > most:
            raise UnreadableFileError(
                f"too large: it unpacks to more than {most // 2**20} MB", Help.SPLIT
            )
        return digest.hexdigest(), size


def load_document(
    path: Path,
    source_id: str,
    sha256: str,
    properties: Mapping[str, str] | None = None,
    alive: Callable[[], None] = lambda: None,
) -> tuple[Document, DocumentText, Extraction]:
    """Return a file that is read as one document; `properties` are what its container says of it.

    Raises UnreadableFileError with a reason written for people.
    """
    extraction = extract(path, alive)
    extraction.properties.update(properties or {})
    blocks = read_blocks(extraction)
    document = describe(source_id, sha256, extraction, blocks)
    text = DocumentText(extraction.text, extraction.page_starts, blocks, extraction.properties)
    return document, text, extraction


def described_again(document: Document, text: DocumentText, source_id: str) -> Document:
    """Return what is known about `document` once its file has the name `source_id`."""
    extraction = Extraction(
        text.text,
        document.format,
        text.page_starts,
        properties=text.properties,
        ocr_confidence=document.ocr_confidence,
    )
    return describe(source_id, document.sha256, extraction, text.blocks)


def _what_is_missing(extraction: Extraction) -> str:
    """Say which pages of a document that can be searched are pictures, "" where none is."""
    pages = extraction.unread_pages
    if not pages:
        return ""
    listed = ", ".join(map(str, pages[:10])) + (", …" if len(pages) > 10 else "")
    found = f"{len(pages)} of {len(extraction.page_starts)} pages are pictures ({listed})"
    return f"{found}; {'tesseract could not read them' if ocr.is_installed() else Help.OCR}"


def _chunk(read: Callable[[int], bytes], size: int) -> bytes:
    """Read from a packed member; zlib, zipfile and warcio raise errors of no common kind."""
    try:
        return read(size)
    except MemoryError:
        raise
    except RuntimeError as error:
        raise UnreadableFileError(
            "protected by a password: the file is encrypted", Help.PASSWORD
        ) from error
    except Exception as error:
        found = " ".join(str(error).split())[:160]
        raise UnreadableFileError(
            f"damaged: it cannot be unpacked ({found})", Help.FETCH
        ) from error


def _is_container(path: Path) -> bool:
    return path.suffix in READERS
