"""Throw malformed queries at parser and engine: `python -m tests.torture.queries COUNT [SEED]`.

Each is parsed and searched by words on a real index, constraint included. Whatever escapes (a panic
of the engine is a BaseException) is printed and belongs into query_seeds.txt, from which all inputs
are made: cut, joined, repeated, and mixed with the words of the grammar and with odd characters.
"""

import json
import random
import sys
import tempfile
import time
from pathlib import Path

from indexer.build import build
from indexer.embedding import BUNDLED_NAME
from indexer.generation import Generation, open_generation
from indexer.records import Filters
from search_api.query import parse
from search_api.retrieval import retrieve
from tests.conftest import CORPUS
from tests.indexer.test_build import HashEncoder

SEEDS = Path(__file__).with_name("query_seeds.txt")
_GRAMMAR = [
    '"',
    "(",
    ")",
    "-",
    "+",
    "*",
    "AND",
    "OR",
    "NOT",
    "title:",
    "text:",
    "~",
    "^2",
    ":",
    " ",
]
_GRAMMAR += ["[a TO b]", "\\", "/", "{", "}", "&&", "||", "!", "?", "£", "§", "'", "’", "“", "”"]
_ODD = ["\0", "\ud800", "\u202e", "\u0301", "\ufeff", "\U0001f600", "İ", "ß", "ﬁ", "\n", "\t", "ａ"]
_ODD += ["\u2028", "٣", "中", "a" * 300, "9" * 40, "-" * 50, "(" * 60, '"' * 9, "* " * 20, "\x7f"]
_LONGEST = 2000


def seeds() -> list[str]:
    """Return the inputs that others are made from: one JSON string a line."""
    lines = SEEDS.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


def mutated(chance: random.Random, known: list[str]) -> str:
    """Return an input made out of known ones."""
    text = chance.choice(known)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(text) + 1)
        to = min(len(text), at + chance.randrange(1, 12))
        match chance.randrange(6):
            case 0:
                text = text[:at] + text[to:]
            case 1:
                text = text[:at] + chance.choice(_GRAMMAR) + text[at:]
            case 2:
                text = text[:at] + chance.choice(_ODD) + text[to:]
            case 3:
                text = text[:at] + text[at:to] * chance.randrange(2, 9) + text[to:]
            case 4:
                text = text[:at] + chance.choice(known) + text[at:]
            case 5:
                text = chance.choice(_GRAMMAR).join(text.split(" "))
    return text[:_LONGEST]


def campaign(count: int, seed: int, reader: Generation) -> list[tuple[str, str]]:
    """Return the inputs that something escaped from, with what it was."""
    chance = random.Random(seed)
    known = seeds()
    escaped = []
    for text in known:
        escaped += _try(text, reader)
    for _ in range(count):
        escaped += _try(mutated(chance, known), reader)
    return escaped


def _try(text: str, reader: Generation) -> list[tuple[str, str]]:
    try:
        query = parse(text)
        retrieve(reader, query, Filters(), mode="keyword", depth=10)
        if query.constraint is not None:
            reader.keyword_ranking(query.constraint, 10, Filters())
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return [(text, f"{type(error).__name__}: {error}")]
    return []


def main() -> int:
    """Run a campaign; return 1 where something escaped."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    with tempfile.TemporaryDirectory() as folder:
        build(CORPUS, Path(folder) / "index", HashEncoder(BUNDLED_NAME))
        reader = open_generation(Path(folder) / "index")
        started = time.monotonic()
        escaped = campaign(count, seed, reader)
    for text, error in escaped[:20]:
        print(f"{json.dumps(text)}\t{error[:200]}")
    print(
        f"queries: {count} of seed {seed} in {time.monotonic() - started:.0f} s, "
        f"{len(escaped)} escaped"
    )
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main())
