"""The app that people run: the JSON API and the pages in one."""

from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Scope

from search_api.app import create_app
from search_api.settings import Settings
from web.headers import SecurityHeaders
from web.pages import STATIC, add_pages, static_urls


class LastingFiles(StaticFiles):
    """Files that a browser may keep for good where their address has their digest in it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        asked = f"/static/{path}?{scope['query_string'].decode('latin-1')}"
        if asked in static_urls().values():
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def create_web_app(settings: Settings) -> FastAPI:
    """Return the API's app with the pages, their files and their security headers added."""
    app = create_app(settings)
    add_pages(app, settings)
    app.mount("/static", LastingFiles(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware)
    app.add_middleware(SecurityHeaders)
    return app
