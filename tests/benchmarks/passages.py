"""As many passages as asked for, made from real text: where a benchmark gets its archive from.

`../shared/scale` holds a printed council record, cut here into reports of about 1,500 words. Past
its end its reports come again with every fourth word replaced by another one of the record, so
that neither the frequencies of words nor the lengths of texts change, and no report is a copy.
"""

import gzip
import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from indexer.chunking import PassageLimits
from tests.conftest import CORPUS, SHARED

WORDS_OF_A_REPORT = 1500
# About 75 words a passage: a million of them are as much text as 470,000 of the usual size.
LIMITS = PassageLimits(target=104)
_PASSAGES_OF_A_REPORT = 24  # found by cutting some hundred of them
# Of 1,000 reports so many are of this body: filters of several selectivities.
BODIES = {"Half Board": 500, "Tenth Board": 100, "Hundredth Board": 10, "Thousandth Board": 1}
_OTHER_BODY = "Other Board"
_FIRST_DAY = date(1996, 1, 1)
_DAYS = 2900
_REPLACED = 4


def write_source(folder: Path, passages: int) -> None:
    """Write reports into `folder` until they hold about `passages` passages."""
    folder.mkdir(parents=True)
    chosen = zip(range(max(1, round(passages / _PASSAGES_OF_A_REPORT))), reports(), strict=False)
    with (folder / "reports.jsonl").open("w", encoding="utf-8") as file:
        for number, text in chosen:
            file.write(json.dumps(described(number, text)) + "\n")


def described(number: int, text: str) -> dict[str, str]:
    """Return one line of a .jsonl source: a report with an id, a title, a date and a body."""
    place = number * 7919 % 1000  # spread evenly, as the dates are
    body = _OTHER_BODY
    for name, share in BODIES.items():
        if place < share:
            body = name
            break
        place -= share
    return {
        "_id": f"{number:07}",
        "title": f"Record {number}",
        "text": text,
        "date": str(_FIRST_DAY + timedelta(days=number * 31 % _DAYS)),
        "body": body,
    }


def reports() -> Iterator[str]:
    """Yield texts of about 1,500 words without end, always the same ones."""
    yield from _originals()
    originals = list(_originals())
    vocabulary = [word for text in originals[::50] for word in text.split()]
    for round_number in count(1):
        chance = random.Random(round_number)
        for text in originals:
            yield _reworded(text, vocabulary, chance)


def _originals() -> Iterator[str]:
    for text in _record():
        lines: list[str] = []
        words = 0
        for line in text.splitlines():
            lines.append(line)
            words += len(line.split())
            if words >= WORDS_OF_A_REPORT:
                yield "\n".join(lines)
                lines, words = [], 0


def _record() -> Iterator[str]:
    """Yield the issues of the council record; without it, the sample reports of the project."""
    years = sorted((SHARED / "scale").glob("city_record_*.jsonl.gz"))
    for year in years:
        with gzip.open(year, "rt", encoding="utf-8") as file:
            yield from (json.loads(line)["text"] for line in file)
    if not years:
        texts = [path.read_text("utf-8", "replace") for path in sorted(CORPUS.rglob("*.md"))]
        yield "\n".join(texts * 3)


def _reworded(text: str, vocabulary: list[str], chance: random.Random) -> str:
    lines = []
    for line in text.splitlines():
        words = line.split(" ")
        for at in range(chance.randrange(_REPLACED), len(words), _REPLACED):
            words[at] = vocabulary[chance.randrange(len(vocabulary))]
        lines.append(" ".join(words))
    return "\n".join(lines)
