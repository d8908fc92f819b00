"""The HTTP API put together: routes, what stands around them, and errors as problems.

Outermost first: observing (id, log, metrics), HEAD, CORS, rate limits, tags, routes.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from indexer.errors import IndexerError
from search_api import parameters
from search_api.api_keys import ApiKeys
from search_api.errors import (
    BadRequestError,
    GoneError,
    MovedDocumentError,
    NotReadyError,
    OverloadedError,
    SearchError,
    TooSlowError,
    UnknownAnswerError,
    UnknownDocumentError,
    WithdrawnDocumentError,
)
from search_api.gate import Gate
from search_api.head_requests import HeadRequests
from search_api.limiting import RateLimits
from search_api.live import LiveArchive
from search_api.metrics import Metrics
from search_api.observing import Observing
from search_api.problems import problem
from search_api.reindex import (
    BusyError,
    ForbiddenError,
    Reindexer,
    UnauthorizedError,
    UnknownJobError,
)
from search_api.routes_operation import operation_routes, reindex_routes
from search_api.routes_reports import report_routes
from search_api.routes_search import search_routes
from search_api.routes_tools import tool_routes
from search_api.scorer import open_scorer
from search_api.service import SearchService
from search_api.settings import Settings
from search_api.tagging import Tagging
from search_api.tools import Tools

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
    (OverloadedError, "overloaded"),
    (TooSlowError, "too-slow"),
    (ForbiddenError, "forbidden"),
    (UnauthorizedError, "unauthorized"),
    (BusyError, "busy"),
)
_STATUS_SLUGS = {404: "not-found", 405: "method-not-allowed"}
_HEADERS = {
    "unauthorized": {"WWW-Authenticate": "Bearer"},
    "not-ready": {"Retry-After": "5"},
    "overloaded": {"Retry-After": "1"},
    "too-slow": {"Connection": "close"},
}
# Threads beyond those that search: they refuse what is too much, and answer what costs nothing.
_SPARE_THREADS = 8
_TOLD_TO_OTHER_SITES = (
    "ETag",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Archive-Generation",
    "X-Request-Id",
    "Server-Timing",
)


def create_app(settings: Settings) -> FastAPI:
    """Return the API over `settings.index_dir`. It starts also while no index is there."""
    archive = LiveArchive(settings.index_dir, settings.poll_seconds)
    gate = Gate(settings.concurrent_searches)
    service = SearchService(archive, gate, open_scorer(settings.scorer))
    tools = Tools(archive, service, gate)
    reindexer = Reindexer(settings.source_dir, settings.index_dir, settings.reindex_token)
    metrics = Metrics(archive)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = (
            settings.concurrent_searches + _SPARE_THREADS
        )
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
        redirect_slashes=False,  # it would lead wherever the Host of a request says
    )
    app.state.gate = gate
    app.state.service = service
    app.state.tools = tools
    app.state.archive = archive
    for router in (
        search_routes(service, settings.client_seconds),
        tool_routes(tools, settings.public_url, settings.client_seconds),
        report_routes(service, tools, settings.public_url),
        reindex_routes(reindexer),
        operation_routes(archive, metrics),
    ):
        app.include_router(router)
    app.add_middleware(Tagging)
    app.add_middleware(
        RateLimits,
        per_second=settings.requests_per_second,
        per_day=settings.requests_per_day,
        keys=ApiKeys(settings.api_keys_file),
    )
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD"],
        allow_headers=["Authorization", "If-None-Match", "X-Request-Id"],
        expose_headers=_TOLD_TO_OTHER_SITES,
    )
    app.add_middleware(HeadRequests)
    app.add_middleware(Observing, metrics=metrics)
    app.add_exception_handler(SearchError, _on_search_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_surprise)
    _document_what_is_sent(app.openapi())
    return app


def _document_what_is_sent(openapi: dict[str, Any]) -> None:
    """Correct what FastAPI says of errors: bad parameters are problems with 400, never 422."""
    for operations in openapi["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            for status, response in operation["responses"].items():
                if status >= "400":
                    response["content"] = {
                        "application/problem+json": response["content"]["application/json"]
                    }


def _on_search_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SearchError)
    if isinstance(error, MovedDocumentError):
        path = request.url.path.replace(error.old_id, error.new_id)
        query = f"?{request.url.query}" if request.url.query else ""
        # Kept, but asked for each time: the file may come back under its old name.
        headers = {"Cache-Control": "no-cache"}
        return RedirectResponse(path + query, status_code=301, headers=headers)
    slug = next((slug for kind, slug in _SLUGS if isinstance(error, kind)), "internal")
    detail = str(error)
    errors: tuple[dict[str, str], ...] = ()
    if isinstance(error, BadRequestError):
        errors = ({"param": error.param, "value": error.value, "message": str(error)},)
        detail = f"{error.param}: {error}"
        slug = {"cursor": "bad-cursor", "date_from": "bad-date", "date_to": "bad-date"}.get(
            error.param, slug
        )
        if error.param == "q" and "at most" in str(error):
            slug = "query-too-long"
    if slug == "not-ready":
        logger.warning("not ready: %s", error)
        detail = "the archive is not open; its owner finds the reason in the log"
    return problem(slug, detail, request.url.path, errors, _HEADERS.get(slug))


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    slug = _STATUS_SLUGS.get(error.status_code, "bad-parameter")
    detail = f"nothing answers {request.method} at this address"
    headers = dict(error.headers) if error.headers else None  # Allow, of a 405
    return problem(slug, detail, request.url.path, headers=headers)


def _on_surprise(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    # Sent from outside of all that stands around the routes: it brings the id itself.
    name = request.scope.get("state", {}).get("request_id", "")
    headers = {"X-Request-Id": name} if name else None
    return problem(
        "internal", "the request could not be answered", request.url.path, headers=headers
    )
