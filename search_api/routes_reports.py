"""Routes about one report, and about what the archive holds."""

from typing import Any

from fastapi import APIRouter, Request, Response

from search_api import parameters
from search_api.admitting import ADMITTED
from search_api.base_address import base_address
from search_api.citation_formats import CITATION_FORMATS, ENDINGS, MEDIA_TYPES
from search_api.document_piece import DocumentPiece, piece_of
from search_api.parameter_docs import (
    MISSING,
    MOVED,
    NOT_MODIFIED,
    PROBLEMS,
    described,
    one_of,
    text_response,
)
from search_api.passage_list import PassagesResponse
from search_api.receiving import given
from search_api.responses import CoverageResponse
from search_api.sending import send_json, send_text
from search_api.service import SearchService
from search_api.similar import SimilarResponse
from search_api.tools import Tools

_RESPONSES = PROBLEMS | NOT_MODIFIED | MISSING | MOVED
_PIECE = (500_000, 5_000)  # characters and blocks of a report in one answer
_FORMAT: dict[str, dict[str, Any]] = {
    "format": {
        "schema": one_of(*CITATION_FORMATS),
        "description": "how it is written; text where it is left out",
        "example": "bibtex",
    }
}


def report_routes(service: SearchService, tools: Tools, public_url: str) -> APIRouter:
    """Return the routes over one service."""
    router = APIRouter(prefix="/v1", tags=["reports"])

    @router.get(
        "/documents/{document_id}",
        response_model=DocumentPiece,
        responses=_RESPONSES,
        openapi_extra=described("from"),
    )
    def document(request: Request, document_id: str) -> Response:
        """One report: what is known about it, and its text in blocks; a very long one in pieces."""
        start = parameters.read_start(given(request))
        return send_json(request, piece_of(service.document(document_id), start, *_PIECE))

    @router.get(
        "/documents/{document_id}/passages",
        response_model=PassagesResponse,
        responses=_RESPONSES,
        openapi_extra=described(*parameters.PASSAGES_NAMES),
    )
    def passages(request: Request, document_id: str) -> Response:
        """The passages of one report that touch the characters from `from` up to `to`."""
        asked = parameters.read_passages(given(request))
        return send_json(request, tools.passages(document_id, *asked))

    @router.get(
        "/documents/{document_id}/similar",
        dependencies=[ADMITTED],
        response_model=SimilarResponse,
        responses=_RESPONSES,
        openapi_extra=described("limit"),
    )
    def similar(request: Request, document_id: str) -> Response:
        """The reports most like this one, by meaning."""
        asked = parameters.read_similar(given(request))
        return send_json(request, tools.similar(document_id, asked))

    @router.get(
        "/documents/{document_id}/citation",
        response_class=Response,
        responses=_RESPONSES
        | text_response("The citation, written as asked for", *MEDIA_TYPES.values()),
        openapi_extra=described(*parameters.CITATION_NAMES, special=_FORMAT),
    )
    def citation(request: Request, document_id: str) -> Response:
        """How to cite a report, or a place in it: as a line of text, BibTeX, RIS or CSL-JSON."""
        written_as, start, end = parameters.read_citation(given(request))
        base = base_address(request, public_url)
        generation, text = tools.citation(document_id, written_as, base, start, end)
        name = f"{document_id}{'' if start is None else f'-{start}'}.{ENDINGS[written_as]}"
        kind = "inline" if written_as == "text" else "attachment"
        headers = {"Content-Disposition": f'{kind}; filename="{name}"'}
        return send_text(request, text, MEDIA_TYPES[written_as], generation, headers=headers)

    @router.get("/coverage", response_model=CoverageResponse, responses=PROBLEMS | NOT_MODIFIED)
    def coverage(request: Request) -> Response:
        """What is held, what can be searched, and each file that cannot be read and why."""
        parameters.read_nothing(given(request))
        return send_json(request, service.coverage())

    return router
