"""What an owner waits for: a build, one with nothing changed, one report more, and requests.

SOURCE is really embedded here, so that the encoder's share of a build is that of life.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from indexer.build import BuildReport, build
from indexer.embedding import BuildEncoder
from indexer.generation import Generation, open_generation
from indexer.records import Filters
from search_api.live import LiveArchive
from search_api.requests import SearchRequest
from search_api.service import SearchService
from tests.benchmarks.encoders import print_encoders
from tests.benchmarks.machine import load, milliseconds

_TEXTS = 256
_QUERIES = 200
_ADDED = "zz-added-by-the-benchmark.txt"


def print_short(source: Path) -> None:
    """Build SOURCE from scratch, again, and with one report more; then ask its own titles."""
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
        rows = range(0, generation.counts.passages, max(1, generation.counts.passages // _TEXTS))
        texts = [passage.text for passage in generation.passages(list(rows))]
        print_encoders(encoder, generation.encoder, {"passages of the source": texts})
        _print_requests(work / "index", generation)


def _print_build(name: str, report: BuildReport) -> None:
    seconds = report.seconds
    whole = seconds.get("all", seconds["scan"])
    phases = ", ".join(f"{phase} {taken:.1f}" for phase, taken in seconds.items() if phase != "all")
    print(
        f"build, {name}: {whole:.1f} s for {report.passages} passages, {report.embedded} embedded; "
        f"the encoder's share is {seconds.get('embed', 0) / whole:.0%} ({phases}; {load()})"
    )


def _print_requests(index_dir: Path, generation: Generation) -> None:
    archive = LiveArchive(index_dir)
    started = time.perf_counter()
    archive.refresh()
    print(f"opening the index: {time.perf_counter() - started:.2f} s")
    service = SearchService(archive)
    titles = [document.title for document in generation.store.documents() if document.title]
    asked = (titles * _QUERIES)[:_QUERIES]
    calls: dict[str, Callable[[str], object]] = {
        "search": lambda q: service.search(SearchRequest(q=q)),
        "answer": lambda q: service.answer(q, Filters()),
    }
    for name, call in calls.items():
        taken = [_seconds(partial(call, q)) for q in asked]
        print(f"{name}: {milliseconds(taken)} ({load()})")


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
