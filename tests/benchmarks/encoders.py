"""The encoders of the build and of the service against sentence-transformers at its defaults.

Both get the same texts in turn, several times; the ratio is of the fastest times, which other work
on the machine changes least. Processor time is told beside the clock's for the same reason.
"""

import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from indexer.embedding import BuildEncoder, QueryEncoder, open_query_encoder
from tests.benchmarks.machine import load
from tests.benchmarks.passages import reports
from tests.benchmarks.questions import questions

_ROUNDS = 3
_QUERIES = 60
_WORDS = {"of 20 to 40 words": (20, 40), "of 75 words": (75, 75), "of 160 words": (160, 160)}


@dataclass(frozen=True, slots=True)
class Spent:
    """The least time of several rounds."""

    seconds: float
    processor: float


def print_embedding(wanted: int) -> None:
    """Compare on runs of words out of the council record, of several lengths."""
    encoder = BuildEncoder()
    chance = random.Random(3)
    sets = {}
    for name, (least, most) in _WORDS.items():
        texts = []
        for report in islice(reports(), wanted):
            words = report.split()
            at = chance.randrange(len(words) - most)
            texts.append(" ".join(words[at : at + chance.randint(least, most)]))
        sets[name] = texts
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "encoder"
        encoder.export(exported)
        print_encoders(encoder, open_query_encoder(exported), sets)


def print_encoders(
    encoder: BuildEncoder, queries: QueryEncoder, sets: Mapping[str, Sequence[str]]
) -> None:
    """Print passages a second for each set of texts, and what a query takes."""
    from sentence_transformers import SentenceTransformer

    plain: Any = SentenceTransformer(str(encoder.folder), device="cpu")
    for name, texts in sets.items():
        encoder.encode(texts[:8])
        plain.encode(texts[:8])
        ours, theirs = [], []
        for _ in range(_ROUNDS):
            ours.append(_spent(lambda: encoder.encode(texts)))  # noqa: B023 - called at once
            theirs.append(_spent(lambda: plain.encode(texts)))  # noqa: B023
        mine, other = _least(ours), _least(theirs)
        cosines = (encoder.encode(texts) * plain.encode(texts)).sum(axis=1)
        print(
            f"embedding {name}: {len(texts) / mine.seconds:.0f} passages/s, "
            f"{other.seconds / mine.seconds:.2f} times sentence-transformers at its defaults; of "
            f"processor time {len(texts) / mine.processor:.0f} a second, "
            f"{other.processor / mine.processor:.2f} times; cosine to fp32 at least "
            f"{cosines.min():.4f} ({load()})",
            flush=True,
        )
    asked = questions(_QUERIES)
    queries.encode(asked[:1])
    mine_each, other_each = [], []
    for query in asked:
        mine_each.append(_spent(lambda: queries.encode([query])))  # noqa: B023
        other_each.append(_spent(lambda: plain.encode([query])))  # noqa: B023
    p50, p50_other = (median(one.seconds for one in each) for each in (mine_each, other_each))
    used, used_other = (median(one.processor for one in each) for each in (mine_each, other_each))
    print(
        f"query to vector: p50 {p50 * 1000:.1f} ms, {p50 / p50_other:.2f} of theirs; "
        f"processor {used * 1000:.1f} ms, {used / used_other:.2f} of it ({load()})"
    )


def _spent(call: Callable[[], object]) -> Spent:
    started, before = time.perf_counter(), time.process_time()
    call()
    return Spent(time.perf_counter() - started, time.process_time() - before)


def _least(rounds: Sequence[Spent]) -> Spent:
    return Spent(min(one.seconds for one in rounds), min(one.processor for one in rounds))
