"""Routes for work with what was found: timeline, quote check, completions, export, feed."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from search_api import exporting, feeding, parameters, sending
from search_api.admitting import ADMITTED, OPEN, gate_of
from search_api.base_address import base_address
from search_api.checked_quotes import QuotesCheckResponse
from search_api.parameter_docs import (
    NOT_BLANK,
    NOT_MODIFIED,
    PROBLEMS,
    QUERY,
    SLOW,
    described,
    json_body,
    one_of,
    text_response,
)
from search_api.quote_check import MAX_DRAFT_CHARS
from search_api.receiving import given, json_object
from search_api.suggesting import SuggestResponse
from search_api.timeline import TimelineResponse
from search_api.tools import Tools

_MAX_DRAFT_BYTES = 400_000
_THING = {"q": {"description": "a person, an operation, a scheme", "example": "Operation Connect"}}
_TYPED = {
    "q": {
        "schema": QUERY | {"minLength": 0, "pattern": ".*"},
        "description": "what has been typed so far",
        "example": "oper",
    }
}
_FORMAT: dict[str, dict[str, Any]] = {
    "format": {
        "schema": one_of(*exporting.EXPORT_FORMATS),
        "description": "csv where it is left out",
        "example": "jsonl",
    }
}
_DRAFT = json_body(
    {
        "text": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_DRAFT_CHARS,
            "pattern": NOT_BLANK,
        }
    },
    ["text"],
    {"text": "The report calls it “a two year plan to deal with violence and gangs”."},
)
_CRAWLED = {"Cache-Control": "public, max-age=300"}  # readers of feeds ask more often than need be


def tool_routes(tools: Tools, public_url: str, client_seconds: float) -> APIRouter:
    """Return the routes over one archive."""
    router = APIRouter(prefix="/v1", tags=["tools"])

    @router.get(
        "/timeline",
        dependencies=[ADMITTED],
        response_model=TimelineResponse,
        responses=PROBLEMS | NOT_MODIFIED,
        openapi_extra=described(*parameters.TIMELINE_NAMES, required=("q",), special=_THING),
    )
    def timeline(request: Request) -> Response:
        """Quotes about a thing in order of time, with their figures and what changed in them."""
        asked = parameters.read_timeline(given(request))
        return sending.send_json(request, tools.timeline(*asked))

    @router.post(
        "/quotes:check",
        dependencies=[OPEN],
        response_model=QuotesCheckResponse,
        responses=PROBLEMS | SLOW,
        openapi_extra=_DRAFT,
    )
    async def check_quotes(request: Request) -> Response:
        """Each quoted passage of a draft: exact, near (with the difference), or not found."""
        parameters.read_nothing(given(request))
        draft = parameters.read_draft(await json_object(request, _MAX_DRAFT_BYTES, client_seconds))
        with gate_of(request).place():
            checked = await run_in_threadpool(tools.check_quotes, draft)
        return sending.send_json(request, checked)

    @router.get(
        "/suggest",
        dependencies=[ADMITTED],
        response_model=SuggestResponse,
        responses=PROBLEMS | NOT_MODIFIED,
        openapi_extra=described(*parameters.SUGGEST_NAMES, special=_TYPED),
    )
    def suggest(request: Request) -> Response:
        """Completions out of the archive's own titles, names and headings."""
        asked = parameters.read_suggest(given(request))
        return sending.send_json(request, tools.suggest(*asked))

    @router.get(
        "/export",
        dependencies=[ADMITTED],
        response_class=StreamingResponse,
        responses=PROBLEMS
        | NOT_MODIFIED
        | text_response("The result, piece by piece", *exporting.MEDIA_TYPES.values()),
        openapi_extra=described(*parameters.EXPORT_NAMES, required=("q",), special=_FORMAT),
    )
    def export(request: Request) -> Response:
        """The whole result of a search as a file: everything that has the words, not one page."""
        asked, written_as = parameters.read_export(given(request))
        base = base_address(request, public_url)
        made = tools.export(asked, written_as, base)
        name = f"search-{made.generation}.{exporting.ENDINGS[written_as]}"
        return sending.send_stream(
            request,
            made.pieces,
            sending.tag_of(made.generation, repr(asked), written_as, base),
            exporting.MEDIA_TYPES[written_as],
            made.generation,
            {"Content-Disposition": f'attachment; filename="{name}"'},
        )

    @router.get(
        "/feed",
        dependencies=[ADMITTED],
        response_class=Response,
        responses=PROBLEMS | NOT_MODIFIED | text_response("An Atom feed", feeding.MEDIA_TYPE),
        openapi_extra=described(*parameters.FEED_NAMES, required=("q",)),
    )
    def feed(request: Request) -> Response:
        """A search as an Atom feed, newest report first."""
        asked = parameters.read_feed(given(request))
        base = base_address(request, public_url)
        address = f"{request.url.path}?{request.url.query}"
        generation, text = tools.feed(asked, base, address)
        return sending.send_text(request, text, feeding.MEDIA_TYPE, generation, headers=_CRAWLED)

    return router
