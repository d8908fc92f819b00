"""One index over HTTP: one client, eight clients, two services, filters, and during a re-index."""

import json
import threading
import time
from collections.abc import Iterator
from itertools import chain, cycle
from pathlib import Path

from tests.benchmarks import machine
from tests.benchmarks.asked import FILTERS
from tests.benchmarks.growth import Depth, add_report, run_module
from tests.benchmarks.questions import questions
from tests.benchmarks.served import (
    Answers,
    Service,
    answer_path,
    ask_for,
    ask_until,
    generation_served,
    search_path,
    served,
)

_CLIENTS = 8
_QUERIES_EACH = 10  # more than the service remembers


def print_http(
    source: Path, index_dir: Path, cache: Path, settings: Depth, seconds: float = 20
) -> None:
    """Print what the service does over an index, `seconds` for each figure."""
    queries = cycle(questions(_QUERIES_EACH * settings.queries))
    searches = map(search_path, queries)
    both = chain.from_iterable((search_path(query), answer_path(query)) for query in queries)
    with served(index_dir) as service:
        ready_mb = machine.resident_mb(service.pid)
        print(f"ready {service.ready_seconds:.2f} s after the start, {ready_mb[0]} MB resident")
        ask_for(service.port, searches, 1, seconds / 4)  # warm
        found, _ = ask_for(service.port, searches, 1, seconds)
        _print("one client, search", found)
        for name, paths in (("search", searches), ("search and answer in turn", both)):
            found, took = ask_for(service.port, paths, _CLIENTS, seconds)
            _print(f"{_CLIENTS} clients, {name}: {len(found.good) / took:.0f}/s", found)
        _print_memory(index_dir, service, searches, seconds)
        _print_filters(service, queries, seconds)
        _print_reindex(service, source, index_dir, cache, settings, searches, seconds)


def _print_memory(
    index_dir: Path, service: Service, searches: Iterator[str], seconds: float
) -> None:
    with served(index_dir) as second:
        ask_for(second.port, searches, 1, seconds / 2)
        for name, pid in (("first", service.pid), ("second", second.pid)):
            whole, own = machine.resident_mb(pid)
            print(f"{name} service: {whole} MB resident, {whole - own} MB of it mapped files")


def _print_filters(service: Service, queries: Iterator[str], seconds: float) -> None:
    for name, filter_ in FILTERS.items():
        told = {
            key: value
            for key in ("date_from", "date_to", "body")
            if (value := getattr(filter_, key))
        }
        paths = (search_path(query, **told) for query in queries)
        found, _ = ask_for(service.port, paths, 1, seconds / 4)
        _print(f"one client, filter {name}", found)


def _print_reindex(
    service: Service,
    source: Path,
    index_dir: Path,
    cache: Path,
    settings: Depth,
    searches: Iterator[str],
    seconds: float,
) -> None:
    """Ask while one report is added, until it is found; then at rest, for the ratio."""
    at_rest, _ = ask_for(service.port, searches, 1, seconds)
    add_report(source, time.time_ns())
    ended = threading.Event()
    found_after: list[float] = []
    built: dict[str, object] = {}

    def add() -> None:
        try:
            started = time.perf_counter()
            built.update(run_module("built", source, index_dir, cache, settings.seeds))
            generation_served(service.port, str(built["generation"]))
            found_after.append(time.perf_counter() - started)
        finally:
            ended.set()

    adding = threading.Thread(target=add)
    adding.start()
    meanwhile, _ = ask_until(service.port, searches, 1, ended.is_set)
    adding.join()
    _print("one client at rest", at_rest)
    _print("one client during a re-index", meanwhile)
    ratio = machine.percentile(meanwhile.good, 0.99) / machine.percentile(at_rest.good, 0.99)
    print(f"p99 during a re-index: {ratio:.1f} times that at rest")
    print(
        f"one report added: served {found_after[0]:.2f} s after the start of the build's process "
        f"(which loads {settings.seeds} stand-in vectors); build {built['seconds']:.2f} s, "
        f"{built['embedded']} embedded: {json.dumps(built['phases'])}"
    )


def _print(name: str, found: Answers) -> None:
    others = {status: len(taken) for status, taken in found.taken.items() if status != 200}
    wrong = (
        f", not 200: {others}, failed: {len(found.failures)}" if others or found.failures else ""
    )
    told = machine.milliseconds(found.good) if found.good else "nothing answered"
    print(f"{name}: {told} of {len(found.good)}{wrong} ({machine.load()})", flush=True)
