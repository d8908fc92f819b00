"""search_api.tools and its routes: status, headers and bounds over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexer.records import document_id_of
from search_api.app import create_app
from search_api.settings import Settings

CONNECT = document_id_of("sop-2011-03-17-09-operation-connect.pdf")
PATHS = (
    "/v1/timeline?q=Operation+Connect",
    "/v1/suggest?q=oper",
    "/v1/feed?q=gangs",
    "/v1/export?q=gangs&format=jsonl",
    f"/v1/documents/{CONNECT}/passages",
    f"/v1/documents/{CONNECT}/similar",
    f"/v1/documents/{CONNECT}/citation?format=csl-json",
)


@pytest.fixture(scope="module")
def client(sample_index: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(index_dir=sample_index))) as client:
        yield client


def check(client: TestClient, body: object) -> tuple[int, str]:
    response = client.post("/v1/quotes:check", json=body)
    if response.status_code == 200:
        return 200, response.json()["quotes"][0]["status"] if response.json()["quotes"] else ""
    return response.status_code, response.json()["detail"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_states_its_generation_and_is_not_sent_twice(
    client: TestClient, path: str
) -> None:
    first = client.get(path)
    assert first.status_code == 200
    assert first.headers["archive-generation"] == client.get("/readyz").json()["generation"]
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(path, headers={"If-None-Match": "*"}).status_code == 304
    assert client.head(path).headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    ("path", "param", "said"),
    [
        ("/v1/timeline?q=a&limt=3", "limt", "did you mean 'limit'?"),
        ("/v1/timeline", "q", "empty"),
        ("/v1/timeline?q=a&limit=101", "limit", "from 1 to 100"),
        ("/v1/suggest?q=a&limit=x", "limit", "from 1 to 100"),
        ("/v1/suggest?prefix=a", "prefix", "no such parameter"),
        ("/v1/feed?q=a&sort=date", "sort", "no such parameter"),
        (f"/v1/documents/{CONNECT}/passages?from=-1", "from", "from 0 to"),
        (f"/v1/documents/{CONNECT}/passages?to=1e3", "to", "from 0 to"),
        (f"/v1/documents/{CONNECT}/passages?form=1", "form", "did you mean 'from'?"),
        (f"/v1/documents/{CONNECT}/similar?q=a", "q", "no such parameter"),
    ],
)
def test_a_bad_parameter_is_named(client: TestClient, path: str, param: str, said: str) -> None:
    response = client.get(path)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["param"] == param
    assert said in error["message"]


@pytest.mark.parametrize("what", ["passages", "similar", "citation"])
def test_what_belongs_to_no_report_is_not_found(client: TestClient, what: str) -> None:
    for name in ("nothing", "0" * 16, "%00", "x" * 2000):
        assert client.get(f"/v1/documents/{name}/{what}").status_code == 404


def test_a_draft_is_checked_over_http(client: TestClient) -> None:
    assert check(client, {"text": "“a two year plan to deal with violence”"}) == (200, "exact")
    assert check(client, {"text": "nothing quoted"}) == (200, "")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "text: empty"),
        ({"text": " "}, "text: empty"),
        ({"txt": "a"}, "did you mean 'text'?"),
        ({"text": 1}, "values are strings"),
        ([], "expected a JSON object"),
        ({"text": "x" * 50_001}, "50,000 at most"),
        ({"text": "x" * 400_001}, "more than 400,000 bytes"),
        ({"text": "“a b c” " * 51}, "51 quoted passages"),
    ],
)
def test_a_draft_that_cannot_be_checked_is_a_problem(
    client: TestClient, body: object, said: str
) -> None:
    status, detail = check(client, body)
    assert status == 400
    assert said in detail


def test_nothing_typed_completes_to_nothing(client: TestClient) -> None:
    for query in ("", "?q=", "?q=+"):
        assert client.get(f"/v1/suggest{query}").json()["suggestions"] == []


def test_the_address_in_the_settings_is_the_one_in_links(sample_index: Path) -> None:
    settings = Settings(index_dir=sample_index, public_url="https://archive.example/mpa")
    with TestClient(create_app(settings)) as client:
        for path in ("/v1/feed?q=gangs", "/v1/export?q=gangs", f"/v1/documents/{CONNECT}/citation"):
            text = client.get(path, headers={"Host": "evil.example"}).text
            assert "https://archive.example/mpa/reports/" in text
            assert "evil.example" not in text


def test_an_answer_says_how_long_it_took_and_equal_ones_have_equal_tags(client: TestClient) -> None:
    first, second = (client.get(PATHS[0]) for _ in range(2))
    assert first.json()["took_ms"] > 0
    assert first.headers["etag"] == second.headers["etag"]
    assert "timeline;dur=" in first.headers["server-timing"]
