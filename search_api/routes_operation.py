"""Routes for who runs the service: re-indexing, health, metrics, documentation."""

from html import escape

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from search_api import metrics as prometheus
from search_api.docs_page import docs_page
from search_api.live import LiveArchive
from search_api.metrics import Metrics
from search_api.parameter_docs import (
    MISSING,
    PROBLEMS,
    REFUSED,
    RUNNING,
    json_response,
    text_response,
)
from search_api.problems import KINDS
from search_api.reindex import Reindexer
from search_api.sending import send_text

_JOB = {"job_id": {"type": "string"}, "state": {"enum": ["running", "done", "failed"]}}
_STARTED = {202: json_response("It has been started", _JOB | {"status_url": {"type": "string"}})}
_BECAME = {200: json_response("What became of it", _JOB | {"message": {"type": "string"}})}
_NEVER_KEPT = {"Cache-Control": "no-store"}


def reindex_routes(reindexer: Reindexer) -> APIRouter:
    """Return the routes that start a re-index and tell of it."""
    router = APIRouter(prefix="/v1", tags=["operation"])

    @router.post("/reindex", status_code=202, responses=_STARTED | REFUSED | RUNNING)
    def reindex(request: Request) -> Response:
        """Index the source folder again; needs the bearer token of the service."""
        reindexer.authorize(request.headers.get("authorization", ""))
        job = reindexer.start()
        address = f"/v1/reindex/{job.job_id}"
        return JSONResponse(
            {"job_id": job.job_id, "state": job.state, "status_url": address},
            status_code=202,
            headers=_NEVER_KEPT | {"Location": address},
        )

    @router.get("/reindex/{job_id}", responses=_BECAME | REFUSED | MISSING)
    def reindex_status(request: Request, job_id: str) -> Response:
        """What became of a re-index."""
        reindexer.authorize(request.headers.get("authorization", ""))
        job = reindexer.job(job_id)
        return JSONResponse(
            {"job_id": job.job_id, "state": job.state, "message": job.message},
            headers=_NEVER_KEPT,
        )

    return router


def operation_routes(archive: LiveArchive, metrics: Metrics) -> APIRouter:
    """Return the routes that tell how the service is, and how it is used."""
    router = APIRouter(tags=["operation"])

    @router.get("/healthz")
    def alive(response: Response) -> dict[str, str]:
        """The process answers."""
        response.headers.update(_NEVER_KEPT)
        return {"status": "ok"}

    @router.get("/readyz", responses={503: PROBLEMS[503]})
    def ready(response: Response) -> dict[str, str]:
        """A whole generation is open."""
        response.headers.update(_NEVER_KEPT)
        return {"status": "ready", "generation": archive.current().generation_id}

    @router.get(
        "/metrics",
        response_class=Response,
        responses=text_response("In the text format of Prometheus", "text/plain"),
    )
    def measured() -> Response:
        """Requests, phases, and the archive that is served, for Prometheus."""
        return Response(
            metrics.exposition(), media_type=prometheus.CONTENT_TYPE, headers=_NEVER_KEPT
        )

    @router.get("/docs", include_in_schema=False)
    def docs(request: Request) -> Response:
        """Show the API to people."""
        return send_text(request, docs_page(request.app.openapi()), "text/html")

    @router.get("/problems/{slug}", include_in_schema=False)
    def explain(request: Request, slug: str) -> Response:
        """What a problem type means, for people."""
        kind = KINDS.get(slug)
        if kind is None:
            raise HTTPException(404)
        page = (
            f'<!doctype html><html lang="en"><title>{escape(kind.title)}</title>'
            f"<h1>{escape(kind.title)}</h1><p>HTTP status {kind.status}.</p>"
            f"<p>{escape(kind.advice)}</p></html>"
        )
        return send_text(request, page, "text/html")

    return router
