"""Candidates to learn from: the product's own first look at questions with known answers.

`python -m tests.scorer.candidates EVAL_DIR INDEXES_DIR OUT.jsonl` asks each question of SETS of the
set's own index (INDEXES_DIR/SET/index, as `make quality` leaves them) and writes the sentences that
the first look likes best, each with whether it holds the answer. What the model learns to tell
apart is then what it will have to tell apart.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from indexer.generation import open_generation
from indexer.records import Filters
from search_api import answering
from search_api.matching import Stemmer
from search_api.query import parse
from search_api.retrieval import retrieve
from search_api.scorer import InContext
from tests.quality.wording import normalise

SETS = (
    "squad11_dev_16articles",
    "squad20_dev_half",
    "covidqa",
    "legalbench_contractnli",
    "conditionalqa_train",
)
_ALL = 1_000_000  # every sentence of the passages
KEPT = 14  # of the first look, beside those that hold the answer
_LONG_ANSWERS = ("covidqa", "legalbench_contractnli")
_SHARED = 0.75  # of the words of the shorter, for a sentence to hold part of a long answer
_FEWEST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence as the scorer sees it, and whether it holds the answer."""

    text: str
    before: str
    heading: str
    answers: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its candidates, best first; `group` is the article it belongs to."""

    set: str
    group: str
    question: str
    answerable: bool
    candidates: tuple[Candidate, ...]


class _KeepsAll:
    """Scores all alike, so that the order of the first look stays."""

    def scores(self, question: str, sentences: Sequence[InContext]) -> list[float]:
        return [0.0] * len(sentences)


def read_asked(path: Path) -> Iterator[Asked]:
    """Yield what `main` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            found = json.loads(line)
            found["candidates"] = tuple(Candidate(**one) for one in found["candidates"])
            yield Asked(**found)


def main(arguments: Sequence[str]) -> int:
    """Write the candidates of every question of every set."""
    if len(arguments) != 4:
        print("usage: python -m tests.scorer.candidates EVAL_DIR INDEXES_DIR OUT.jsonl")
        return 2
    eval_dir, indexes, target = map(Path, arguments[1:])
    with target.open("w", encoding="utf-8") as file:
        for name in SETS:
            for asked in _asked_of(name, eval_dir / name, indexes / name / "index"):
                file.write(json.dumps(asdict(asked), ensure_ascii=False) + "\n")
            print(name)
    return 0


def _asked_of(name: str, folder: Path, index_dir: Path) -> Iterator[Asked]:
    reader = open_generation(index_dir)
    stem = Stemmer(reader)
    questions = {record["_id"]: record["text"] for record in _lines(folder / "queries.jsonl")}
    judged: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query_id, document, relevance = line.split("\t")
        if int(relevance) > 0:
            judged.setdefault(query_id, set()).add(document)
    for record in _lines(folder / "answers.jsonl"):
        question = questions[record["_id"]]
        found = retrieve(reader, parse(question), Filters())
        documents = reader.documents_of([one.row for one in found.candidates[: answering.PASSAGES]])
        selection = answering.select(reader, found, documents, stem, _KeepsAll(), read=_ALL)
        by_row = {
            candidate.row: document.source_id.rpartition("#")[2]
            for candidate, document in zip(found.candidates, documents, strict=False)
        }
        candidates = []
        for rank, quote in enumerate(selection.quotes):
            if name == "conditionalqa_train":  # its documents are sentences
                right = by_row[quote.candidate.row] in judged.get(record["_id"], ())
            else:
                right = _holds(quote.text, record.get("answers", ()), long=name in _LONG_ANSWERS)
            if rank < KEPT or right:
                context = quote.context
                candidates.append(Candidate(context.text, context.before, context.heading, right))
        yield Asked(
            set=name,
            group=record.get("title") or record.get("source") or record["_id"],
            question=question,
            answerable=bool(record.get("answerable", True)),
            candidates=tuple(candidates),
        )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _holds(sentence: str, answers: Sequence[str], *, long: bool) -> bool:
    text = normalise(sentence)
    if any(normalise(answer) in text for answer in answers):
        return True
    if not long or len(text.split()) < _FEWEST_WORDS:
        return False
    return any(_shared(text, normalise(answer)) > _SHARED for answer in answers)


def _shared(sentence: str, answer: str) -> float:
    words, wanted = sentence.split(), answer.split()
    held = set(wanted)
    return sum(word in held for word in words) / max(min(len(words), len(wanted)), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
