"""The pages: read the URL, ask the service, render. No ranking happens here."""

import hashlib
import json
from functools import cache
from inspect import isawaitable
from pathlib import Path
from typing import Any

import jinja2
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException
from starlette.types import ExceptionHandler

from search_api.errors import SearchError
from search_api.responses import CoverageResponse
from search_api.service import SearchService
from search_api.settings import Settings
from web import wording
from web.discovery import discovery_routes
from web.headers import SECURITY_HEADERS
from web.marks import marked
from web.quotes_page import quotes_routes
from web.report_page import report_routes
from web.search_form import FACETS, FILTER_LABELS, MAX_FACETS, MAX_PAGE, SORTS, SearchForm
from web.search_page import search_routes
from web.sitemap import sitemap_routes
from web.timeline_page import timeline_routes

HERE = Path(__file__).parent
STATIC = HERE / "static"
METHODS = ["GET", "HEAD"]
# Everything under these belongs to programs and keeps its JSON errors.
API_PATHS = ("/v1", "/healthz", "/readyz", "/docs", "/problems")
KEPT_HEADERS = ("allow", "retry-after")  # of an error, on its page


def add_pages(app: FastAPI, settings: Settings) -> None:
    """Add the pages to the API's app, and show its errors as pages where a page was asked for."""
    templates = _templates()
    for router in (
        search_routes(templates),
        _router(templates),
        report_routes(templates, settings),
        timeline_routes(templates),
        quotes_routes(templates, settings.client_seconds),
        discovery_routes(settings.public_url),
        sitemap_routes(settings.public_url),
    ):
        app.include_router(router, include_in_schema=False)
    for kind in (SearchError, HTTPException, Exception):
        api_handler = app.exception_handlers.get(kind)
        if api_handler is not None:
            app.add_exception_handler(kind, _error_page(templates, api_handler))


def _router(templates: Jinja2Templates) -> APIRouter:
    router = APIRouter()

    @router.api_route("/coverage", methods=METHODS)
    def coverage_page(request: Request) -> Response:
        coverage = _service(request).coverage()
        context = {"coverage": coverage, "by_year": _by_year(coverage)}
        return templates.TemplateResponse(request, "coverage.html", context)

    @router.api_route("/help", methods=METHODS)
    def help_page(request: Request) -> Response:
        return templates.TemplateResponse(request, "help.html", {})

    @router.api_route("/accessibility", methods=METHODS)
    def accessibility_page(request: Request) -> Response:
        return templates.TemplateResponse(request, "accessibility.html", {})

    return router


def _service(request: Request) -> SearchService:
    service: SearchService = request.app.state.service
    return service


def _by_year(coverage: CoverageResponse) -> list[tuple[str, int, list[tuple[str, int]]]]:
    """Return (year, reports, [(month, reports)]), in the order that the months come in."""
    years: dict[str, list[tuple[str, int]]] = {}
    for month in coverage.by_month:
        years.setdefault(month.value[:4], []).append((month.value, month.count))
    return [(year, sum(count for _, count in months), months) for year, months in years.items()]


def _error_page(templates: Jinja2Templates, api_handler: ExceptionHandler) -> ExceptionHandler:
    """Return a handler that asks `api_handler` what went wrong and says it as a page.

    So an error has one status and one wording, whether a person or a program meets it.
    """

    async def handler(request: Request, error: Exception) -> Response:
        answered: Any = api_handler(request, error)  # type: ignore[arg-type]
        response: Response = await answered if isawaitable(answered) else answered
        path = request.url.path
        if response.status_code < 400:  # a report that has another address now
            return response
        if any(path == api or path.startswith(f"{api}/") for api in API_PATHS):
            return response
        problem = json.loads(bytes(response.body))
        wrong = {wrong["param"]: wrong["message"] for wrong in problem.get("errors", ())}
        context: dict[str, Any] = {"problem": problem, "wrong": wrong}
        template = "error.html"
        if path == "/" and wrong:
            template = "search.html"
            context["form"] = SearchForm.from_query(request.query_params)
        # The page of a 500 is sent from outside of all middleware: it brings its headers itself.
        kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        return templates.TemplateResponse(
            request,
            template,
            context,
            status_code=response.status_code,
            headers=SECURITY_HEADERS | kept,
        )

    return handler


def _templates() -> Jinja2Templates:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "date": wording.date_words,
        "sentence": wording.sentence,
        "matched": wording.matched_words,
        "confidence": wording.confidence_words,
    }
    environment.globals |= {
        "counted": wording.counted,
        "found_in": wording.found_in,
        "marked": marked,
        "period": wording.period_words,
        "place": wording.place_words,
        "FACETS": FACETS,
        "FILTER_LABELS": FILTER_LABELS,
        "MAX_FACETS": MAX_FACETS,
        "MAX_PAGE": MAX_PAGE,
        "SORTS": SORTS,
        "static_url": static_urls().__getitem__,
    }
    return Jinja2Templates(env=environment)


@cache
def static_urls() -> dict[str, str]:
    """Return the URL of each static file with a digest, so that a new version is fetched anew."""
    return {
        path.name: f"/static/{path.name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
        for path in STATIC.iterdir()
    }
