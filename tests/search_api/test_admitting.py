"""search_api.admitting: who is refused waits for nobody, and no place is lost."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.to_thread import current_default_thread_limiter
from fastapi.testclient import TestClient
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Send

from indexer.records import document_id_of
from search_api.errors import OverloadedError
from search_api.gate import Gate
from search_api.settings import Settings
from web.app import create_web_app

CONNECT = document_id_of("sop-2011-03-17-09-operation-connect.pdf")
DRAFT = "It is called “a two year plan to deal with violence and gangs”."
COSTLY = (
    "/v1/search?q=gangs",
    "/v1/answer?q=gangs",
    "/v1/answers/none",
    "/v1/timeline?q=gangs",
    "/v1/suggest?q=gan",
    "/v1/export?q=gangs",
    "/v1/feed?q=gangs",
    f"/v1/documents/{CONNECT}/similar",
    "/?q=gangs",
    "/timeline?q=gangs",
    "/suggestions?q=gan",
    f"/reports/{CONNECT}",
)
POSTED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/v1/answer", {"json": {"q": "gangs"}}),
    ("/v1/quotes:check", {"json": {"text": DRAFT}}),
    ("/quotes", {"data": {"text": DRAFT}}),
)
ASKED = (*(("GET", path, {}) for path in COSTLY), *(("POST", *one) for one in POSTED))


@pytest.fixture(scope="module")
def client(sample_index: Path) -> Iterator[TestClient]:
    """A service that lets one in."""
    settings = Settings(index_dir=sample_index, concurrent_searches=1, requests_per_second=0)
    with TestClient(create_web_app(settings)) as client:
        yield client


def gate(client: TestClient) -> Gate:
    found: Gate = client.app.state.gate  # type: ignore[attr-defined]
    return found


def a_place(client: TestClient) -> AbstractContextManager[None]:
    """Return a place; raises OverloadedError where one has been lost."""
    return gate(client).place()


@pytest.mark.parametrize(("method", "path", "sent"), ASKED)
def test_a_refusal_needs_no_thread_and_no_body(
    client: TestClient, method: str, path: str, sent: dict[str, Any]
) -> None:
    told: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was asked for")

    async def send(message: Message) -> None:
        told.append(message)

    assert client.portal is not None
    limiter = client.portal.call(current_default_thread_limiter)
    all_threads = limiter.total_tokens
    with a_place(client):
        client.portal.call(setattr, limiter, "total_tokens", 0)
        try:
            ask(client, path, receive, send, method)
        finally:
            client.portal.call(setattr, limiter, "total_tokens", all_threads)
    start, body = told
    headers = Headers(raw=start["headers"])
    assert start["status"] == 503
    assert headers["retry-after"] == "1"
    expected = "application/problem+json" if path.startswith("/v1") else "text/html; charset=utf-8"
    assert headers["content-type"] == expected
    assert b"s many searches as this service allows are running" in body["body"]


@pytest.mark.parametrize(("method", "path", "sent"), ASKED)
def test_the_one_place_serves_one_after_the_other(
    client: TestClient, method: str, path: str, sent: dict[str, Any]
) -> None:
    expected = 404 if path == "/v1/answers/none" else 200
    for _ in range(2):
        assert client.request(method, path, **sent).status_code == expected


@pytest.mark.parametrize("path", ["/", "/timeline", "/quotes", "/coverage", "/v1/coverage"])
def test_what_searches_nothing_is_served_while_all_places_are_taken(
    client: TestClient, path: str
) -> None:
    with a_place(client):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/v1/search", "/v1/search?q=a&limit=x", "/v1/answers/none"])
def test_a_refused_parameter_loses_no_place(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (400, 404)
    with a_place(client):
        pass


def test_an_answer_that_its_client_takes_slowly_keeps_no_place(client: TestClient) -> None:
    free: list[bool] = []

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        with a_place(client):
            free.append(True)

    for path in ("/v1/export?q=gangs", "/v1/search?q=gangs"):
        ask(client, path, receive, send)
        assert len(free) >= 2  # head and body
        free.clear()


def test_a_body_that_comes_slowly_keeps_no_place(client: TestClient) -> None:
    sent: list[Message] = []
    pieces = iter([b'{"q": ', b'"gangs"}'])

    async def receive() -> Message:
        with a_place(client):
            pass
        body = next(pieces, b"")
        return {"type": "http.request", "body": body, "more_body": bool(body)}

    async def send(message: Message) -> None:
        sent.append(message)

    ask(client, "/v1/answer", receive, send, method="POST")
    assert sent[0]["status"] == 200


def test_a_client_that_has_gone_leaves_its_place(client: TestClient) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise OSError("the connection is closed")

    for path, method in (
        ("/v1/search?q=gangs", "GET"),
        ("/?q=gangs", "GET"),
        ("/v1/answer", "POST"),
    ):
        with suppress(OSError):
            ask(client, path, receive, send, method=method)
        with a_place(client), pytest.raises(OverloadedError), a_place(client):
            pass


def ask(client: TestClient, path: str, receive: Receive, send: Send, method: str = "GET") -> None:
    """Hand a request to the app; fails where it takes far too long."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"a")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }

    async def in_time() -> None:
        with anyio.fail_after(30):
            await client.app(scope, receive, send)

    assert client.portal is not None
    client.portal.call(in_time)
