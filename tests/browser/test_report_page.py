"""A reader at work in a report: linking, citing, looking for words, comparing with the original."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

REPORT = "/reports/8b747ddbf62b130c"
CITATION = "/v1/documents/8b747ddbf62b130c/citation"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """A page without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_a_paragraph_is_linked_and_cited_out_of_its_menu(page: Page, address: str) -> None:
    page.goto(address + REPORT)
    sign = page.locator(".pilcrow", has_text="¶").nth(2)
    link = sign.get_attribute("href") or ""
    sign.click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#menu .said")).to_have_text("Copied")
    assert clipboard(page) == f"{address}{REPORT}{link}"
    for name, format_ in (("quote with citation", "text"), ("BibTeX", "bibtex"), ("RIS", "ris")):
        page.get_by_role("button", name=f"Copy {name}").click()
        expect(page.locator("#menu .said")).to_have_text("Copied")
        query = link.partition("#")[0]
        wanted = page.request.get(f"{address}{CITATION}{query}&format={format_}").text()
        assert clipboard(page).splitlines() == wanted.splitlines()
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()
    expect(sign).to_be_focused()


def test_one_goes_from_hit_to_hit_without_loading_the_page_again(page: Page, address: str) -> None:
    page.goto(address + REPORT)
    page.get_by_label("Search within this report").fill("operation connect")
    page.keyboard.press("Enter")
    page.wait_for_url("**#hit-1")
    expect(page.locator("#hit-1")).to_be_in_viewport()
    page.evaluate("window.loadedOnce = true")
    page.get_by_role("link", name="Next →").click()
    expect(page.locator("#hit-2")).to_be_in_viewport()
    page.keyboard.press("n")
    expect(page.locator("#hit-3")).to_be_in_viewport()
    expect(page.locator(".hits .at")).to_have_text("3 of ")
    page.keyboard.press("p")
    expect(page.locator(".hits .at")).to_have_text("2 of ")
    assert page.url.endswith("hit=2#hit-2")
    assert page.evaluate("window.loadedOnce") is True
    page.evaluate("localStorage.setItem('archive-search keys off', '1')")
    page.keyboard.press("n")
    expect(page.locator(".hits .at")).to_have_text("2 of ")


def test_a_result_opens_at_its_place_with_the_search_gone_on_with_in_the_report(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/?q=operation+connect")
    page.locator(".result h3 a").first.click()
    page.wait_for_url("**/reports/**")
    expect(page.locator("mark:not(.hit)").first).to_be_in_viewport()
    expect(page.get_by_role("navigation", name="Hits in this report")).to_be_visible()


def test_the_original_stands_beside_the_text_where_there_is_room(page: Page, address: str) -> None:
    page.goto(address + REPORT)
    page.get_by_role("link", name="Show the original beside the text").click()
    frame = page.locator("iframe[name=original]")
    expect(frame).to_be_visible()
    text, original = page.locator(".text").bounding_box(), frame.bounding_box()
    assert text is not None
    assert original is not None
    assert text["x"] + text["width"] <= original["x"]
    assert text["width"] + original["width"] > 1100  # together they fill the window
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.set_viewport_size({"width": 320, "height": 640})
    expect(frame).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_without_javascript_a_paragraph_leads_to_its_place_and_its_citations(
    plain_page: Page, address: str
) -> None:
    plain_page.goto(address + REPORT)
    plain_page.locator(".pilcrow").nth(2).click()
    expect(plain_page.locator("mark").first).to_be_in_viewport()
    place = plain_page.get_by_role("complementary", name="The marked place")
    expect(place).to_be_visible()
    expect(place.get_by_role("link", name="BibTeX")).to_be_visible()
    place.get_by_role("link", name="Quote with citation").click()
    expect(plain_page.get_by_text("“")).to_contain_text("Operation Connect")


def test_paper_carries_the_citation_and_the_generation(page: Page, address: str) -> None:
    page.goto(address + REPORT)
    page.emulate_media(media="print")
    expect(page.locator("#citation")).to_be_visible()
    expect(page.locator(".printed")).to_contain_text(f"{address}{REPORT}, generation ")
    for gone in (".tools", ".within", ".pilcrow"):
        expect(page.locator(gone).first).to_be_hidden()
