"""Hybrid retrieval against other engines: same passages, same vectors, the query's vector given.

Ours is `retrieve` as the service calls it: parsing, expansion, 300 hits a list, every candidate
scored on both sides, feedback. It is measured before and after the others, for the machine may be
shared.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from indexer.generation import open_generation
from search_api.query import parse
from tests.benchmarks import machine
from tests.benchmarks.asked import exact_nearest
from tests.benchmarks.engines import ENGINES
from tests.benchmarks.growth import Depth, run_module
from tests.benchmarks.passages import write_source
from tests.benchmarks.questions import questions
from tests.conftest import ROOT

_LONGEST_SECONDS = 3600


def print_peers(size: int, python: Path, cache: Path, settings: Depth) -> None:
    """Print one line for each engine; `python` is the interpreter of the peers' environment."""
    with tempfile.TemporaryDirectory(dir=cache) as name:
        work = Path(name)
        write_source(work / "source", size)
        built = run_module("built", work / "source", work / "index", cache, settings.seeds)
        hand_over(work / "index", work / "given", settings.queries)
        print(f"{built['passages']:,} passages, {settings.queries} queries")
        ours(work / "index", settings)
        for engine in ENGINES:
            print(_told(engine, _run(engine, work / "given", python)), flush=True)
        ours(work / "index", settings)


def hand_over(index_dir: Path, folder: Path, wanted: int) -> None:
    """Write the passages and vectors of an index, and queries with theirs, for other engines."""
    folder.mkdir()
    generation = open_generation(index_dir)
    rows = range(generation.counts.passages)
    with (folder / "texts.jsonl").open("w", encoding="utf-8") as file:
        for start in range(0, len(rows), 1000):
            for passage in generation.passages(rows[start : start + 1000]):
                file.write(json.dumps(passage.text) + "\n")
    np.save(folder / "vectors.npy", generation.row_vectors(rows))
    queries = [query for query in questions(wanted) if parse(query).question]
    asked = np.concatenate([generation.encode_query(parse(query).question) for query in queries])
    nearest = exact_nearest(generation, asked, np.arange(len(rows)))
    (folder / "queries.json").write_text(json.dumps(queries))
    np.save(folder / "asked.npy", asked)
    np.save(folder / "nearest.npy", np.array([sorted(names) for names in nearest]))


def ours(index_dir: Path, settings: Depth) -> None:
    """Print our own line."""
    found = run_module("asked", index_dir, settings.queries)
    line = found["retrieval"] | {"recall": found["recall"], "resident_mb": found["asked_mb"][0]}
    print(
        _told("archive-search", line | {"versions": machine.versions(("tantivy", "faiss-cpu"))}),
        flush=True,
    )


def _run(engine: str, given: Path, python: Path) -> dict[str, Any] | str:
    """Return what an engine's process prints, or the last line of why it could not run."""
    command = [str(python), "-m", "tests.benchmarks.peer", engine, str(given)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_LONGEST_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    try:
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1][:300]
    return found


def _told(engine: str, found: dict[str, Any] | str) -> str:
    if isinstance(found, str):
        return f"{engine}: NOT RUN: {found}"
    built = f", built in {found['build_seconds']:.0f} s" if "build_seconds" in found else ""
    return (
        f"{engine}: p50 {found['p50'] * 1000:.2f} ms, p99 {found['p99'] * 1000:.2f} ms, CPU p50 "
        f"{found['cpu'] * 1000:.2f} ms, recall@10 {found['recall']:.3f}, "
        f"{found['resident_mb']} MB{built} ({found['versions']}; {machine.load()})"
    )
