"""Print how fast things are: `python -m tests.benchmarks [WHAT …]`, or `make benchmark…`.

Nothing here passes or fails. Ratios come from one run on one machine, which is printed with its
versions and, beside each figure, with how busy it was.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import machine
from tests.benchmarks.encoders import print_embedding
from tests.benchmarks.growth import Depth, print_growth, run_module
from tests.benchmarks.load import Stage, print_load
from tests.benchmarks.over_http import print_http
from tests.benchmarks.passages import write_source
from tests.benchmarks.peers import print_peers
from tests.benchmarks.short import print_short
from tests.conftest import ROOT

CACHE = ROOT / "benchmark-cache"


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    given = _parser().parse_args(arguments)
    # Several threads of one operation wait for each other where other work has their cores.
    print(machine.described(), machine.load(), f"OMP_NUM_THREADS={os.getenv('OMP_NUM_THREADS')}")
    settings = Depth(given.queries, given.seeds)
    if given.what == "short":
        print_short(given.source)
        return 0
    given.cache.mkdir(parents=True, exist_ok=True)
    if given.what == "embedding":
        print_embedding(given.texts)
    elif given.what == "growth":
        print_growth(given.sizes, given.cache, settings)
    elif given.what == "peers":
        print_peers(given.sizes[0], given.python, given.cache, settings)
    else:
        with tempfile.TemporaryDirectory(dir=given.cache) as folder:
            _serve(given, Path(folder), settings)
    return 0


def _serve(given: argparse.Namespace, work: Path, settings: Depth) -> None:
    """Build one index, and put it under the benchmark that serves it."""
    source, index_dir = work / "source", work / "index"
    write_source(source, given.sizes[0])
    built = run_module("built", source, index_dir, given.cache, settings.seeds)
    print(f"{built['passages']:,} passages in {built['documents']:,} reports")
    if given.what == "http":
        print_http(source, index_dir, given.cache, settings, given.seconds)
    else:
        print_load(
            Stage(source, index_dir, given.cache, settings, given.minutes, given.connections)
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE, help="where vectors are kept")
    parser.add_argument("--seeds", type=int, default=Depth().seeds, help="real vectors")
    parser.add_argument("--queries", type=int, default=Depth().queries)
    kinds = parser.add_subparsers(dest="what", required=True)
    short = kinds.add_parser("short", help="a build of SOURCE, encoders, requests")
    short.add_argument("source", nargs="?", type=Path, default=ROOT / "corpus")
    embedding = kinds.add_parser("embedding", help="both encoders on short and long texts")
    embedding.add_argument("--texts", type=int, default=256, help="of each length")
    for name, told in (
        ("growth", "one row for each number of passages"),
        ("peers", "hybrid retrieval against other engines"),
        ("http", "the service over HTTP"),
        ("load", "bursts, slow clients, cancellations, a soak"),
    ):
        kind = kinds.add_parser(name, help=told)
        kind.add_argument("sizes", nargs="+", type=int, help="passages")
        kind.add_argument("--seconds", type=float, default=20, help="for each figure over HTTP")
        kind.add_argument("--minutes", type=float, default=20, help="of the soak")
        kind.add_argument("--connections", type=int, default=200, help="of a burst")
        kind.add_argument(
            "--python", type=Path, default=ROOT / ".venv-peers/bin/python", help="of the peers"
        )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
