"""The way of a reader through the pages, in a real browser."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from search_api.settings import Settings
from web.app import create_web_app

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
QUESTION = "what happened with Operation Connect funding"
PAGES = ["/", f"/?q={QUESTION.replace(' ', '+')}", "/?q=x&date_from=soon", "/coverage", "/help"]


@pytest.fixture(scope="module")
def address(sample_index: Path) -> Iterator[str]:
    """Serve the sample archive on a free port while the tests of this file run."""
    app = create_web_app(Settings(index_dir=sample_index))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", log_config=None))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start within 30 s"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM}: no browser here. Install it: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param)
    yield context.new_page()
    context.close()


def test_a_question_leads_to_a_quote_and_the_quote_to_its_marked_place(
    page: Page, address: str
) -> None:
    page.goto(address)
    page.get_by_role("searchbox").fill(QUESTION)
    page.get_by_role("searchbox").press("Enter")
    quote = page.locator(".quotes li", has_text="£4.7m").first
    expect(quote).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value(QUESTION)
    said = quote.locator("blockquote").inner_text()

    quote.get_by_role("link").click()
    page.wait_for_url("**/reports/**")
    marks = page.locator("mark")
    expect(marks.first).to_be_in_viewport()
    shown = "".join(marks.all_inner_texts())
    assert "".join(shown.split()) == "".join(said.split())

    page.go_back()
    expect(page.locator(".quotes li").first).to_be_visible()


def test_a_filter_narrows_the_search_and_its_link_takes_it_off(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=police")
    page.get_by_text("Filters and order").click()
    page.get_by_label("From", exact=True).fill("2011-01-01")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name="Remove the filter From: 1 January 2011").click()
    page.wait_for_url(f"{address}/?q=police")
    expect(page.get_by_role("link", name="Remove the filter")).to_have_count(0)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "text_size"), [(320, "100%"), (640, "200%")])
def test_nothing_scrolls_sideways_on_a_small_screen_or_with_large_text(
    browser: Browser, address: str, path: str, width: int, text_size: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 640})
    page.goto(address + path)
    page.evaluate("size => document.documentElement.style.fontSize = size", text_size)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_a_report_does_not_scroll_sideways_on_a_small_screen(
    browser: Browser, address: str
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.goto(f"{address}/?q={QUESTION}")
    for url in page.locator(".result h3 a").evaluate_all("links => links.map(a => a.href)"):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, url
    page.close()


def test_no_page_logs_an_error_or_breaks_its_own_policy(browser: Browser, address: str) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES:
        page.goto(address + path)
    page.goto(f"{address}/?q={QUESTION}")
    page.locator(".source a").first.click()
    page.wait_for_url("**/reports/**")
    page.close()
    # Chromium logs every status above 399 of a page itself; PAGES holds one such.
    assert [line for line in said if "status of 400" not in line] == []


def test_keys_lead_to_the_box_and_through_the_passages(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/?q=police")
    links = page.locator(".result h3 a")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.close()


def test_the_citation_of_a_report_is_copied_with_its_address(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/?q={QUESTION}")
    page.locator(".source a").first.click()
    page.wait_for_url("**/reports/**")
    page.get_by_role("button", name="Copy citation").click()
    expect(page.locator("#copied")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{page.locator('#citation').inner_text()}\n{page.url}"
    context.close()
