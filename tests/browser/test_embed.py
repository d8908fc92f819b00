"""The search box on a page of another site, under a strict policy of that site."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from indexer.build import build
from indexer.embedding import BuildEncoder
from search_api.settings import Settings
from tests.browser.conftest import served
from tests.search_api.hostile_reports import TITLES, write_reports
from web.app import create_web_app


@pytest.fixture(scope="module")
def hostile_address(
    tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder
) -> Iterator[str]:
    """An archive whose every report is an attack on who reads it."""
    folder = tmp_path_factory.mktemp("hostile")
    write_reports(folder / "reports.jsonl")
    build(folder / "reports.jsonl", folder / "index", encoder)
    with served(create_web_app(Settings(index_dir=folder / "index"))) as address:
        yield address


class Newsroom(ThreadingHTTPServer):
    """A site with one page, which holds the search box of an archive."""

    archive = ""
    attributes = ""


class _Page(BaseHTTPRequestHandler):
    server: Newsroom

    def do_GET(self) -> None:
        archive = self.server.archive
        body = (
            "<!doctype html><html lang=en><title>Newsroom</title><h1>Newsroom</h1>"
            f'<script src="{archive}/embed.js" async></script>'
            f"<archive-search {self.server.attributes}>"
            f'<a href="{archive}/">Search the reports</a></archive-search>'
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        # No inline script, no inline style, no markup made out of text.
        policy = (
            f"default-src 'none'; script-src {archive}; connect-src {archive}; "
            "require-trusted-types-for 'script'"
        )
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    server = Newsroom(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def opened(browser: Browser, newsroom: Newsroom, archive: str, attributes: str = "") -> Page:
    newsroom.archive, newsroom.attributes = archive, attributes
    page = browser.new_page(viewport={"width": 320, "height": 640})
    # localhost is another origin than 127.0.0.1, where the archive is
    page.goto(f"http://localhost:{newsroom.server_address[1]}/")
    return page


def test_the_box_finds_quotes_on_a_page_of_another_site(
    browser: Browser, address: str, newsroom: Newsroom
) -> None:
    page = opened(browser, newsroom, address, 'answers limit="3" label="Ask the police reports"')
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.get_by_label("Ask the police reports").fill("what happened with Operation Connect funding")
    page.keyboard.press("Enter")
    expect(page.locator("archive-search blockquote").first).to_contain_text("£4.7m")
    expect(page.locator("archive-search li:not(:has(blockquote))")).to_have_count(3)
    expect(page.locator("archive-search mark").first).to_be_visible()
    for link in page.locator("archive-search a").evaluate_all("all => all.map(one => one.href)"):
        assert link.startswith(f"{address}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator("archive-search li a").first.click()
    page.wait_for_url(f"{address}/reports/**")
    expect(page.locator("mark").first).to_be_in_viewport()
    assert said == []
    page.close()


def test_the_filters_of_the_page_are_those_of_the_search(
    browser: Browser, address: str, newsroom: Newsroom
) -> None:
    page = opened(browser, newsroom, address, 'date-from="1801" date-to="1801"')
    page.get_by_label("Search the reports").fill("police")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_contain_text("No report matches.")
    more = page.get_by_role("link", name="Everything that the archive has on it")
    assert "date_from=1801" in (more.get_attribute("href") or "")
    page.close()


def test_markup_in_a_report_stays_text_on_the_other_site(
    browser: Browser, hostile_address: str, newsroom: Newsroom
) -> None:
    page = opened(browser, newsroom, hostile_address, 'limit="20" answers')
    page.on("dialog", lambda dialog: pytest.fail(f"a script of a report ran: {dialog.message}"))
    page.get_by_label("Search the reports").fill("lantern")
    page.keyboard.press("Enter")
    expect(page.locator("archive-search li").nth(len(TITLES) - 1)).to_be_visible()
    made = page.locator("archive-search :is(li, p, a, mark, blockquote) *").evaluate_all(
        "all => [...new Set(all.map(one => one.localName))]"
    )
    assert set(made) <= {"a", "p", "mark", "blockquote"}
    assert page.locator("archive-search script, archive-search img").count() == 0
    assert "<script>alert(1)</script>" in page.locator("archive-search li").first.inner_text()
    page.close()


def test_an_archive_that_does_not_answer_is_said(
    browser: Browser, address: str, newsroom: Newsroom
) -> None:
    page = opened(browser, newsroom, address)
    page.route("**/v1/search**", lambda route: route.abort())
    page.get_by_label("Search the reports").fill("police")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The archive could not be searched")
    page.close()


def test_without_javascript_the_page_keeps_its_own_link(
    browser: Browser, address: str, newsroom: Newsroom
) -> None:
    newsroom.archive = address
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"http://localhost:{newsroom.server_address[1]}/")
    expect(page.get_by_role("link", name="Search the reports")).to_have_attribute(
        "href", f"{address}/"
    )
    context.close()
