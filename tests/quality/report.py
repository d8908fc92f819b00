"""The measured numbers as markdown tables that can go into the README as they stand."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from tests.quality.failures import Failure, describe
from tests.quality.measured import Better, Measured
from tests.quality.measuring import SetResult
from tests.quality.ranking import NDCG, OVER_BETTER_LIST, RECALL
from tests.quality.recorded import (
    Recorded,
    RecordedSet,
    describe_machine,
    has_fallen,
    installed,
)


def render(results: Sequence[SetResult], recorded: Recorded) -> str:
    """Return the whole report: rankings, then the answers of each set, then how it was made."""
    parts = []
    if any(result.rankings for result in results):
        parts.append(_rankings([result for result in results if result.rankings], recorded))
    parts += [_answers(result, recorded) for result in results if result.answers]
    parts.append(_made_by())
    return "\n\n".join(parts)


def render_failures(results: Iterable[SetResult]) -> str:
    """Return every failed question of every set, gravest reason first."""
    parts = []
    for result in results:
        if result.questions:
            heading = f"### {result.spec.name}: {_counted(result.failures)}"
            parts += [heading, *(describe(failure) for failure in result.failures)]
    return "\n\n".join(parts)


def _rankings(results: Sequence[SetResult], recorded: Recorded) -> str:
    rows = []
    for result in results:
        by_name = {measure.name: measure for measure in result.rankings}
        hybrid = by_name[f"hybrid {NDCG}"]
        gain = by_name[OVER_BETTER_LIST]
        recalls = (by_name[f"{mode} {RECALL}"].value for mode in ("keyword", "vector", "hybrid"))
        rows.append(
            [
                result.spec.name,
                str(result.queries),
                _number(by_name[f"keyword {NDCG}"].value),
                _number(by_name[f"vector {NDCG}"].value),
                f"**{_number(hybrid.value)}** {_range(hybrid)}",
                f"{_signed(gain.value)} {_range(gain)}" + (" WORSE" if gain.value < 0 else ""),
                " / ".join(_number(value) for value in recalls),
                _change(hybrid, result, recorded),
                _target(hybrid, result),
            ]
        )
    heading = [
        "set",
        "queries",
        "keyword nDCG@10",
        "vector nDCG@10",
        "hybrid nDCG@10 [95 %]",
        "over the better list [95 %]",
        "R@100 keyword / vector / hybrid",
        "change of hybrid",
        "target",
    ]
    return "### Rankings\n\n" + _table(heading, rows)


def _answers(result: SetResult, recorded: Recorded) -> str:
    rows = [
        [
            measure.name,
            str(measure.count),
            _number(measure.value),
            _range(measure),
            _change(measure, result, recorded),
            _target(measure, result),
        ]
        for measure in result.answers
    ]
    parts = [
        f"### Answers: {result.spec.name} ({result.questions} questions)",
        _table(["measure", "over", "value", "95 %", "change", "target"], rows),
    ]
    if len(result.kinds) > 2:
        parts.append(_kinds(result))
    if result.bins:
        parts.append(_bins(result))
    return "\n\n".join(parts)


def _kinds(result: SetResult) -> str:
    rows = [
        [
            row.kind,
            str(row.count),
            *(
                "" if share is None else _number(share)
                for share in (row.found_at_1, row.found_at_5, row.quoted, row.in_first)
            ),
            _number(row.silent),
        ]
        for row in result.kinds
    ]
    heading = ["kind", "questions", "found@1", "found@5", "quoted", "first sentence", "not_found"]
    return _table(heading, rows)


def _bins(result: SetResult) -> str:
    rows = [
        [f"{b.low:.1f}-{b.high:.1f}", str(b.count), _number(b.confidence), _number(b.right)]
        for b in result.bins
    ]
    return _table(["confidence", "answers shown", "mean confidence", "share right"], rows)


def _made_by() -> str:
    versions = ", ".join(f"{name} {version}" for name, version in installed().items())
    return f"Measured {datetime.now(UTC).date().isoformat()} on {describe_machine()}; {versions}."


def _change(measure: Measured, result: SetResult, recorded: Recorded) -> str:
    earlier = _comparable(result, recorded)
    if earlier is None or measure.name not in earlier.measures:
        return ""
    number = earlier.measures[measure.name]
    change = _signed(measure.value - number.value)
    return f"{change} FELL" if has_fallen(measure, number) else change


def _comparable(result: SetResult, recorded: Recorded) -> RecordedSet | None:
    earlier = recorded.get(result.spec.name)
    return earlier if earlier is not None and earlier.compares_with(result) else None


def _target(measure: Measured, result: SetResult) -> str:
    target = result.spec.targets.get(measure.name)
    if target is None:
        return ""
    if measure.name.startswith("milliseconds") or measure.better is Better.LOWER:
        reached, sign = measure.value <= target, "<="
    else:
        reached, sign = measure.value >= target, ">="
    return f"{sign} {_number(target)} {'reached' if reached else 'not reached'}"


def _counted(failures: Sequence[Failure]) -> str:
    counts: dict[str, int] = {}
    for failure in failures:
        counts[failure.reason.value] = counts.get(failure.reason.value, 0) + 1
    return ", ".join(f"{count} {reason}" for reason, count in counts.items()) or "no failures"


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    if abs(value) > 1:
        return f"{value:.0f}"
    return f"{value:.3f}".removeprefix("0") if value < 1 else f"{value:.2f}"


def _signed(value: float) -> str:
    if math.isnan(value):
        return "-"
    # Adding zero turns -0.0 into 0.0, which would print as "-0.000".
    return f"{value:+.0f}" if abs(value) > 1 else f"{round(value, 3) + 0.0:+.3f}"


def _range(measure: Measured) -> str:
    if math.isnan(measure.low):
        return ""
    if abs(measure.high) > 1:
        return f"[{measure.low:.0f}, {measure.high:.0f}]"
    return f"[{measure.low:.3f}, {measure.high:.3f}]"


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
