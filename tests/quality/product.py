"""The product as the harness sees it: four commands, and what they print.

`CommandLine` runs the real ones; the tests of the harness pass a scripted product instead.
"""

import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.quality.errors import ProductError
from tests.quality.sets import Query, Question

logger = logging.getLogger(__name__)

CHECKOUT = Path(__file__).resolve().parents[2]
MODES = ("keyword", "vector", "hybrid")
DEPTH = 100
NOT_FOUND = "not_found"
STATUSES = ("answered", "partial", NOT_FOUND)

Run = dict[str, dict[str, float]]
"""Score by document by query; documents stand in the order of their ranks."""

# Document ids are paths and may hold spaces, so a line cannot simply be split.
_RUN_LINE = re.compile(r"(\S+)[ \t]+Q0[ \t]+(\S.*?)[ \t]+(\d+)[ \t]+(\S+)[ \t]+(\S+)\s*")


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a quote is said to stand: characters start to end of the stored text of `file`."""

    file: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the product returned for one question."""

    question_id: str
    status: str
    confidence: float
    sentences: tuple[str, ...]
    citations: tuple[Citation, ...]
    took_ms: float

    @property
    def shown(self) -> bool:
        """Tell whether the reader is given an answer, whole or in part."""
        return self.status != NOT_FOUND


class Product(Protocol):
    """The four commands. `index` is an index folder that `build` made."""

    def build(self, source: Path, index: Path) -> None: ...

    def run(self, index: Path, queries: Sequence[Query], mode: str) -> Run: ...

    def answers(self, index: Path, questions: Sequence[Question]) -> dict[str, Answer]: ...

    def text(self, index: Path, file: str) -> str: ...


class CommandLine:
    """The commands of a checkout, run by this interpreter, one at a time.

    What they are given and print is kept in `folder`, so that a number can be looked into later.
    """

    def __init__(self, folder: Path, checkout: Path = CHECKOUT) -> None:
        self._folder = folder
        self._checkout = checkout
        folder.mkdir(parents=True, exist_ok=True)

    def build(self, source: Path, index: Path) -> None:
        """Build or refresh the index of `source`."""
        self._call("indexer", ["build", str(source), str(index)], "build.txt")

    def run(self, index: Path, queries: Sequence[Query], mode: str) -> Run:
        """Rank documents for each query."""
        asked = self._folder / "queries.jsonl"
        asked.write_text("".join(f"{query.line}\n" for query in queries), encoding="utf-8")
        arguments = ["run", str(index), str(asked), "--mode", mode, "--depth", str(DEPTH)]
        return parse_run(self._call("search_api", arguments, f"{mode}.run"))

    def answers(self, index: Path, questions: Sequence[Question]) -> dict[str, Answer]:
        """Answer each question."""
        asked = self._folder / "questions.jsonl"
        lines = (
            json.dumps({"id": question.question_id, "question": question.text}, ensure_ascii=False)
            for question in questions
        )
        asked.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        printed = self._call("search_api", ["answers", str(index), str(asked)], "answers.jsonl")
        return parse_answers(printed, [question.question_id for question in questions])

    def text(self, index: Path, file: str) -> str:
        """Return the stored text of one document; several threads may ask at once."""
        command = [sys.executable, "-m", "search_api", "text", str(index), file]
        finished = subprocess.run(command, cwd=self._checkout, capture_output=True, check=False)
        if finished.returncode:
            raise ProductError(_failure(command, finished.returncode, finished.stderr))
        # Bytes, not text mode: newline translation would move every offset after a "\r\n".
        return finished.stdout.decode("utf-8", errors="replace")

    def _call(self, package: str, arguments: list[str], output: str) -> str:
        command = [sys.executable, "-m", package, *arguments]
        started = time.monotonic()
        log = self._folder / "stderr.txt"
        with (self._folder / output).open("wb") as stdout, log.open("wb") as stderr:
            finished = subprocess.run(
                command, cwd=self._checkout, stdout=stdout, stderr=stderr, check=False
            )
        if finished.returncode:
            raise ProductError(_failure(command, finished.returncode, log.read_bytes()))
        seconds = time.monotonic() - started
        logger.info("%s %s: %.1f s", self._folder.name, " ".join(arguments[:1]), seconds)
        return (self._folder / output).read_bytes().decode("utf-8")


def parse_run(printed: str) -> Run:
    """Read a TREC run: `qid Q0 docid rank score tag`, ranks from 1, scores never rising."""
    run: Run = {}
    if not printed.strip():
        return run
    last: dict[str, tuple[int, float]] = {}
    for number, line in enumerate(printed.rstrip("\n").split("\n"), start=1):
        match = _RUN_LINE.fullmatch(line)
        if match is None:
            raise ProductError(f"run line {number} is not `qid Q0 docid rank score tag`: {line!r}")
        query_id, document = match[1], match[2]
        rank, score = int(match[3]), float(match[4])
        previous_rank, previous_score = last.get(query_id, (0, float("inf")))
        if rank != previous_rank + 1 or score > previous_score:
            raise ProductError(
                f"run line {number}: rank {rank} with score {score} after rank {previous_rank} "
                f"with score {previous_score}; ranks count from 1 and scores never rise"
            )
        ranking = run.setdefault(query_id, {})
        if document in ranking:
            raise ProductError(f"run line {number}: {document} is ranked twice for {query_id}")
        ranking[document] = score
        last[query_id] = rank, score
    return run


def parse_answers(printed: str, asked: Sequence[str]) -> dict[str, Answer]:
    """Read one answer for each question asked."""
    # Not splitlines: it also splits at U+2028 and form feeds, which JSON may hold unescaped.
    answers: dict[str, Answer] = {}
    for line in printed.split("\n"):
        if line.strip():
            answer = _answer(json.loads(line))
            answers[answer.question_id] = answer
    missing = [question_id for question_id in asked if question_id not in answers]
    if missing or len(answers) != len(set(asked)):
        raise ProductError(
            f"{len(answers)} answers to {len(set(asked))} questions; "
            f"unanswered: {', '.join(missing[:5]) or 'none'}"
        )
    return answers


def _answer(record: Mapping[str, Any]) -> Answer:
    try:
        answer = Answer(
            question_id=str(record["id"]),
            status=str(record["status"]),
            confidence=float(record["confidence"]),
            sentences=tuple(record["sentences"]),
            citations=tuple(
                Citation(item["file"], item["quote"], int(item["start"]), int(item["end"]))
                for item in record["citations"]
            ),
            took_ms=float(record["took_ms"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ProductError(f"answer {record.get('id')}: {error!r} is missing or wrong") from error
    if answer.status not in STATUSES:
        raise ProductError(f"answer {answer.question_id}: status {answer.status!r}")
    if not 0.0 <= answer.confidence <= 1.0:
        raise ProductError(f"answer {answer.question_id}: confidence {answer.confidence}")
    return answer


def _failure(command: list[str], status: int, stderr: bytes) -> str:
    lines = stderr.decode("utf-8", errors="replace").strip().splitlines()
    return f"{' '.join(command[1:5])} … exited {status}: {lines[-1] if lines else 'no message'}"
