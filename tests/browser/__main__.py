"""Print how fast the search page is in Chromium: `python -m tests.browser INDEX_DIR`.

Each search is a fresh browser profile, so nothing is cached; server and browser share the machine.
The searches are titles of reports, evenly spread over the archive.
"""

import argparse
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, sync_playwright

from indexer.generation import open_generation
from search_api.settings import Settings
from tests.browser.conftest import CHROMIUM, served
from web.app import create_web_app

SEARCHES = 20
# What the browser notes by itself, and when the answer comes into the page.
OBSERVE = """
window.seen = {shift: 0, event: 0, answer: 0, paint: 0};
const watch = (type, note, more) =>
    new PerformanceObserver(list => list.getEntries().forEach(note))
        .observe({type, buffered: true, ...more});
watch("layout-shift", entry => { if (!entry.hadRecentInput) seen.shift += entry.value; });
watch("event", entry => { seen.event = Math.max(seen.event, entry.duration); },
    {durationThreshold: 16});
watch("largest-contentful-paint", entry => { seen.paint = entry.startTime; });
new MutationObserver(() => {
    if (!seen.answer && document.querySelector(".answer")) seen.answer = performance.now();
}).observe(document, {childList: true, subtree: true});
"""
READ = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const all = [page, ...performance.getEntriesByType("resource")];
    return {
        "first byte, ms": page.responseStart,
        "first contentful paint, ms":
            performance.getEntriesByName("first-contentful-paint")[0].startTime,
        "largest contentful paint, ms": seen.paint,
        "answer in its place, ms": seen.answer,
        "layout shift, score": seen.shift,
        "sent, kB": all.reduce((sum, one) => sum + one.transferSize, 0) / 1000,
        "unpacked, kB": all.reduce((sum, one) => sum + one.decodedBodySize, 0) / 1000,
    };
}"""


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser", description=__doc__)
    parser.add_argument("index_dir", type=Path)
    index_dir: Path = parser.parse_args(arguments).index_dir
    titles = sorted(document.title for document in open_generation(index_dir).documents())
    asked = titles[:: max(1, len(titles) // SEARCHES)][:SEARCHES]
    app = create_web_app(Settings(index_dir=index_dir, requests_per_second=1000))
    with served(app) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        _measured(browser, address, asked[0])  # the first search also loads what all share
        measured = [_measured(browser, address, title) for title in asked]
        print(f"Chromium {browser.version}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        browser.close()
    print(f"{platform.machine()}, {len(titles)} reports, {len(asked)} searches")
    print(f"{'':34}{'median':>8}{'worst':>8}")
    for name in measured[0]:
        values = [one[name] for one in measured]
        print(f"{name:34}{_short(statistics.median(values))}{_short(max(values))}")
    return 0


def _short(value: float) -> str:
    return f"{value:8.0f}" if value >= 10 else f"{value:8.3g}"


def _measured(browser: Browser, address: str, title: str) -> dict[str, float]:
    """Search for a title, then work with the page: suggestions, and the keys to the results."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(OBSERVE)
    page.goto(f"{address}/?q={quote(title)}", wait_until="load")
    page.wait_for_timeout(300)
    found: dict[str, Any] = page.evaluate(READ)
    page.keyboard.press("j")
    page.keyboard.press("/")
    page.keyboard.type("repor", delay=60)
    page.evaluate("window.typed = performance.now()")
    page.wait_for_selector("#suggestions")
    found["suggestions after a key, ms"] = page.evaluate("performance.now() - typed")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)
    found["slowest of 9 keys to next paint, ms"] = page.evaluate("seen.event")
    found["layout shift with all that, score"] = page.evaluate("seen.shift")
    context.close()
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
