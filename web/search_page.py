"""The search page: results at once, and the answer into its place as soon as it is there."""

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.templating import Jinja2Templates

from search_api import tokens
from search_api.admitting import ADMITTED_TO_SEARCH
from search_api.errors import SearchError
from search_api.requests import SearchRequest
from search_api.responses import FacetValue, SearchResponse
from search_api.sending import send_stream, tag_of
from search_api.service import SearchService
from web.search_form import SearchForm
from web.years import year_bars

logger = logging.getLogger(__name__)

# Where the answer comes into the page. No text of a report is like this: "<" is escaped in it.
ANSWER_COMES_HERE = "<!--answer-->"
_NAMED_FILES = 3


def search_routes(templates: Jinja2Templates) -> APIRouter:
    """Return the route of the search page."""
    router = APIRouter()
    # Part of each tag. New with each start, for templates and models may have changed, and with
    # each answer that failed, for a page without its answer is not to be taken for whole.
    edition = secrets.token_hex(8)

    @router.api_route("/", methods=["GET", "HEAD"], dependencies=[ADMITTED_TO_SEARCH])
    def search_page(request: Request) -> Response:
        service: SearchService = request.app.state.service
        form = SearchForm.from_query(request.query_params)
        context: dict[str, Any] = {"form": form}
        if not form.q:
            context["coverage"] = service.coverage()
            return templates.TemplateResponse(request, "search.html", context)
        asked = form.request()
        found = service.search(asked)
        years = _years(service, asked, found)
        context |= {
            "found": found,
            "years": year_bars(years, asked.filters.date_from, asked.filters.date_to),
            "answer_comes": asked.offset == 0,
        }
        if asked.offset:
            return templates.TemplateResponse(request, "search.html", context)

        def answer() -> str:
            nonlocal edition
            said = _answer(service, asked, found)
            if "failed" in said:
                edition = secrets.token_hex(8)
            return templates.get_template("answer.html").render(
                {"form": form, "found": found} | said
            )

        tag = tag_of(found.generation, repr(form), edition)
        page = templates.get_template("search.html").render(context | {"request": request})
        pieces = _in_two_pieces(page, answer)
        return send_stream(request, pieces, tag, "text/html", found.generation)

    return router


def _in_two_pieces(page: str, late: Callable[[], str]) -> Iterator[str]:
    before, after = page.split(ANSWER_COMES_HERE)
    yield before
    yield late() + after


def _answer(service: SearchService, asked: SearchRequest, found: SearchResponse) -> dict[str, Any]:
    """Return what the template of the answer needs, out of the generation of the results."""
    try:
        answer = service.pinned(tokens.answer_id(asked.q, asked.filters, found.generation))
        unread = service.coverage().unread_files if answer.status == "not_found" else ()
    except SearchError as error:
        return {"failed": str(error)}
    except Exception:  # the page is half sent: its status cannot say it any more
        logger.exception("the answer on a page failed")
        return {"failed": "something went wrong here"}
    return {"answer": answer, "unread_files": unread[:_NAMED_FILES]}


def _years(
    service: SearchService, asked: SearchRequest, found: SearchResponse
) -> tuple[FacetValue, ...]:
    """Return the reports by year as they are without a filter by date: the others stay in reach."""
    filters = asked.filters
    if not (filters.date_from or filters.date_to):
        return found.facets.get("year", ())
    anytime = replace(
        asked,
        filters=replace(filters, date_from="", date_to=""),
        facets=("year",),
        limit=1,
        offset=0,
    )
    counted = service.search(anytime)
    # A generation was published in between: one page shows one.
    return (counted if counted.generation == found.generation else found).facets.get("year", ())
