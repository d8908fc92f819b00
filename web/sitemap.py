"""Every report by its address, for search engines: as many sitemaps as it takes."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from search_api import citing
from search_api.base_address import base_address
from search_api.errors import BadRequestError
from search_api.reader import ArchiveReader
from search_api.sending import send_stream, send_text, tag_of

PER_SITEMAP = 50_000  # as sitemaps.org allows
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


def whole_address(request: Request, public_url: str) -> str:
    """Return the address of this site; raises BadRequestError where nobody has told it."""
    base = base_address(request, public_url)
    if not base:
        raise BadRequestError("Host", "", "no host in it; expected the address of this site")
    return base


def sitemap_routes(public_url: str) -> APIRouter:
    """Return the routes: one sitemap, or an index of them."""
    router = APIRouter()

    @router.get("/sitemap.xml")
    def sitemap(request: Request) -> Response:
        reader: ArchiveReader = request.app.state.archive.current()
        base = whole_address(request, public_url)
        if _sitemaps(reader) == 1:
            return _sitemap(request, reader, base, 1)
        listed = "".join(
            f"<sitemap><loc>{escape(base)}/sitemap-{number}.xml</loc></sitemap>\n"
            for number in range(1, _sitemaps(reader) + 1)
        )
        text = f'{HEAD}<sitemapindex xmlns="{_SITEMAPS}">\n{listed}</sitemapindex>\n'
        return send_text(request, text, "application/xml", reader.generation_id)

    @router.get("/sitemap-{number:int}.xml")
    def part_of_sitemap(request: Request, number: int) -> Response:
        reader: ArchiveReader = request.app.state.archive.current()
        if not 1 <= number <= _sitemaps(reader):
            raise HTTPException(404)
        return _sitemap(request, reader, whole_address(request, public_url), number)

    return router


def _sitemaps(reader: ArchiveReader) -> int:
    return max(1, -(-reader.counts.documents // PER_SITEMAP))


def _sitemap(request: Request, reader: ArchiveReader, base: str, number: int) -> Response:
    tag = tag_of("sitemap", reader.generation_id, base, str(number))
    pieces = _urls(reader, base, number)
    return send_stream(request, pieces, tag, "application/xml", reader.generation_id, {})


def _urls(reader: ArchiveReader, base: str, number: int) -> Iterator[str]:
    yield f'{HEAD}<urlset xmlns="{_SITEMAPS}">\n'
    for document_id in reader.document_ids((number - 1) * PER_SITEMAP, PER_SITEMAP):
        yield f"<url><loc>{escape(base + citing.report_url(document_id))}</loc></url>\n"
    yield "</urlset>\n"
