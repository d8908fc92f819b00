"""indexer.row_sets: bits that behave as a set of numbers does."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer import row_sets
from indexer.row_sets import RowSet

SIZES = st.integers(0, 70)
CHOSEN = st.sets(st.integers(0, 69))


def listed(found: RowSet) -> list[int]:
    assert found.few is not None
    assert len(found.few) == found.count
    return [int(row) for row in found.few]


def row_set(rows: set[int], size: int) -> RowSet:
    return RowSet.of(np.array(list(rows), np.int64), size)


@given(SIZES, CHOSEN, CHOSEN)
def test_what_is_in_both_is_what_is_in_both_sets(size: int, one: set[int], other: set[int]) -> None:
    assert listed(row_set(one, size)) == [row for row in sorted(one) if row < size]
    both = row_set(one, size) & row_set(other, size)
    assert listed(both) == [row for row in sorted(one & other) if row < size]


@given(SIZES, CHOSEN, st.data())
def test_a_stretch_of_rows_counts_from_its_start(
    size: int, chosen: set[int], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, size))
    end = data.draw(st.integers(first, size))
    expected = [row - first for row in sorted(chosen) if first <= row < end]
    assert listed(row_set(chosen, size).between(first, end)) == expected


def test_many_rows_are_kept_as_bits_alone() -> None:
    many = RowSet.of(np.arange(row_sets.FEW_ROWS + 1), 1_000_000)
    assert (many.count, many.few, many.bits.nbytes) == (row_sets.FEW_ROWS + 1, None, 125_000)
