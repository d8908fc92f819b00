"""The page that checks a draft: which of its quotations does the archive hold?"""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.templating import Jinja2Templates
from starlette.concurrency import run_in_threadpool

from search_api import parameters
from search_api.admitting import OPEN, gate_of
from search_api.errors import BadRequestError
from search_api.quote_check import MAX_DRAFT_CHARS, MAX_QUOTES, MIN_WORDS
from search_api.receiving import form_fields
from search_api.tools import Tools

# A form writes a character of four bytes as twelve.
_MAX_FORM_BYTES = 12 * MAX_DRAFT_CHARS + 1000
STATUS_WORDS = {
    "exact": "Exact",
    "near": "Nearly so",
    "not_found": "Not found",
    "not_checked": "Not checked",
}


def quotes_routes(templates: Jinja2Templates, client_seconds: float) -> APIRouter:
    """Return the routes of the page."""
    router = APIRouter()
    bounds = {
        "MAX_DRAFT_CHARS": MAX_DRAFT_CHARS,
        "MAX_QUOTES": MAX_QUOTES,
        "MIN_WORDS": MIN_WORDS,
        "STATUS_WORDS": STATUS_WORDS,
    }

    @router.get("/quotes")
    def empty_page(request: Request) -> Response:
        return templates.TemplateResponse(request, "quotes.html", bounds | {"draft": ""})

    @router.post("/quotes", dependencies=[OPEN])
    async def checked_page(request: Request) -> Response:
        tools: Tools = request.app.state.tools
        context: dict[str, Any] = bounds | {"draft": ""}
        status = 200
        try:
            fields = await form_fields(request, _MAX_FORM_BYTES, client_seconds)
            context["draft"] = next((value for name, value in fields if name == "text"), "")
            draft = parameters.read_draft([("text", context["draft"])])
            with gate_of(request).place():
                context["found"] = await run_in_threadpool(tools.check_quotes, draft)
        except BadRequestError as error:
            context["wrong"] = str(error)
            status = 400
        # A draft is nobody's business but its writer's: nothing on the way is to keep the page.
        headers = {"Cache-Control": "no-store"}
        return templates.TemplateResponse(
            request, "quotes.html", context, status_code=status, headers=headers
        )

    return router
