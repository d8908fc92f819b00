"""Query parameters in, requests out: every bound and every message of a bad value is here."""

import calendar
import re
from collections.abc import Mapping, Sequence
from typing import cast, get_args

from indexer.records import Filters
from search_api.citation_formats import CITATION_FORMATS, CitationFormat
from search_api.errors import BadRequestError
from search_api.exporting import EXPORT_FORMATS, ExportFormat
from search_api.problems import unknown_parameter
from search_api.requests import (
    MAX_LIMIT,
    MAX_QUERY_CHARS,
    Facet,
    SearchRequest,
    sendable,
)
from search_api.responses import Mode

FILTER_NAMES = ("body", "committee", "doc_type", "date_from", "date_to")
SEARCH_NAMES = ("q", "mode", *FILTER_NAMES, "sort", "limit", "cursor", "facets", "group")
ANSWER_NAMES = ("q", *FILTER_NAMES)
TIMELINE_NAMES = ("q", *FILTER_NAMES, "limit")
SUGGEST_NAMES = ("q", "limit")
FEED_NAMES = ("q", "mode", *FILTER_NAMES, "limit")
EXPORT_NAMES = ("q", "mode", *FILTER_NAMES, "group", "format")
PASSAGES_NAMES = ("from", "to")
CITATION_NAMES = ("format", "start", "end")
MAX_OFFSET = 10**9

_SORTS = ("relevance", "date", "-date")
_GROUPS = ("document", "passage")
_FACETS = get_args(Facet)
_MAX_VALUE_CHARS = 300
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


class UnknownParameterError(BadRequestError):
    """A parameter that does not exist; `errors` has the nearest that does."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.entry = unknown_parameter(name, list(known))
        super().__init__(name[:64], "", self.entry["message"])


def read_search(given: Sequence[tuple[str, str]]) -> SearchRequest:
    """Return the search that parameters ask for; raises BadRequestError."""
    values = _read(given, SEARCH_NAMES)
    return SearchRequest(
        q=_query(values),
        mode=_mode(_choice(values, "mode", get_args(Mode), "hybrid")),
        filters=_filters(values),
        sort=_choice(values, "sort", _SORTS, "relevance"),
        limit=_limit(values.get("limit", "")),
        group=_choice(values, "group", _GROUPS, "document"),
        facets=_facets(values.get("facets", "")),
        cursor=values.get("cursor", ""),
    )


def read_answer(given: Sequence[tuple[str, str]]) -> tuple[str, Filters]:
    """Return the question and the filters that parameters ask for; raises BadRequestError."""
    values = _read(given, ANSWER_NAMES)
    return _query(values), _filters(values)


def read_timeline(given: Sequence[tuple[str, str]]) -> tuple[str, Filters, int]:
    """Return the thing, the filters and the number of quotes; raises BadRequestError."""
    values = _read(given, TIMELINE_NAMES)
    return _query(values), _filters(values), _limit(values.get("limit", ""), default=50)


def read_suggest(given: Sequence[tuple[str, str]]) -> tuple[str, int]:
    """Return what has been typed, which may be nothing, and how many completions are wanted."""
    values = _read(given, SUGGEST_NAMES)
    typed = values.get("q", "")
    return (_query(values) if typed.strip() else ""), _limit(values.get("limit", ""))


def read_feed(given: Sequence[tuple[str, str]]) -> SearchRequest:
    """Return the search of a feed, newest first; raises BadRequestError."""
    values = _read(given, FEED_NAMES)
    return SearchRequest(
        q=_query(values),
        mode=_mode(_choice(values, "mode", get_args(Mode), "hybrid")),
        filters=_filters(values),
        sort="-date",
        limit=_limit(values.get("limit", ""), default=50),
    )


def read_export(given: Sequence[tuple[str, str]]) -> tuple[SearchRequest, ExportFormat]:
    """Return the search to export and how; raises BadRequestError."""
    values = _read(given, EXPORT_NAMES)
    request = SearchRequest(
        q=_query(values),
        mode=_mode(_choice(values, "mode", get_args(Mode), "hybrid")),
        filters=_filters(values),
        group=_choice(values, "group", _GROUPS, "document"),
    )
    return request, cast(ExportFormat, _choice(values, "format", EXPORT_FORMATS, "csv"))


def read_passages(given: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """Return the characters [from, to) that are asked for; raises BadRequestError."""
    values = _read(given, PASSAGES_NAMES)
    start = _whole(values, "from", 0, MAX_OFFSET, 0)
    return start, _whole(values, "to", 0, MAX_OFFSET, MAX_OFFSET)


def read_start(given: Sequence[tuple[str, str]]) -> int:
    """Return the character from which on a report is wanted; raises BadRequestError."""
    return _whole(_read(given, ("from",)), "from", 0, MAX_OFFSET, 0)


def read_document_piece(given: Sequence[tuple[str, str]]) -> tuple[str, int]:
    """Return which report is wanted, and from which character on; raises BadRequestError."""
    values = _read(given, ("document_id", "from"))
    document_id = values.get("document_id", "").strip()
    if not document_id:
        raise BadRequestError("document_id", "", "missing; expected the document_id of a result")
    return document_id, _whole(values, "from", 0, MAX_OFFSET, 0)


def read_similar(given: Sequence[tuple[str, str]]) -> int:
    """Return how many similar reports are wanted; raises BadRequestError."""
    return _limit(_read(given, ("limit",)).get("limit", ""))


def read_draft(given: Sequence[tuple[str, str]]) -> str:
    """Return the draft whose quotations are to be checked; raises BadRequestError."""
    values = {}
    for name, value in given:
        if name != "text":
            raise UnknownParameterError(name, ("text",))
        if "text" in values:
            raise BadRequestError(name, value[:64], "given twice; expected once")
        values[name] = value
    if not values.get("text", "").strip():
        raise BadRequestError("text", "", "empty; expected a draft with quoted passages")
    return values["text"]


def read_citation(
    given: Sequence[tuple[str, str]],
) -> tuple[CitationFormat, int | None, int | None]:
    """Return how a citation is to be written, and where its place begins and ends.

    These are None where they are not said. Raises BadRequestError.
    """
    values = _read(given, CITATION_NAMES)
    written_as = cast(CitationFormat, _choice(values, "format", CITATION_FORMATS, "text"))
    start, end = (
        _whole(values, name, 0, MAX_OFFSET, 0) if values.get(name, "").strip() else None
        for name in ("start", "end")
    )
    return written_as, start, end


def read_nothing(given: Sequence[tuple[str, str]]) -> None:
    """Refuse every parameter; raises BadRequestError."""
    _read(given, ())


def _read(given: Sequence[tuple[str, str]], known: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in given:
        if name not in known:
            raise UnknownParameterError(name, known)
        if name in values:
            raise BadRequestError(name, value[:64], "given twice; expected once")
        if name != "q" and len(value) > _MAX_VALUE_CHARS:
            raise BadRequestError(
                name,
                value[:64],
                f"{len(value)} characters; expected {_MAX_VALUE_CHARS} at most",
            )
        values[name] = value
    return values


def _query(values: dict[str, str]) -> str:
    q = values.get("q", "")
    if len(q) > MAX_QUERY_CHARS:
        raise BadRequestError(
            "q", q[:64], f"{len(q)} characters; expected {MAX_QUERY_CHARS} at most"
        )
    if not q.strip():
        raise BadRequestError("q", q[:64], "empty; expected words to search for")
    return sendable(q)


def _filters(values: dict[str, str]) -> Filters:
    filters = Filters(
        date_from=_date(values, "date_from", last=False),
        date_to=_date(values, "date_to", last=True),
        body=values.get("body", "").strip(),
        committee=values.get("committee", "").strip(),
        doc_type=values.get("doc_type", "").strip(),
    )
    if filters.date_from and filters.date_to and filters.date_from > filters.date_to:
        raise BadRequestError(
            "date_from",
            values["date_from"].strip(),
            f"later than date_to, which is {filters.date_to}",
        )
    return filters


def _date(values: dict[str, str], name: str, *, last: bool) -> str:
    """Return an ISO date; a year or a month alone means its first or its last day."""
    written = values.get(name, "").strip()
    if not written:
        return ""
    match = _DATE.fullmatch(written)
    problem = BadRequestError(
        name, written[:64], "no date of the calendar; expected 2011-03-17, 2011-03 or 2011"
    )
    if match is None:
        raise problem
    year = int(match[1])
    month = int(match[2]) if match[2] else (12 if last else 1)
    if not (year >= 1 and 1 <= month <= 12):
        raise problem
    days = calendar.monthrange(year, month)[1]
    day = int(match[3]) if match[3] else (days if last else 1)
    if not 1 <= day <= days:
        raise problem
    return f"{year:04d}-{month:02d}-{day:02d}"


def _limit(written: str, default: int = 10) -> int:
    return _whole({"limit": written}, "limit", 1, MAX_LIMIT, default)


def _whole(values: Mapping[str, str], name: str, least: int, most: int, default: int) -> int:
    written = values.get(name, "").strip()
    if not written:
        return default
    digits, _, zeros = written.partition(".")  # to JSON, and so to clients, 5.0 is a whole number
    is_whole = digits.isascii() and digits.isdigit() and not zeros.strip("0")
    if is_whole and least <= int(digits[:12]) <= most:
        return int(digits[:12])
    raise BadRequestError(name, written[:64], f"expected a whole number from {least} to {most}")


def _facets(written: str) -> tuple[Facet, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in written.split(",") if name.strip()))
    for name in names:
        if name not in _FACETS:
            raise BadRequestError("facets", name[:64], f"expected some of {', '.join(_FACETS)}")
    return cast(tuple[Facet, ...], names)


def _mode(name: str) -> Mode:
    return cast(Mode, name)


def _choice(values: dict[str, str], name: str, choices: Sequence[str], default: str) -> str:
    written = values.get(name, "").strip() or default
    if written not in choices:
        raise BadRequestError(name, written[:64], f"expected one of {', '.join(choices)}")
    return written
