"""Fit what chooses the quotes, and what decides whether they are shown: `make fit`.

`python -m tests.quality.fitting EVAL_DIR ARCHIVE_INDEX SQUAD_INDEX` reads the questions of
archive_questions and a fixed sample of squad20_dev_half (of the articles that the scorer was not
trained on), asks the product's own code for the sentences it reads, and fits

- the weights of a sentence's features (search_api/answering.py), by the likelihood that the softmax
  of the scores gives to the sentences that hold the answer;
- a logistic model of "the answer shown is right" (search_api/confidence.py).

Prints both, and cross-validated measures: questions are split by the file (or article) that holds
their answer, and both models are fitted anew without it, so that none is judged by what saw its
document.
"""

import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from indexer.generation import Generation, open_generation
from indexer.records import Filters
from search_api import answering, confidence
from search_api.matching import Stemmer
from search_api.query import parse
from search_api.retrieval import retrieve
from search_api.scorer import TrainedScorer
from tests.quality.wording import contains
from tests.scorer.train import HELD_OUT

FOLDS = 5
SEEDS = 5
SAMPLE = 400  # answerable questions of SQuAD, and as many unanswerable ones
WEIGHT_OF_ARCHIVE = 4.0
WEIGHT_OF_SQUAD = 0.4
# What an unanswerable question of SQuAD counts against an answerable one, of which there are as
# many: archives are asked as archive_questions has it, 40 to 110.
UNANSWERABLE = 40 / 110
WRONGLY_SILENT = 0.07
REGULARISATION = 0.3  # sklearn's C, on standardised evidence
SHRINKAGE = 0.02  # of the weights of standardised features

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Judged:
    """A question, the sentences read for it, and which of its answers each of them holds."""

    selection: answering.Selection
    held: dict[tuple[int, int], Bools]  # by row and start of a quote: one for each answer
    needs_all: bool
    answerable: bool
    group: str
    weight: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a question gets with given weights."""

    evidence: tuple[float, ...]
    first: bool  # the first quote holds an answer
    right: bool  # the shown quotes hold what is needed


def main(arguments: Sequence[str]) -> int:
    """Fit, and print weights and cross-validated measures."""
    if len(arguments) != 3:
        print("usage: python -m tests.quality.fitting EVAL_DIR ARCHIVE_INDEX SQUAD_INDEX")
        return 2
    eval_dir, archive_index, squad_index = map(Path, arguments)
    judged = [
        *_judged(archive_index, _archive_questions(eval_dir), WEIGHT_OF_ARCHIVE),
        *_judged(squad_index, _squad_questions(eval_dir), WEIGHT_OF_SQUAD, UNANSWERABLE),
    ]
    weights = fit_weights(judged)
    outcomes = [outcome(one, weights) for one in judged]
    intercept, coefficients = fit_confidence(judged, outcomes)
    print(f"answering.WEIGHTS = ({', '.join(f'{value:.2f}' for value in weights)})")
    print(f"confidence._INTERCEPT = {intercept:.3f}")
    print(f"confidence._WEIGHTS = ({', '.join(f'{value:.3f}' for value in coefficients)})")
    evidence = np.array([one.evidence for one in outcomes])
    fitted = [
        (one, certainty)
        for one, certainty in zip(
            outcomes, _probability(evidence, intercept, coefficients), strict=True
        )
    ]
    folds = [_cross_validated(judged, seed) for seed in range(SEEDS)]
    for name, is_archive in (("archive_questions", True), ("squad20_dev_half", False)):
        chosen = [
            number
            for number, one in enumerate(judged)
            if (one.weight == WEIGHT_OF_ARCHIVE) is is_archive
        ]
        answerable = np.array([judged[number].answerable for number in chosen])
        print(f"{name}: {answerable.sum()} answerable of {len(chosen)} questions")
        _print("fitted", [[fitted[number] for number in chosen]], answerable)
        _print("cross-validated", [[fold[n] for n in chosen] for fold in folds], answerable)
    return 0


def fit_weights(judged: Sequence[Judged]) -> Floats:
    """Return the weights of answering.FEATURES; only single ones with an answer in reach teach."""
    # Nobody has judged which part of a question a sentence answers.
    single = [(one, one.selection.parts[0]) for one in judged if len(one.selection.parts) == 1]
    lists = [
        (_features(quotes), holds, one.weight)
        for one, quotes in single
        if (holds := np.array([one.held[_place(quote)].any() for quote in quotes])).any()
    ]
    spread = np.concatenate([features for features, _, _ in lists]).std(axis=0) + 1e-9
    total = sum(weight for _, _, weight in lists)

    def loss(weights: Floats) -> tuple[float, Floats]:
        value, gradient = 0.0, np.zeros_like(weights)
        for features, holds, weight in lists:
            scaled = features / spread
            scores = scaled @ weights
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            right = float(chances[holds].sum())
            value -= weight * np.log(right)
            gradient -= weight * ((chances * holds / right - chances) @ scaled)
        penalty = SHRINKAGE * weights
        return value / total + float(penalty @ weights), gradient / total + 2 * penalty

    found = minimize(loss, np.zeros(len(spread)), jac=True, method="L-BFGS-B")
    result: Floats = found.x / spread
    return result


def outcome(judged: Judged, weights: Floats) -> Outcome:
    """Return what a question gets when its sentences are ordered by these weights."""
    parts = []
    for part in judged.selection.parts:
        scores = (_features(part) @ weights).tolist()
        quotes = [replace(quote, score=score) for quote, score in zip(part, scores, strict=True)]
        parts.append(tuple(sorted(quotes, key=lambda quote: -quote.score)))
    selection = replace(judged.selection, parts=tuple(parts))
    shown = [judged.held[_place(quote)] for quote in answering.worth_showing(selection)]
    enough = np.all if judged.needs_all else np.any
    return Outcome(
        evidence=confidence.evidence_of(selection),
        first=judged.answerable and bool(enough(shown[0])),
        right=judged.answerable and bool(enough(np.any(shown, axis=0))),
    )


def fit_confidence(judged: Sequence[Judged], outcomes: Sequence[Outcome]) -> tuple[float, Floats]:
    """Return intercept and coefficients for evidence as it is, not standardised."""
    evidence = np.array([one.evidence for one in outcomes])
    mean, spread = evidence.mean(axis=0), evidence.std(axis=0) + 1e-9
    model = LogisticRegression(C=REGULARISATION, max_iter=3000)
    model.fit(
        (evidence - mean) / spread,
        [one.right for one in outcomes],
        sample_weight=[one.weight for one in judged],
    )
    coefficients = model.coef_[0] / spread
    return float(model.intercept_[0] - coefficients @ mean), coefficients


def _archive_questions(eval_dir: Path) -> Iterator[tuple[str, list[str], bool, str]]:
    """Yield (question, answers, all are needed, group)."""
    for line in (eval_dir / "archive_questions" / "questions.jsonl").open(encoding="utf-8"):
        found = json.loads(line)
        group = found["evidence"][0]["file"] if found["answerable"] else found["id"]
        both = found["kind"] == "multi_report" or found["id"] == "a025"
        yield found["question"], found["answers"], both, group


def _squad_questions(eval_dir: Path) -> Iterator[tuple[str, list[str], bool, str]]:
    folder = eval_dir / "squad20_dev_half"
    asked = {
        record["_id"]: record["text"]
        for record in map(json.loads, (folder / "queries.jsonl").open(encoding="utf-8"))
    }
    records = [
        record
        for record in map(json.loads, (folder / "answers.jsonl").open(encoding="utf-8"))
        if record["title"] in HELD_OUT
    ]
    random.Random(3).shuffle(records)
    for wanted in (True, False):
        for record in [one for one in records if bool(one["answerable"]) is wanted][:SAMPLE]:
            answers = record["answers"] if wanted else []
            yield asked[record["_id"]], answers, False, record["title"]


def _judged(
    index_dir: Path,
    questions: Iterator[tuple[str, list[str], bool, str]],
    weight: float,
    unanswerable: float = 1.0,
) -> Iterator[Judged]:
    reader = open_generation(index_dir)
    stem, scorer = Stemmer(reader), TrainedScorer()
    for question, answers, both, group in questions:
        selection = _selected(reader, question, stem, scorer)
        if not selection.quotes:
            continue
        held = {
            _place(quote): np.array([contains(quote.text, answer) for answer in answers], bool)
            for part in selection.parts
            for quote in part
        }
        yield Judged(
            selection=selection,
            held=held,
            needs_all=both,
            answerable=bool(answers),
            group=group,
            weight=weight if answers else weight * unanswerable,
        )


def _selected(
    reader: Generation, question: str, stem: Stemmer, scorer: TrainedScorer
) -> answering.Selection:
    found = retrieve(reader, parse(question), Filters())
    rows = [candidate.row for candidate in found.candidates[: answering.PASSAGES]]
    return answering.select(reader, found, reader.documents_of(rows), stem, scorer)


def _features(quotes: Sequence[answering.Quote]) -> Floats:
    return np.array([quote.features for quote in quotes])


def _place(quote: answering.Quote) -> tuple[int, int]:
    return quote.candidate.row, quote.start


def _probability(evidence: Floats, intercept: float, coefficients: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-(evidence @ coefficients + intercept)))
    return result


def _cross_validated(judged: Sequence[Judged], seed: int) -> list[tuple[Outcome, float]]:
    """Return each question's outcome and certainty by models that did not see its group."""
    groups = sorted({one.group for one in judged})
    random.Random(seed).shuffle(groups)
    fold_of = {group: position % FOLDS for position, group in enumerate(groups)}
    result: dict[int, tuple[Outcome, float]] = {}
    for fold in range(FOLDS):
        taught = [one for one in judged if fold_of[one.group] != fold]
        weights = fit_weights(taught)
        intercept, coefficients = fit_confidence(taught, [outcome(one, weights) for one in taught])
        for number, one in enumerate(judged):
            if fold_of[one.group] == fold:
                found = outcome(one, weights)
                evidence = np.array([found.evidence])
                certainty = _probability(evidence, intercept, coefficients)[0]
                result[number] = (found, float(certainty))
    return [result[number] for number in range(len(judged))]


def _print(
    name: str, runs: Sequence[Sequence[tuple[Outcome, float]]], is_answerable: Bools
) -> None:
    outcomes = [one for run in runs for one, _ in run]
    certainty = np.array([value for run in runs for _, value in run])
    right = np.array([one.right for one in outcomes])
    first = np.array([one.first for one in outcomes])
    answerable = np.concatenate([is_answerable] * len(runs))
    threshold = float(np.quantile(certainty[answerable], WRONGLY_SILENT))
    shown = certainty >= threshold
    print(
        f"  {name}: quoted {right[answerable].mean():.3f}, first {first[answerable].mean():.3f}; "
        f"AUC right {roc_auc_score(right, certainty):.3f}, "
        f"AUC answerable {roc_auc_score(answerable, certainty):.3f}, calibration error "
        f"{_error(certainty, right):.3f} (shown {_error(certainty[shown], right[shown]):.3f}), "
        f"abstained {(certainty[~answerable] < threshold).mean():.3f} below {threshold:.3f} "
        f"(wrongly silent {WRONGLY_SILENT})"
    )


def _error(certainty: Floats, right: Bools) -> float:
    """Return the expected calibration error in ten bins of equal width."""
    bins = np.minimum((certainty * 10).astype(int), 9)
    return float(
        sum(
            abs(certainty[bins == one].mean() - right[bins == one].mean()) * (bins == one).mean()
            for one in range(10)
            if (bins == one).any()
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
