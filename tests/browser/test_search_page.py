"""The way of a reader through the pages, in a real browser."""

import time
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from search_api.responses import AnswerResponse
from search_api.service import SearchService
from tests.browser.conftest import served
from tests.browser.states import ABSENT, QUESTION

HOLD = 1.0  # seconds that a slow answer takes longer


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param)
    yield context.new_page()
    context.close()


@pytest.fixture
def slow_address(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where answers take a second longer, as on a large archive."""
    service: SearchService = app.state.service
    answer = service.pinned

    def slowly(answer_id: str) -> AnswerResponse:
        time.sleep(HOLD)
        return answer(answer_id)

    monkeypatch.setattr(service, "pinned", slowly)
    with served(app) as address:
        yield address


def test_a_question_leads_to_a_quote_and_the_quote_to_its_marked_place(
    page: Page, address: str
) -> None:
    page.goto(address)
    page.locator("#q").fill(QUESTION)
    page.locator("#q").press("Enter")
    quote = page.locator(".quotes li", has_text="£4.7m").first
    expect(quote).to_be_visible()
    expect(page.locator("#q")).to_have_value(QUESTION)
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
    page.get_by_label("From", exact=True).fill("2011-01-01")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name="Remove the filter From: 1 January 2011").click()
    page.wait_for_url(f"{address}/?q=police")
    expect(page.get_by_role("link", name="Remove the filter")).to_have_count(0)


def test_a_report_does_not_scroll_sideways_on_a_small_screen(
    browser: Browser, address: str
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.goto(f"{address}/?q={QUESTION}")
    for url in page.locator(".result h3 a").evaluate_all("links => links.map(a => a.href)"):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, url
    page.close()


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
    expect(page.locator("#q")).to_be_focused()
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


@pytest.mark.parametrize("question", [QUESTION, ABSENT])
@pytest.mark.parametrize("width", [320, 1280])
def test_results_are_there_before_the_answer_and_stay_where_they_are_when_it_comes(
    page: Page, slow_address: str, width: int, question: str
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{slow_address}/?q={question}", wait_until="commit")
    result = page.locator(".result").first
    expect(result).to_be_visible()
    expect(page.get_by_text("Reading the reports for an answer")).to_be_visible()
    assert page.locator(".answer").count() == 0
    before = result.bounding_box()
    expect(page.locator(".answer")).to_be_visible()
    expect(page.get_by_text("Reading the reports for an answer")).to_be_hidden()
    answer = page.locator(".answer").bounding_box()
    assert before is not None
    assert answer is not None
    assert result.bounding_box() == before
    assert answer["y"] + answer["height"] <= before["y"]


def test_the_whole_answer_is_one_press_away(page: Page, address: str) -> None:
    page.goto(f"{address}/?q={QUESTION}")
    last = page.locator(".quotes li").last
    box, shown = last.bounding_box(), page.locator(".quoted").bounding_box()
    assert box is not None
    assert shown is not None
    assert box["y"] > shown["y"] + shown["height"]
    page.get_by_role("checkbox", name="Show the whole answer").focus()
    page.keyboard.press("Space")
    box, shown = last.bounding_box(), page.locator(".quoted").bounding_box()
    assert box is not None
    assert shown is not None
    assert box["y"] + box["height"] <= shown["y"] + shown["height"]


def test_a_bar_shows_its_year_alone_and_pressed_again_all_years(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=police")
    every = page.locator(".years a")
    count = every.count()
    assert count > 1
    every.first.click()
    page.wait_for_url("**date_from=**")
    assert page.locator(".years a").count() == count
    expect(page.locator(".years [aria-current]")).to_have_count(1)
    year = page.locator(".years [aria-current] .year").inner_text()
    for date in page.locator(".result time").all():
        assert str(date.get_attribute("datetime")).startswith(year)
    page.locator(".years [aria-current]").click()
    page.wait_for_url(f"{address}/?q=police")


def test_a_facet_filters_and_the_order_and_the_next_search_keep_it(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/?q=police")
    link = page.locator(".facet a").first
    value = link.locator("span").first.inner_text()
    link.click()
    expect(page.locator(".active")).to_contain_text(value)
    page.get_by_role("link", name="Newest").click()
    page.locator("#q").fill("gangs")
    page.locator("#q").press("Enter")
    page.wait_for_url("**/?q=gangs&**")
    expect(page.locator(".active")).to_contain_text(value)
    expect(page.locator(".order [aria-current]")).to_have_text("Newest")


def test_a_misspelt_word_has_a_link_to_the_word_that_was_meant(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=polcie+oficers")
    page.get_by_text("Did you mean").get_by_role("link", name="police officers").click()
    page.wait_for_url("**/?q=police+officers")
    expect(page.locator("#q")).to_have_value("police officers")


def test_what_is_typed_is_completed_out_of_the_archive_by_keys_alone(
    browser: Browser, address: str
) -> None:
    page = browser.new_page()
    page.goto(address)
    page.keyboard.press("/")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    page.keyboard.type("oper")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible(timeout=30_000)
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    expect(box).to_have_value("oper")
    page.keyboard.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowDown")
    text = options.first.get_attribute("data-text")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=*")
    expect(page.locator("#q")).to_have_value(str(text))
    page.close()


def test_suggestions_go_with_escape_and_leave_what_was_typed(
    browser: Browser, address: str
) -> None:
    page = browser.new_page()
    page.goto(address)
    page.locator("#q").press_sequentially("oper")
    expect(page.get_by_role("listbox")).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(page.locator("#q")).to_have_value("oper")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#q")).not_to_be_focused()
    expect(page.locator("#q")).to_have_value("oper")
    page.close()


def test_markup_in_a_suggestion_is_shown_as_text(browser: Browser, address: str) -> None:
    attack = "<img src=x onerror=document.title='hit'>"
    page = browser.new_page()
    answered = {
        "suggestions": [{"text": attack, "kind": "title", "reports": 1}],
        "did_you_mean": "",
    }
    page.route("**/v1/suggest**", lambda route: route.fulfill(json=answered))
    page.goto(address)
    page.locator("#q").press_sequentially("img")
    expect(page.get_by_role("option")).to_contain_text(attack)
    assert page.locator("#suggestions img").count() == 0
    page.close()


def test_an_example_of_the_search_tips_is_copied_or_tried(browser: Browser, address: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/?q=police")
    page.get_by_text("Search tips").click()
    page.get_by_role("button", name="Copy gangs -knives").click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "gangs -knives"
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Copy gangs -knives")).to_be_hidden()
    page.get_by_role("button", name="Copy the link to this search").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{address}/?q=police"
    context.close()


def test_single_keys_can_be_switched_off(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/help")
    switch = page.get_by_role("button", name="Single keys")
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    page.goto(f"{address}/?q=police")
    page.keyboard.press("/")
    page.keyboard.press("j")
    expect(page.locator(":focus")).to_have_count(0)
    context.close()


def test_on_paper_the_answer_is_whole_and_nothing_to_press_is_left(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/?q={QUESTION}")
    page.emulate_media(media="print")
    last, box = page.locator(".quotes li").last.bounding_box(), page.locator(".answer")
    answer = box.bounding_box()
    assert last is not None
    assert answer is not None
    assert last["y"] + last["height"] <= answer["y"] + answer["height"]
    for pressed in (".narrow", ".tips", ".unfold", ".order"):
        expect(page.locator(pressed)).to_be_hidden()


def test_with_forced_colours_bars_and_marks_are_still_seen(browser: Browser, address: str) -> None:
    page = browser.new_page(forced_colors="active")
    page.goto(f"{address}/?q=police")
    fill = "bar => getComputedStyle(bar).fill"
    bar = page.locator(".years rect").first.evaluate(fill)
    canvas = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert bar != canvas
    mark = page.locator("mark").first.evaluate("mark => getComputedStyle(mark).backgroundColor")
    assert mark != canvas
    page.close()


def test_nothing_moves_by_itself(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/?q={QUESTION}")
    assert page.evaluate("document.getAnimations({subtree: true}).length") == 0
    style = page.evaluate(
        "fetch(document.querySelector('[rel=stylesheet]').href).then(r=>r.text())"
    )
    assert "animation" not in style
    assert "transition" not in style
    page.close()
