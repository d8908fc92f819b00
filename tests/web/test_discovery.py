"""How others find the archive: every file that they read is whole, and leads here."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from fastapi.testclient import TestClient
from lxml import etree

from search_api.settings import Settings
from web import discovery, sitemap
from web.app import create_web_app

BASE = "https://archive.example"
SITEMAPS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
OPENSEARCH = {"o": "http://a9.com/-/spec/opensearch/1.1/"}


@pytest.fixture(scope="module")
def client(sample_index: Path) -> Iterator[TestClient]:
    settings = Settings(index_dir=sample_index, public_url=BASE)
    with TestClient(create_web_app(settings)) as client:
        yield client


def locations(client: TestClient, path: str) -> list[str]:
    response = client.get(path)
    assert response.headers["content-type"].startswith("application/xml")
    found = etree.fromstring(response.content).findall(".//s:loc", SITEMAPS)
    return [str(one.text) for one in found]


def test_the_sitemap_names_every_report_once(client: TestClient) -> None:
    found = locations(client, "/sitemap.xml")
    assert len(found) == len(set(found)) == client.get("/v1/coverage").json()["documents"]
    for address in found:
        assert client.get(address.removeprefix(BASE)).status_code == 200


def test_more_reports_than_a_sitemap_may_name_get_an_index_of_sitemaps(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = locations(client, "/sitemap.xml")
    monkeypatch.setattr(sitemap, "PER_SITEMAP", 7)
    listed = locations(client, "/sitemap.xml")
    assert len(listed) == -(-len(whole) // 7) > 1
    parts = [locations(client, address.removeprefix(BASE)) for address in listed]
    assert [address for part in parts for address in part] == whole
    for number in ("0", str(len(listed) + 1), "x", "99999999999999999999"):
        assert client.get(f"/sitemap-{number}.xml").status_code == 404


def test_a_sitemap_that_is_known_is_not_sent_again(client: TestClient) -> None:
    tag = client.get("/sitemap.xml").headers["etag"]
    assert client.get("/sitemap.xml", headers={"If-None-Match": tag}).status_code == 304


def test_robots_may_read_reports_but_not_ask_questions(client: TestClient) -> None:
    response = client.get("/robots.txt")
    assert response.headers["content-type"].startswith("text/plain")
    robots = RobotFileParser()
    robots.parse(response.text.splitlines())
    assert robots.can_fetch("any", f"{BASE}/reports/8b747ddbf62b130c")
    assert robots.site_maps() == [f"{BASE}/sitemap.xml"]
    rules = re.findall(r"^Disallow: (.+)$", response.text, re.MULTILINE)
    refused = re.compile("|".join(re.escape(rule).replace(r"\*", ".*") for rule in rules))
    report = "/reports/8b747ddbf62b130c"
    for path in ("/", "/timeline", report, f"{report}?start=1&end=2", f"{report}/file"):
        assert not refused.match(path), path
    for path in (
        *("/?q=x", "/?body=a&q=x", "/v1/search?q=x", "/timeline?q=x", "/suggestions?q=x"),
        *(f"{report}?find=x", f"{report}?start=1&end=2&beside=1", f"{report}?find=x&hit=2"),
    ):
        assert refused.match(path), path


def test_a_browser_can_search_from_its_address_bar(client: TestClient) -> None:
    page = client.get("/").text
    link = re.search(r'<link rel="search" href="([^"]+)" type="([^"]+)"', page)
    assert link is not None
    response = client.get(link[1])
    assert response.headers["content-type"].startswith(link[2])
    description = etree.fromstring(response.content)
    assert len(description.findtext("o:ShortName", namespaces=OPENSEARCH) or "") <= 16
    templates = {
        url.get("type"): url.get("template").replace("{searchTerms}", "oper").removeprefix(BASE)
        for url in description.findall("o:Url", OPENSEARCH)
    }
    for kind, path in templates.items():
        response = client.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(kind)
    typed, completions = client.get(templates["application/x-suggestions+json"]).json()
    wanted = client.get("/v1/suggest?q=oper").json()["suggestions"]
    assert (typed, completions) == ("oper", [one["text"] for one in wanted])
    assert completions


@pytest.mark.parametrize("path", ["/robots.txt", "/sitemap.xml", "/opensearch.xml"])
def test_a_host_that_is_none_is_refused_where_a_whole_address_is_needed(
    sample_index: Path, path: str
) -> None:
    with TestClient(create_web_app(Settings(index_dir=sample_index))) as client:
        assert "http://testserver/" in client.get(path).text
        refused = client.get(path, headers={"Host": '"><evil>&x'})
        assert refused.status_code == 400
        assert "evil" not in refused.text


def test_the_script_for_other_sites_is_theirs_to_load(client: TestClient) -> None:
    response = client.get("/embed.js", headers={"Origin": "https://newsroom.example"})
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.text == (discovery.STATIC / "embed.js").read_text(encoding="utf-8")
    for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert unsafe not in response.text
