"""Fit what decides whether an answer is shown: `python -m tests.quality.fitting INDEX SQUAD_INDEX`.

Reads the questions of archive_questions and a fixed sample of squad20_dev_half, asks the product's
own code for its evidence, and fits a logistic model of "the answer shown is right". Prints the
weights for search_api/confidence.py, and cross-validated measures: questions are split by the file
(or article) that holds their answer, so that none is judged by a model that saw its document.
"""

import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from indexer.generation import Generation, open_generation
from indexer.records import Filters
from search_api import answering, confidence
from search_api.matching import Stemmer
from search_api.query import parse
from search_api.retrieval import retrieve
from tests.quality.wording import normalise

FOLDS = 5
SEEDS = 5
SAMPLE = 700  # answerable questions of SQuAD, and as many unanswerable ones
WEIGHT_OF_ARCHIVE = 4.0  # one archive question counts as much as thirteen of SQuAD
WEIGHT_OF_SQUAD = 0.3
WRONGLY_SILENT = 0.07
REGULARISATION = 0.3  # sklearn's C, on standardised evidence

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with the evidence for its answer, and whether the answer is right."""

    evidence: tuple[float, ...]
    right: bool
    answerable: bool
    group: str
    weight: float


def main(arguments: Sequence[str]) -> int:
    """Fit, and print weights and cross-validated measures."""
    if len(arguments) != 3:
        print("usage: python -m tests.quality.fitting EVAL_DIR ARCHIVE_INDEX SQUAD_INDEX")
        return 2
    eval_dir, archive_index, squad_index = map(Path, arguments)
    judged = [
        *_judged(archive_index, _archive_questions(eval_dir), WEIGHT_OF_ARCHIVE),
        *_judged(squad_index, _squad_questions(eval_dir), WEIGHT_OF_SQUAD),
    ]
    archive = np.array([one.weight == WEIGHT_OF_ARCHIVE for one in judged])
    evidence = np.array([one.evidence for one in judged])
    right = np.array([one.right for one in judged])
    weights = np.array([one.weight for one in judged])
    intercept, coefficients = _fit(evidence, right, weights)
    print(f"_INTERCEPT = {intercept:.3f}")
    print(f"_WEIGHTS = ({', '.join(f'{value:.3f}' for value in coefficients)})")
    answerable = np.array([one.answerable for one in judged])
    for name, chosen in (("archive_questions", archive), ("squad20_dev_half", ~archive)):
        print(f"{name}: {chosen.sum()} questions, {right[chosen].mean():.3f} answered rightly")
        fitted = _probability(evidence, intercept, coefficients)
        _print("fitted", fitted[chosen], right[chosen], answerable[chosen])
        folds = [_cross_validated(judged, seed) for seed in range(SEEDS)]
        _print(
            "cross-validated",
            *(
                np.concatenate([part[chosen] for part in parts])
                for parts in (folds, [right] * SEEDS, [answerable] * SEEDS)
            ),
        )
    return 0


def _archive_questions(eval_dir: Path) -> Iterator[tuple[str, str, list[str], bool, str]]:
    """Yield (id, question, answers, all are needed, group)."""
    for line in (eval_dir / "archive_questions" / "questions.jsonl").open(encoding="utf-8"):
        found = json.loads(line)
        group = found["evidence"][0]["file"] if found["answerable"] else found["id"]
        both = found["kind"] == "multi_report" or found["id"] == "a025"
        yield found["id"], found["question"], found["answers"], both, group


def _squad_questions(eval_dir: Path) -> Iterator[tuple[str, str, list[str], bool, str]]:
    folder = eval_dir / "squad20_dev_half"
    asked = {
        record["_id"]: record["text"]
        for record in map(json.loads, (folder / "queries.jsonl").open(encoding="utf-8"))
    }
    records = list(map(json.loads, (folder / "answers.jsonl").open(encoding="utf-8")))
    random.Random(3).shuffle(records)
    for wanted in (True, False):
        for record in [one for one in records if bool(one["answerable"]) is wanted][:SAMPLE]:
            answers = record["answers"] if wanted else []
            yield record["_id"], asked[record["_id"]], answers, False, record["title"]


def _judged(
    index_dir: Path, questions: Iterator[tuple[str, str, list[str], bool, str]], weight: float
) -> Iterator[Judged]:
    reader = open_generation(index_dir)
    stem = Stemmer(reader)
    for _, question, answers, both, group in questions:
        selection = _selected(reader, question, stem)
        if not selection.quotes:
            continue
        shown = normalise(" ".join(one.text for one in selection.quotes[: answering.MAX_QUOTES]))
        held = [normalise(answer) in shown for answer in answers]
        yield Judged(
            evidence=confidence.evidence_of(selection),
            right=bool(held) and (all(held) if both else any(held)),
            answerable=bool(answers),
            group=group,
            weight=weight,
        )


def _selected(reader: Generation, question: str, stem: Stemmer) -> answering.Selection:
    found = retrieve(reader, parse(question), Filters())
    rows = [candidate.row for candidate in found.candidates[: answering.PASSAGES]]
    titles = [document.title for document in reader.documents_of(rows)]
    return answering.select(reader, found, titles, stem)


def _fit(evidence: Floats, right: npt.NDArray[np.bool_], weights: Floats) -> tuple[float, Floats]:
    """Return intercept and coefficients for evidence as it is, not standardised."""
    mean, spread = evidence.mean(axis=0), evidence.std(axis=0) + 1e-9
    model = LogisticRegression(C=REGULARISATION, max_iter=3000)
    model.fit((evidence - mean) / spread, right, sample_weight=weights)
    coefficients = model.coef_[0] / spread
    return float(model.intercept_[0] - coefficients @ mean), coefficients


def _probability(evidence: Floats, intercept: float, coefficients: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-(evidence @ coefficients + intercept)))
    return result


def _cross_validated(judged: Sequence[Judged], seed: int) -> Floats:
    groups = sorted({one.group for one in judged})
    random.Random(seed).shuffle(groups)
    fold_of = {group: position % FOLDS for position, group in enumerate(groups)}
    folds = np.array([fold_of[one.group] for one in judged])
    evidence = np.array([one.evidence for one in judged])
    right = np.array([one.right for one in judged])
    weights = np.array([one.weight for one in judged])
    result = np.zeros(len(judged))
    for fold in range(FOLDS):
        train = folds != fold
        intercept, coefficients = _fit(evidence[train], right[train], weights[train])
        result[~train] = _probability(evidence[~train], intercept, coefficients)
    return result


def _print(
    name: str, certainty: Floats, right: npt.NDArray[np.bool_], answerable: npt.NDArray[np.bool_]
) -> None:
    threshold = float(np.quantile(certainty[answerable], WRONGLY_SILENT))
    bins = np.minimum((certainty * 10).astype(int), 9)
    error = sum(
        abs(certainty[bins == one].mean() - right[bins == one].mean()) * (bins == one).mean()
        for one in range(10)
        if (bins == one).any()
    )
    print(
        f"  {name}: AUC right {roc_auc_score(right, certainty):.3f}, "
        f"AUC answerable {roc_auc_score(answerable, certainty):.3f}, "
        f"calibration error {error:.3f}, abstained "
        f"{(certainty[~answerable] < threshold).mean():.3f} below {threshold:.3f} "
        f"(wrongly silent {WRONGLY_SILENT})"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
