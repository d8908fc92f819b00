"""indexer.vector_file: a file that is written and read as a matrix is."""

from contextlib import closing
from pathlib import Path

import faiss
import numpy as np

from indexer import vector_index
from indexer.embedding import normalised
from indexer.vector_file import VectorFile


def test_rows_are_read_as_they_were_written_in_any_order(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    matrix = np.zeros((50, 8), np.float32)
    with closing(VectorFile(tmp_path / "vectors", (50, 8))) as file:
        assert (len(file), file.shape) == (50, (50, 8))
        for _ in range(20):
            rows = generator.permutation(50)[: generator.integers(0, 9)]
            if len(rows) % 2:
                rows = np.sort(rows)
            given = generator.random((len(rows), 8)).astype(np.float32)
            matrix[rows] = given
            file[rows] = given
        for some in (slice(0, 50), slice(7, 9), slice(48, 70), slice(60, 70)):
            assert np.array_equal(file[some], matrix[some])
        assert np.array_equal(file[np.array([3, 3, 0])], matrix[[3, 3, 0]])
    assert (tmp_path / "vectors").stat().st_size == matrix.nbytes


def test_an_index_of_a_file_has_the_bytes_of_one_of_the_matrix(tmp_path: Path) -> None:
    faiss.omp_set_num_threads(1)
    vectors = normalised(np.random.default_rng(1).normal(size=(70_000, 8)).astype(np.float32))
    for exact_below in (1000, 100_000):
        folders = [tmp_path / f"{kind}-{exact_below}" for kind in ("file", "matrix")]
        for folder in folders:
            folder.mkdir()
        with closing(VectorFile(tmp_path / "vectors", vectors.shape)) as file:
            file[np.arange(len(vectors))] = vectors
            vector_index.write(file, folders[0], exact_below)
        vector_index.write(vectors, folders[1], exact_below)
        written = [{path.name: path.read_bytes() for path in one.iterdir()} for one in folders]
        assert written[0] == written[1]
