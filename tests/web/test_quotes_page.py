"""The quote check page: a form of a draft in, facts about its quotations out."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from search_api.quote_check import MAX_DRAFT_CHARS
from search_api.settings import Settings
from web.app import create_web_app

TRUE = (
    "Operation Connect has £4.7m in the Policing London Business Plan and Budget 2011-14, "
    "provided since the paper of 14 October 2010"
)
NEAR = TRUE.replace("4.7m", "4.8m")


@pytest.fixture(scope="module")
def client(sample_index: Path) -> Iterator[TestClient]:
    with TestClient(create_web_app(Settings(index_dir=sample_index))) as client:
        yield client


def check(client: TestClient, draft: str) -> Response:
    return client.post("/quotes", data={"text": draft})


def words(response: Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", response.text)).split())


def plain(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", "", html)).strip("“”").split())


def test_an_exact_quotation_is_linked_to_its_paragraph(client: TestClient) -> None:
    page = check(client, f"The report says “{TRUE}”.")
    assert page.status_code == 200
    assert "1 quotation: 1 exact" in words(page)
    found = re.search(r'Stands in <a href="([^"]+)">', page.text)
    assert found is not None
    place = client.get(unescape(found[1]))
    marked = "".join(re.findall(r"<mark[^>]*>(.*?)</mark>", place.text, re.S))
    assert plain(marked) == TRUE


def test_a_near_quotation_shows_the_difference(client: TestClient) -> None:
    page = check(client, f"The report says “{NEAR}”.")
    assert "1 quotation: 1 nearly so" in words(page)
    difference = re.search(r'<p class="difference">(.*?)</p>', page.text, re.S)
    assert difference is not None
    assert plain(re.sub(r"<ins>.*?</ins>", "", difference[1])) == NEAR
    assert plain(re.sub(r"<del>.*?</del>", "", difference[1])) == TRUE
    assert "<del>8m</del><ins>7m</ins>" in difference[1]


def test_what_is_not_found_is_said_with_how_much_was_compared(client: TestClient) -> None:
    page = check(client, "He spoke of “a zebra that won the bobsleigh in Reykjavik”.")
    documents = client.get("/v1/coverage").json()["documents"]
    assert "1 quotation: 1 not found" in words(page)
    assert f"Compared with {documents} reports." in words(page)


def test_the_page_says_what_the_api_says(client: TestClient) -> None:
    draft = f"“{TRUE}” and “{NEAR}” and “no zebra won any bobsleigh” and “ok”"
    page = check(client, draft)
    answered = client.post("/v1/quotes:check", json={"text": draft}).json()["quotes"]
    shown = re.findall(r'<li class="(\w+)">\s*<h3>', page.text)
    assert shown == [one["status"] for one in answered]
    assert shown == ["exact", "near", "not_found", "not_checked"]


def test_the_draft_stays_in_the_field_line_by_line(client: TestClient) -> None:
    page = check(client, "\r\nOne “line”.\r\n\r\nAnother <b>line</b>.")
    field = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.S)
    assert field is not None
    assert unescape(field[1]) == "\nOne “line”.\n\nAnother <b>line</b>."
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        ("", "Empty; expected a draft"),
        ("  \n ", "Empty; expected a draft"),
        ("x" * (MAX_DRAFT_CHARS + 1), "50,001 characters; expected 50,000 at most"),
        ("“three words here” " * 51, "51 quoted passages; expected 50 at most"),
        ("x" * 700_000, "More than 601,000 bytes"),
    ],
)
def test_a_draft_that_cannot_be_checked_is_a_400_that_says_why(
    client: TestClient, draft: str, said: str
) -> None:
    page = check(client, draft)
    assert page.status_code == 400
    assert "The draft could not be checked" in words(page)
    assert said in words(page)


@pytest.mark.parametrize(
    "body", [b"", b"%", b"text=%ff%fe", b"a&" * 50, b"\x00\xff", b"text=%ED%A0%80+%E2%80%9C"]
)
def test_no_body_is_an_error_of_the_service(client: TestClient, body: bytes) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/quotes", content=body, headers=kind).status_code in (200, 400)


def test_a_draft_without_quotations_is_told_what_one_is(client: TestClient) -> None:
    page = check(client, "Nothing is quoted here.")
    assert page.status_code == 200
    assert "No quotation in this draft" in words(page)


def test_the_empty_page_explains_itself(client: TestClient) -> None:
    page = client.get("/quotes")
    assert page.status_code == 200
    assert "Paste a draft." in words(page)


def test_markup_in_a_draft_is_shown_as_text(client: TestClient) -> None:
    attack = "</textarea><script>alert(1)</script><img src=x onerror=alert(2)>"
    page = check(client, f"“{attack} {TRUE}” “{attack}”")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert page.text.count("</textarea>") == 1
