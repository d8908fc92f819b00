"""The timeline page shows what /v1/timeline answers, in its order, with nothing left out."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from indexer.build import build
from indexer.embedding import BuildEncoder
from search_api.settings import Settings
from web.app import create_web_app
from web.timeline_page import _FIRST


@pytest.fixture(scope="module")
def client(sample_index: Path) -> Iterator[TestClient]:
    with TestClient(create_web_app(Settings(index_dir=sample_index))) as client:
        yield client


def words(response: Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", response.text)).split())


def test_quotes_come_in_order_of_time_with_the_place_of_each(client: TestClient) -> None:
    page = client.get("/timeline?q=Operation+Connect")
    found = client.get("/v1/timeline?q=Operation+Connect").json()
    moments = page.text[page.text.index('id="quotes"') :]
    shown = re.findall(r'<blockquote cite="([^"]+)">(.*?)</blockquote>', moments, re.S)
    assert page.status_code == 200
    assert len(found["quotes"]) > 3
    assert [(unescape(url), unescape(re.sub("<[^>]+>", "", quote))) for url, quote in shown] == [
        (quote["url"], quote["quote"]) for quote in found["quotes"]
    ]
    assert f"Named in {found['passages']} passages" in words(page)


def test_figures_are_marked_by_kind_and_written_in_full(client: TestClient) -> None:
    page = client.get("/timeline?q=Operation+Connect")
    assert '<mark class="money">£4.7m</mark>' in page.text
    assert "£4.7m = £4,700,000" in words(page)
    assert "2011-12 = financial year 2011-12" in words(page)


def test_the_chart_has_a_bar_for_every_month_and_a_table_that_says_the_same(
    client: TestClient,
) -> None:
    page = client.get("/timeline?q=police").text
    months = client.get("/v1/timeline?q=police").json()["months"]
    dated = [one for one in months if len(one["month"]) == 7]
    bars = re.findall(r"<rect [^>]+><title>([^<]+)</title>", page)
    assert len(bars) == len(dated) > 1
    for one in months:
        month = f"date_from={one['month']}&amp;date_to={one['month']}"
        row = rf'{re.escape(month)}">[^<]+</a></th><td class="figure">{one["reports"]}</td>'
        assert re.search(row, page)
    assert re.search(r'<svg class="chart" role="img" aria-labelledby="mentions"', page)


def test_figures_that_differ_stand_side_by_side_sums_before_dates_the_first_unfolded(
    tmp_path: Path, encoder: BuildEncoder
) -> None:
    lines = [
        {
            "_id": str(year),
            "title": f"Report of {year}",
            "date": f"{year}-03-17",
            "text": f"The budget of Operation Lantern is £{year - 2000}m. "
            f"Operation Lantern will be reviewed on 1 May {year}.",
        }
        for year in range(2005, 2012)
    ]
    source = tmp_path / "reports.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    build(source, tmp_path / "index", encoder)
    with TestClient(create_web_app(Settings(index_dir=tmp_path / "index"))) as client:
        changes = client.get("/v1/timeline?q=Operation+Lantern").json()["changes"]
        page = client.get("/timeline?q=Operation+Lantern").text
    kinds = [one["kind"] for one in changes]
    assert set(kinds) == {"money", "date"}
    section = page[page.index('id="changes"') : page.index('id="quotes"')]
    headings = re.findall(r"<h3>(\w+)", section)
    assert headings == ["Money"] * kinds.count("money") + ["Date"] * kinds.count("date")
    assert section.count('class="sides"') == len(changes) > _FIRST
    assert section.partition("<details>")[0].count('class="sides"') == _FIRST
    assert '<span class="by">+£1,000,000</span>' in section


def test_a_thing_that_no_report_names_is_said_with_a_way_on(client: TestClient) -> None:
    page = client.get("/timeline?q=bobsleigh+zebra")
    assert page.status_code == 200
    assert "No report says anything of it" in words(page)
    assert 'href="/?q=bobsleigh%20zebra"' in page.text


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("q=police&date_from=soon", "date_from"),
        ("q=" + "x" * 1001, "q"),
        ("q=police&limit=5000", "limit"),
        ("q=police&body=" + "x" * 400, "body"),
    ],
)
def test_a_bad_value_is_a_400_page_that_keeps_what_was_typed(
    client: TestClient, query: str, param: str
) -> None:
    page = client.get(f"/timeline?{query}")
    assert page.status_code == 400
    assert "The timeline could not be read" in words(page)
    assert f'<a href="#{param}">' in page.text
    value = query.rpartition("=")[2]
    assert param == "limit" or f'value="{value}"' in page.text


def test_without_a_question_the_page_explains_itself(client: TestClient) -> None:
    page = client.get("/timeline?utm_source=mail")
    assert page.status_code == 200
    assert "in order of time" in words(page)


def test_markup_in_a_question_is_shown_as_text(client: TestClient) -> None:
    attack = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
    page = client.get("/timeline", params={"q": attack, "body": attack, "date_from": attack})
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
