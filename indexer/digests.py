"""sha256 of the files of SOURCE, without reading those that are as they were.

A file whose size, times and inode are what they were is taken for the same, but where it had been
written to so shortly before that a later change might have left the same times (git does the same).
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from indexer.records import Stamp

# The coarsest clock of a file system that is in use (FAT).
_CLOCK_NS = 2_000_000_000
_UNSETTLED = Stamp(-1, -1, -1, -1)  # of a file that has to be read again, whatever it looks like


class Digests:
    """Digests by source_id; `known` are those of before with the stamps that stand for them."""

    def __init__(self, known: Mapping[str, tuple[str, Stamp]]) -> None:
        self.known = known
        self._found: dict[str, tuple[str, Stamp]] = {}

    def of(self, source_id: str, path: Path, stamp: Stamp) -> str:
        """Return the digest of the file that has this stamp; raises OSError.

        A file is read once: one that changes during a build is another for the next.
        """
        if source_id in self._found:
            return self._found[source_id][0]
        known = self.known.get(source_id)
        if known is not None and known[1] == stamp:
            self._found[source_id] = known
            return known[0]
        now = time.time_ns()
        with path.open("rb") as file:
            before = stamp_of(os.fstat(file.fileno()))
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = stamp_of(os.fstat(file.fileno()))
        settled = before == after and max(before.mtime_ns, before.ctime_ns) < now - _CLOCK_NS
        self._found[source_id] = (digest, before if settled else _UNSETTLED)
        return digest

    def has(self, source_id: str) -> bool:
        """True for a file that SOURCE holds."""
        return source_id in self._found

    def stamps(self, source_ids: Iterable[str]) -> Iterator[tuple[str, str, Stamp]]:
        """Yield (source_id, sha256, stamp) of each file; what could not be read has no digest."""
        for source_id in source_ids:
            yield source_id, *self._found.get(source_id, ("", _UNSETTLED))


def stamp_of(found: os.stat_result) -> Stamp:
    """Return the stamp in what `stat` says."""
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
