"""Sets of rows, small enough to be kept by the dozen where an index holds a million."""

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
# Up to here the rows themselves are kept beside the bits: few enough to look at each one.
FEW_ROWS = 20_000


class RowSet:
    """Some of the rows 0 to `size` - 1: a bit for each, lowest first; never changed."""

    def __init__(self, bits: npt.NDArray[np.uint8], size: int) -> None:
        self.bits = bits
        self.size = size
        self.count = int(np.bitwise_count(bits).sum(dtype=np.int64))
        self.few = self.listed() if self.count <= FEW_ROWS else None
        self._stretches: dict[tuple[int, int], RowSet] = {}

    @classmethod
    def of(cls, rows: Rows, size: int) -> "RowSet":
        """Return the set of `rows`, in any order; those beyond `size` are left out."""
        held = np.zeros(size, bool)
        held[rows[rows < size]] = True
        return cls(np.packbits(held, bitorder="little"), size)

    def __and__(self, other: "RowSet") -> "RowSet":
        return RowSet(self.bits & other.bits, self.size)

    def between(self, first: int, end: int) -> "RowSet":
        """Return the rows from `first` to before `end`, counted from `first`; kept once made."""
        if (first, end) not in self._stretches:
            held = np.unpackbits(self.bits, count=self.size, bitorder="little")[first:end]
            packed = np.packbits(held, bitorder="little")
            self._stretches[first, end] = RowSet(packed, end - first)
        return self._stretches[first, end]

    def listed(self) -> Rows:
        """Return the rows in order."""
        # Only bytes with a bit in them are spelled out: of a million rows few are looked at.
        at = np.flatnonzero(self.bits)
        row, bit = np.nonzero(np.unpackbits(self.bits[at, None], axis=1, bitorder="little"))
        return (at[row] * 8 + bit).astype(np.int64)
