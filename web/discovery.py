"""How others find the archive: browsers, robots, and pages of other sites."""

from pathlib import Path
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse

from search_api import parameters
from search_api.admitting import ADMITTED
from search_api.receiving import given
from search_api.sending import send_text
from search_api.tools import Tools
from web.sitemap import HEAD, whole_address

STATIC = Path(__file__).parent / "static"
# Reports are found by their own address; pages made for one reader's question are left alone.
# No rule ends with its "?": some robots drop it, and would then leave out the whole site.
_ROBOTS = """\
User-agent: *
Disallow: /v1/
Disallow: /suggestions
Disallow: /*?q=
Disallow: /*&q=
Disallow: /*find=
Disallow: /*part=
Disallow: /*beside=
Sitemap: {base}/sitemap.xml
"""
_OPENSEARCH = """\
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">
  <ShortName>Archive search</ShortName>
  <Description>Search public reports; every quote leads to its place.</Description>
  <InputEncoding>UTF-8</InputEncoding>
  <Image width="16" height="16" type="image/svg+xml">{base}/static/favicon.svg</Image>
  <Url type="text/html" template="{base}/?q={{searchTerms}}"/>
  <Url type="application/x-suggestions+json" template="{base}/suggestions?q={{searchTerms}}"/>
  <Url type="application/atom+xml" template="{base}/v1/feed?q={{searchTerms}}"/>
  <Url type="application/opensearchdescription+xml" rel="self" template="{base}/opensearch.xml"/>
</OpenSearchDescription>
"""


def discovery_routes(public_url: str) -> APIRouter:
    """Return the routes, whose addresses others have written down."""
    router = APIRouter()

    @router.get("/robots.txt")
    def robots(request: Request) -> Response:
        return PlainTextResponse(_ROBOTS.format(base=whole_address(request, public_url)))

    @router.get("/opensearch.xml")
    def opensearch(request: Request) -> Response:
        text = HEAD + _OPENSEARCH.format(base=escape(whole_address(request, public_url)))
        return send_text(request, text, "application/opensearchdescription+xml")

    @router.get("/suggestions", dependencies=[ADMITTED])
    def suggestions(request: Request) -> Response:
        """Completions in the form that the address bar of a browser reads."""
        typed, limit = parameters.read_suggest(given(request))
        tools: Tools = request.app.state.tools
        found = tools.suggest(typed, limit).suggestions
        return JSONResponse(
            [typed, [one.text for one in found]], media_type="application/x-suggestions+json"
        )

    @router.get("/embed.js")
    def embed(request: Request) -> Response:
        # Under a name without a digest, for it is written into the pages of other sites.
        headers = {
            "Cache-Control": "public, max-age=3600",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        return FileResponse(STATIC / "embed.js", media_type="text/javascript", headers=headers)

    return router
