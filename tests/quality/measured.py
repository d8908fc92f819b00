"""A measured number: its name, its bootstrap interval, and how far it may fall."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
SEED = 20261122

Indices = NDArray[np.intp]
Values = NDArray[np.float64]


class Better(Enum):
    """Which way a number should go."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "informative"


@dataclass(frozen=True, slots=True)
class Measured:
    """One number over `count` questions, with its 95 % interval; nan where nothing was counted."""

    name: str
    value: float
    low: float
    high: float
    count: int
    better: Better
    tolerance: float

    def loss(self, recorded: float) -> float:
        """Return by how much the number is worse than `recorded`; negative when it is better."""
        if self.better is Better.HIGHER:
            return recorded - self.value
        return self.value - recorded if self.better is Better.LOWER else 0.0


def interval(statistic: Callable[[Indices], float], count: int) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % points of `statistic` over resampled question indices.

    Percentile bootstrap (Efron, 1979): 1,000 resamples with replacement, drawn with one fixed
    seed, so equal inputs give equal intervals. Resamples where the statistic is nan are left out.
    """
    if count == 0:
        return float("nan"), float("nan")
    random = np.random.default_rng(SEED)
    values = np.array([statistic(random.integers(0, count, count)) for _ in range(RESAMPLES)])
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def measure(
    name: str,
    statistic: Callable[[Indices], float],
    count: int,
    *,
    better: Better = Better.HIGHER,
    tolerance: float = 0.0,
) -> Measured:
    """Return `statistic` over all `count` questions, with its interval."""
    value = statistic(np.arange(count)) if count else float("nan")
    return Measured(name, value, *interval(statistic, count), count, better, tolerance)


def mean(
    name: str,
    values: Sequence[float] | Values,
    *,
    better: Better = Better.HIGHER,
    tolerance: float = 0.0,
) -> Measured:
    """Return the mean of one value a question (a share, when the values are 0 and 1)."""
    array = np.asarray(values, dtype=np.float64)
    return measure(
        name, lambda at: float(array[at].mean()), len(array), better=better, tolerance=tolerance
    )
