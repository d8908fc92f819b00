"""One engine in a process of its own: `python -m tests.benchmarks.peer NAME FOLDER` prints JSON.

Runs in the peers' environment: it imports nothing of the project's but what needs numpy at most.
"""

import json
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

from tests.benchmarks.engines import ENGINES, given
from tests.benchmarks.machine import percentile, resident_mb, versions


def main() -> None:
    """Build, warm up, ask every query, and compare the list by meaning with an exact one."""
    warnings.simplefilter("ignore")
    open_engine, packages = ENGINES[sys.argv[1]]
    texts, vectors, queries, asked, exact = given(Path(sys.argv[2]))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        started = time.perf_counter()
        engine = open_engine(Path(folder) / "data", texts, vectors)
        built = time.perf_counter() - started
        for query, vector in list(zip(queries, asked, strict=True))[:10]:
            engine.hybrid(query, vector)
        taken, used = [], []
        for query, vector in zip(queries, asked, strict=True):
            started, before = time.perf_counter(), time.process_time()
            engine.hybrid(query, vector)
            taken.append(time.perf_counter() - started)
            used.append(time.process_time() - before)
        shares = [
            len(set(engine.nearest(vector)) & set(wanted.tolist())) / len(wanted)
            for vector, wanted in zip(asked, exact, strict=True)
        ]
    print(
        json.dumps(
            {
                "versions": versions(packages),
                "build_seconds": built,
                "p50": percentile(taken, 0.5),
                "p99": percentile(taken, 0.99),
                "cpu": percentile(used, 0.5),
                "recall": sum(shares) / len(shares),
                "resident_mb": resident_mb(os.getpid())[0],
            }
        ),
        flush=True,
    )
    os._exit(0)  # some engines wait for threads of theirs


if __name__ == "__main__":
    main()
