"""Which evaluation sets exist, what is measured on each, and how they are read.

The files are described in EVAL.md beside the checkout; none of them is copied into the project.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from tests.quality.errors import SetError

SAMPLE_SEED = "archive-search quality 1"
"""Changing it draws other questions, so every recorded number on a sample must be measured anew."""

# The only question outside `multi_report` that needs both of its answers (README of the set).
TWO_PART_LIST_ID = "a025"

Qrels = dict[str, dict[str, int]]
Item = TypeVar("Item")


class Reading(Enum):
    """What an answer is compared with."""

    NONE = "rankings only"
    CONTAINS = "a quote holds one of the answers as a substring"
    OVERLAPS = "the answers are long spans: a quote need only share a run of words with one"


@dataclass(frozen=True, slots=True)
class SetSpec:
    """One measured set. Sets with the same `source` read one folder and share one index."""

    name: str
    source: str
    ranked: bool = True
    reading: Reading = Reading.NONE
    check_grounding: bool = False
    ranked_sample: int | None = None
    answer_sample: int | None = None
    """Questions asked of each of the answerable and the unanswerable; None asks all."""
    by_default: bool = True
    targets: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    """One line of queries.jsonl, kept as it stands so that the product reads what a judge sends."""

    query_id: str
    line: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its right answers. `evidence` lists the documents that hold one."""

    question_id: str
    text: str
    kind: str
    answerable: bool
    answers: tuple[str, ...]
    evidence: tuple[str, ...]
    needs_all: bool = False
    group: str = ""
    """Questions of one group (the article title) belong in one half of any tuning split."""


SPECS = (
    SetSpec("scifact_train", "scifact_train", targets={"hybrid nDCG@10": 0.76}),
    SetSpec("nfcorpus_dev", "nfcorpus_dev", targets={"hybrid nDCG@10": 0.35}),
    SetSpec("cranfield", "cranfield", targets={"hybrid nDCG@10": 0.43}),
    SetSpec("cisi", "cisi", targets={"hybrid nDCG@10": 0.48}),
    SetSpec("qmsum_committee_train", "qmsum_committee_train", targets={"hybrid nDCG@10": 0.56}),
    SetSpec("conditionalqa_train", "conditionalqa_train", targets={"hybrid nDCG@10": 0.64}),
    SetSpec("legalbench_contractnli", "legalbench_contractnli"),
    SetSpec("squad11_dev_16articles", "squad11_dev_16articles", targets={"hybrid nDCG@10": 0.94}),
    SetSpec(
        "squad20_dev_half",
        "squad20_dev_half",
        reading=Reading.CONTAINS,
        answer_sample=600,
        targets={"first quote holds the answer": 0.85},
    ),
    SetSpec(
        "archive_questions",
        "archive_questions",
        ranked=False,
        reading=Reading.CONTAINS,
        check_grounding=True,
        targets={
            "found@1": 0.82,
            "found@5": 0.97,
            "quoted": 0.82,
            "quoted in the first sentence": 0.58,
            "abstained": 0.65,
            "wrongly silent": 0.07,
            "grounded": 1.0,
            "calibration error, answers shown": 0.06,
            "milliseconds, p50": 60.0,
            "milliseconds, p95": 150.0,
        },
    ),
    SetSpec(
        "covidqa",
        "covidqa",
        ranked=False,
        reading=Reading.OVERLAPS,
        check_grounding=True,
        answer_sample=300,
        by_default=False,
    ),
    # A slice small enough for the slow tests; its documents are those of the whole set.
    SetSpec(
        "squad11_100",
        "squad11_dev_16articles",
        reading=Reading.CONTAINS,
        ranked_sample=100,
        answer_sample=100,
        by_default=False,
    ),
)


def choose(names: Sequence[str]) -> list[SetSpec]:
    """Return the named sets in the order named, or those measured by default when none is."""
    if not names:
        return [spec for spec in SPECS if spec.by_default]
    known = {spec.name: spec for spec in SPECS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SetError(f"no set named {', '.join(unknown)}; known: {', '.join(known)}")
    return [known[name] for name in names]


def absent_part(spec: SetSpec, eval_dir: Path, archive_dir: Path) -> Path | None:
    """Return the folder or file for want of which the set cannot be measured, if any."""
    needed = (eval_dir / spec.source, corpus_of(spec, eval_dir, archive_dir))
    return next((path for path in needed if not path.exists()), None)


def corpus_of(spec: SetSpec, eval_dir: Path, archive_dir: Path) -> Path:
    """Return what the product builds its index from."""
    if spec.source == "archive_questions":
        return archive_dir
    return eval_dir / spec.source / "corpus.jsonl"


def read_qrels(path: Path) -> Qrels:
    """Return the relevance of each judged document by query; the first line is a heading."""
    qrels: Qrels = {}
    if not path.is_file():
        raise SetError(f"{path} is absent; EVAL.md says what a set holds")
    with path.open(encoding="utf-8") as lines:
        next(lines, None)
        for number, line in enumerate(lines, start=2):
            fields = line.rstrip("\n").split("\t")
            if len(fields) != 3:
                raise SetError(f"{path}:{number}: {len(fields)} fields, expected 3 split by tabs")
            qrels.setdefault(fields[0], {})[fields[1]] = int(fields[2])
    return qrels


def read_queries(spec: SetSpec, eval_dir: Path, take_all: bool) -> tuple[list[Query], Qrels]:
    """Return the queries that have a judged document, with their judgements."""
    folder = eval_dir / spec.source
    qrels = read_qrels(folder / "qrels.tsv")
    queries = [
        Query(record["_id"], json.dumps(record, ensure_ascii=False))
        for record in _records(folder / "queries.jsonl")
        if record["_id"] in qrels
    ]
    if spec.ranked_sample is not None and not take_all:
        titles = {r["_id"]: str(r["title"]) for r in _records(folder / "answers.jsonl")}
        queries = sample(
            queries, spec.ranked_sample, lambda query: (titles[query.query_id], query.query_id)
        )
    return queries, {query.query_id: qrels[query.query_id] for query in queries}


def read_questions(spec: SetSpec, eval_dir: Path, take_all: bool) -> list[Question]:
    """Return the questions to ask: all, or the same fixed sample each time."""
    folder = eval_dir / spec.source
    if spec.source == "archive_questions":
        questions = [_archive_question(record) for record in _records(folder / "questions.jsonl")]
    else:
        texts = {record["_id"]: record["text"] for record in _records(folder / "queries.jsonl")}
        questions = [_beir_question(r, texts) for r in _records(folder / "answers.jsonl")]
    if spec.answer_sample is None or take_all:
        return questions
    chosen: list[Question] = []
    for answerable in (True, False):
        half = [question for question in questions if question.answerable is answerable]
        chosen += sample(
            half, spec.answer_sample, lambda question: (question.group, question.question_id)
        )
    return chosen


def sample(items: Sequence[Item], size: int, key: Callable[[Item], tuple[str, str]]) -> list[Item]:
    """Take `size` items, each group in proportion to its share; always the same ones.

    `key` returns an item's group and id. Systematic sampling: the items are ordered by group and,
    within a group, by a hash of their id, and every n-th is taken. No more items than `size` are
    returned whole.
    """
    if len(items) <= size:
        return list(items)

    def place(item: Item) -> tuple[str, str]:
        group, item_id = key(item)
        return group, hashlib.sha256(f"{SAMPLE_SEED}\n{item_id}".encode()).hexdigest()

    ordered = sorted(items, key=place)
    return [ordered[step * len(ordered) // size] for step in range(size)]


def _archive_question(record: Mapping[str, Any]) -> Question:
    kind = str(record["kind"])
    two_part = record["id"] == TWO_PART_LIST_ID and kind == "list"
    files = dict.fromkeys(str(item["file"]) for item in record["evidence"])
    return Question(
        question_id=str(record["id"]),
        text=str(record["question"]),
        kind=kind,
        answerable=bool(record["answerable"]),
        answers=tuple(record["answers"]),
        evidence=tuple(files),
        needs_all=kind == "multi_report" or two_part,
    )


def _beir_question(record: Mapping[str, Any], texts: Mapping[str, str]) -> Question:
    answerable = bool(record["answerable"])
    return Question(
        question_id=str(record["_id"]),
        text=texts[record["_id"]],
        kind="answerable" if answerable else "unanswerable",
        answerable=answerable,
        answers=tuple(record["answers"]),
        evidence=(str(record["source"]),) if answerable else (),
        group=str(record.get("title") or record["source"]),
    )


def _records(path: Path) -> Iterable[dict[str, Any]]:
    if not path.is_file():
        raise SetError(f"{path} is absent; EVAL.md says what a set holds")
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)
