"""What a generation is made of: its manifest, with the size and sha256 of every file.

    generations/<id>/
        manifest.json              written last; names every other file with size and sha256
        store.sqlite, positions.npy, vectors.faiss, keyword/…, encoder/…
        changes.sqlite             only in one that shares store.sqlite with an older one

Nothing in a generation changes after its manifest is written.
"""

import errno
import hashlib
import json
import os
from collections.abc import Container, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from indexer import keyword_index
from indexer.chunking import PassageLimits
from indexer.embedding import EncoderSpec
from indexer.errors import DamagedError, FormatError, InaccessibleError

FORMAT_VERSION = 4
MANIFEST_NAME = "manifest.json"
_CHECKSUM = "checksum"
# What a disk says of a file that is lost; anything else may pass.
_DAMAGE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EIO, errno.ENXIO}


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of a generation as its manifest names it.

    `inode` and `mtime_ns` are those under which its builder has seen this content.
    """

    bytes: int
    sha256: str
    inode: int = 0
    mtime_ns: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is: all that must agree before it is used."""

    format_version: int
    generation_id: str
    created_at: str
    loader_version: int
    analyzer: str
    limits: PassageLimits
    encoder: EncoderSpec
    documents: int
    passages: int
    files: dict[str, FileEntry]

    def to_json(self) -> str:
        """Return the manifest as it is written, with a checksum of its own."""
        written = asdict(self)
        written |= {_CHECKSUM: checksum_of(written)}
        return json.dumps(written, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, written: str, folder: Path) -> "Manifest":
        """Read a manifest; raises FormatError for another version, else DamagedError."""
        try:
            found: dict[str, Any] = json.loads(written)
            version = found["format_version"]
            if version != FORMAT_VERSION:
                raise FormatError(
                    f"{folder.name}: format {version}; this code reads {FORMAT_VERSION}. "
                    "Build the index again: python -m indexer build SOURCE INDEX_DIR"
                )
            if found[_CHECKSUM] != checksum_of(found):
                raise ValueError("its content has changed: its checksum differs")
            found["limits"] = PassageLimits(**found["limits"])
            found["encoder"] = EncoderSpec(**found["encoder"])
            found["files"] = {name: FileEntry(**entry) for name, entry in found["files"].items()}
            return cls(**{field.name: found[field.name] for field in fields(cls)})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedError(
                f"{folder.name}: the manifest cannot be read ({error}). "
                "Build the index again: python -m indexer build SOURCE INDEX_DIR"
            ) from error


def checksum_of(written: dict[str, Any]) -> str:
    """Return the sha256 that a manifest carries of all else that it says."""
    rest = {name: value for name, value in written.items() if name != _CHECKSUM}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a generation; raises GenerationError where it cannot be used."""
    try:
        written = (folder / MANIFEST_NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise_unless_damaged(folder, error)
        raise DamagedError(f"{folder.name}: no manifest that can be read ({error})") from error
    manifest = Manifest.from_json(written, folder)
    if manifest.generation_id != folder.name:
        raise DamagedError(
            f"{folder.name}: holds the manifest of generation {manifest.generation_id}"
        )
    if manifest.analyzer != keyword_index.ANALYZER:
        raise FormatError(
            f"{folder.name}: analysed with {manifest.analyzer!r}; this code analyses with "
            f"{keyword_index.ANALYZER!r}. Build the index again"
        )
    return manifest


def damage(folder: Path, manifest: Manifest, verified: Container[FileEntry] = ()) -> list[str]:
    """Return what is wrong with the files of a generation, each as one sentence; [] when whole.

    A file that is as one of those that were `verified` before is not read again. Raises
    InaccessibleError where that cannot be found out now.
    """
    found = []
    for name, entry in sorted(manifest.files.items()):
        path = folder / name
        try:
            seen = _entry(path.stat(), entry.sha256)
            if seen.bytes != entry.bytes:
                found.append(f"{name}: has {seen.bytes} bytes, expected {entry.bytes}")
            elif seen not in verified and sha256_of(path) != entry.sha256:
                found.append(f"{name}: its content has changed (sha256 differs)")
        except OSError as error:
            raise_unless_damaged(folder, error)
            found.append(f"{name}: {error.strerror or error}")
    try:
        unknown = {_relative(path, folder) for path in files_of(folder)} - set(manifest.files)
    except OSError as error:
        raise_unless_damaged(folder, error)
        found.append(f"cannot be listed: {error.strerror or error}")
    else:
        found.extend(f"{name}: not named in the manifest" for name in sorted(unknown))
    return found


def raise_unless_damaged(folder: Path, error: Exception) -> None:
    """Raise InaccessibleError for an error that proves no damage: what is whole is not given up."""
    if isinstance(error, OSError) and error.errno not in _DAMAGE:
        raise InaccessibleError(
            f"{folder.name}: cannot be read now ({error.strerror or error}). It may well be whole: "
            "see to permissions, open files and memory, then run the command again"
        ) from error


def entries_of(folder: Path, known: Iterable[FileEntry] = ()) -> dict[str, FileEntry]:
    """Return size and sha256 of every file below `folder`, as a manifest names them.

    The digest of a file that is as one of the `known` is not computed again.
    """
    digests = {replace(entry, sha256=""): entry.sha256 for entry in known if entry.inode}
    entries = {}
    for path in files_of(folder):
        seen = _entry(path.stat(), "")
        entries[_relative(path, folder)] = replace(
            seen, sha256=digests.get(seen) or sha256_of(path)
        )
    return entries


def seen_in(folder: Path, manifest: Manifest) -> set[FileEntry]:
    """Return the files of a generation, all of which were verified, as they lie there now."""
    found = set()
    for name, entry in manifest.files.items():
        with suppress(OSError):  # pruned just now
            found.add(_entry((folder / name).stat(), entry.sha256))
    return found


def _entry(found: os.stat_result, sha256: str) -> FileEntry:
    return FileEntry(found.st_size, sha256, found.st_ino, found.st_mtime_ns)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_of(folder: Path) -> list[Path]:
    """Every file that the manifest must name. Lock files of the keyword engine hold nothing."""
    return [
        path
        for path in everything_in(folder)
        if not path.is_dir()
        and path.name != MANIFEST_NAME
        and not path.name.startswith(".tantivy-")
    ]


def everything_in(folder: Path) -> list[Path]:
    """Every file and folder below `folder`, in order; raises OSError where one cannot be listed.

    `Path.rglob` leaves out in silence what it may not list: a manifest would name too few files.
    """

    def fail(error: OSError) -> None:
        raise error

    return sorted(
        Path(parent) / name
        for parent, folders, names in os.walk(folder, onerror=fail)
        for name in (*folders, *names)
    )


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
