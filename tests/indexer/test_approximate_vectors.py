"""indexer.approximate_vectors: nearly all that an exact search finds, in any part of an archive."""

from pathlib import Path

import faiss
import numpy as np
import pytest

from indexer import approximate_vectors, vector_index
from indexer.approximate_vectors import recall_from_json, widened
from indexer.embedding import Vectors, normalised
from indexer.ranking import Ranking
from indexer.row_sets import Rows
from indexer.vector_index import VectorIndex

COUNT = 12_000
TOPICS = 40


def passages(count: int, seed: int) -> Vectors:
    """Vectors that gather around topics, as those of passages do; all draw from the same topics."""
    topics = np.random.default_rng(0).normal(size=(TOPICS, 32))
    generator = np.random.default_rng(seed)
    drawn = topics[generator.integers(0, TOPICS, count)]
    return normalised((drawn + generator.normal(size=(count, 32))).astype(np.float32))


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return passages(COUNT, seed=1)


@pytest.fixture(scope="module")
def folder(vectors: Vectors, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("approximate")
    vector_index.write(vectors, folder, exact_below=1000)
    return folder


def nearest(vectors: Vectors, query: Vectors, depth: int, rows: Rows) -> list[int]:
    products = vectors[rows] @ query[0]
    return [int(row) for row in rows[np.lexsort((rows, -products))[:depth]]]


def rows_of(found: Ranking) -> list[int]:
    return [hit.row for hit in found]


def recall(index: VectorIndex, vectors: Vectors, depth: int, rows: Rows) -> float:
    """The share of the exact hits out of `rows` that fifty new queries find, and no others."""
    shares = []
    allowed = None if len(rows) == len(vectors) else rows
    for query in passages(50, seed=2)[:, None]:
        expected = nearest(vectors, query, depth, rows)
        found = rows_of(index.search(query, depth, allowed))
        assert len(found) == len(expected)
        assert set(found) <= set(rows.tolist())
        shares.append(len(set(expected) & set(found)) / len(expected))
    return float(np.mean(shares))


def test_the_recall_that_is_promised_is_written_down_and_kept(
    folder: Path, vectors: Vectors
) -> None:
    stated = recall_from_json((folder / vector_index.RECALL_NAME).read_text())
    assert min(stated.recall_at_10, stated.recall_at_100) >= 0.995
    assert stated.lists_read < stated.lists
    index = VectorIndex(folder)
    assert (index.count, index.rows, index.dimension) == (COUNT, COUNT, 32)
    for depth in (10, 100):
        assert recall(index, vectors, depth, np.arange(COUNT)) >= 0.985


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05, 0.2, 0.5, 0.99])
def test_a_filter_of_any_share_keeps_the_recall(
    folder: Path, vectors: Vectors, share: float
) -> None:
    rows = np.flatnonzero(np.random.default_rng(3).random(COUNT) < share)
    assert recall(VectorIndex(folder), vectors, 100, rows) >= 0.98


def test_where_a_filter_leaves_out_all_that_is_near_the_next_best_are_found(
    folder: Path, vectors: Vectors
) -> None:
    index = VectorIndex(folder)
    for query in passages(20, seed=2)[:, None]:
        products = vectors @ query[0]
        far = np.sort(np.argsort(products)[: COUNT * 9 // 10])
        found = rows_of(index.search(query, 100, far))
        assert len(found) == 100
        # Hundreds of passages lie that far out, all but equally: one is as good as another.
        expected = nearest(vectors, query, 100, far)
        assert products[found].mean() >= products[expected].mean() - 0.01


def test_hits_are_ordered_by_score_and_scores_are_products_with_the_vectors(
    folder: Path, vectors: Vectors
) -> None:
    index, query = VectorIndex(folder), passages(1, seed=2)
    for rows in (None, np.arange(0, COUNT, 2), np.arange(40)):
        found = index.search(query, 100, rows)
        scores = [hit.score for hit in found]
        assert scores == sorted(scores, reverse=True)
        stored = index.vectors(np.array(rows_of(found))) @ query[0]
        assert scores == pytest.approx(stored.tolist(), abs=1e-6)
        assert scores == pytest.approx((vectors[rows_of(found)] @ query[0]).tolist(), abs=1e-3)


def test_equal_vectors_are_ordered_by_row(tmp_path: Path) -> None:
    repeated = np.tile(passages(500, seed=4), (4, 1))
    vector_index.write(repeated, tmp_path, exact_below=1000)
    found = VectorIndex(tmp_path).search(repeated[[7]], 4)
    assert rows_of(found) == [7, 507, 1007, 1507]


def test_an_archive_that_repeats_itself_is_not_taken_for_one_where_little_is_found(
    tmp_path: Path,
) -> None:
    repeated = np.repeat(passages(60, seed=6), 50, axis=0)
    built = approximate_vectors.build(repeated, tmp_path / "index")
    assert built is not None
    assert built[1].recall_at_100 >= 0.992


def test_half_precision_is_widened_as_numpy_widens_it() -> None:
    halves = np.arange(65536, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)]
    assert np.array_equal(widened(finite), finite.astype(np.float32))


def test_two_writings_of_the_same_vectors_have_the_same_bytes(
    folder: Path, vectors: Vectors, tmp_path: Path
) -> None:
    vector_index.write(vectors, tmp_path, exact_below=1000)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["vectors.empty.faiss", "vectors.faiss", "vectors.recall.json"]
    for name in names:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_rows_are_added_and_removed_generation_after_generation(
    folder: Path, vectors: Vectors, tmp_path: Path
) -> None:
    generator = np.random.default_rng(5)
    held, live, previous = vectors, np.arange(COUNT), folder
    for step in range(4):
        added = passages(150 if step != 2 else 0, seed=10 + step)
        removed = np.sort(generator.permutation(live)[:300])
        following = tmp_path / str(step)
        following.mkdir()
        vector_index.append(previous, following, removed, added)
        assert (following / vector_index.FILE_NAME).samefile(folder / vector_index.FILE_NAME)
        live = np.append(np.setdiff1d(live, removed), np.arange(len(held), len(held) + len(added)))
        held, previous = np.concatenate([held, added]), following
        index = VectorIndex(following)
        assert (index.rows, index.count) == (len(held), len(live))
        assert recall(index, held, 100, live) >= 0.98
        few = generator.permutation(len(held))[:700]
        for query in held[live[:: len(live) // 20]][:, None]:
            found = rows_of(index.search(query, 50, few))
            assert found == nearest(
                index.vectors(np.arange(len(held))), query, 50, np.intersect1d(few, live)
            )
        newest = held[[-1]]
        assert rows_of(index.search(newest, 1)) == [len(held) - 1]
    assert not vector_index.worth_rewriting(previous)


def test_lists_that_find_too_little_are_not_used(
    vectors: Vectors, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert approximate_vectors.build(vectors[:2000], tmp_path / "lists", least_recall=1.01) is None
    assert "too little is found in lists; it will be exact" in caplog.text
    vector_index.write(vectors[:2000], tmp_path, exact_below=1000, least_recall=1.01)
    (tmp_path / "lists").unlink()
    assert [path.name for path in tmp_path.iterdir()] == [vector_index.FILE_NAME]
    query = passages(1, seed=2)
    found = rows_of(VectorIndex(tmp_path).search(query, 100))
    assert found == nearest(vectors[:2000], query, 100, np.arange(2000))


def test_the_file_is_what_the_engine_writes_of_all_vectors_at_once(
    folder: Path, vectors: Vectors, tmp_path: Path
) -> None:
    index = faiss.read_index(str(folder / "vectors.empty.faiss"))
    index.add(vectors)
    faiss.write_index(index, str(tmp_path / "at once"))
    written = (folder / vector_index.FILE_NAME).read_bytes()
    assert written == (tmp_path / "at once").read_bytes()
