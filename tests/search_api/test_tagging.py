"""search_api.tagging: pages and documents are sent once, and again only where they changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from search_api.settings import Settings
from search_api.tagging import Tagging
from web.app import create_web_app


@pytest.fixture(scope="module")
def site(sample_index: Path) -> Iterator[TestClient]:
    with TestClient(create_web_app(Settings(index_dir=sample_index))) as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/", "/?q=gangs&page=2", "/coverage", "/help", "/v1/openapi.json"]
)
def test_who_has_a_page_already_is_told_so(site: TestClient, path: str) -> None:
    first = site.get(path)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = site.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert "content-length" not in again.headers
        assert "content-type" not in again.headers
        assert again.headers["content-security-policy"]
    assert site.get(path, headers={"If-None-Match": '"other"'}).content == first.content
    assert site.head(path).headers["etag"] == tag


def test_another_page_has_another_tag(site: TestClient) -> None:
    tags = [site.get(f"/?q={q}&page=2").headers["etag"] for q in ("gangs", "panels")]
    assert tags[0] != tags[1]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/nowhere", "/?page=x&q=a"])
def test_what_may_not_be_kept_and_errors_have_no_tag(site: TestClient, path: str) -> None:
    assert "etag" not in site.get(path).headers


def test_a_stream_and_a_tag_of_its_own_stay_as_they_are() -> None:
    app = FastAPI()
    app.add_middleware(Tagging)

    @app.get("/stream")
    def stream() -> StreamingResponse:
        return StreamingResponse(iter((b"one ", b"two")))

    @app.get("/own")
    def own() -> Response:
        return Response(b"x", headers={"ETag": '"mine"'})

    client = TestClient(app)
    assert client.get("/stream").content == b"one two"
    assert "etag" not in client.get("/stream").headers
    assert client.get("/own").headers["etag"] == '"mine"'
