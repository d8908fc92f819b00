"""One build in a process of its own: `python -m tests.benchmarks.built`, with JSON for an answer.

Arguments: SOURCE INDEX_DIR CACHE SEEDS.
Prints what it took as JSON, with the peak of its memory. `seconds` leave the vectors out, which
cost nothing here and most of the time in life.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from indexer.build import build
from indexer.priority import give_way
from tests.benchmarks.passages import LIMITS
from tests.benchmarks.stand_in import stand_in_encoder


def main() -> None:
    """Build once, and print what it took."""
    source, index_dir, cache = map(Path, sys.argv[1:4])
    print(json.dumps(build_once(source, index_dir, cache, int(sys.argv[4]))))


def build_once(source: Path, index_dir: Path, cache: Path, seeds: int) -> dict[str, Any]:
    """Return what one build with stand-in vectors took."""
    give_way(index_dir)
    encoder = stand_in_encoder(cache, seeds)
    started, before = time.perf_counter(), _processor_seconds()
    report = build(source, index_dir, encoder, limits=LIMITS)
    return {
        "generation": report.generation_id,
        "documents": report.documents,
        "passages": report.passages,
        "embedded": report.embedded,
        "seconds": time.perf_counter() - started - encoder.seconds,
        "cpu_seconds": _processor_seconds() - before - encoder.seconds,
        "phases": report.seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _processor_seconds() -> float:
    """Return what this process and its children have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
