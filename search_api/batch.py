"""Many questions at once, for measuring: TREC runs, and answers as JSON lines."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from indexer.records import Filters
from search_api.errors import SearchError
from search_api.folding import files_of
from search_api.query import parse
from search_api.reader import ArchiveReader
from search_api.requests import sendable
from search_api.responses import Mode
from search_api.retrieval import DEPTH, by_document, retrieve, with_documents

# A document needs one passage in the list: this many passages a document are enough in practice.
_PASSAGES_A_DOCUMENT = 5


def read_questions(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (id, question) of a .jsonl file: `id` or `_id`, `question` or `text`.

    A file with both gives `question` where `id` is there, `text` where `_id` is there. Raises
    SearchError that names the line.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _question(line, f"{path}, line {number}")
    except (OSError, UnicodeDecodeError) as error:
        raise SearchError(
            f"{path}: cannot be read ({type(error).__name__}); expected a file of JSON lines in "
            "UTF-8. Name such a file"
        ) from error


def _question(line: str, place: str) -> tuple[str, str]:
    try:
        found = json.loads(line)
        name = found["id"] if "id" in found else found["_id"]
        if "id" in found:
            asked = found["question"] if "question" in found else found["text"]
        else:
            asked = found["text"] if "text" in found else found["question"]
        if not isinstance(asked, str):
            raise TypeError(asked)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SearchError(
            f"{place}: expected an object with id (or _id) and question (or text)"
        ) from error
    return sendable(str(name)), sendable(asked)


def trec_run(
    reader: ArchiveReader, question_id: str, question: str, mode: Mode, depth: int
) -> Iterator[str]:
    """Yield the lines of a TREC run for one question: a document ranks by its best passage.

    A run ranks files: all that hold a document follow each other, and those that hold nearly the
    same keep ranks of their own.
    """
    lists = max(DEPTH, depth * _PASSAGES_A_DOCUMENT)
    found = retrieve(reader, parse(question), Filters(), mode, lists)
    files = (
        (file, hit.best.score)
        for hit in with_documents(reader, found.candidates, by_document(reader, found.candidates))
        for file in files_of(reader, hit.document.document_id, hit.document.source_id)
    )
    for rank, (name, score) in enumerate(islice(files, depth), start=1):
        # A path may hold spaces: it is written as it is, and readers split from both ends.
        yield f"{question_id} Q0 {name} {rank} {score:.6f} archive-search-{mode}"
