"""Routes that find and quote: search, answer, and answers by their id."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from search_api import parameters
from search_api.admitting import ADMITTED, OPEN, gate_of
from search_api.parameter_docs import (
    GONE,
    MISSING,
    NOT_MODIFIED,
    PROBLEMS,
    SLOW,
    described,
    json_body,
    schema_of,
)
from search_api.receiving import given, json_object
from search_api.responses import AnswerResponse, SearchResponse
from search_api.sending import PINNED, send_json
from search_api.service import SearchService

_MAX_QUESTION_BYTES = 100_000
_QUESTION = {
    "q": {"example": "what happened with Operation Connect funding", "description": "a question"}
}
_QUESTION_BODY = json_body(
    {name: schema_of(name) for name in parameters.ANSWER_NAMES},
    ["q"],
    {"q": "what happened with Operation Connect funding", "date_from": "2010"},
)


def search_routes(service: SearchService, client_seconds: float) -> APIRouter:
    """Return the routes over one service."""
    router = APIRouter(prefix="/v1", tags=["search"])

    @router.get(
        "/search",
        dependencies=[ADMITTED],
        response_model=SearchResponse,
        responses=PROBLEMS | NOT_MODIFIED | GONE,
        openapi_extra=described(*parameters.SEARCH_NAMES, required=("q",)),
    )
    def search(request: Request) -> Response:
        """Search: the ranking by words and the ranking by meaning, merged into one."""
        return send_json(request, service.search(parameters.read_search(given(request))))

    @router.get(
        "/answer",
        dependencies=[ADMITTED],
        response_model=AnswerResponse,
        responses=PROBLEMS | NOT_MODIFIED,
        openapi_extra=described(*parameters.ANSWER_NAMES, required=("q",), special=_QUESTION),
    )
    def answer(request: Request) -> Response:
        """Answer with sentences copied from the reports, each cited to its place."""
        return send_json(request, service.answer(*parameters.read_answer(given(request))))

    @router.post(
        "/answer",
        dependencies=[OPEN],
        response_model=AnswerResponse,
        responses=PROBLEMS | SLOW,
        openapi_extra=_QUESTION_BODY,
    )
    async def answer_posted(request: Request) -> Response:
        """As GET, with the parameters as a JSON object."""
        sent = await json_object(request, _MAX_QUESTION_BYTES, client_seconds)
        asked = parameters.read_answer([*given(request), *sent])
        with gate_of(request).place():
            answered = await run_in_threadpool(service.answer, *asked)
        return send_json(request, answered)

    @router.get(
        "/answers/{answer_id}",
        dependencies=[ADMITTED],
        response_model=AnswerResponse,
        responses=PROBLEMS | NOT_MODIFIED | MISSING | GONE,
    )
    def pinned_answer(request: Request, answer_id: str) -> Response:
        """The same answer again, from the generation that made it, as long as that is kept."""
        parameters.read_nothing(given(request))
        return send_json(request, service.pinned(answer_id), PINNED)

    return router
