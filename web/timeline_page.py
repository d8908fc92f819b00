"""The page of a timeline: what the reports say of a thing, when, and which figures changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.templating import Jinja2Templates
from markupsafe import Markup

from search_api import parameters
from search_api.admitting import ADMITTED_TO_SEARCH
from search_api.errors import BadRequestError
from search_api.figures import FigureKind
from search_api.requests import sendable
from search_api.timeline import FigureView, TimelineQuote
from search_api.tools import Tools
from web.figure_words import difference_words, figure_words
from web.marks import Layer, layered
from web.mentions_chart import chart_of

MORE = "100"  # quotes, instead of fifty
_FIRST = 4  # changes before the others are folded away, sums before dates


@dataclass(frozen=True, slots=True)
class TimelineForm:
    """What the fields hold, as typed; reading them never fails, asking may."""

    q: str = ""
    date_from: str = ""
    date_to: str = ""
    body: str = ""
    committee: str = ""
    limit: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "TimelineForm":
        """Read the fields; unknown parameters are left alone."""
        names = [field.name for field in fields(cls) if field.name in query]
        return cls(**{name: sendable(query[name].strip()) for name in names})

    def given(self) -> list[tuple[str, str]]:
        """Return the parameters that are set, by the names of the API."""
        pairs = [(field.name, str(getattr(self, field.name))) for field in fields(self)]
        return [(name, value) for name, value in pairs if value]

    def url(self, path: str, **changes: str) -> str:
        """Return the address of this timeline on a page, or in the API."""
        given = dict(self.given()) | changes
        return f"{path}?{urlencode({name: value for name, value in given.items() if value})}"


def timeline_routes(templates: Jinja2Templates) -> APIRouter:
    """Return the route of the page."""
    router = APIRouter()

    @router.get("/timeline", dependencies=[ADMITTED_TO_SEARCH])
    def timeline_page(request: Request) -> Response:
        form = TimelineForm.of(request.query_params)
        tools: Tools = request.app.state.tools
        context: dict[str, Any] = {"form": form, "MORE": MORE, "wrong": {}, "FIRST": _FIRST}
        status = 200
        if form.q:
            try:
                found = tools.timeline(*parameters.read_timeline(form.given()))
                context |= {
                    "found": found,
                    "chart": chart_of(found.months),
                    "changes": sorted(found.changes, key=lambda one: one.kind == FigureKind.DATE),
                    "years": _by_year(found.quotes),
                    "with_figures": with_figures,
                    "others": others,
                    "figure_words": figure_words,
                    "difference_words": difference_words,
                }
            except BadRequestError as error:
                context["wrong"] = {error.param: str(error)}
                status = 400
        return templates.TemplateResponse(request, "timeline.html", context, status_code=status)

    return router


def with_figures(quote: str, figures: tuple[FigureView, ...]) -> Markup:
    """Return a quote with its figures marked, each by its kind."""
    spans = {
        kind: [(one.start, one.end) for one in figures if one.kind == kind] for kind in FigureKind
    }
    return layered(quote, [Layer(found, kind.value) for kind, found in spans.items() if found])


def others(quote: TimelineQuote) -> list[tuple[str, str]]:
    """Return the figures of a quote that are written otherwise than in full, and in full."""
    pairs = [(one.text, figure_words(one)) for one in quote.figures]
    return list(dict.fromkeys(pair for pair in pairs if _plain(pair[0]) != _plain(pair[1])))


def _plain(words: str) -> str:
    return "".join(words.casefold().split())


def _by_year(quotes: tuple[TimelineQuote, ...]) -> Iterator[tuple[str, list[TimelineQuote]]]:
    """Yield (year, its quotes) in order; undated quotes come last, under ""."""
    for year, group in groupby(quotes, key=lambda quote: quote.date[:4]):
        yield year, list(group)
