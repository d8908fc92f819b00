"""Query parameters in, requests out: every bound and every message of a bad value is here."""

import calendar
import re
from collections.abc import Sequence
from typing import cast, get_args

from indexer.records import Filters
from search_api.citation_formats import CITATION_FORMATS, CitationFormat
from search_api.errors import BadRequestError
from search_api.problems import unknown_parameter
from search_api.requests import MAX_LIMIT, MAX_QUERY_CHARS, SearchRequest, sendable
from search_api.responses import Mode

FILTER_NAMES = ("body", "committee", "doc_type", "date_from", "date_to")
SEARCH_NAMES = ("q", "mode", *FILTER_NAMES, "sort", "limit", "cursor", "facets", "group")
ANSWER_NAMES = ("q", *FILTER_NAMES)

_SORTS = ("relevance", "date", "-date")
_GROUPS = ("document", "passage")
_FACETS = ("body", "committee", "doc_type", "year")
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


def read_citation(given: Sequence[tuple[str, str]]) -> CitationFormat:
    """Return how a citation is to be written; raises BadRequestError."""
    values = _read(given, ("format",))
    return cast(CitationFormat, _choice(values, "format", CITATION_FORMATS, "text"))


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


def _limit(written: str) -> int:
    if not written.strip():
        return 10
    if written.isascii() and written.isdigit() and 1 <= int(written[:9]) <= MAX_LIMIT:
        return int(written)
    raise BadRequestError("limit", written[:64], f"expected a whole number from 1 to {MAX_LIMIT}")


def _facets(written: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in written.split(",") if name.strip()))
    for name in names:
        if name not in _FACETS:
            raise BadRequestError("facets", name[:64], f"expected some of {', '.join(_FACETS)}")
    return names


def _mode(name: str) -> Mode:
    return cast(Mode, name)


def _choice(values: dict[str, str], name: str, choices: Sequence[str], default: str) -> str:
    written = values.get(name, "").strip() or default
    if written not in choices:
        raise BadRequestError(name, written[:64], f"expected one of {', '.join(choices)}")
    return written
