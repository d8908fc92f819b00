"""What is asked: questions as people ask them, and words that stand side by side in a report."""

import json
import random
from itertools import islice

from tests.benchmarks.passages import reports
from tests.conftest import SHARED

_ASKED = SHARED / "eval" / "archive_questions" / "questions.jsonl"
_EVERY = 37  # reports: the words come from all over the archive


def questions(wanted: int) -> list[str]:
    """Return `wanted` distinct queries, half of them questions where there are so many."""
    asked: list[str] = []
    if _ASKED.exists():
        lines = _ASKED.read_text(encoding="utf-8").splitlines()
        asked = [json.loads(line)["question"] for line in lines][: wanted // 2]
    chance = random.Random(7)
    quoted = []
    for report in islice(reports(), 0, (wanted - len(asked)) * _EVERY, _EVERY):
        words = report.split()
        at = chance.randrange(len(words) - 8)
        quoted.append(" ".join(words[at : at + chance.randrange(3, 8)]))
    mixed = [*asked, *quoted]
    chance.shuffle(mixed)
    return mixed
