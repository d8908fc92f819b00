"""The page of one report: where the words are, and where they come from."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from search_api.admitting import ADMITTED
from search_api.base_address import base_address
from search_api.citation_formats import web_address
from search_api.documents import document_of
from search_api.errors import SearchError
from search_api.finding import FoundInReport
from search_api.responses import BlockView, DocumentResponse
from search_api.service import SearchService
from search_api.settings import Settings
from search_api.similar import SimilarReport
from search_api.tools import Tools
from web.original_files import is_shown, original_place, original_response
from web.report_address import ReportAddress, number
from web.report_portions import Portion, portion_at, portions_of
from web.report_text import read_parts, words_in
from web.wording import ORIGIN_LABELS, date_words

_SIMILAR = 5


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of a report, with a link where it is an address, and where it was found."""

    name: str
    value: str
    url: str
    origin: str


@dataclass(frozen=True, slots=True)
class HitList:
    """What a search within the report found; `at` is the hit gone to from 1, 0 for none."""

    found: FoundInReport
    at: int
    asked: ReportAddress

    def url(self, number: int) -> str:
        """Return the address of a hit, "" where there is no such one."""
        if not 1 <= number <= len(self.found.blocks):
            return ""
        return self.asked.url(f"hit-{number}", hit=str(number), part="")

    def next_url(self) -> str:
        """Return the address of the hit after this one; the first where this is none."""
        return self.url(self.at + 1)

    def previous_url(self) -> str:
        """Return the address of the hit before this one."""
        return self.url(self.at - 1)


def report_routes(templates: Jinja2Templates, settings: Settings) -> APIRouter:
    """Return the routes of one report: its page and its file."""
    router = APIRouter()

    @router.get("/reports/{document_id}", dependencies=[ADMITTED])
    def report_page(request: Request, document_id: str) -> Response:
        service: SearchService = request.app.state.service
        tools: Tools = request.app.state.tools
        report = service.document(document_id)
        asked = ReportAddress.of(report.url, request.query_params)
        quoted = asked.quoted(report.characters)
        wanted = asked.wanted()
        hits = _hits(tools.find(report.blocks, wanted), asked, quoted) if wanted else None
        portions = portions_of(report.blocks)
        elsewhere = _elsewhere(report.blocks, portions, asked, hits)
        if elsewhere:  # a form cannot send its reader to a place of the page
            return RedirectResponse(elsewhere, status_code=303)
        portion = _portion(portions, asked, quoted, hits)
        blocks = report.blocks[portion.first : portion.end] if portion else report.blocks
        marks = {
            block.anchor: (f"hit-{position}", block.marks)
            for position, block in enumerate(hits.found.blocks if hits else (), start=1)
        }
        holder = next((block for block in report.blocks if block.end > quoted[0]), None)
        is_quoted = holder is not None and quoted[1] > holder.start
        context = {
            "report": report,
            "parts": read_parts(blocks, quoted, marks),
            "asked": asked,
            "base": base_address(request, settings.public_url),
            "facts": _facts(report),
            "hits": hits,
            "portion": portion,
            "portions": portions,
            "quoted": quoted if is_quoted else None,
            "quote_block": holder if is_quoted else None,
            "quoted_words": words_in(report.blocks, quoted),
            "similar": _similar(tools, document_id),
            "has_original": original_place(settings.source_dir, report.source_id) is not None,
            "is_shown": is_shown(report.format),
        }
        return templates.TemplateResponse(request, "report.html", context)

    @router.get("/reports/{document_id}/file")
    def original(request: Request, document_id: str) -> Response:
        document = document_of(request.app.state.archive.current(), document_id)
        return original_response(request, settings.source_dir, document)

    return router


def _hits(found: FoundInReport, asked: ReportAddress, quoted: tuple[int, int]) -> HitList:
    """Return the hits, at the one that is asked for, else at the one that holds the quote."""
    at = number(asked.hit) or 0
    if not asked.hit and quoted[1]:
        before = [hit for hit in found.blocks if hit.start < quoted[1]]
        at = len(before)
    return HitList(found, at if at <= len(found.blocks) else 0, asked)


def _elsewhere(
    blocks: Sequence[BlockView],
    portions: Sequence[Portion],
    asked: ReportAddress,
    hits: HitList | None,
) -> str:
    """Return the address of the page, or of the first hit, that is asked for without its place."""
    page = number(asked.page)
    first = next((block for block in blocks if page and block.page == page), None)
    if first is not None:
        part = str(portion_at(portions, first.start).number) if len(portions) > 1 else ""
        kept = {"page": "", "part": asked.part if asked.part == "all" else part}
        return asked.url(f"page-{page}", **kept, start="", end="", hit="")
    if hits and hits.found.blocks and not (asked.hit or asked.start or asked.part):
        return hits.url(1)
    return ""


def _portion(
    portions: Sequence[Portion],
    asked: ReportAddress,
    quoted: tuple[int, int],
    hits: HitList | None,
) -> Portion | None:
    """Return what of a long report is shown, None for all of it."""
    if len(portions) == 1 or asked.part == "all":
        return None
    if hits and asked.hit and hits.at:
        return portion_at(portions, hits.found.blocks[hits.at - 1].start)
    if quoted[1]:
        return portion_at(portions, quoted[0])
    return portions[min(max(number(asked.part) or 1, 1), len(portions)) - 1]


def _facts(report: DocumentResponse) -> list[Fact]:
    named = {
        "date": date_words(report.date),
        "body": report.body,
        "committee": report.committee,
        "doc_type": report.doc_type,
        "report_number": report.report_number,
        "author": report.author,
        "source_url": report.source_url,
        "archived_url": report.archived_url,
        "language": report.language,
    }
    # An address that is none of the web is shown to nobody: it could not be followed safely.
    links = {name: web_address(named[name]) for name in ("source_url", "archived_url")}
    return [
        Fact(ORIGIN_LABELS[name], value, links.get(name, ""), report.origins.get(name, ""))
        for name, value in named.items()
        if value and links.get(name, value)
    ]


def _similar(tools: Tools, document_id: str) -> tuple[SimilarReport, ...]:
    """Return the reports most like one; none, rather than no page, where that cannot be had."""
    try:
        return tools.similar(document_id, _SIMILAR).results
    except SearchError:
        return ()
