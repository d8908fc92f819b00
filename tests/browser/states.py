"""Every page in every state that looks different; a new page is one line here."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

QUESTION = "what happened with Operation Connect funding"
ABSENT = "which zebra won the bobsleigh championship in Reykjavik"

DRAFT = (
    "“Operation Connect has £4.7m in the Policing London Business Plan” and “Operation Connect has "
    "£4.8m in the Policing London Business Plan”, “no zebra won any bobsleigh” and “ok”"
)


@dataclass(frozen=True, slots=True)
class State:
    """The page at `path`, once `reached` has done to it what brings it into its state."""

    name: str
    path: str
    reached: Callable[[Page], object] = lambda page: None

    def show(self, page: Page, address: str) -> None:
        """Bring a browser's page into this state."""
        page.goto(address + self.path)
        self.reached(page)


def _type(page: Page) -> None:
    page.locator("#q").press_sequentially("oper")
    expect(page.get_by_role("option").first).to_be_visible(timeout=30_000)
    page.keyboard.press("ArrowDown")


def _follow_a_quote(page: Page) -> None:
    page.locator(".source a").first.click()
    page.wait_for_url("**/reports/**")


def _open_the_menu(page: Page) -> None:
    page.locator(".pilcrow").nth(3).click()
    expect(page.locator("#menu")).to_be_visible()


def _unfold(summary: str) -> Callable[[Page], object]:
    return lambda page: page.get_by_text(summary, exact=True).click()


def _check(page: Page, draft: str) -> None:
    page.get_by_label("Draft").fill(draft)
    page.get_by_role("button", name="Check").click()


def _check_a_draft(page: Page) -> None:
    _check(page, DRAFT)
    expect(page.locator(".checked > li")).to_have_count(4)


STATES = (
    State("home", "/"),
    State("suggestions", "/", _type),
    State("answered", f"/?q={QUESTION}"),
    State("whole answer", f"/?q={QUESTION}", lambda page: page.locator(".unfold label").click()),
    State("search tips", f"/?q={QUESTION}", lambda page: page.get_by_text("Search tips").click()),
    State("not found", f"/?q={ABSENT}"),
    State("misspelt, filtered", "/?q=polise+gangz&date_from=2011&date_to=2011&sort=-date"),
    State("nothing matches", '/?q="zebra+bobsleigh"&date_from=1801&date_to=1801'),
    State("second page", "/?q=police&page=2"),
    State("bad date", "/?q=x&date_from=soon"),
    State("report", "/reports/8b747ddbf62b130c"),
    State("quoted place", f"/?q={QUESTION}", _follow_a_quote),
    State("found within a report", "/reports/8b747ddbf62b130c?find=operation+connect"),
    State("menu of a paragraph", "/reports/8b747ddbf62b130c", _open_the_menu),
    State("about a report", "/reports/8b747ddbf62b130c", _unfold("About this report")),
    State("empty timeline", "/timeline"),
    State("timeline", "/timeline?q=police", _unfold("As a table")),
    State("timeline of nothing", "/timeline?q=bobsleigh"),
    State("bad timeline", "/timeline?q=x&date_from=soon"),
    State("empty quote check", "/quotes"),
    State("quote check", "/quotes", _check_a_draft),
    State("bad quote check", "/quotes", lambda page: _check(page, "“three words here” " * 51)),
    State("accessibility", "/accessibility"),
    State("coverage", "/coverage"),
    State("help", "/help"),
    State("no such page", "/nowhere"),
)
