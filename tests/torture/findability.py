"""Does a rare phrase of every passage find it? `python -m tests.torture.findability [INDEX_DIR]`.

Of each passage the five words around its rarest one are typed in quotation marks; the passage must
be among what is found. Any index whose parts can be read will do; make quality leaves a large one.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.keyword_index import FOLDER_NAME, KeywordIndex
from indexer.passage_store import PassageStore
from indexer.publishing import current_id, generation_folder
from indexer.records import Filters, Passage
from search_api.query import parse
from tests.conftest import ROOT

LARGE = ROOT / "quality-index" / "archive_questions" / "index"
WORDS = 5
NO_WORD = "no word in it"  # only marks: nothing that anybody could type
_DEPTH = 1000
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Miss:
    """A passage that its own phrase does not find, or that has no phrase."""

    passage: Passage
    phrase: str
    why: str


def misses(store: PassageStore, keywords: KeywordIndex) -> Iterator[Miss]:
    """Yield every passage that its rarest phrase does not find."""
    passages = store.passages(range(store.counts().passages))
    frequency: Counter[str] = Counter()
    for passage in passages:
        frequency.update({word.lower() for word in _WORD.findall(passage.text)})
    for passage in passages:
        phrase = rare_phrase(passage.text, frequency)
        if not phrase:
            yield Miss(passage, "", NO_WORD)
            continue
        query = parse(f'"{phrase}"')
        found, total = keywords.search(query.node, _DEPTH, Filters())
        if total > _DEPTH:  # of a passage that is one common word
            found, _ = keywords.search(query.node, total, Filters())
        if passage.row not in {hit.row for hit in found}:
            yield Miss(passage, phrase, f"{total} others are found, read as {query.understood}")


def rare_phrase(text: str, frequency: Counter[str]) -> str:
    """Return the words around the rarest word of `text` as they stand there, "" without words."""
    words = list(_WORD.finditer(text))
    if not words:
        return ""
    rarest = min(range(len(words)), key=lambda at: (frequency[words[at][0].lower()], at))
    first = max(0, min(rarest - WORDS // 2, len(words) - WORDS))
    last = min(len(words) - 1, first + WORDS - 1)
    # A quotation mark ends the phrase: a person cannot type one inside of one.
    return re.sub(r'["“”„«»]', " ", text[words[first].start() : words[last].end()])


def main() -> int:
    """Print each miss and the share that is found; 0 where all are."""
    index_dir = Path(sys.argv[1]) if len(sys.argv) > 1 else LARGE
    if not index_dir.is_dir():
        print(f"findability: NOT RUN: no index at {index_dir}; `make quality` builds one")
        return 0
    folder = generation_folder(index_dir, current_id(index_dir))
    store = PassageStore(folder)
    missed = list(misses(store, KeywordIndex(folder / FOLDER_NAME)))
    for miss in missed:
        place = f"{miss.passage.document_id}:{miss.passage.start}"
        print(f"{place}\t{miss.phrase!r}\t{miss.why}\t{miss.passage.text[:80]!r}")
    total = store.counts().passages
    print(
        f"findability: {total - len(missed)} of {total} passages are found by their rarest phrase"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
