"""How everything grows with the archive: one row for each number of passages, and the exponents.

The vectors are stand-ins (see `stand_in`), so a build is measured without embedding; what that
takes besides is passages divided by the rate that the embedding benchmark prints. An exponent of 1
is growth in proportion, 0 none.
"""

import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import machine
from tests.benchmarks.passages import described, write_source
from tests.conftest import ROOT

COLUMNS = {
    "build s": "{:.1f}",
    "build CPU s": "{:.1f}",
    "peak MB": "{:.0f}",
    "re-index s": "{:.2f}",
    "re-index CPU s": "{:.2f}",
    "open s": "{:.2f}",
    "retrieval p50 ms": "{:.2f}",
    "retrieval p99 ms": "{:.2f}",
    "retrieval cpu ms": "{:.2f}",
    "retrieval cpu99 ms": "{:.2f}",
    "search p50 ms": "{:.1f}",
    "search p99 ms": "{:.1f}",
    "search cpu ms": "{:.1f}",
    "search cpu99 ms": "{:.1f}",
    "answer p50 ms": "{:.0f}",
    "recall@10": "{:.3f}",
    "resident MB": "{:.0f}",
    "disk / text": "{:.2f}",
}

# Past the first of these one machine does not serve an archive well, and an engine that spreads
# it over several must take over: half of its memory, half a second a search, a night for a build.
_ENOUGH = {
    "resident MB": machine.memory_mb() / 2,
    "search cpu99 ms": 500.0,
    "re-index CPU s": 60.0,
    "build CPU s": 8 * 3600.0,
}
_FLAT = 0.2  # an exponent below this is no growth to draw a line through


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one archive by column, and its index, which is kept for further use."""

    passages: int
    figures: dict[str, float]
    filters: dict[str, dict[str, float]]
    phases: dict[str, float]
    again: dict[str, float]


def run_module(name: str, *arguments: object) -> dict[str, Any]:
    """Run a module of this package in a process of its own; return the JSON it prints."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(work: Path, wanted: int, cache: Path, settings: "Depth") -> Row:
    """Build, ask, add a report, build again; leave the source and the index in `work`."""
    source, index_dir = work / "source", work / "index"
    write_source(source, wanted)
    built = run_module("built", source, index_dir, cache, settings.seeds)
    asked = run_module("asked", index_dir, settings.queries)
    text = sum(len(line.encode()) for line in _texts(source / "reports.jsonl"))
    disk = sum(path.stat().st_size for path in _files(index_dir))
    add_report(source, 9_000_001)
    again = run_module("built", source, index_dir, cache, settings.seeds)
    times = {
        f"{name} {share} ms": asked[name][share] * 1000
        for name in ("retrieval", "search", "answer")
        for share in ("p50", "p99", "cpu", "cpu99")
    }
    figures = {
        "build s": built["seconds"],
        "build CPU s": built["cpu_seconds"],
        "peak MB": built["peak_mb"],
        "re-index s": again["seconds"],
        "re-index CPU s": again["cpu_seconds"],
        "open s": asked["open_seconds"],
        "recall@10": asked["recall"],
        "resident MB": asked["asked_mb"][0],
        "disk / text": disk / text,
    } | times
    return Row(built["passages"], figures, asked["filters"], built["phases"], again["phases"])


@dataclass(frozen=True, slots=True)
class Depth:
    """How thoroughly to measure."""

    queries: int = 300
    seeds: int = 20_000


def print_growth(sizes: Sequence[int], cache: Path, settings: Depth) -> list[Row]:
    """Measure each size, and print each row as soon as it is there, then exponents."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        for size in sizes:
            work = Path(folder) / str(size)
            row = measure(work, size, cache, settings)
            shutil.rmtree(work)
            rows.append(row)
            print(f"\n{row.passages:,} passages ({machine.load()})")
            for name, form in COLUMNS.items():
                print(f"  {name}: {form.format(row.figures[name])}")
            for name, phases in (("build", row.phases), ("re-index", row.again)):
                spent = ", ".join(f"{phase} {taken:.2f}" for phase, taken in phases.items())
                print(f"  {name} by phase, s: {spent}")
            for name, found in row.filters.items():
                print(
                    f"  filter {name}: {found['share']:.2%} of the passages, retrieval p50 "
                    f"{found['p50'] * 1000:.2f} ms, cpu {found['cpu'] * 1000:.2f} ms, "
                    f"{found['cpu'] * 1000 / row.figures['retrieval cpu ms']:.2f} of unfiltered, "
                    f"recall@10 {found['recall']:.3f}",
                    flush=True,
                )
    _print_table(rows)
    return rows


def add_report(source: Path, number: int) -> None:
    """Add one short report to a source."""
    line = described(number, f"The lantern audit {number} was noted. It cost £7,250 in 2011.")
    with (source / "reports.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _print_table(rows: Sequence[Row]) -> None:
    sizes = [f"{row.passages:,}" for row in rows]
    print("\n| | " + " | ".join([*sizes, "exponent"]) + " |")
    print("|---" * (len(rows) + 2) + "|")
    for name, form in COLUMNS.items():
        values = [row.figures[name] for row in rows]
        told = f"{exponent([row.passages for row in rows], values):.2f}" if len(rows) > 1 else ""
        print(f"| {name} | " + " | ".join([*map(form.format, values), told]) + " |")
    if len(rows) > 1:
        for name, enough in _ENOUGH.items():
            last = rows[-1]
            grows = exponent([row.passages for row in rows], [row.figures[name] for row in rows])
            if grows < _FLAT:
                print(
                    f"on paper, {name} hardly grows between these sizes: no limit follows from it"
                )
                continue
            size = reached(last.passages, last.figures[name], grows, enough)
            print(f"on paper, {name} comes to {enough:,.0f} at {size:,.0f} passages")


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return e of value = c * size ** e, fitted by least squares over the logarithms."""
    logs = [
        (math.log(size), math.log(max(value, 1e-9)))
        for size, value in zip(sizes, values, strict=True)
    ]
    x, y = (sum(one) / len(logs) for one in zip(*logs, strict=True))
    spread = sum((a - x) ** 2 for a, _ in logs)
    return sum((a - x) * (b - y) for a, b in logs) / spread if spread else 0.0


def reached(size: float, value: float, grows: float, enough: float) -> float:
    """Return the size at which a value that grows with the exponent `grows` comes to `enough`."""
    return float(size * (enough / max(value, 1e-9)) ** (1 / grows))


def _texts(file: Path) -> list[str]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def _files(index_dir: Path) -> list[Path]:
    """Return the files of an index without the query encoder, which is the same for any size."""
    return [path for path in index_dir.rglob("*") if path.is_file() and "encoder" not in path.parts]
