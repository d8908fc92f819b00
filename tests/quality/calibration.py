"""Whether `confidence` means what it says, and whether it tells answerable questions apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.quality.measured import Values

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers whose confidence lies in one tenth of [0, 1]; the last tenth includes 1."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


def reliability(confidence: Values, right: NDArray[np.bool_]) -> list[Bin]:
    """Return the bins that hold an answer, with mean confidence and share right."""
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = []
    for place in range(BINS):
        here = places == place
        if here.any():
            low, high = place / BINS, (place + 1) / BINS
            mean_confidence, share = float(confidence[here].mean()), float(right[here].mean())
            bins.append(Bin(low, high, int(here.sum()), mean_confidence, share))
    return bins


def calibration_error(confidence: Values, right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over ten bins of equal width; nan of nothing.

    The gap between mean confidence and share right of each bin, weighted by its answers
    (Naeini, Cooper & Hauskrecht, AAAI 2015).
    """
    if not len(confidence):
        return float("nan")
    gaps = (b.count * abs(b.confidence - b.right) for b in reliability(confidence, right))
    return sum(gaps) / len(confidence)


def area_under_curve(confidence: Values, answerable: NDArray[np.bool_]) -> float:
    """Return how often an answerable question has more confidence than an unanswerable one.

    Equal confidence counts half (Mann-Whitney); nan when one of the two kinds is missing.
    """
    positive, negative = confidence[answerable][:, None], confidence[~answerable][None, :]
    if not positive.size or not negative.size:
        return float("nan")
    return float((positive > negative).mean() + 0.5 * (positive == negative).mean())
