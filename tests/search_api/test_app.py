"""search_api.app: every route as a script sees it, over the sample archive."""

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.records import document_id_of
from search_api.app import create_app
from search_api.problems import KINDS
from search_api.settings import Settings

QUESTION = "what happened with Operation Connect funding"
ABSENT = "which zebra won the bobsleigh championship in Reykjavik"
CONNECT = "sop-2011-03-17-09-operation-connect.pdf"
TOO_LONG = {"q": "x" * 1001}


@pytest.fixture(scope="module")
def client(sample_index: Path) -> Iterator[TestClient]:
    app = create_app(Settings(index_dir=sample_index))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def search(client: TestClient, **values: str | int) -> dict[str, Any]:
    response = client.get("/v1/search", params=values)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def assert_problem(response: Response, status: int, slug: str) -> dict[str, Any]:
    """Check shape, status and type of an error, and that it tells nothing of the server."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "instance", "errors"}
    assert (body["type"], body["status"]) == (f"/problems/{slug}", status)
    assert body["title"] == KINDS[slug].title
    assert body["instance"] == response.request.url.path
    assert_tells_nothing(response)
    return body


def assert_tells_nothing(response: Response) -> None:
    """No path of the server, no stack trace, no name of a class."""
    for secret in ("Traceback", ".py", "/tmp", "/work", "/home", "site-packages", "Error("):
        assert secret not in response.text


# --- search -------------------------------------------------------------------------------------


def test_search_answers_the_documented_members(client: TestClient) -> None:
    found = search(client, q=QUESTION, facets="body,committee,doc_type,year", limit=3)
    assert set(found) == {
        *("query", "generation", "mode", "total", "results", "facets", "next", "took_ms"),
    }
    assert found["query"] == {
        "q": QUESTION,
        "understood": "Operation Connect funding",
        "repaired": "",
        "did_you_mean": "",
        "expanded": [],
    }
    assert found["mode"] == "hybrid"
    assert found["total"].keys() == {"value", "relation", "of"}
    assert (found["total"]["relation"], found["total"]["of"]) == ("eq", "keyword")
    assert set(found["facets"]) == {"body", "committee", "doc_type", "year"}
    assert found["facets"]["year"][0].keys() == {"value", "count"}
    assert [result["rank"] for result in found["results"]] == [1, 2, 3]
    first = found["results"][0]
    assert {
        *("rank", "document_id", "title", "body", "committee", "date", "doc_type", "passage"),
        *("snippet", "matched_by", "score", "more_in_document", "url", "source_url", "citation"),
    } <= set(first)
    assert {"id", "paragraph", "page", "section"} <= set(first["passage"])
    assert set(first["snippet"]) == {"text", "marks", "cut_start", "cut_end"}
    assert set(first["score"]) == {"fused", "keyword_rank", "vector_rank"}
    assert (first["source_id"], first["date"]) == (CONNECT, "2011-03-17")
    assert first["matched_by"] == ["keyword", "vector"]


def test_every_hit_has_a_mark_inside_its_snippet_and_a_link(client: TestClient) -> None:
    for mode in ("hybrid", "keyword", "vector"):
        for result in search(client, q=QUESTION, mode=mode, limit=100)["results"]:
            snippet = result["snippet"]
            assert snippet["marks"]
            assert all(0 <= a < b <= len(snippet["text"]) for a, b in snippet["marks"])
            assert re.fullmatch(
                rf"/reports/{result['document_id']}\?start=\d+&end=\d+#b\d+", result["url"]
            )


def test_pages_tile_the_list_and_the_total_stays(client: TestClient) -> None:
    whole = search(client, q="community engagement", limit=100)
    assert whole["next"] is None
    paged: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = search(client, q="community engagement", limit=4, cursor=cursor)
        assert page["total"] == whole["total"]
        paged += page["results"]
        cursor = page["next"]
    assert paged == whole["results"]


def test_a_cursor_with_another_query_is_a_bad_cursor(client: TestClient) -> None:
    cursor = search(client, q="gangs", limit=2)["next"]
    response = client.get("/v1/search", params={"q": "youth", "cursor": cursor})
    problem = assert_problem(response, 400, "bad-cursor")
    assert problem["errors"][0]["param"] == "cursor"
    assert "another query" in problem["detail"]


@pytest.mark.parametrize("cursor", ["x", "é", "bnVsbA", "W10", "A" * 290])
def test_what_is_no_cursor_is_a_bad_cursor(client: TestClient, cursor: str) -> None:
    response = client.get("/v1/search", params={"q": "gangs", "cursor": cursor})
    assert_problem(response, 400, "bad-cursor")


# --- bad parameters -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "slug", "param"),
    [
        ({"limit": "0"}, "bad-parameter", "limit"),
        ({"limit": "101"}, "bad-parameter", "limit"),
        ({"limit": "many"}, "bad-parameter", "limit"),
        ({"mode": "best"}, "bad-parameter", "mode"),
        ({"sort": "size"}, "bad-parameter", "sort"),
        ({"group": "author"}, "bad-parameter", "group"),
        ({"facets": "colour"}, "bad-parameter", "facets"),
        ({"body": "x" * 301}, "bad-parameter", "body"),
        ({"date_from": "2011-02-30"}, "bad-date", "date_from"),
        ({"date_to": "yesterday"}, "bad-date", "date_to"),
        ({"date_from": "2012", "date_to": "2011"}, "bad-date", "date_from"),
        (TOO_LONG, "query-too-long", "q"),
        ({"q": ""}, "bad-parameter", "q"),
        ({"q": " \n"}, "bad-parameter", "q"),
    ],
)
def test_a_bad_value_is_a_problem_that_names_the_parameter(
    client: TestClient, values: dict[str, str], slug: str, param: str
) -> None:
    response = client.get("/v1/search", params={"q": "gangs"} | values)
    problem = assert_problem(response, 400, slug)
    (error,) = problem["errors"]
    assert set(error) == {"param", "value", "message"}
    assert error["param"] == param
    assert error["value"] == values[param][:64]
    assert problem["detail"] == f"{param}: {error['message']}"


def test_an_unknown_parameter_names_the_nearest_known_one(client: TestClient) -> None:
    response = client.get("/v1/search", params={"q": "gangs", "limt": "3"})
    problem = assert_problem(response, 400, "unknown-parameter")
    assert problem["errors"] == [
        {
            "param": "limt",
            "value": "",
            "message": "there is no such parameter; did you mean 'limit'?",
        }
    ]


@pytest.mark.parametrize("path", ["/v1/coverage", "/v1/documents/0123456789abcdef"])
def test_what_takes_no_parameter_refuses_each(client: TestClient, path: str) -> None:
    assert_problem(client.get(path, params={"q": "x"}), 400, "unknown-parameter")


def test_a_parameter_given_twice_is_refused(client: TestClient) -> None:
    assert_problem(client.get("/v1/search?q=gangs&q=youth"), 400, "bad-parameter")


def test_bytes_that_are_no_text_are_searched_as_they_can_be(client: TestClient) -> None:
    response = client.get("/v1/search?q=gangs%ff%00%ed%a0%80")
    assert response.status_code == 200
    assert client.get("/v1/documents/%ff%00").status_code == 404


# --- answers ------------------------------------------------------------------------------------


def stored_blocks(client: TestClient, document_id: str) -> list[dict[str, Any]]:
    response = client.get(f"/v1/documents/{document_id}")
    assert response.status_code == 200
    blocks: list[dict[str, Any]] = response.json()["blocks"]
    return blocks


def test_the_money_of_operation_connect_is_answered_and_cited_to_its_paragraph(
    client: TestClient,
) -> None:
    found = client.get("/v1/answer", params={"q": QUESTION}).json()
    assert found["status"] == "answered"
    assert found["question"] == QUESTION
    (cited,) = (
        cited
        for cited in found["citations"]
        if all(figure in cited["quote"] for figure in ("£4.7m", "2011-12", "2012-13"))
        and cited["file"] == CONNECT
    )
    assert (cited["date"], cited["paragraph"]) == ("2011-03-17", "3")
    assert cited["section"][-1] == "Financial Implications"
    assert cited["url"].startswith(f"/reports/{cited['document_id']}?start={cited['start']}&")
    assert re.fullmatch("[0-9a-f]{64}", cited["source_sha256"])
    assert found["sentences"][found["citations"].index(cited)]["text"] == cited["quote"]


@pytest.mark.parametrize("q", [QUESTION, "who are the repeat victims?", "community engagement"])
def test_every_quote_is_the_text_of_the_report_at_its_offsets(client: TestClient, q: str) -> None:
    found = client.get("/v1/answer", params={"q": q}).json()
    assert found["citations"]
    for cited in found["citations"]:
        (block,) = (
            block
            for block in stored_blocks(client, cited["document_id"])
            if block["start"] <= cited["start"] < block["end"]
        )
        start, end = cited["start"] - block["start"], cited["end"] - block["start"]
        assert block["text"][start:end] == cited["quote"]
        assert (block["section"], block["paragraph"]) == (cited["section"], cited["paragraph"])
        assert cited["url"].endswith(f"#{block['anchor']}")


def test_an_answer_has_the_documented_members(client: TestClient) -> None:
    found = client.get("/v1/answer", params={"q": QUESTION}).json()
    assert {
        *("status", "confidence", "sentences", "citations", "searched", "nearest"),
        *("generation", "answer_id", "permalink"),
    } <= set(found)
    assert set(found["confidence"]) == {"value", "band", "calibrated_on"}
    assert 0 <= found["confidence"]["value"] <= 1
    assert found["confidence"]["band"] in ("high", "medium", "low")
    assert found["nearest"] == []
    assert {
        *("number", "document_id", "title", "date", "paragraph", "page", "quote"),
        *("start", "end", "source_sha256", "url"),
    } <= set(found["citations"][0])
    assert [sentence["citation"] for sentence in found["sentences"]] == list(
        range(len(found["citations"]))
    )


def test_not_found_says_what_was_searched_and_what_is_nearest(client: TestClient) -> None:
    found = client.get("/v1/answer", params={"q": ABSENT}).json()
    assert (found["status"], found["sentences"], found["citations"]) == ("not_found", [], [])
    searched = found["searched"]
    assert (searched["documents"], searched["unreadable"]) == (18, 0)
    assert (searched["date_from"], searched["date_to"]) == ("2009-09-10", "2011-03-17")
    assert {"zebra", "bobsleigh", "Reykjavik"} <= set(searched["terms"])
    assert [result["rank"] for result in found["nearest"]] == [1, 2, 3]
    assert all(result["snippet"]["marks"] for result in found["nearest"])


def test_a_posted_question_gets_the_answer_of_the_same_get(client: TestClient) -> None:
    values = {"q": QUESTION, "date_from": "2011"}
    got = client.get("/v1/answer", params=values).json() | {"took_ms": 0}
    posted = client.post("/v1/answer", json=values)
    assert posted.json() | {"took_ms": 0} == got
    in_address = client.post("/v1/answer", params={"date_from": "2011"}, json={"q": QUESTION})
    assert in_address.json() | {"took_ms": 0} == got


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "not JSON"),
        (b"q=gangs", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 90_000, "not JSON"),
        (b"9" * 5_000, "not JSON"),
        (b"[]", "expected a JSON object"),
        (b'"gangs"', "expected a JSON object"),
        (b'{"q": 1}', "values are strings"),
        (b'{"q": null}', "values are strings"),
        (b'{"q": ["gangs"]}', "values are strings"),
        (b'{"q": NaN}', "values are strings"),
        (b"x" * 100_001, "more than 100,000 bytes"),
        (json.dumps(TOO_LONG).encode(), "1001 characters"),
        (b'{"q": "gangs", "limit": "3"}', "limit"),
        (b'{"q": "gangs", "\\ud800": "x"}', "there is no such parameter"),
        (b'{"q": "gangs", "date_from": "\\ud800"}', "no date of the calendar"),
        (b'{"q": "' + b"\\ud800" * 1001 + b'"}', "1001 characters"),
        (b"{}", "empty"),
    ],
)
def test_a_body_that_is_no_question_is_a_problem(
    client: TestClient, body: bytes, detail: str
) -> None:
    response = client.post("/v1/answer", content=body)
    assert response.status_code == 400
    slug = response.json()["type"].removeprefix("/problems/")
    assert detail in assert_problem(response, 400, slug)["detail"]


def test_half_a_character_in_json_is_asked_as_a_question_mark(client: TestClient) -> None:
    response = client.post("/v1/answer", content=b'{"q": "gangs \\ud800", "body": "\\udfff"}')
    assert response.status_code == 200
    assert response.json()["question"] == "gangs ?"


# --- reports, coverage, operation ---------------------------------------------------------------


def test_a_report_has_its_metadata_and_blocks_in_order(client: TestClient) -> None:
    (result,) = search(client, q="title:aims", limit=1)["results"]
    found = client.get(f"/v1/documents/{result['document_id']}").json()
    assert (found["source_id"], found["format"], found["date"]) == (CONNECT, "pdf", "2011-03-17")
    assert found["title"] == result["title"]
    assert found["url"] == f"/reports/{result['document_id']}"
    starts = [block["start"] for block in found["blocks"]]
    assert starts == sorted(starts)
    assert all(
        len(block["text"]) == block["end"] - block["start"] <= found["characters"]
        for block in found["blocks"]
    )


@pytest.mark.parametrize("document_id", ["nothing", "0" * 16, "..%2f..%2fetc", "%00", "x" * 2000])
def test_an_unknown_report_is_not_found(client: TestClient, document_id: str) -> None:
    response = client.get(f"/v1/documents/{document_id}")
    assert (response.status_code, response.json()["type"]) == (404, "/problems/not-found")
    assert "Traceback" not in response.text


def test_coverage_adds_up(client: TestClient) -> None:
    found = client.get("/v1/coverage").json()
    assert found["held"] == found["searchable"] == found["documents"] == 18
    assert (found["duplicate"], found["unread"]) == (0, 0)
    assert (found["unread_files"], found["duplicate_files"]) == ([], [])
    assert sum(one["count"] for one in found["by_body"]) == 18


def test_every_answer_states_the_generation_that_is_ready(client: TestClient) -> None:
    ready = client.get("/readyz").json()
    assert ready["status"] == "ready"
    document_id = search(client, q="gangs", limit=1)["results"][0]["document_id"]
    for path in (
        "/v1/search?q=gangs",
        "/v1/answer?q=gangs",
        "/v1/coverage",
        f"/v1/documents/{document_id}",
    ):
        assert client.get(path).json()["generation"] == ready["generation"]


def test_health_needs_nothing(client: TestClient) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_openapi_and_its_page_describe_every_route(client: TestClient) -> None:
    described = client.get("/v1/openapi.json").json()
    assert set(described["paths"]) == {
        *("/v1/search", "/v1/answer", "/v1/documents/{document_id}", "/v1/coverage"),
        *("/v1/answers/{answer_id}", "/v1/documents/{document_id}/citation"),
        *("/v1/documents/{document_id}/passages", "/v1/documents/{document_id}/similar"),
        *("/v1/timeline", "/v1/quotes:check", "/v1/suggest", "/v1/export", "/v1/feed"),
        *("/v1/reindex", "/v1/reindex/{job_id}", "/healthz", "/readyz", "/metrics"),
    }
    assert set(described["paths"]["/v1/answer"]) == {"get", "post"}
    named = {one["name"] for one in described["paths"]["/v1/search"]["get"]["parameters"]}
    assert named == {
        *("q", "mode", "body", "committee", "doc_type", "date_from", "date_to"),
        *("sort", "limit", "cursor", "facets", "group"),
    }
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert all("422" not in one["responses"] for one in operations)
    body = described["paths"]["/v1/answer"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["required"] == ["q"]
    assert set(described["paths"]["/v1/reindex"]["post"]["responses"]) == {
        "202",
        "401",
        "429",
        "403",
        "409",
    }
    page = client.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<code>GET /v1/search</code>" in page.text
    assert "2011-03-17, 2011-03 or 2011; inclusive" in page.text
    assert "<script" not in page.text


@pytest.mark.parametrize("slug", KINDS)
def test_the_type_of_every_problem_is_a_page_that_explains_it(
    client: TestClient, slug: str
) -> None:
    response = client.get(f"/problems/{slug}")
    assert response.status_code == 200
    assert f"<h1>{KINDS[slug].title}</h1>" in response.text
    assert KINDS[slug].advice in response.text


def test_addresses_that_do_not_exist_are_not_found(client: TestClient) -> None:
    for path in ("/v1/nothing", "/v2/search", "/problems/nothing", "/v1/documents/a/b", "/x%00"):
        assert_problem(client.get(path), 404, "not-found")


@pytest.mark.parametrize("path", ["/v1/search/?q=gangs", "/v1/coverage/", "/healthz/"])
def test_no_answer_leads_to_where_a_host_says(client: TestClient, path: str) -> None:
    response = client.get(path, headers={"Host": "evil.example"}, follow_redirects=False)
    assert_problem(response, 404, "not-found")
    assert "location" not in response.headers


def test_a_report_that_is_too_long_for_one_answer_comes_in_pieces(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/documents/{document_id_of(CONNECT)}"
    whole = client.get(path).json()
    assert whole["next"] is None
    monkeypatch.setattr("search_api.routes_reports._PIECE", (1500, 4))
    found: list[dict[str, Any]] = []
    start: int | None = 0
    while start is not None:
        piece = client.get(path, params={"from": start}).json()
        assert len(piece["blocks"]) <= 4
        found += piece["blocks"]
        start = piece["next"]
    assert "".join(one["text"] for one in found) == "".join(one["text"] for one in whole["blocks"])
    assert_problem(client.get(path, params={"from": "x"}), 400, "bad-parameter")


def test_a_method_that_an_address_does_not_take_is_told_which_it_takes(client: TestClient) -> None:
    response = client.delete("/v1/search")
    assert_problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "GET, HEAD"
    assert_problem(client.put("/v1/answer"), 405, "method-not-allowed")


# --- caching and cross-origin -------------------------------------------------------------------


@pytest.mark.parametrize("path", [f"/v1/search?q={QUESTION}", f"/v1/answer?q={QUESTION}"])
def test_equal_requests_give_equal_bytes_but_for_the_time(client: TestClient, path: str) -> None:
    one, other = (re.sub(rb'"took_ms":[0-9.]+', b"", client.get(path).content) for _ in range(2))
    assert one == other
    assert b"took_ms" not in one


@pytest.mark.parametrize("path", ["/v1/search?q=gangs", "/v1/answer?q=gangs", "/v1/coverage"])
def test_what_is_known_already_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path)
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_another_question_has_another_tag(client: TestClient) -> None:
    tags = {client.get("/v1/search", params={"q": q}).headers["etag"] for q in ("gangs", "gang")}
    assert len(tags) == 2


def test_the_time_of_each_phase_is_a_header(client: TestClient) -> None:
    for path, phases in (
        ("/v1/search?q=gangs", ["words", "encode", "meaning", "snippets", "total"]),
        ("/v1/search?q=gangs&mode=keyword", ["words", "snippets", "total"]),
        ("/v1/answer?q=gangs", ["words", "encode", "meaning", "quotes", "citations", "total"]),
        ("/v1/search?q=", ["total"]),
    ):
        parts = client.get(path).headers["server-timing"].split(", ")
        assert [part.split(";dur=")[0] for part in parts] == phases
        milliseconds = [float(part.split(";dur=")[1]) for part in parts]
        assert sum(milliseconds[:-1]) <= milliseconds[-1] + 0.5


def test_head_is_get_without_the_body(client: TestClient) -> None:
    for path in ("/v1/search?q=gangs", "/v1/coverage", "/healthz", "/docs", "/v1/openapi.json"):
        got, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "etag", "cache-control"):
            assert head.headers.get(name) == got.headers.get(name), (path, name)
        # The time that it took (`took_ms`) has a digit more now and then.
        lengths = [int(response.headers["content-length"]) for response in (head, got)]
        assert abs(lengths[0] - lengths[1]) <= 3 * ("search" in path)
    assert client.head("/v1/search").status_code == 400
    assert client.head("/v1/reindex").status_code == 405


def test_a_citation_is_a_file_in_the_format_asked_for(client: TestClient) -> None:
    (result,) = search(client, q="title:aims", limit=1)["results"]
    path = f"/v1/documents/{result['document_id']}/citation"
    text = client.get(path)
    assert text.text.startswith(result["citation"])
    assert f"http://testserver/reports/{result['document_id']}" in text.text
    for written_as, ending in (("bibtex", "bib"), ("ris", "ris"), ("csl-json", "json")):
        response = client.get(path, params={"format": written_as})
        assert response.status_code == 200
        name = f"{result['document_id']}.{ending}"
        assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
        generation = client.get("/readyz").json()["generation"]
        assert response.headers["archive-generation"] == generation
        assert generation in response.text
        again = client.get(
            path,
            params={"format": written_as},
            headers={"If-None-Match": response.headers["etag"]},
        )
        assert (again.status_code, again.content) == (304, b"")
    assert_problem(client.get(path, params={"format": "pdf"}), 400, "bad-parameter")
    assert_problem(client.get("/v1/documents/nothing/citation"), 404, "not-found")


@pytest.mark.parametrize("host", ["evil.example/?x=", 'a"b', "a b", "ä.example", ""])
def test_a_host_that_is_none_gives_relative_links(client: TestClient, host: str) -> None:
    (result,) = search(client, q="title:aims", limit=1)["results"]
    path = f"/v1/documents/{result['document_id']}/citation"
    response = client.get(path, headers={b"Host": host.encode()})
    assert response.text.endswith(f". /reports/{result['document_id']}\n")


def test_pages_of_other_sites_may_read(client: TestClient) -> None:
    for path in ("/v1/search?q=gangs", "/v1/search?q=gangs&limit=0"):
        response = client.get(path, headers={"Origin": "https://paper.example"})
        assert response.headers["access-control-allow-origin"] == "*"
    asked = client.options(
        "/v1/search",
        headers={"Origin": "https://paper.example", "Access-Control-Request-Method": "GET"},
    )
    assert asked.status_code == 200
    posting = {"Origin": "https://paper.example", "Access-Control-Request-Method": "DELETE"}
    assert client.options("/v1/reindex", headers=posting).status_code == 400


# --- anything at all ----------------------------------------------------------------------------

FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = st.sampled_from(
    'gangs "two year" " -Brent ( ) AND OR NOT title: title:budget pol* £4.7m 2011-12 + - * '
    "[a TO b] ^2 ~1 {x} \\ / && || ! ? : C++ (part".split(" ")
)
ANYTHING = st.text(max_size=200) | st.lists(PIECES, max_size=12).map(" ".join)


@settings(FUZZ, max_examples=300)
@given(q=ANYTHING, mode=st.sampled_from(["hybrid", "keyword", "vector"]))
@example(q="x AND " + "(" * 994, mode="hybrid")
@example(q="(NOT " * 200, mode="hybrid")
@example(q="a " * 500, mode="keyword")
@example(q='"' + "gangs " * 160 + '"', mode="vector")
@example(q="é*" * 500, mode="keyword")
@example(q="aaa* " * 200, mode="keyword")
def test_no_search_makes_the_service_fail(client: TestClient, q: str, mode: str) -> None:
    response = client.get("/v1/search", params={"q": q, "mode": mode})
    assert response.status_code == (200 if q.strip() else 400), response.text
    assert_tells_nothing(response) if response.status_code != 200 else None


@settings(FUZZ, max_examples=25)
@given(q=ANYTHING)
@example(q="x AND " + "(" * 994)
@example(q="what " * 200)
def test_no_question_makes_the_service_fail(client: TestClient, q: str) -> None:
    response = client.get("/v1/answer", params={"q": q})
    assert response.status_code == (200 if q.strip() else 400), response.text


NAMES = st.sampled_from("q mode body date_from date_to sort limit cursor facets group x".split())


@settings(FUZZ, max_examples=150)
@given(values=st.dictionaries(NAMES, st.text(max_size=30), max_size=4))
def test_no_parameter_makes_the_service_fail(client: TestClient, values: dict[str, str]) -> None:
    response = client.get("/v1/search", params={"q": "gangs"} | values)
    assert response.status_code in (200, 400)
    if response.status_code == 400:
        assert response.json()["errors"][0]["param"] in {"q"} | set(values)


@settings(FUZZ, max_examples=100)
@given(body=st.binary(max_size=200) | st.text(max_size=100).map(lambda t: json.dumps(t).encode()))
def test_no_body_makes_the_service_fail(client: TestClient, body: bytes) -> None:
    assert_problem(client.post("/v1/answer", content=body), 400, "bad-parameter")


# --- an archive that comes and changes ----------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "one.txt").write_text("The first lantern was lit by Ada Brown on 3 May 2010.\n")
    return folder


def wait_until_ready(client: TestClient) -> Response:
    deadline = time.monotonic() + 30
    while (response := client.get("/readyz")).status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    return response


def test_without_an_index_it_lives_but_is_not_ready_until_one_is_built(
    source: Path, tmp_path: Path, encoder: BuildEncoder
) -> None:
    index_dir = tmp_path / "index"
    app = create_app(Settings(index_dir=index_dir, poll_seconds=0.05))
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/healthz").status_code == 200
        for path in ("/readyz", "/v1/search?q=lantern", "/v1/answer?q=lantern", "/v1/coverage"):
            response = client.get(path)
            assert_problem(response, 503, "not-ready")
            assert response.headers["retry-after"] == "5"
            assert "index" not in response.json()["detail"]
        report = build(source, index_dir, encoder)
        assert wait_until_ready(client).json()["generation"] == report.generation_id
        assert search(client, q="lantern")["total"]["value"] == 1


def test_no_request_fails_and_none_mixes_generations_while_a_new_one_is_published(
    source: Path, tmp_path: Path, encoder: BuildEncoder
) -> None:
    index_dir = tmp_path / "index"
    documents = {build(source, index_dir, encoder).generation_id: 1}
    seen: list[tuple[str, int, dict[str, Any]]] = []
    stop = threading.Event()
    app = create_app(Settings(index_dir=index_dir, poll_seconds=0.05))
    with TestClient(app, raise_server_exceptions=False) as client:

        def hammer(path: str) -> None:
            while not stop.is_set():
                response = client.get(path, params={"q": "who lit the lantern?"})
                seen.append((path, response.status_code, response.json()))

        threads = [
            threading.Thread(target=hammer, args=(path,)) for path in ("/v1/search", "/v1/answer")
        ]
        for thread in threads:
            thread.start()
        try:
            for number in (2, 3):
                (source / f"{number}.txt").write_text(f"Lantern {number} was lit by Bo Green.\n")
                newest = build(source, index_dir, encoder).generation_id
                documents[newest] = number
                deadline = time.monotonic() + 30
                while seen[-1][2].get("generation") != newest and time.monotonic() < deadline:
                    time.sleep(0.05)
            time.sleep(0.5)
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    assert {status for _, status, _ in seen} == {200}
    for path in ("/v1/search", "/v1/answer"):
        generations = [found["generation"] for asked, _, found in seen if asked == path]
        assert list(dict.fromkeys(generations)) == sorted(documents)
    for path, _, found in seen:
        expected = documents[found["generation"]]
        if path == "/v1/search":
            assert found["total"]["value"] == len(found["results"]) == expected
        else:
            assert found["searched"]["documents"] == expected
            assert found["answer_id"].startswith(found["generation"])


def test_a_cursor_of_an_older_generation_is_gone(
    source: Path, tmp_path: Path, encoder: BuildEncoder
) -> None:
    (source / "two.txt").write_text("The second lantern was lit by Bo Green.\n")
    index_dir = tmp_path / "index"
    build(source, index_dir, encoder)
    app = create_app(Settings(index_dir=index_dir, poll_seconds=60))
    with TestClient(app, raise_server_exceptions=False) as client:
        cursor = search(client, q="lantern", limit=1)["next"]
        (source / "three.txt").write_text("The third lantern was lit by Cy White.\n")
        build(source, index_dir, encoder)
        app.state.archive.refresh()
        response = client.get("/v1/search", params={"q": "lantern", "limit": 1, "cursor": cursor})
        assert "re-indexed" in assert_problem(response, 410, "gone")["detail"]


def test_an_answer_is_the_same_bytes_again_from_its_older_generation_until_that_is_pruned(
    source: Path, tmp_path: Path, encoder: BuildEncoder
) -> None:
    index_dir = tmp_path / "index"
    build(source, index_dir, encoder)
    app = create_app(Settings(index_dir=index_dir, poll_seconds=60))
    with TestClient(app, raise_server_exceptions=False) as client:
        first = client.get("/v1/answer", params={"q": "who lit the lantern?"})
        address = first.json()["permalink"]
        for number, status in ((2, 200), (3, 410)):
            (source / f"{number}.txt").write_text(f"Lantern {number} was lit by Bo Green.\n")
            build(source, index_dir, encoder)
            if number == 3:  # a service that has not opened the older one before
                app.state.archive._kept = None
            app.state.archive.refresh()
            again = client.get(address)
            assert again.status_code == status
            if status == 200:
                one, other = (re.sub(r'"took_ms":[0-9.]+', "", r.text) for r in (first, again))
                assert one == other
                assert "max-age" in again.headers["cache-control"]
        assert "kept no longer" in assert_problem(again, 410, "gone")["detail"]
