"""What is asked: questions as people ask them, and words that stand side by side in a report.

No two are the same, for the service remembers the vectors of what was asked lately.
"""

import json
import random
from collections.abc import Iterator
from itertools import count, islice

from tests.benchmarks.passages import reports
from tests.conftest import SHARED

_ASKED = SHARED / "eval" / "archive_questions" / "questions.jsonl"
_REPORTS = 12_000  # the words come from all over so many


def questions(wanted: int) -> list[str]:
    """Return `wanted` queries, half of them questions where there are so many."""
    asked = list(islice(_asked(), wanted // 2))
    chance = random.Random(7)
    quoted: list[str] = []
    step = max(1, _REPORTS // wanted)
    for report in islice(reports(), 0, (wanted - len(asked)) * step, step):
        words = report.split()
        at = chance.randrange(len(words) - 8)
        quoted.append(" ".join(words[at : at + chance.randrange(3, 8)]))
    mixed = [*asked, *quoted]
    chance.shuffle(mixed)
    return mixed


def _asked() -> Iterator[str]:
    """Yield whole questions, then each without its first word, its second, and so on."""
    if not _ASKED.exists():
        return
    lines = _ASKED.read_text(encoding="utf-8").splitlines()
    whole = [json.loads(line)["question"].split() for line in lines]
    yield from map(" ".join, whole)
    for at in count():
        shorter = [words[:at] + words[at + 1 :] for words in whole if at < len(words)]
        if not shorter:
            return
        yield from map(" ".join, shorter)
