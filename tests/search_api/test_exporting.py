"""search_api.exporting and feeding: real readers read back what hostile reports hold."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import fromstring

import feedparser
import pytest
from bibtexparser.entrypoint import parse_string
from fastapi.testclient import TestClient

from search_api.app import create_app
from search_api.exporting import COLUMNS
from search_api.settings import Settings
from tests.search_api.hostile_reports import BODY, SCRIPT, TITLES

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def client(hostile_index: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(index_dir=hostile_index))) as client:
        yield client


@pytest.fixture(scope="module")
def tame(sample_index: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(index_dir=sample_index))) as client:
        yield client


def rows_of(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """Return the head and the rows of a CSV export."""
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    start = lines.index(list(COLUMNS))
    assert all(len(line) == 1 and line[0].startswith("# ") for line in lines[:start])
    rows = [dict(zip(COLUMNS, line, strict=True)) for line in lines[start + 1 :]]
    return [line[0] for line in lines[:start]], rows


def titles_of(found: TestClient) -> dict[str, str]:
    exported = found.get("/v1/export?q=lantern&format=jsonl").text.splitlines()[1:]
    return {(one := json.loads(line))["document_id"]: one["title"] for line in exported}


# --- export -------------------------------------------------------------------------------------


def test_csv_has_a_head_and_a_row_for_every_report_that_has_the_words(client: TestClient) -> None:
    response = client.get("/v1/export", params={"q": "lantern", "format": "csv"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.text.startswith("\ufeff# generation: ")
    head, rows = rows_of(response.text)
    generation = client.get("/readyz").json()["generation"]
    assert head[:2] == [f"# generation: {generation}", "# query: lantern"]
    assert f"# rows: {len(TITLES)}" in head
    assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, len(TITLES) + 1)]


def test_no_cell_of_a_csv_is_a_formula(client: TestClient) -> None:
    _, rows = rows_of(client.get("/v1/export?q=lantern&group=passage").text)
    for row in rows:
        for cell in row.values():
            assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    by_title = {row["title"] for row in rows}
    assert "'-2+3" in by_title
    assert any(title.startswith("'=HYPERLINK") for title in by_title)


def test_only_addresses_of_the_web_are_exported(client: TestClient) -> None:
    _, rows = rows_of(client.get("/v1/export?q=lantern").text)
    assert {row["source_url"] for row in rows} == {"", "https://reports.example/?a=1&b=2"}


@pytest.mark.parametrize("q", ["=1+1 lantern", 'lantern\r\nforged",cell', "# lantern", "@lantern"])
def test_a_query_in_the_head_adds_no_line_and_no_entry(client: TestClient, q: str) -> None:
    head, rows = rows_of(client.get("/v1/export", params={"q": q}).text)
    assert head[1] == f"# query: {q}"
    assert len(rows) == len(TITLES)
    text = client.get("/v1/export", params={"q": q, "format": "bibtex"}).text
    assert len(parse_string(text).entries) == len(TITLES)


def test_json_lines_begin_with_a_head_and_hold_the_texts_as_they_are(client: TestClient) -> None:
    lines = client.get("/v1/export?q=lantern&format=jsonl&date_from=2011-03-02").text.splitlines()
    head, *rows = (json.loads(line) for line in lines)
    assert head["query"] == "lantern"
    assert head["filters"] == {"date_from": "2011-03-02"}
    assert (head["rows"], head["complete"]) == (len(rows), True)
    assert len(rows) == len(TITLES) - 1
    assert set(rows[0]) == set(COLUMNS)
    assert {row["body"] for row in rows} == {BODY}


def test_bibtex_has_one_whole_entry_for_each_report(client: TestClient) -> None:
    text = client.get("/v1/export?q=lantern&format=bibtex").text
    library = parse_string(text)
    assert not library.failed_blocks
    assert len({entry.key for entry in library.entries}) == len(TITLES)
    assert {entry.entry_type for entry in library.entries} == {"techreport"}
    assert f'% generation: "{client.get("/readyz").json()["generation"]}"' in text


def test_everything_that_has_the_words_is_exported_not_one_page(tame: TestClient) -> None:
    for q in ("police", "the plan", "gangs AND police"):
        total = tame.get("/v1/search", params={"q": q, "limit": 1}).json()["total"]["value"]
        text = tame.get(
            "/v1/export", params={"q": q, "format": "jsonl", "group": "passage", "mode": "keyword"}
        ).text
        head, *rows = (json.loads(line) for line in text.splitlines())
        assert head["rows"] == len(rows) == total
        assert len({(row["document_id"], row["start"]) for row in rows}) == total


def test_an_export_begins_as_search_ranks(tame: TestClient) -> None:
    q = "what happened with Operation Connect funding"
    found = tame.get("/v1/search", params={"q": q, "limit": 100}).json()["results"]
    text = tame.get("/v1/export", params={"q": q, "format": "jsonl"}).text
    exported = [json.loads(line)["document_id"] for line in text.splitlines()[1:]]
    assert exported[: len(found)] == [one["document_id"] for one in found]


def test_who_has_an_export_already_gets_no_other(client: TestClient) -> None:
    first = client.get("/v1/export?q=lantern")
    known = {"If-None-Match": first.headers["etag"]}
    again = client.get("/v1/export?q=lantern", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    for other in ("q=lanterns", "q=lantern&format=jsonl", "q=lantern&group=passage"):
        assert client.get(f"/v1/export?{other}", headers=known).status_code == 200


@pytest.mark.parametrize("query", ["q=", "q=x&format=pdf", "q=x&limit=3", "q=x&group=author"])
def test_a_bad_export_is_a_problem_before_anything_is_sent(client: TestClient, query: str) -> None:
    response = client.get(f"/v1/export?{query}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


# --- feed ---------------------------------------------------------------------------------------


def test_a_feed_is_valid_and_newest_first(client: TestClient) -> None:
    response = client.get("/v1/feed?q=lantern")
    assert response.headers["content-type"].startswith("application/atom+xml")
    read = feedparser.parse(response.content)
    assert not read.bozo
    assert read.version == "atom10"
    assert read.feed.title == "lantern – archive-search"
    assert len(read.entries) == len(TITLES)
    dates = [entry.published for entry in read.entries]
    assert dates == sorted(dates, reverse=True)
    assert len({entry.id for entry in read.entries}) == len(TITLES)
    assert all(entry.link.startswith("http://testserver/reports/") for entry in read.entries)
    assert response.headers["cache-control"] == "public, max-age=300"


def test_titles_and_texts_are_text_in_a_feed(client: TestClient) -> None:
    text = client.get("/v1/feed?q=lantern").text
    assert "<script" not in text
    root = fromstring(text)
    assert {child.tag for child in root} == {
        ATOM + name for name in ("title", "id", "updated", "generator", "author", "link", "entry")
    }
    shown = {entry.findtext(ATOM + "title") for entry in root.iter(ATOM + "entry")}
    assert len(shown) == len(TITLES)
    assert any(SCRIPT in (title or "") for title in shown)
    assert shown == set(titles_of(client).values())


@pytest.mark.parametrize("q", ["lantern \x00\x0b\x1b", "]]><lantern>&amp;", 'lantern" onload="x'])
def test_any_query_makes_a_valid_feed(client: TestClient, q: str) -> None:
    response = client.get("/v1/feed", params={"q": q})
    assert response.status_code == 200
    assert not feedparser.parse(response.content).bozo


def test_an_entry_keeps_its_id_wherever_the_archive_is_served(client: TestClient) -> None:
    ids = [
        [
            entry.id
            for entry in feedparser.parse(
                client.get("/v1/feed?q=lantern", headers=host).content
            ).entries
        ]
        for host in ({"Host": "one.example"}, {"Host": "two.example:8000"})
    ]
    assert ids[0] == ids[1]


def test_no_header_carries_what_a_report_or_a_query_says(client: TestClient) -> None:
    evil = "lantern\r\nSet-Cookie: stolen=1"
    for path in (
        "/v1/search",
        "/v1/answer",
        "/v1/export",
        "/v1/feed",
        "/v1/timeline",
        "/v1/suggest",
    ):
        response = client.get(path, params={"q": evil}, headers={"Origin": "https://a.example"})
        assert response.status_code == 200
        assert "set-cookie" not in response.headers
        assert all("stolen" not in value for value in response.headers.values())
        assert response.headers["x-content-type-options"] == "nosniff"
    for document_id in titles_of(client):
        response = client.get(f"/v1/documents/{document_id}/citation?format=ris")
        assert "stolen" not in str(response.headers)
