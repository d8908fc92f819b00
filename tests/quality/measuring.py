"""Measure one set: build its index, ask the product, compare with what is right."""

import json
import logging
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.quality.answers import (
    KindRow,
    Verdict,
    by_kind,
    cited_files,
    judge_all,
    measure_archive,
    measure_extractive,
    shown_bins,
)
from tests.quality.calibration import Bin
from tests.quality.errors import ProductError
from tests.quality.failures import Failure, list_failures
from tests.quality.measured import Measured
from tests.quality.product import MODES, Product
from tests.quality.ranking import measure_rankings
from tests.quality.sets import (
    Query,
    Question,
    Reading,
    SetSpec,
    corpus_of,
    read_queries,
    read_questions,
)

logger = logging.getLogger(__name__)

TEXT_READERS = 2
"""Processes that read stored texts at once: each spends its time starting Python."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the sets, the archive and the kept indexes are."""

    eval_dir: Path
    archive_dir: Path
    work_dir: Path

    def index_of(self, spec: SetSpec) -> Path:
        """Return the index folder, shared by the sets that have the same documents."""
        return self.work_dir / spec.source / "index"


@dataclass(frozen=True, slots=True)
class SetResult:
    """Everything measured on one set; lists are empty for what the set has not."""

    spec: SetSpec
    queries: int
    questions: int
    rankings: list[Measured]
    answers: list[Measured]
    kinds: list[KindRow]
    bins: list[Bin]
    failures: list[Failure]
    """True when the kept index was first built by other indexer sources than today's."""

    @property
    def measures(self) -> list[Measured]:
        """Return all numbers of the set."""
        return [*self.rankings, *self.answers]


def measure_set(
    spec: SetSpec,
    places: Places,
    product: Product,
    *,
    take_all: bool = False,
    fresh: bool = False,
) -> SetResult:
    """Build the index of the set and measure it; `fresh` throws a kept index away first."""
    # Read everything first: a malformed set should not cost a build.
    queries, qrels = read_queries(spec, places.eval_dir, take_all) if spec.ranked else ([], {})
    answered = spec.reading is not Reading.NONE
    questions = read_questions(spec, places.eval_dir, take_all) if answered else []
    index = places.index_of(spec)
    _build(spec, places, product, fresh)
    rankings: list[Measured] = []
    if queries:
        runs = {mode: product.run(index, queries, mode) for mode in MODES}
        rankings = measure_rankings(qrels, runs)
    verdicts = _ask(spec, index, product, questions) if questions else []
    answers = _measure_answers(spec, verdicts) if verdicts else []
    return SetResult(
        spec=spec,
        queries=len(queries),
        questions=len(verdicts),
        rankings=rankings,
        answers=answers,
        kinds=by_kind(verdicts),
        bins=shown_bins(verdicts) if verdicts else [],
        failures=list_failures(verdicts),
    )


def _measure_answers(spec: SetSpec, verdicts: Sequence[Verdict]) -> list[Measured]:
    if spec.source == "archive_questions":
        return measure_archive(verdicts)
    return measure_extractive(verdicts, spec.reading)


def _ask(
    spec: SetSpec, index: Path, product: Product, questions: Sequence[Question]
) -> list[Verdict]:
    answers = product.answers(index, questions)
    # The run gives the rank of the evidence, and unanswerable questions have none.
    asked = [Query(q.question_id, _as_query(q)) for q in questions if q.answerable]
    run = product.run(index, asked, "hybrid")
    texts = None
    if spec.check_grounding:
        files = cited_files(answers.values())
        logger.info("%s: checking quotes against %d stored texts", spec.name, len(files))
        texts = _texts(lambda file: product.text(index, file), files)
    return judge_all(questions, answers, run, spec.reading, texts)


def _as_query(question: Question) -> str:
    return json.dumps({"_id": question.question_id, "text": question.text}, ensure_ascii=False)


def _texts(read: Callable[[str], str], files: Sequence[str]) -> dict[str, str]:
    """Return the stored text of each file; one that cannot be read is left out, and logged."""

    def read_one(file: str) -> tuple[str, str | None]:
        try:
            return file, read(file)
        except ProductError as error:
            logger.warning("no stored text of %s: %s", file, error)
            return file, None

    with ThreadPoolExecutor(TEXT_READERS) as readers:
        texts = dict(readers.map(read_one, files))
    return {file: text for file, text in texts.items() if text is not None}


def _build(spec: SetSpec, places: Places, product: Product, fresh: bool) -> None:
    """Bring the index up to date; the build itself knows what was read by older code."""
    index = places.index_of(spec)
    if fresh:
        shutil.rmtree(index, ignore_errors=True)
    index.parent.mkdir(parents=True, exist_ok=True)
    product.build(corpus_of(spec, places.eval_dir, places.archive_dir).resolve(), index)
