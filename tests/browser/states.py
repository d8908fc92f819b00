"""Every page in every state that looks different; a new page is one line here."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

QUESTION = "what happened with Operation Connect funding"
ABSENT = "which zebra won the bobsleigh championship in Reykjavik"


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
    State("coverage", "/coverage"),
    State("help", "/help"),
    State("no such page", "/nowhere"),
)
