"""How likely is the answer right, and is that enough to show it?"""

from collections.abc import Sequence
from math import exp
from typing import Literal

from search_api.answering import FEATURES, Selection
from search_api.responses import Confidence, Status

CALIBRATED_ON = "not yet calibrated"
# Below this the archive is said not to hold the answer; below PARTIAL_BELOW only a part is met.
NOT_FOUND_BELOW = 0.35
PARTIAL_BELOW = 0.5
_HIGH = 0.75
_MEDIUM = 0.5

_INTERCEPT = -4.0
_WEIGHTS = (2.0, 1.0, 1.0, 0.0, 4.0, 0.5, 0.0)


def confidence_of(selection: Selection) -> float:
    """Return the probability that the answer is right, in [0, 1]."""
    if not selection.quotes:
        return 0.0
    return _logistic(_INTERCEPT + _dot(_WEIGHTS, selection.quotes[0].features))


def status_of(confidence: float, selection: Selection) -> Status:
    """Return whether an answer of this confidence is shown."""
    if not selection.quotes or confidence < NOT_FOUND_BELOW:
        return "not_found"
    return "partial" if confidence < PARTIAL_BELOW else "answered"


def described(confidence: float) -> Confidence:
    """Return a confidence as responses show it."""
    band: Literal["high", "medium", "low"] = "low"
    if confidence >= _MEDIUM:
        band = "high" if confidence >= _HIGH else "medium"
    return Confidence(value=round(confidence, 3), band=band, calibrated_on=CALIBRATED_ON)


def _dot(weights: Sequence[float], features: Sequence[float]) -> float:
    assert len(weights) == len(features) == len(FEATURES)
    return sum(weight * feature for weight, feature in zip(weights, features, strict=True))


def _logistic(value: float) -> float:
    return 1 / (1 + exp(-value))
