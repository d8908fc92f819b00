"""The parameters of the API as its OpenAPI document shows them, each with an example that works.

The examples are about the sample archive; the tests run every one. What a value must look like to
be read is decided in `parameters`; a test holds the two together.
"""

from collections.abc import Mapping
from typing import Any, get_args

from indexer.records import document_id_of
from search_api.requests import MAX_LIMIT, MAX_QUERY_CHARS
from search_api.responses import Mode, Problem

MAX_VALUE_CHARS = 300
# Not all that Python takes for white space is so in other languages.
_SPACE = "\\s\u0085\u001c-\u001f"
_BLANK = f"^[{_SPACE}]*$"  # a value that is left blank, as forms send it, is one that is left out
NOT_BLANK = f"[^{_SPACE}]"
_YEAR = "(?!0000)[0-9]{4}"
_FACETS = "body|committee|doc_type|year"
_DATE = {
    "anyOf": [
        {"type": "string", "pattern": f"^{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|1[0-9]|2[0-8]))?)?$"},
        {"type": "string", "format": "date"},
        {"type": "string", "pattern": _BLANK},
    ]
}
_VALUE = {"type": "string", "maxLength": MAX_VALUE_CHARS}
QUERY: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_QUERY_CHARS,
    "pattern": NOT_BLANK,
}
DOCUMENT_ID: dict[str, Any] = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
EXAMPLE_DOCUMENT = document_id_of("sop-2011-03-17-09-operation-connect.pdf")


def one_of(*names: str) -> dict[str, Any]:
    """Return the schema of a choice."""
    return {"anyOf": [{"enum": [*names]}, {"type": "string", "pattern": _BLANK}]}


def _whole(least: int, most: int) -> dict[str, Any]:
    number = {"type": "integer", "minimum": least, "maximum": most}
    return {"anyOf": [number, {"type": "string", "pattern": _BLANK}]}


# name: (schema, what it is, an example)
_KNOWN: dict[str, tuple[dict[str, Any], str, object]] = {
    "q": (QUERY, "what to search for, or a question", "Operation Connect funding"),
    "mode": (one_of(*get_args(Mode)), "which rankings are merged", "hybrid"),
    "body": (_VALUE, "public body, as facets show it", "Metropolitan Police Authority"),
    "committee": (_VALUE, "committee, as facets show it", "Strategic and Operational Policing"),
    "doc_type": (_VALUE, "type of document, as facets show it", "report"),
    "date_from": (_DATE, "2011-03-17, 2011-03 or 2011", "2010-06"),
    "date_to": (_DATE, "2011-03-17, 2011-03 or 2011; inclusive", "2011"),
    "sort": (one_of("relevance", "date", "-date"), "-date: newest first", "relevance"),
    "limit": (_whole(1, MAX_LIMIT), "how many at most", 5),
    "cursor": (_VALUE, "`next` of the page before", None),
    "facets": (
        {
            "type": "string",
            "pattern": f"^[{_SPACE}]*((?:{_FACETS})?[{_SPACE}]*,[{_SPACE}]*)*"
            f"(?:{_FACETS})?[{_SPACE}]*$",
        },
        "fields to count over the reports of the merged ranking, with commas between",
        "body,year",
    ),
    "group": (one_of("document", "passage"), "what one result is", "document"),
    "from": (_whole(0, 10**9), "first character", 0),
    "to": (_whole(0, 10**9), "character after the last", 2000),
    "start": (_whole(0, 10**9), "first character of a place, as citations name it", 0),
    "end": (_whole(0, 10**9), "character after the place; without it, its whole paragraph", 200),
}


def described(
    *names: str,
    required: tuple[str, ...] = (),
    special: Mapping[str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return `openapi_extra` for the query parameters of a route.

    `special` replaces members of a description, for a parameter that differs on this route.
    """
    parameters = []
    for name in names:
        schema, description, example = _KNOWN.get(name, ({}, "", None))
        one = {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": schema,
            "description": description,
        }
        if example is not None:
            one["example"] = example
        parameters.append(one | (special or {}).get(name, {}))
    return {"parameters": parameters}


def json_body(
    schema: dict[str, Any], required: list[str], example: dict[str, Any]
) -> dict[str, Any]:
    """Return `openapi_extra` for a JSON object as the body."""
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": required,
                        "properties": schema,
                        "additionalProperties": False,
                    },
                    "example": example,
                }
            },
        }
    }


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of a parameter."""
    return _KNOWN[name][0]


def plainly_described(*names: str) -> dict[str, dict[str, Any]]:
    """Return the schemas of parameters as who writes no form needs them: no blanks, no patterns."""
    return {
        name: {"type": "string"}
        | {
            key: value
            for key, value in schema.get("anyOf", (schema,))[0].items()
            if key != "pattern"
        }
        | {"description": description}
        for name in names
        for schema, description, _ in (_KNOWN[name],)
    }


def text_response(description: str, *media_types: str) -> dict[int | str, dict[str, Any]]:
    """Return the 200 of a route that answers text of these kinds."""
    content = {
        kind: {"schema": {"type": "array" if kind.endswith("+json") else "string"}}
        for kind in media_types
    }
    return {200: {"description": description, "content": content}}


def _problem(description: str) -> dict[str, Any]:
    return {"model": Problem, "description": description}


NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "What If-None-Match names is still so"}
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem("A parameter cannot be read"),
    401: _problem("The API key is not known"),
    429: _problem("More requests than this client may send"),
    503: _problem("No archive is open, or too many searches are running"),
}
MISSING: dict[int | str, dict[str, Any]] = {404: _problem("There is no such thing")}
GONE: dict[int | str, dict[str, Any]] = {
    410: _problem("Made from a generation that is kept no longer")
}
MOVED: dict[int | str, dict[str, Any]] = {
    301: {"description": "The report has another id now: Location leads to it"},
    410: _problem("The report has been taken out of the archive"),
}
SLOW: dict[int | str, dict[str, Any]] = {408: _problem("The body came too slowly")}
REFUSED: dict[int | str, dict[str, Any]] = {
    429: PROBLEMS[429],
    401: _problem("The bearer token is missing or wrong"),
    403: _problem("Re-indexing over HTTP is off"),
}
RUNNING: dict[int | str, dict[str, Any]] = {409: _problem("A re-index is running already")}


def json_response(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return a response of a route that answers a small JSON object with all these members."""
    schema = {"type": "object", "required": [*properties], "properties": properties}
    return {"description": description, "content": {"application/json": {"schema": schema}}}
