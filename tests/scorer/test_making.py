"""The steps of `make scorer`, a few sentences and one step long: what comes out is a scorer."""

import json
import math
from pathlib import Path

import pytest

from search_api.scorer import InContext, TrainedScorer
from tests.scorer import candidates, export, train

SET = "squad20_dev_half"
REPORT = "sop-2011-03-17-09-anti-violence-strategy.txt"
QUESTIONS = (
    ("How much money has Operation Connect been given?", "£4.7m"),
    ("When was David's Story to be ready?", "by the spring"),
    ("Where was the opening event for the ten boroughs?", "City Hall"),
    ("Who watches repeat callers?", "Repeat callers are watched weekly"),
    ("What colour are the buses of Borchester?", ""),
)


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    """A set in the form of ../shared/eval about the sample reports."""
    folder = tmp_path / "eval" / SET
    folder.mkdir(parents=True)
    asked, answers = [], []
    for number, (question, answer) in enumerate(QUESTIONS):
        asked.append(json.dumps({"_id": str(number), "text": question}))
        record = {"_id": str(number), "title": "Policing", "answerable": bool(answer)}
        answers.append(json.dumps(record | {"answers": [answer] if answer else []}))
    judged = ["query-id\tcorpus-id\tscore", *(f"{at}\t{REPORT}\t1" for at in range(4))]
    (folder / "queries.jsonl").write_text("\n".join(asked) + "\n", encoding="utf-8")
    (folder / "answers.jsonl").write_text("\n".join(answers) + "\n", encoding="utf-8")
    (folder / "qrels.tsv").write_text("\n".join(judged) + "\n", encoding="utf-8")
    return tmp_path / "eval"


def test_candidates_train_and_export_make_a_scorer(
    evaluation: Path, sample_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexes = tmp_path / "indexes"
    (indexes / SET).mkdir(parents=True)
    (indexes / SET / "index").symlink_to(sample_index)
    written, weights, made = (tmp_path / name for name in ("c.jsonl", "w.pt", "scorer.onnx"))
    monkeypatch.setattr(candidates, "SETS", (SET,))
    assert candidates.main(["", str(evaluation), str(indexes), str(written)]) == 0

    asked = list(candidates.read_asked(written))
    assert [one.question for one in asked] == [question for question, _ in QUESTIONS]
    for one, (_, answer) in zip(asked, QUESTIONS, strict=True):
        assert len(one.candidates) >= candidates.KEPT
        assert [found.text for found in one.candidates if found.answers] == [
            found.text for found in one.candidates if answer and answer in found.text
        ]
    assert any(found.answers for found in asked[0].candidates)

    monkeypatch.setattr(train, "GROUPS_A_STEP", 3)
    assert train.main(["", str(written), str(weights), "1"]) == 0
    assert export.main(["", str(weights), str(made)]) == 0
    (score,) = TrainedScorer(made).scores("Who?", [InContext("Ada Brown did.", "", "")])
    assert math.isfinite(score)


def test_a_wrong_number_of_arguments_is_answered_with_the_usage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert [module.main([""]) for module in (candidates, train, export)] == [2, 2, 2]
    assert capsys.readouterr().out.count("usage: python -m tests.scorer.") == 3
