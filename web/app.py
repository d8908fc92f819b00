"""The app that people run: the JSON API and the pages in one."""

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from search_api.app import create_app
from search_api.settings import Settings
from web.headers import SecurityHeaders
from web.pages import STATIC, add_pages


def create_web_app(settings: Settings) -> FastAPI:
    """Return the API's app with the pages, their files and their security headers added."""
    app = create_app(settings)
    add_pages(app, settings)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware)
    app.add_middleware(SecurityHeaders)
    return app
