"""How likely is the answer right, and is that enough to show it?

A logistic model of a few numbers of a selection. Fitted and cross-validated by
`python -m tests.quality.fitting`, which prints the numbers below; the README's table says how well
it is calibrated and how often the archive is rightly and wrongly said to be silent.
"""

from collections.abc import Sequence
from math import exp, log
from typing import Literal

from search_api.answering import FEATURES, MAX_QUOTES, Quote, Selection
from search_api.responses import Confidence, Status

CALIBRATED_ON = "150 questions on reports of UK public bodies and 799 of SQuAD 2.0"
# Below this the archive is said not to hold the answer: about as high as it can be with at most
# .07 of the answerable questions left unanswered (cross-validated: .366, without exact hits).
NOT_FOUND_BELOW = 0.38
# An answer is partial when the quotes, with what stands around them, leave more than this share of
# the question's words unmet, counted by rarity.
PARTIAL_ABOVE = 0.2
_ALL = 0.999  # a share of the question's words, but for rounding
_HIGH = 0.7
_MEDIUM = 0.5

_INTERCEPT = -8.015
# By name: score of the best quote; cosine of its passage; how undecided the choice among the read
# sentences is, as the entropy in nats of the softmax of their scores; how well the best fits the
# times that are asked of; its length; the words of the question in it, for which its score is too
# good. Of a question with several parts, the mean of the parts. Left out for want of effect: the
# other features, its rank in either list, names and figures of the question that it lacks.
EVIDENCE = ("score", "cosine", "entropy", "dated", "length", "meets")
_WEIGHTS = (0.295, 3.489, -0.819, 1.954, 4.068, -1.650)


def evidence_of(selection: Selection) -> tuple[float, ...]:
    """Return what the confidence rests on, in the order of EVIDENCE; needs at least one quote."""
    of_parts = [_evidence_of(part) for part in selection.parts]
    return tuple(sum(values) / len(values) for values in zip(*of_parts, strict=True))


def _evidence_of(quotes: Sequence[Quote]) -> tuple[float, ...]:
    best = quotes[0]
    undecided = _entropy([one.score for one in quotes])
    features = dict(zip(FEATURES, best.features, strict=True))
    described = (features[name] for name in EVIDENCE[3:])
    return best.score, best.candidate.cosine, undecided, *described


def _entropy(scores: Sequence[float]) -> float:
    highest = max(scores)
    chances = [exp(score - highest) for score in scores]
    total = sum(chances)
    return (
        log(total)
        - sum(chance * (score - highest) for chance, score in zip(chances, scores, strict=True))
        / total
    )


def confidence_of(selection: Selection) -> float:
    """Return the probability that the answer is right, in [0, 1]."""
    if not selection.quotes:
        return 0.0
    value = _INTERCEPT + sum(
        weight * found for weight, found in zip(_WEIGHTS, evidence_of(selection), strict=True)
    )
    return 1 / (1 + exp(-value))


def status_of(confidence: float, selection: Selection, *, found_exactly: bool) -> Status:
    """Return whether an answer of this confidence is shown.

    `found_exactly`: the archive holds a phrase that the question quotes. That, and a quote with
    every word of the question, is never denied, whatever the confidence: what keyword search finds
    exactly, an answer may not deny.
    """
    if not selection.quotes:
        return "not_found"
    if confidence < NOT_FOUND_BELOW:
        return "partial" if found_exactly or _has_every_word(selection) else "not_found"
    return "partial" if _unmet(selection) > PARTIAL_ABOVE else "answered"


def _has_every_word(selection: Selection) -> bool:
    meets = FEATURES.index("meets")
    return any(quote.features[meets] > _ALL for quote in selection.quotes[:MAX_QUOTES])


def _unmet(selection: Selection) -> float:
    """Return the share of the question's terms that no shown quote meets, by rarity."""
    met = frozenset[int]().union(*(quote.met for quote in selection.quotes[:MAX_QUOTES]))
    weights = [term.weight for term in selection.terms]
    missing = sum(weight for number, weight in enumerate(weights) if number not in met)
    return missing / sum(weights) if weights and sum(weights) > 0 else 0.0


def described(confidence: float) -> Confidence:
    """Return a confidence as responses show it."""
    band: Literal["high", "medium", "low"] = "low"
    if confidence >= _MEDIUM:
        band = "high" if confidence >= _HIGH else "medium"
    return Confidence(value=round(confidence, 3), band=band, calibrated_on=CALIBRATED_ON)
