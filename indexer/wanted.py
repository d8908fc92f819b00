"""Which text is embedded for each row of a build? Of any size: 28 bytes of memory for a row."""

import os
from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from indexer.row_sets import Rows

Wanted = tuple[bytes, str | None]  # the digest of a text, and the text, None if its vector is known
DIGEST_BYTES = 16
_KNOWN = -1  # in place of a length


class WantedRows:
    """Takes what is wanted for one row after the other; the texts lie in a file."""

    def __init__(self, path: Path) -> None:
        self._texts = path.open("w+b")
        self._digests = bytearray()
        self._lengths = array("i")  # in letters
        self._ends = array("q", [0])  # in the file

    def __len__(self) -> int:
        return len(self._lengths)

    def close(self) -> None:
        """Let go of the file."""
        self._texts.close()

    def extend(self, wanted: Iterable[Wanted]) -> None:
        """Add rows: the digest of a text, and the text, None where its vector is known."""
        for digest, text in wanted:
            written = b"" if text is None else text.encode()
            self._texts.write(written)
            self._ends.append(self._ends[-1] + len(written))
            self._lengths.append(_KNOWN if text is None else len(text))
            self._digests += digest

    def digest(self, row: int) -> bytes:
        """Return the digest of the text of a row."""
        return bytes(self._digests[row * DIGEST_BYTES : (row + 1) * DIGEST_BYTES])

    def text(self, row: int) -> str:
        """Return the text of a row whose vector is not known."""
        self._texts.flush()
        start, end = self._ends[row], self._ends[row + 1]
        return os.pread(self._texts.fileno(), end - start, start).decode()

    def known(self) -> Rows:
        """Return the rows whose vectors are known, in order."""
        return np.flatnonzero(np.array(self._lengths) == _KNOWN)

    def to_embed(self) -> "ToEmbed":
        """Return the texts that have to be embedded, each once."""
        return ToEmbed(np.array(self._lengths), np.frombuffer(bytes(self._digests), ">u8"))


class ToEmbed:
    """Rows by text: iterating yields the rows of each, the longest text first.

    So a progress bar ends sooner than it said, and the largest batch, which decides the memory that
    is needed, is at the start. Texts of one length are in order of their digests.
    """

    def __init__(self, lengths: Rows, digests: Rows) -> None:
        first, second = digests[::2], digests[1::2]
        order = np.lexsort((second, first, -lengths))
        self._rows: Rows = order[lengths[order] != _KNOWN]
        changed = np.zeros(max(0, len(self._rows) - 1), bool)
        for column in (first[self._rows], second[self._rows]):
            changed |= column[1:] != column[:-1]
        changes = np.flatnonzero(changed) + 1
        self._bounds = [0, *changes.tolist(), len(self._rows)] if len(self._rows) else [0]

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __iter__(self) -> Iterator[Rows]:
        return (self._rows[start:end] for start, end in pairwise(self._bounds))
