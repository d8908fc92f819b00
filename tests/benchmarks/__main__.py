"""Print how fast things are: `python -m tests.benchmarks [SOURCE]`, or `make benchmark`.

Ratios come from one run on one machine. SOURCE (corpus/ unless named) is built from scratch, built
again with nothing changed, and built with one report more; then its own titles are asked.
"""

import argparse
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from indexer.build import BuildReport, build
from indexer.embedding import BuildEncoder
from indexer.generation import Generation, open_generation
from indexer.records import Filters
from search_api.live import LiveArchive
from search_api.requests import SearchRequest
from search_api.service import SearchService

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("torch", "sentence-transformers", "onnxruntime", "faiss-cpu", "tantivy", "kreuzberg")
TEXTS = 256
QUERIES = 200
_ADDED = "zz-added-by-the-benchmark.txt"


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("source", nargs="?", type=Path, default=ROOT / "corpus")
    source: Path = parser.parse_args(arguments).source
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        copy = work / "source"
        shutil.copytree(source, copy)
        encoder = BuildEncoder()
        _print_build("from scratch", build(copy, work / "index", encoder))
        _print_build("nothing changed", build(copy, work / "index", encoder))
        (copy / _ADDED).write_text("Lantern audit\n\nThe lantern audit of 2011 cost £7,250.\n")
        _print_build("one report more", build(copy, work / "index", encoder))
        generation = open_generation(work / "index")
        _print_encoders(encoder, generation)
        _print_requests(work / "index", generation)
    return 0


def _print_build(name: str, report: BuildReport) -> None:
    seconds = report.seconds
    whole = seconds.get("all", seconds["scan"])
    phases = ", ".join(f"{phase} {taken:.1f}" for phase, taken in seconds.items() if phase != "all")
    print(
        f"build, {name}: {whole:.1f} s for {report.passages} passages, {report.embedded} embedded; "
        f"the encoder's share is {seconds.get('embed', 0) / whole:.0%} ({phases})"
    )


def _print_encoders(encoder: BuildEncoder, generation: Generation) -> None:
    """Compare with sentence-transformers at its defaults, on the same texts and queries."""
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(encoder.folder), device="cpu")
    rows = range(0, generation.counts.passages, max(1, generation.counts.passages // TEXTS))
    texts = [passage.text for passage in generation.passages(list(rows))]
    encoder.encode(texts[:8])
    plain.encode(texts[:8])
    ours, theirs = _seconds(lambda: encoder.encode(texts)), _seconds(lambda: plain.encode(texts))
    print(
        f"embedding: {len(texts) / ours:.0f} passages/s, {theirs / ours:.1f} times "
        "sentence-transformers at its defaults"
    )
    first, *queries = [text[:60] for text in texts[:51]]  # each once: queries are remembered
    generation.encode_query(first)
    ours = statistics.median(_seconds(partial(generation.encode_query, q)) for q in queries)
    theirs = statistics.median(_seconds(partial(plain.encode, [q])) for q in queries)
    print(f"query to vector: p50 {ours * 1000:.1f} ms, {theirs / ours:.1f} times as fast")


def _print_requests(index_dir: Path, generation: Generation) -> None:
    archive = LiveArchive(index_dir)
    print(f"opening the index: {_seconds(archive.refresh):.2f} s")
    service = SearchService(archive)
    titles = [document.title for document in generation.store.documents() if document.title]
    asked = (titles * QUERIES)[:QUERIES]
    calls: dict[str, Callable[[str], object]] = {
        "search": lambda q: service.search(SearchRequest(q=q)),
        "answer": lambda q: service.answer(q, Filters()),
    }
    for name, call in calls.items():
        taken = sorted(_seconds(partial(call, q)) * 1000 for q in asked)
        p50, p95 = taken[len(taken) // 2], taken[len(taken) * 95 // 100]
        print(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
