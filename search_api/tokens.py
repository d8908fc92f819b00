"""Opaque names that responses hand out and requests bring back: cursors and answer ids.

Both say which generation they belong to, and are read as hostile input.
"""

import base64
import hashlib
import json
from dataclasses import astuple
from typing import Any

from indexer.records import Filters
from search_api.errors import BadRequestError, GoneError, UnknownAnswerError
from search_api.requests import MAX_QUERY_CHARS, SearchRequest

_FILTERS = len(astuple(Filters()))


def cursor(request: SearchRequest, generation_id: str, offset: int) -> str:
    """Return a place in a result list; it holds for this query and this generation only."""
    return _written([generation_id, _digest(request), offset])


def offset_of(request: SearchRequest, generation_id: str) -> int:
    """Return how many results a request has seen.

    Raises BadRequestError for a cursor that is none or was made for another query, GoneError for
    one of another generation.
    """
    if not request.cursor:
        return request.offset
    try:
        made_in, digest, offset = _read(request.cursor)
        if not isinstance(offset, int) or offset < 0:
            raise ValueError(offset)
    except (ValueError, TypeError) as error:
        raise BadRequestError(
            "cursor", request.cursor[:64], "not a cursor of this API; start again without one"
        ) from error
    if digest != _digest(request):
        raise BadRequestError(
            "cursor", request.cursor[:64], "made for another query; start again without a cursor"
        )
    if made_in != generation_id:
        raise GoneError(
            "the archive has been re-indexed since this cursor was made; start again without it"
        )
    return offset


def answer_id(q: str, filters: Filters, generation_id: str) -> str:
    """Return the name of an answer: question, filters and generation, which decide every byte."""
    return f"{generation_id}.{_written([q, *astuple(filters)])}"


def read_answer_id(written: str) -> tuple[str, str, Filters]:
    """Return (generation, question, filters) of an answer id; raises UnknownAnswerError."""
    generation_id, _, rest = written.partition(".")
    try:
        q, *filters = _read(rest)
        texts = [q, *filters]
        if len(filters) != _FILTERS or not all(isinstance(text, str) for text in texts):
            raise ValueError(written)
        if not q or any(len(text) > MAX_QUERY_CHARS for text in texts):
            raise ValueError(written)
    except (ValueError, TypeError) as error:
        raise UnknownAnswerError("no answer has this id; ask the question again") from error
    return generation_id, q, Filters(*filters)


def _digest(request: SearchRequest) -> str:
    parts = (request.q, request.mode, request.filters, request.sort, request.group)
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:16]


def _written(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(written: str) -> list[Any]:
    """Return what was written; raises ValueError for anything that was not."""
    try:
        padded = written + "=" * (-len(written) % 4)
        found = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except RecursionError as error:
        raise ValueError(written[:64]) from error
    if not isinstance(found, list):
        raise ValueError(written[:64])
    return found
