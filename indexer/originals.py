"""The bytes that a document was read from, where they lie in a container or are a line of a file.

Who serves the files of others runs this as a process of its own, `python -m indexer.originals FILE
INSIDE SHA256 TARGET`, and ends it when it takes too long: a container may have been made to hang
its reader, or to fill memory and disk.
"""

import contextlib
import hashlib
import resource
import shutil
import sys
import tempfile
from pathlib import Path

from indexer.containers import READERS, distinct, suffix_of
from indexer.extraction import format_of
from indexer.member import LINE, SEPARATOR, Member
from indexer.source import content_of_line, is_lines, lines_of

_LIMITS = (
    (resource.RLIMIT_AS, 2 * 1024**3),
    (resource.RLIMIT_FSIZE, 512 * 1024**2),  # of each file that is written
    (resource.RLIMIT_CPU, 30),
    (resource.RLIMIT_CORE, 0),
)


def find_original(path: Path, inside: str, sha256: str, scratch: Path) -> Path | None:
    """Return a file with the bytes of what `inside` names in the file at `path`.

    `inside` is what follows the name of the file in that of the document: "!/minutes/may.pdf",
    "!/box.zip!/a.eml", "#17". None where nothing of that name has the digest `sha256`: a name may
    be read in several ways, a digest in one. What is unpacked on the way lies in `scratch`.
    """
    if is_lines(path.name):
        return _find_line(path, inside, sha256, scratch)
    reader = READERS.get(format_of(path))
    if reader is None:
        return None
    taken: set[str] = set()
    with contextlib.closing(reader(path)) as members:
        for member in members:
            name = SEPARATOR + distinct(member.name, taken)
            rest = inside.removeprefix(name)
            if rest and (rest == inside or not rest.startswith((SEPARATOR, LINE))):
                continue
            unpacked = _unpack(member, scratch)
            if unpacked is not None and rest:
                unpacked = find_original(unpacked, rest, sha256, scratch)
            elif unpacked is not None and _digest(unpacked) != sha256:
                unpacked = None
            if unpacked is not None:
                return unpacked
    return None


def _find_line(path: Path, inside: str, sha256: str, scratch: Path) -> Path | None:
    for line in lines_of(path, LINE):
        if line.line and line.source_id == inside and line.sha256 == sha256:
            found = _new_file(scratch, ".json")
            found.write_bytes(content_of_line(line))
            return found
    return None


def _unpack(member: Member, scratch: Path) -> Path | None:
    if member.content is None:
        return None
    path = _new_file(scratch, suffix_of(member))
    with path.open("wb") as target:
        shutil.copyfileobj(member.content, target)
    return path


def _new_file(scratch: Path, suffix: str) -> Path:
    return Path(tempfile.mkdtemp(dir=scratch)) / f"found{suffix}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> int:
    """Find what the arguments name and write it to the target; 1 where it is not there."""
    file, inside, sha256, target = sys.argv[1:]
    for kind, most in _LIMITS:
        resource.setrlimit(kind, (most, most))
    found = find_original(Path(file), inside, sha256, Path(target).parent)
    if found is None:
        return 1
    found.rename(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
