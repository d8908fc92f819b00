"""Every page in every state: what axe finds, and whether all of it fits, is reached and is seen."""

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from search_api.responses import Status
from tests.browser.states import STATES, State
from tests.web.hostile_service import HostileService

AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
by_name = pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)


def violations(page: Page, run_only: dict[str, Any]) -> list[str]:
    """Return what axe finds wrong, a line for each element."""
    found = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": run_only})
    return [
        f"{rule['id']}: {node['html']} {node['failureSummary']}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


@by_name
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_all_of_it_fits_and_nothing_is_logged(
    browser: Browser, address: str, state: State, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    state.show(page, address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.emulate_media(color_scheme="light")
    assert violations(page, {"type": "tag", "values": AA}) == []
    if width == 1280:  # colours are the same at any width
        page.emulate_media(color_scheme="dark")
        assert violations(page, {"type": "rule", "values": ["color-contrast"]}) == []
    page.close()
    # Chromium logs every status above 399 of a page itself.
    assert [line for line in said if "responded with a status of 40" not in line] == []


def test_axe_is_awake(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/?q=police")
    page.evaluate("document.querySelector('#q').labels[0].remove()")
    page.evaluate("document.querySelector('.about').style.color = '#ddd'")
    found = violations(page, {"type": "tag", "values": AA})
    assert {line.partition(":")[0] for line in found} >= {"label", "color-contrast"}
    page.close()


@by_name
def test_nothing_scrolls_sideways_with_large_text(
    browser: Browser, address: str, state: State
) -> None:
    page = browser.new_page(viewport={"width": 640, "height": 640})
    state.show(page, address)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for width in (640, 320):
        page.set_viewport_size({"width": width, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_a_title_that_is_written_backwards_turns_nothing_else_round(
    browser: Browser, address: str
) -> None:
    page = browser.new_page()
    page.goto(f"{address}/help")
    lefts = page.evaluate(
        """() => {
            const line = document.createElement("p");
            line.innerHTML = "<a href='/'>\u202elevart fo stsoc</a><i>, 17 March</i><i>2011</i>";
            document.querySelector("main").append(line);
            return [...line.children].map(one => one.getBoundingClientRect().left);
        }"""
    )
    assert lefts == sorted(lefts)
    page.close()


@by_name
def test_the_tab_key_reaches_every_link_and_control_and_shows_where_it_is(
    browser: Browser, address: str, state: State
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    state.show(page, address)
    page.evaluate("document.activeElement.blur(); document.body.tabIndex = -1")
    page.evaluate("document.body.focus()")
    wanted = page.evaluate(
        """() => [...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")]
            .filter(one => one.checkVisibility() && one.type !== "hidden").length"""
    )
    seen = set()
    for _ in range(min(wanted, 60)):
        page.keyboard.press("Tab")
        where = page.evaluate(
            """() => {
                const one = document.activeElement, box = one.getBoundingClientRect();
                const shown = one.className === "unseen" ? one.nextElementSibling : one;
                const style = getComputedStyle(shown), place = shown.getBoundingClientRect();
                return {
                    at: [...document.querySelectorAll("*")].indexOf(one),
                    outlined: style.outlineStyle !== "none",
                    inView: place.bottom > 0 && place.top < innerHeight && place.width > 0,
                };
            }"""
        )
        assert where["outlined"], where
        assert where["inView"], where
        seen.add(where["at"])
    assert len(seen) == min(wanted, 60)
    page.close()


@pytest.mark.parametrize("status", get_args(Status))
def test_hostile_reports_run_nothing_and_break_no_layout(
    browser: Browser, hostile: Callable[[HostileService], str], status: Status
) -> None:
    address = hostile(HostileService(status=status))
    page = browser.new_page(viewport={"width": 320, "height": 640})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(f"{address}/?q=x&date_from=2003")
    page.locator(".answer").wait_for()
    assert page.locator(".years li").count() == 13
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert violations(page, {"type": "tag", "values": AA}) == []
    assert said == []
    page.close()


@pytest.fixture
def hostile(app: FastAPI, address: str) -> Iterator[Callable[[HostileService], str]]:
    """Serve pages made out of another service, for one test."""
    real = app.state.service

    def instead(service: HostileService) -> str:
        app.state.service = service
        return address

    yield instead
    app.state.service = real
