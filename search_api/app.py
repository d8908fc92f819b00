"""The HTTP API: routes parse, call the service, and send. HTTP statuses live here alone."""

import hashlib
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from html import escape
from typing import Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from indexer.errors import IndexerError
from search_api import parameters
from search_api.docs_page import docs_page
from search_api.errors import (
    BadRequestError,
    GoneError,
    MovedDocumentError,
    NotReadyError,
    SearchError,
    UnknownAnswerError,
    UnknownDocumentError,
    WithdrawnDocumentError,
)
from search_api.live import LiveArchive
from search_api.problems import KINDS, problem
from search_api.reindex import (
    BusyError,
    ForbiddenError,
    Reindexer,
    UnauthorizedError,
    UnknownJobError,
)
from search_api.requests import sendable
from search_api.responses import (
    AnswerResponse,
    CoverageResponse,
    DocumentResponse,
    Problem,
    SearchResponse,
)
from search_api.service import SearchService
from search_api.settings import Settings

logger = logging.getLogger(__name__)

_SLUGS: tuple[tuple[type[SearchError], str], ...] = (
    (parameters.UnknownParameterError, "unknown-parameter"),
    (BadRequestError, "bad-parameter"),
    (UnknownDocumentError, "not-found"),
    (WithdrawnDocumentError, "withdrawn"),
    (UnknownJobError, "not-found"),
    (UnknownAnswerError, "not-found"),
    (GoneError, "gone"),
    (NotReadyError, "not-ready"),
    (ForbiddenError, "forbidden"),
    (UnauthorizedError, "unauthorized"),
    (BusyError, "busy"),
)
_STATUS_SLUGS = {404: "not-found", 405: "method-not-allowed"}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "A parameter cannot be read"},
    503: {"model": Problem, "description": "No archive is open"},
}
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
_GONE: dict[int | str, dict[str, Any]] = {
    410: {"model": Problem, "description": "Made from a generation that is no longer served"}
}
_MOVED: dict[int | str, dict[str, Any]] = {
    301: {"description": "The report has another id now: Location leads to it"},
    410: {"model": Problem, "description": "The report has been taken out of the archive"},
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "The bearer token is missing or wrong"},
    403: {"model": Problem, "description": "Re-indexing over HTTP is off"},
}
_RUNNING: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "A re-index is running already"}
}
_ANSWER_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["q"],
                "properties": {name: {"type": "string"} for name in parameters.ANSWER_NAMES},
                "additionalProperties": False,
            }
        }
    },
}
_MAX_POST_BYTES = 100_000


def create_app(settings: Settings) -> FastAPI:
    """Return the API over `settings.index_dir`. It starts also while no index is there."""
    archive = LiveArchive(settings.index_dir, settings.poll_seconds)
    reindexer = Reindexer(settings.source_dir, settings.index_dir, settings.reindex_token)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            archive.refresh()
        except IndexerError as error:
            logger.warning("not ready: %s", error)
        archive.follow()
        yield
        archive.close()

    app = FastAPI(
        title="archive-search",
        version="1",
        summary="Search an archive of public reports; answers are quotes with their place.",
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = SearchService(archive)
    app.state.archive = archive
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD"])
    app.middleware("http")(_log_request)
    app.add_exception_handler(SearchError, _on_search_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_surprise)
    _add_reading_routes(app)
    _add_reindex_routes(app, reindexer)
    _add_operation_routes(app, archive)
    _document_what_is_sent(app)
    return app


def _document_what_is_sent(app: FastAPI) -> None:
    """Take FastAPI's own 422 out of the OpenAPI document: bad parameters are problems, 400."""
    for operations in app.openapi()["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)


def _add_reading_routes(app: FastAPI) -> None:
    service: SearchService = app.state.service

    @app.get("/v1/search", response_model=SearchResponse, responses=_PROBLEMS | _GONE)
    def search(
        request: Request,
        q: str = Query("", description="what to search for", examples=["Operation Connect"]),
        mode: str = Query("hybrid", description="hybrid, keyword or vector"),
        body: str = Query("", description="public body, as facets show it"),
        committee: str = Query("", description="committee, as facets show it"),
        doc_type: str = Query("", description="type of document, as facets show it"),
        date_from: str = Query("", description="2011-03-17, 2011-03 or 2011"),
        date_to: str = Query("", description="2011-03-17, 2011-03 or 2011; inclusive"),
        sort: str = Query("relevance", description="relevance, date or -date"),
        limit: str = Query("10", description="results on a page, 1 to 100"),
        cursor: str = Query("", description="`next` of the page before"),
        facets: str = Query("", description="fields to count: body,committee,doc_type,year"),
        group: str = Query("document", description="document or passage"),
    ) -> Response:
        """Search: the ranking by words and the ranking by meaning, merged into one."""
        return _sent(request, service.search(parameters.read_search(_given(request))))

    @app.get("/v1/answer", response_model=AnswerResponse, responses=_PROBLEMS)
    def answer(
        request: Request,
        q: str = Query("", description="a question", examples=["who chairs the board?"]),
        body: str = Query("", description="public body, as facets show it"),
        committee: str = Query("", description="committee, as facets show it"),
        doc_type: str = Query("", description="type of document, as facets show it"),
        date_from: str = Query("", description="2011-03-17, 2011-03 or 2011"),
        date_to: str = Query("", description="2011-03-17, 2011-03 or 2011; inclusive"),
    ) -> Response:
        """Answer with sentences copied from the reports, each cited to its place."""
        return _sent(request, service.answer(*parameters.read_answer(_given(request))))

    @app.post(
        "/v1/answer",
        response_model=AnswerResponse,
        responses=_PROBLEMS,
        openapi_extra={"requestBody": _ANSWER_BODY},
    )
    async def answer_posted(request: Request) -> Response:
        """As GET, with the parameters as a JSON object."""
        given = [*_given(request), *_from_json(await _body(request))]
        asked = parameters.read_answer(given)
        from starlette.concurrency import run_in_threadpool

        return _sent(request, await run_in_threadpool(service.answer, *asked))

    @app.get(
        "/v1/answers/{answer_id}",
        response_model=AnswerResponse,
        responses=_PROBLEMS | _MISSING | _GONE,
    )
    def pinned_answer(request: Request, answer_id: str) -> Response:
        """The same answer again, as long as the generation that made it is served."""
        parameters.read_nothing(_given(request))
        return _sent(request, service.pinned(answer_id))

    @app.get(
        "/v1/documents/{document_id}",
        response_model=DocumentResponse,
        responses=_PROBLEMS | _MISSING | _MOVED,
    )
    def document(request: Request, document_id: str) -> Response:
        """One report: what is known about it, and its text in blocks."""
        parameters.read_nothing(_given(request))
        return _sent(request, service.document(document_id))

    @app.get("/v1/coverage", response_model=CoverageResponse, responses=_PROBLEMS)
    def coverage(request: Request) -> Response:
        """What is held, what can be searched, and each file that cannot be read and why."""
        parameters.read_nothing(_given(request))
        return _sent(request, service.coverage())


def _add_reindex_routes(app: FastAPI, reindexer: Reindexer) -> None:
    @app.post("/v1/reindex", status_code=202, responses=_REFUSED | _RUNNING)
    def reindex(request: Request) -> Response:
        """Index the source folder again; needs the bearer token of the service."""
        reindexer.authorize(request.headers.get("authorization", ""))
        job = reindexer.start()
        address = f"/v1/reindex/{job.job_id}"
        return JSONResponse(
            {"job_id": job.job_id, "state": job.state, "status_url": address},
            status_code=202,
            headers={"Location": address},
        )

    @app.get("/v1/reindex/{job_id}", responses=_REFUSED | _MISSING)
    def reindex_status(request: Request, job_id: str) -> Response:
        """What became of a re-index."""
        reindexer.authorize(request.headers.get("authorization", ""))
        job = reindexer.job(job_id)
        return JSONResponse({"job_id": job.job_id, "state": job.state, "message": job.message})


def _add_operation_routes(app: FastAPI, archive: LiveArchive) -> None:
    @app.get("/healthz")
    def alive() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz", responses=_PROBLEMS)
    def ready() -> dict[str, str]:
        """A whole generation is open."""
        return {"status": "ready", "generation": archive.current().generation_id}

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        """Show the API to people."""
        return HTMLResponse(docs_page(app.openapi()))

    @app.get("/problems/{slug}", include_in_schema=False)
    def explain(slug: str) -> HTMLResponse:
        """What a problem type means, for people."""
        kind = KINDS.get(slug)
        if kind is None:
            raise HTTPException(404)
        return HTMLResponse(
            f'<!doctype html><html lang="en"><title>{escape(kind.title)}</title>'
            f"<h1>{escape(kind.title)}</h1><p>HTTP status {kind.status}.</p>"
            f"<p>{escape(kind.advice)}</p></html>"
        )


def _given(request: Request) -> list[tuple[str, str]]:
    return list(request.query_params.multi_items())


async def _body(request: Request) -> bytes:
    received = b""
    async for chunk in request.stream():
        received += chunk
        if len(received) > _MAX_POST_BYTES:
            raise BadRequestError(
                "body", "", f"more than {_MAX_POST_BYTES} bytes; expected a small JSON object"
            )
    return received


def _from_json(body: bytes) -> list[tuple[str, str]]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError("body", "", "not JSON; expected an object with q") from error
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise BadRequestError("body", "", "expected a JSON object whose values are strings")
    # JSON can spell half a character ("\\ud800"), which no response could carry back.
    return [(sendable(name), sendable(value)) for name, value in found.items()]


def _sent(request: Request, answered: BaseModel) -> Response:
    """Send a response with its ETag, which does not depend on how long it took; or 304."""
    fields = answered.model_dump(mode="json", by_alias=True)
    took_ms = fields.get("took_ms")
    digest = hashlib.sha256(json.dumps(fields | {"took_ms": 0}).encode()).hexdigest()
    headers = {"ETag": f'W/"{digest[:32]}"', "Cache-Control": "no-cache"}
    if took_ms is not None:
        headers["Server-Timing"] = f"total;dur={took_ms}"
    if headers["ETag"] in (
        tag.strip() for tag in request.headers.get("if-none-match", "").split(",")
    ):
        return Response(status_code=304, headers=headers)
    return JSONResponse(fields, headers=headers)


async def _log_request(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    started = time.perf_counter()
    response = await call_next(request)
    logger.info(
        "%s %s %d %.1f ms",
        request.method,
        request.url.path,
        response.status_code,
        (time.perf_counter() - started) * 1000,
    )
    return response


def _on_search_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SearchError)
    if isinstance(error, MovedDocumentError):
        path = request.url.path.replace(error.old_id, error.new_id)
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(path + query, status_code=301)
    slug = next((slug for kind, slug in _SLUGS if isinstance(error, kind)), "internal")
    detail = (
        "the archive is not open; its owner finds the reason in the log"
        if (slug == "not-ready")
        else str(error)
    )
    errors: tuple[dict[str, str], ...] = ()
    if isinstance(error, BadRequestError):
        errors = ({"param": error.param, "value": error.value, "message": str(error)},)
        detail = f"{error.param}: {error}"
        slug = {"cursor": "bad-cursor", "date_from": "bad-date", "date_to": "bad-date"}.get(
            error.param, slug
        )
        if error.param == "q" and "at most" in str(error):
            slug = "query-too-long"
    headers = {"WWW-Authenticate": "Bearer"} if slug == "unauthorized" else None
    if slug == "not-ready":
        headers = {"Retry-After": "5"}
        logger.warning("not ready: %s", error)
    return problem(slug, detail, request.url.path, errors, headers)


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    slug = _STATUS_SLUGS.get(error.status_code, "bad-parameter")
    detail = f"nothing answers {request.method} at this address"
    headers = dict(error.headers) if error.headers else None  # Allow, of a 405
    return problem(slug, detail, request.url.path, headers=headers)


def _on_surprise(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem("internal", "the request could not be answered", request.url.path)
