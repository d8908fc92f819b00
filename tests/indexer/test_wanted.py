"""indexer.wanted: what is asked for of each row is what was said of it, each text once."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from indexer.wanted import WantedRows


@pytest.fixture
def wanted(tmp_path: Path) -> Iterator[WantedRows]:
    with closing(WantedRows(tmp_path / "texts")) as rows:
        yield rows


def digest(number: int, other: int = 0) -> bytes:
    """Digests of which no half alone tells them apart."""
    return number.to_bytes(8) + other.to_bytes(8)


def test_rows_are_of_known_vectors_or_of_texts_of_which_the_longest_come_first(
    wanted: WantedRows,
) -> None:
    big = 2**63 + 1  # no float tells it from the number before
    wanted.extend([(digest(7), "four"), (digest(2), None), (digest(1), "sixsix")])
    wanted.extend([(digest(7), "four"), (digest(big, big), "fóur"), (digest(big, big - 1), "fuor")])
    assert len(wanted) == 6
    assert wanted.known().tolist() == [1]
    texts = wanted.to_embed()
    assert len(texts) == 4
    assert [rows.tolist() for rows in texts] == [[2], [0, 3], [5], [4]]
    assert [wanted.text(rows[0]) for rows in texts] == ["sixsix", "four", "fuor", "fóur"]
    assert wanted.digest(4) == digest(big, big)


def test_an_empty_text_is_wanted_too(wanted: WantedRows) -> None:
    wanted.extend([(digest(1), "")])
    assert [rows.tolist() for rows in wanted.to_embed()] == [[0]]
    assert wanted.text(0) == ""


@pytest.mark.parametrize("given", [[], [(digest(1), None)]])
def test_nothing_to_embed_is_no_text(
    wanted: WantedRows, given: list[tuple[bytes, str | None]]
) -> None:
    wanted.extend(given)
    assert list(wanted.to_embed()) == []
    assert len(wanted.to_embed()) == 0
