"""indexer.vector_index: FAISS gives what numpy gives."""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import vector_index
from indexer.embedding import Vectors, normalised
from indexer.ranking import Hit
from indexer.vector_index import VectorIndex
from tests.conftest import ROOT


def random_vectors(count: int, dimension: int = 16, seed: int = 1) -> Vectors:
    generator = np.random.default_rng(seed)
    return normalised(generator.normal(size=(count, dimension)).astype(np.float32))


def index_of(vectors: Vectors, folder: Path) -> VectorIndex:
    vector_index.write(vectors, folder)
    return VectorIndex(folder)


def exact(vectors: Vectors, query: Vectors, rows: list[int]) -> list[tuple[int, float]]:
    """Every row with its inner product, best first, equal ones by row: a plain sort."""
    products = [(row, float(vectors[row] @ query[0])) for row in rows]
    return sorted(products, key=lambda pair: (-pair[1], pair[0]))


@pytest.mark.parametrize("depth", [1, 3, 50, 150, 400])
def test_a_ranking_has_the_exact_inner_products_in_order(tmp_path: Path, depth: int) -> None:
    vectors, query = random_vectors(300), random_vectors(1, seed=2)
    found = index_of(vectors, tmp_path).search(query, depth)
    expected = exact(vectors, query, list(range(300)))[:depth]
    assert [hit.row for hit in found] == [row for row, _ in expected]
    assert [hit.score for hit in found] == pytest.approx([score for _, score in expected], abs=1e-6)


@pytest.mark.parametrize("depth", [1, 7, 40, 200])
def test_a_ranking_of_chosen_rows_holds_no_other(tmp_path: Path, depth: int) -> None:
    vectors, query = random_vectors(300), random_vectors(1, seed=2)
    rows = [5, 3, 299, *range(100, 180, 2)]
    found = index_of(vectors, tmp_path).search(query, depth, np.array(rows, np.int64))
    expected = exact(vectors, query, rows)[:depth]
    assert [hit.row for hit in found] == [row for row, _ in expected]


@settings(max_examples=60, deadline=None)
@given(
    choice=st.lists(st.integers(0, 2), min_size=1, max_size=250),
    depth=st.integers(1, 260),
    chosen=st.none() | st.sets(st.integers(0, 249), max_size=250),
)
def test_equal_scores_are_ordered_by_row_wherever_the_list_is_cut(
    choice: list[int], depth: int, chosen: set[int] | None
) -> None:
    vectors = random_vectors(3)[choice]
    rows = None if chosen is None else sorted(row for row in chosen if row < len(choice))
    with tempfile.TemporaryDirectory() as folder:
        index = index_of(vectors, Path(folder))
        wanted = None if rows is None else np.array(rows, np.int64)
        found = index.search(random_vectors(1, seed=2), depth, wanted)
    pool = list(range(len(choice))) if rows is None else rows
    expected = exact(vectors, random_vectors(1, seed=2), pool)
    assert [hit.row for hit in found] == [row for row, _ in expected[:depth]]


def test_the_best_hit_of_a_stored_vector_is_itself(tmp_path: Path) -> None:
    vectors = random_vectors(20)
    index = index_of(vectors, tmp_path)
    assert [index.search(vectors[[row]], 1)[0].row for row in range(20)] == list(range(20))
    assert index.search(vectors[[4]], 1)[0].score == pytest.approx(1.0, abs=1e-6)


def test_padding_never_shows_as_a_hit(tmp_path: Path) -> None:
    index = index_of(random_vectors(5), tmp_path)
    rows = np.array([1, 3], np.int64)
    assert sorted(hit.row for hit in index.search(random_vectors(1, seed=2), 100)) == [
        0,
        1,
        2,
        3,
        4,
    ]
    assert sorted(hit.row for hit in index.search(random_vectors(1, seed=2), 100, rows)) == [1, 3]
    absent = np.array([1, 70], np.int64)
    assert [hit.row for hit in index.search(random_vectors(1, seed=2), 100, absent)] == [1]


def test_nothing_is_found_where_nothing_is_looked_for(tmp_path: Path) -> None:
    index = index_of(random_vectors(5), tmp_path)
    query = random_vectors(1, seed=2)
    assert index.search(query, 0) == ()
    assert index.search(query, 10, np.zeros(0, np.int64)) == ()
    assert index.vectors(np.zeros(0, np.int64)).shape == (0, 16)


def test_an_empty_index_opens_and_finds_nothing(tmp_path: Path) -> None:
    index = index_of(np.zeros((0, 16), np.float32), tmp_path)
    assert (index.count, index.dimension) == (0, 16)
    assert index.search(random_vectors(1), 10) == ()


def test_vectors_come_in_the_order_of_the_rows_and_give_the_scores_of_a_search(
    tmp_path: Path,
) -> None:
    vectors, query = random_vectors(30), random_vectors(1, seed=2)
    index = index_of(vectors, tmp_path)
    rows = np.array([7, 0, 29, 7], np.int64)
    assert index.vectors(rows).tolist() == vectors[rows].tolist()
    scores = {hit.row: hit.score for hit in index.search(query, 30)}
    assert index.vectors(rows) @ query[0] == pytest.approx([scores[row] for row in rows], abs=1e-6)


def test_two_writings_of_the_same_vectors_have_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        vector_index.write(random_vectors(30), tmp_path / name)
        written.append((tmp_path / name / vector_index.FILE_NAME).read_bytes())
    assert written[0] == written[1]


_WRITE = """
import sys
from pathlib import Path
import numpy as np
from indexer import vector_index
try:
    vectors = np.random.default_rng(1).normal(size=(3000, 16)).astype(np.float32)
    vector_index.write(vectors, Path(sys.argv[1]), exact_below=int(sys.argv[2]))
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize("exact_below", [0, 10_000])
def test_a_full_disk_is_an_os_error_with_its_reason(tmp_path: Path, exact_below: int) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _WRITE, str(tmp_path), str(exact_below)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)),
    )
    assert child.stdout == "vector index: File too large\n"


def test_a_hit_is_a_plain_record(tmp_path: Path) -> None:
    vectors = np.eye(2, dtype=np.float32)
    assert index_of(vectors, tmp_path).search(vectors[[1]], 2) == (Hit(1, 1.0), Hit(0, 0.0))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_appended_and_removed_rows_are_found_as_a_plain_list_finds_them(
    data: st.DataObject,
) -> None:
    pool = random_vectors(60, 8)  # few, so that equal vectors come up again and again
    held = [pool[row] for row in data.draw(st.lists(st.integers(0, 59), max_size=40))]
    gone: set[int] = set()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "0"
        folder.mkdir()
        vector_index.write(np.array(held, np.float32).reshape(-1, 8), folder)
        for step in range(1, data.draw(st.integers(2, 5))):
            removed = data.draw(st.sets(st.integers(0, len(held) - 1))) if held else set()
            added = pool[data.draw(st.lists(st.integers(0, 59), max_size=20))]
            previous, folder = folder, Path(name) / str(step)
            folder.mkdir()
            vector_index.append(previous, folder, np.array(sorted(removed), np.int64), added)
            held += list(added)
            gone |= removed
        index = VectorIndex(folder)
        live = [row for row in range(len(held)) if row not in gone]
        assert (index.rows, index.count) == (len(held), len(live))
        query = random_vectors(1, 8, seed=2)
        depth = data.draw(st.integers(1, 80))
        matrix = np.array(held, np.float32).reshape(-1, 8)
        expected = [row for row, _ in exact(matrix, query, live)][:depth]
        assert [hit.row for hit in index.search(query, depth)] == expected
        chosen = data.draw(st.sets(st.integers(0, 120)))
        allowed = [row for row, _ in exact(matrix, query, [row for row in live if row in chosen])]
        found = index.search(query, depth, np.array(sorted(chosen), np.int64))
        assert [hit.row for hit in found] == allowed[:depth]
        assert index.vectors(np.array(live, np.int64)).tolist() == matrix[live].tolist()


def test_what_did_not_change_is_shared_with_the_generation_before(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    vector_index.write(random_vectors(30), tmp_path / "one")
    vector_index.append(
        tmp_path / "one", tmp_path / "two", np.array([3], np.int64), random_vectors(2, seed=2)
    )
    files = [tmp_path / name / vector_index.FILE_NAME for name in ("one", "two")]
    assert files[0].samefile(files[1])
    assert [path.name for path in sorted((tmp_path / "one").iterdir())] == ["vectors.faiss"]


def test_rows_that_never_were_cannot_be_removed(tmp_path: Path) -> None:
    vector_index.write(random_vectors(3), tmp_path)
    with pytest.raises(ValueError, match="rows 1 to 3 of 3 rows"):
        vector_index.append(
            tmp_path, tmp_path / "next", np.array([1, 3], np.int64), random_vectors(0)
        )


@pytest.mark.parametrize(
    ("removed", "added", "worth"), [(1000, 1000, False), (1001, 0, True), (0, 1001, True)]
)
def test_an_index_is_worth_rewriting_once_much_of_it_has_changed(
    tmp_path: Path, removed: int, added: int, worth: bool
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    vector_index.write(random_vectors(2000, 2), tmp_path / "one")
    assert not vector_index.worth_rewriting(tmp_path / "one")
    gone = np.arange(removed, dtype=np.int64)
    vector_index.append(tmp_path / "one", tmp_path / "two", gone, random_vectors(added, 2))
    assert vector_index.worth_rewriting(tmp_path / "two") == worth
