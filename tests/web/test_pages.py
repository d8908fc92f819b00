"""What people see: each page in each of its states, over a real index and over a hostile one."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from markupsafe import escape
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer.records import Filters
from search_api.errors import OverloadedError
from search_api.responses import AnswerResponse, CoverageResponse, Status
from search_api.service import SearchService
from search_api.settings import Settings
from tests.web.hostile_service import ATTACK, DOCUMENT_ID, URL, HostileService
from web.app import create_web_app
from web.headers import CONTENT_SECURITY_POLICY

QUESTION = "what happened with Operation Connect funding"
ABSENT = "which zebra won the bobsleigh championship in Reykjavik"
MAX_PAGE_BYTES = 60_000  # the page with its style, script and icon, before compression


@pytest.fixture(scope="module")
def app(sample_index: Path) -> FastAPI:
    return create_web_app(Settings(index_dir=sample_index))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def service(app: FastAPI, client: TestClient) -> SearchService:
    service: SearchService = app.state.service
    return service


Serve = Callable[[HostileService], TestClient]


@pytest.fixture
def serve(app: FastAPI, client: TestClient) -> Iterator[Serve]:
    """Return a client whose pages are made out of another service, for one test."""
    real = app.state.service

    def instead(service: HostileService) -> TestClient:
        app.state.service = service
        return client

    yield instead
    app.state.service = real


def search(client: TestClient, **fields: str) -> Response:
    return client.get(f"/?{urlencode(fields)}")


def words(response: Response) -> str:
    """Return the text of a page as read: no tags, no runs of white space."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", response.text)).split())


# --- the search page ----------------------------------------------------------------------------


def test_the_empty_page_explains_itself_and_counts_what_is_held(
    client: TestClient, service: SearchService
) -> None:
    page = client.get("/")
    coverage = service.coverage()
    assert page.status_code == 200
    assert "What do the reports say?" in page.text
    assert f"<dt>Reports</dt><dd>{coverage.documents}</dd>" in page.text
    assert len(re.findall(r'<li><a href="/\?q=', page.text)) == 4


def test_a_question_is_answered_with_the_quotes_of_the_service_before_the_passages(
    client: TestClient, service: SearchService
) -> None:
    page = search(client, q=QUESTION)
    answer = service.answer(QUESTION, Filters())
    assert page.status_code == 200
    assert answer.sentences
    for sentence in answer.sentences:
        citation = answer.citations[sentence.citation]
        assert f">{escape(sentence.text)}</blockquote>" in page.text
        assert f'<a href="{escape(citation.url)}">{escape(citation.title)}</a>' in page.text
    assert "£4.7m" in words(page)
    # The answer comes last in the file; the browser puts it into the place that waits for it.
    first, _, then = page.text.partition('<template shadowrootmode="open">')
    assert "<blockquote" not in first
    assert then.startswith('<slot name="answer">')
    assert then.index('class="results"') < then.index('slot="answer" aria-labelledby')
    assert then.index('slot="answer" aria-labelledby') < then.index("<blockquote")


def test_passages_come_in_the_order_of_the_service_with_the_exact_number_of_matches(
    client: TestClient,
) -> None:
    page = search(client, q="Operation Connect")
    shown = re.findall(r'<h3><a href="([^"]+)">', page.text)
    found = client.get("/v1/search", params={"q": "Operation Connect", "limit": "10"}).json()
    assert [unescape(url).replace("&find=Operation+Connect", "") for url in shown] == [
        result["url"] for result in found["results"]
    ]
    assert f"{found['total']['value']} passages match the words" in words(page)
    assert "<mark>" in page.text[page.text.index('class="results"') :]


def test_a_question_that_the_archive_does_not_answer_is_told_so_and_what_was_searched(
    client: TestClient, service: SearchService
) -> None:
    page = search(client, q=ABSENT)
    documents = service.coverage().documents
    assert page.status_code == 200
    assert "The archive does not say" in words(page)
    assert f"No sentence in {documents} reports" in words(page)
    assert "Looked for zebra, won, bobsleigh, championship, Reykjavik." in words(page)
    assert "Searched reports of Metropolitan Police Authority" in words(page)
    assert "<blockquote" not in page.text


def test_the_files_that_could_not_be_read_are_named_where_the_archive_does_not_say(
    serve: Serve,
) -> None:
    page = serve(HostileService(status="not_found")).get("/?q=x")
    said = words(page)
    assert "2 files of the archive could not be read" in said
    assert f'<span class="file">{escape(ATTACK)}</span> and others.' in page.text
    assert 'href="/coverage"' in page.text


def test_an_answer_says_in_how_many_reports_of_which_years_it_was_found(
    client: TestClient, service: SearchService
) -> None:
    answer = service.answer(QUESTION, Filters())
    reports = {citation.document_id for citation in answer.citations}
    years = sorted({citation.date[:4] for citation in answer.citations})
    when = years[0] if len(years) == 1 else f"{years[0]}–{years[-1]}"
    held = service.coverage().documents
    assert f"Found in {len(reports)} of {held} reports, {when}" in words(search(client, q=QUESTION))
    filtered = words(search(client, q=QUESTION, date_from=years[0]))
    assert "of the reports that pass the filters" in filtered


@pytest.mark.parametrize("query", [{"q": "gangs"}, {"q": "police", "date_to": "2010"}])
def test_every_number_beside_a_facet_or_a_bar_is_the_one_that_the_api_counts(
    client: TestClient, query: dict[str, str]
) -> None:
    page = search(client, **query)
    names = "body,committee,doc_type,year"
    facets = client.get("/v1/search", params=query | {"facets": names}).json()["facets"]
    for name in ("body", "committee", "doc_type"):
        for facet in facets[name][:6]:
            link = search_url(**query, **{name: facet["value"]})
            assert re.search(
                rf'<a href="{re.escape(str(escape(link)))}">.*</span> <b>{facet["count"]}</b>',
                page.text,
            )
    anytime = {name: value for name, value in query.items() if not name.startswith("date")}
    found = client.get("/v1/search", params=anytime | {"facets": "year"}).json()
    assert found["facets"]["year"]
    for year in found["facets"]["year"]:
        assert f"{year['value']}: {year['count']} report" in words(page)


def search_url(**fields: str) -> str:
    order = ("q", "body", "committee", "doc_type", "date_from", "date_to")
    return f"/?{urlencode({name: fields[name] for name in order if name in fields})}"


def test_export_feed_and_permalink_of_a_search_answer_what_the_page_shows(
    client: TestClient,
) -> None:
    page = search(client, q="gangs", date_from="2011", sort="-date")
    links = {unescape(link) for link in re.findall(r'href="(/v1/[^"]+)"', page.text)}
    for start in ("/v1/export?q=gangs&date_from=2011&format=", "/v1/feed?q=gangs&date_from=2011"):
        assert any(link.startswith(start) for link in links)
    for link in links:
        assert client.get(link).status_code == 200, link
    assert '<a href="/?q=gangs&amp;date_from=2011&amp;sort=-date" rel="bookmark">' in page.text


def test_a_snippet_has_an_ellipsis_exactly_where_it_cuts_a_sentence(client: TestClient) -> None:
    page = search(client, q=QUESTION)
    results = client.get("/v1/search", params={"q": QUESTION}).json()["results"]
    shown = re.findall(r'<p class="snippet">(.*?)</p>', page.text, re.S)
    assert {result["snippet"]["cut_end"] for result in results} == {True, False}
    for html, result in zip(shown, results, strict=True):
        snippet = result["snippet"]
        assert html.startswith("…") is snippet["cut_start"]
        assert html.endswith("\u00a0…") is snippet["cut_end"]


def test_an_answer_that_cannot_be_made_leaves_the_results_and_says_why(serve: Serve) -> None:
    class Busy(HostileService):
        def pinned(self, answer_id: str) -> AnswerResponse:
            raise OverloadedError("as many searches as this service allows are running")

    class Broken(HostileService):
        def pinned(self, answer_id: str) -> AnswerResponse:
            raise ZeroDivisionError

    page = serve(Busy()).get("/?q=x")
    assert page.status_code == 200
    assert "as many searches as this service allows are running" in words(page)
    assert 'class="result"' in page.text
    page = serve(Broken()).get("/?q=x")
    assert "something went wrong here" in words(page)
    assert page.text.rstrip().endswith("</html>")


def test_who_has_a_search_page_is_told_so_before_its_answer_is_made_again(
    client: TestClient, service: SearchService, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = search(client, q="gangs")
    known = {"If-None-Match": first.headers["etag"]}
    assert first.headers["etag"].startswith('W/"')
    assert first.headers["cache-control"] == "no-cache"
    assert client.get("/?q=gangs&page=2", headers=known).status_code == 200
    assert client.get("/?q=gangs&date_from=2011", headers=known).status_code == 200
    monkeypatch.setattr(service, "pinned", lambda answer_id: pytest.fail("an answer was made"))
    again = client.get("/?q=gangs", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_a_page_that_lacks_its_answer_is_not_taken_for_one_that_is_there_already(
    serve: Serve,
) -> None:
    class OnceBusy(HostileService):
        asked = 0

        def pinned(self, answer_id: str) -> AnswerResponse:
            self.asked += 1
            if self.asked == 1:
                raise OverloadedError("as many searches as this service allows are running")
            return super().pinned(answer_id)

    client = serve(OnceBusy())
    lacking = client.get("/?q=x")
    assert "No answer this time" in lacking.text
    whole = client.get("/?q=x", headers={"If-None-Match": lacking.headers["etag"]})
    assert whole.status_code == 200
    assert "The archive says" in whole.text
    kept = client.get("/?q=x", headers={"If-None-Match": whole.headers["etag"]})
    assert kept.status_code == 304


def test_the_results_are_sent_before_the_answer_is_begun(serve: Serve) -> None:
    sent: list[str] = []

    class Slow(HostileService):
        def pinned(self, answer_id: str) -> AnswerResponse:
            sent.append("answer begun")
            return super().pinned(answer_id)

    pieces = StreamedPieces(serve(Slow()).app, sent)
    TestClient(pieces).get("/?q=x")
    begun = sent.index("answer begun")
    assert any('class="result"' in piece for piece in sent[:begun])
    assert 'slot="answer"' in "".join(sent[begun:])


class StreamedPieces:
    """Passes requests on and notes each piece of the body when it is sent."""

    def __init__(self, app: ASGIApp, sent: list[str]) -> None:
        self._app = app
        self._sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.body":
                self._sent.append(message["body"].decode())
            await send(message)

        await self._app(scope, receive, noted)


def test_filters_that_are_on_stand_as_links_that_take_them_off(client: TestClient) -> None:
    page = search(client, q="gangs", date_from="2011-01-02", sort="-date")
    assert 'href="/?q=gangs&amp;sort=-date"' in page.text
    assert "From: 2 January 2011" in words(page)
    assert '<a href="/?q=gangs&amp;date_from=2011-01-02&amp;sort=-date" aria-current="true">' in (
        page.text
    )
    assert '<input type="hidden" name="sort" value="-date">' in page.text


def test_a_filter_that_nothing_passes_says_that_nothing_matches(client: TestClient) -> None:
    page = search(client, q="gangs", date_from="1801-01-01", date_to="1801-12-31")
    assert page.status_code == 200
    assert "Nothing matches" in words(page)
    assert "No sentence that passes the filters answers this question." in words(page)
    assert 'href="/?q=gangs">Search without filters' in page.text


def test_a_later_page_goes_on_with_the_numbers_and_shows_no_answer(client: TestClient) -> None:
    page = search(client, q="police", page="2")
    assert page.status_code == 200
    assert "The archive says" not in words(page)
    assert ("page 2" in words(page)) or ("No more passages" in words(page))
    assert 'href="/?q=police"' in page.text


def test_a_bad_date_is_a_400_with_its_reason_beside_the_field_that_keeps_it(
    client: TestClient,
) -> None:
    page = search(client, q="gangs", date_from="2011-99-01")
    assert page.status_code == 400
    assert page.headers["content-type"].startswith("text/html")
    field = re.search(r'<input [^>]*id="date_from"[^>]*>', page.text)
    assert field is not None
    assert 'value="2011-99-01"' in field[0]
    assert 'aria-describedby="wrong-date_from"' in field[0]
    assert 'id="wrong-date_from"' in page.text


def test_a_query_that_is_too_long_is_a_400_and_stays_in_the_box(client: TestClient) -> None:
    page = search(client, q="gang " * 400)
    assert page.status_code == 400
    assert 'id="wrong-q"' in page.text
    assert 'value="gang gang' in page.text


def test_a_page_number_that_is_none_is_a_400(client: TestClient) -> None:
    page = search(client, q="gangs", page="none")
    assert page.status_code == 400
    assert "Expected a page number from 1 to 1000." in words(page)


def test_unknown_parameters_of_a_link_are_left_alone(client: TestClient) -> None:
    assert search(client, q="gangs", utm_source="mail").status_code == 200


@pytest.mark.parametrize("q", ['"unclosed', "C++ (part", "a AND", "NOT", "***", "-", "\x00", "§ £"])
def test_every_input_gives_a_page(client: TestClient, q: str) -> None:
    assert search(client, q=q).status_code == 200


# --- the report page ----------------------------------------------------------------------------


def test_the_link_of_a_quote_opens_the_report_with_exactly_the_quote_marked(
    client: TestClient, service: SearchService
) -> None:
    citation = service.answer(QUESTION, Filters()).citations[0]
    page = client.get(citation.url)
    anchor = citation.url.partition("#")[2]
    marked = re.findall(r"<mark[^>]*>(.*?)</mark>", page.text, re.S)
    assert page.status_code == 200
    assert "".join("".join(map(unescape, marked)).split()) == "".join(citation.quote.split())
    assert page.text.count(f'id="{anchor}"') == 1
    assert f'<mark id="{anchor}">' in page.text


def test_a_report_shows_its_whole_text_and_every_anchor_once(
    client: TestClient, service: SearchService
) -> None:
    url = service.answer(QUESTION, Filters()).citations[0].url
    report = service.document(url.removeprefix("/reports/").partition("?")[0])
    page = client.get(report.url)
    assert page.status_code == 200
    assert "<mark" not in page.text
    for block in report.blocks:
        assert page.text.count(f' id="{block.anchor}"') == 1
        if block.kind != "table_row":
            assert str(escape(block.text)) in page.text


@pytest.mark.parametrize("place", ["start=5&end=2", "start=x&end=9", "start=0&end=999999999"])
def test_a_place_that_the_report_does_not_have_is_said_and_nothing_is_marked(
    serve: Serve, place: str
) -> None:
    page = serve(HostileService()).get(f"/reports/{DOCUMENT_ID}?{place}")
    assert page.status_code == 200
    assert "nothing is marked" in words(page)
    assert "<mark" not in page.text


def test_a_report_that_does_not_exist_is_a_404_page(client: TestClient) -> None:
    page = client.get("/reports/0000000000000000")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "There is no such page" in words(page)


@pytest.mark.parametrize(
    ("source_url", "is_link"),
    [
        ("https://example.org/a?b=1&c", True),
        ("HTTP://example.org/", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("", False),
    ],
)
def test_a_source_is_linked_only_when_it_is_on_the_web(
    serve: Serve, source_url: str, is_link: bool
) -> None:
    page = serve(HostileService(source_url=source_url)).get(f"/reports/{DOCUMENT_ID}")
    assert (f'<a href="{escape(source_url)}"' in page.text) is is_link
    assert ('<th scope="row">Source</th>' in page.text) is is_link


# --- coverage, help, errors -----------------------------------------------------------------------


def test_coverage_counts_every_file_and_names_those_that_are_not_searchable(
    client: TestClient, service: SearchService
) -> None:
    page = client.get("/coverage")
    coverage = service.coverage()
    assert page.status_code == 200
    for name, count in (
        ("Files held", coverage.held),
        ("Searchable", coverage.searchable),
        ("Duplicates", coverage.duplicate),
        ("Not readable", coverage.unread),
    ):
        assert f"<dt>{name}</dt><dd>{count:,}</dd>" in page.text
    for file in (*coverage.unread_files, *coverage.duplicate_files):
        assert str(escape(file.file)) in page.text
        assert str(escape(file.reason)) in page.text
    for facet in coverage.by_body:
        assert str(escape(facet.value or "not stated")) in page.text


@pytest.mark.parametrize("path", ["/timeline", "/quotes", "/coverage", "/help"])
def test_the_page_that_is_shown_is_named_in_the_navigation(client: TestClient, path: str) -> None:
    text = client.get(path).text
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', text) == [path]


def test_an_address_that_leads_nowhere_is_a_page_for_people_and_json_for_programs(
    client: TestClient,
) -> None:
    page = client.get("/nowhere")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert client.get("/v1/nowhere").headers["content-type"] == "application/problem+json"


def test_without_an_index_every_page_is_a_503_that_says_so(tmp_path: Path) -> None:
    app = create_web_app(Settings(index_dir=tmp_path / "index"))
    with TestClient(app, raise_server_exceptions=False) as client:
        for path in ("/", "/?q=gangs", f"/reports/{DOCUMENT_ID}", "/coverage"):
            page = client.get(path)
            assert page.status_code == 503
            assert "The archive is not ready" in words(page)
        assert client.get("/help").status_code == 200


@pytest.mark.parametrize("path", ["/", "/?q=gangs", "/coverage", "/help"])
def test_head_answers_like_get_without_a_body(client: TestClient, path: str) -> None:
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")


# --- what a hostile report or question may not do -------------------------------------------------

PATHS = ["/", "/?q=x", "/?q=x&page=2", URL, f"/reports/{DOCUMENT_ID}", "/coverage", "/help"]
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|<[a-z][^>]*\son[a-z]+\s*=", re.I)


STATUSES: tuple[Status, ...] = ("answered", "partial", "not_found")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("path", PATHS)
def test_markup_in_a_report_is_shown_as_text_everywhere(
    serve: Serve, path: str, status: Status
) -> None:
    page = serve(HostileService(status=status)).get(path)
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert "<img" not in page.text
    assert 'href="javascript:' not in page.text
    without_values = re.sub(r'"[^"]*"', '""', page.text)
    assert INLINE.search(without_values) is None


def test_markup_in_a_question_is_shown_as_text(client: TestClient) -> None:
    page = search(client, q=ATTACK, body=ATTACK, sort="relevance")
    assert "<script>" not in page.text
    assert "<img" not in page.text
    assert f'value="{escape(ATTACK)}"' in page.text


@pytest.mark.parametrize("path", ["/", "/?q=x&page=0", "/reports/none", "/static/style.css"])
def test_every_response_comes_with_the_policy_that_forbids_foreign_code(
    client: TestClient, path: str
) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


class BrokenService(HostileService):
    """A service with a fault of its own."""

    def coverage(self) -> CoverageResponse:
        raise ZeroDivisionError


def test_a_fault_of_the_service_is_a_500_page_without_a_trace(serve: Serve) -> None:
    page = serve(BrokenService()).get("/coverage")
    assert page.status_code == 500
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "ZeroDivisionError" not in page.text


def test_a_partial_answer_says_that_something_is_missing(serve: Serve) -> None:
    page = serve(HostileService(status="partial")).get("/?q=x")
    assert "The archive answers this in part" in words(page)
    assert "Medium confidence" in words(page)
    assert "2 files of the archive could not be read" in words(page)


def test_what_a_page_loads_is_kept_by_browsers_as_long_as_it_is_the_same(
    client: TestClient,
) -> None:
    for url in re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/").text):
        assert "immutable" in client.get(url).headers["cache-control"]
        for other in (url.partition("?")[0], f"{url}0"):
            assert "immutable" not in client.get(other).headers.get("cache-control", "")


def test_a_page_with_all_that_it_loads_stays_small(client: TestClient) -> None:
    page = search(client, q=QUESTION)
    loaded = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert len(loaded) == 3
    sizes = [len(client.get(url).content) for url in loaded]
    without_answer = re.sub(r'<section class="answer.*?</section>', "", page.text, flags=re.S)
    assert len(without_answer) < len(page.text)
    assert len(without_answer.encode()) + sum(sizes) < MAX_PAGE_BYTES
