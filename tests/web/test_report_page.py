"""The page of a report: its places can be found, linked, cited and compared with the original."""

import re
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from indexer.build import build
from indexer.embedding import BuildEncoder
from search_api.settings import Settings
from tests.conftest import CORPUS
from web import report_portions
from web.app import create_web_app

PDF = "sop-2011-03-17-09-operation-connect.pdf"


@pytest.fixture(scope="module")
def client(sample_index: Path) -> Iterator[TestClient]:
    settings = Settings(
        index_dir=sample_index, source_dir=CORPUS, public_url="https://archive.example"
    )
    with TestClient(create_web_app(settings), follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def report(client: TestClient) -> dict[str, object]:
    """The report about Operation Connect, which is a PDF with numbered paragraphs."""
    found = client.get("/v1/search", params={"q": "Operation Connect funding"}).json()["results"]
    url = next(one["url"] for one in found if one["source_id"].endswith(PDF))
    response = client.get(f"/v1/documents/{url.split('/')[2].partition('?')[0]}")
    answered: dict[str, object] = response.json()
    return answered


def words(response: Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def blocks(report: dict[str, object]) -> list[dict[str, object]]:
    found = report["blocks"]
    assert isinstance(found, list)
    return found


def test_every_paragraph_links_to_itself_with_its_words_marked(
    client: TestClient, report: dict[str, object]
) -> None:
    page = client.get(str(report["url"]))
    links = re.findall(r'class="pilcrow" href="([^"]+)"', page.text)
    kinds = ("paragraph", "list_item")
    assert len(links) == len([one for one in blocks(report) if one["kind"] in kinds])
    wanted = next(one for one in blocks(report) if "£4.7m" in str(one["text"]))
    link = f"?start={wanted['start']}&end={wanted['end']}#{wanted['anchor']}"
    assert link in map(unescape, links)
    place = client.get(f"{report['url']}{link}")
    (marked,) = re.findall(r"<mark[^>]*>(.*?)</mark>", place.text, re.S)
    assert unescape(marked) == wanted["text"]
    assert "The marked place" in words(place)
    assert f"paragraph {wanted['paragraph']}, page {wanted['page']}" in words(place).lower()


@pytest.mark.parametrize(
    ("written_as", "said"),
    [
        ("text", "“{text}” {citation} Paragraph {paragraph}, page {page}. {url}"),
        ("bibtex", "pages = {{{page}}},\n  url = {{{url}}},\n  note = {{Paragraph {paragraph}."),
        ("ris", "SP  - {page}\r\nUR  - {url}\r\n"),
        ("csl-json", '"page": "{page}",\n    "URL": "{url}"'),
    ],
)
def test_a_place_is_cited_in_every_format(
    client: TestClient, report: dict[str, object], written_as: str, said: str
) -> None:
    block = next(one for one in blocks(report) if "£4.7m" in str(one["text"]))
    span = f"start={block['start']}&end={block['end']}"
    path = f"/v1/documents/{report['document_id']}/citation?{span}&format={written_as}"
    page = client.get(f"{report['url']}?{span}").text
    assert f'href="{escape(path)}"' in page
    response = client.get(path)
    url = f"https://archive.example{report['url']}?{span}#{block['anchor']}"
    text = " ".join(str(block["text"]).split())
    wanted = said.format(**block | {"text": text}, citation=report["citation"], url=url)
    assert response.status_code == 200
    assert wanted in response.text
    disposition = response.headers["content-disposition"]
    assert disposition.startswith("inline" if written_as == "text" else "attachment")


@pytest.mark.parametrize(
    "query",
    [
        "start=99999999",
        "start=5&end=2",
        "start=0&end=99999999",
        "start=-1&end=2",
        "end=0",
        "start=0&end=5&format=pdf",
    ],
)
def test_a_place_that_is_none_is_not_cited(
    client: TestClient, report: dict[str, object], query: str
) -> None:
    response = client.get(f"/v1/documents/{report['document_id']}/citation?{query}")
    assert response.status_code == 400
    assert "expected" in response.text or "no place in this report" in response.text


def test_a_place_without_an_end_is_its_paragraph(
    client: TestClient, report: dict[str, object]
) -> None:
    block = next(one for one in blocks(report) if "£4.7m" in str(one["text"]))
    path = f"/v1/documents/{report['document_id']}/citation"
    inside = client.get(f"{path}?start={block['start']}")
    whole = client.get(f"{path}?start={block['start']}&end={block['end']}")
    assert inside.text == whole.text
    assert client.get(f"{path}?end=9").text == client.get(f"{path}?start=0&end=9").text


def test_a_search_within_the_report_leads_to_the_first_hit_and_on_to_the_next(
    client: TestClient, report: dict[str, object]
) -> None:
    sent = client.get(f"{report['url']}?find=Operation+Connect")
    assert sent.status_code == 303
    assert sent.headers["location"] == f"{report['url']}?find=Operation+Connect&hit=1#hit-1"
    first = client.get(sent.headers["location"])
    said = re.search(r"1 of (\d+) places have these words side by side", words(first))
    assert said is not None
    total = int(said[1])
    assert total > 2
    assert len(set(re.findall(r'id="(hit-\d+)"', first.text))) == total
    assert re.search(r'rel="prev" href="" hidden', first.text)
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following is not None
    assert unescape(following[1]).endswith("hit=2#hit-2")
    last = client.get(f"{report['url']}?find=Operation+Connect&hit={total}")
    assert re.search(r'rel="next" href="" hidden', last.text)


def test_words_that_the_report_does_not_have_are_said_and_nothing_is_marked(
    client: TestClient, report: dict[str, object]
) -> None:
    page = client.get(f"{report['url']}?find=bobsleigh")
    assert page.status_code == 200
    assert "No place in this report has “bobsleigh”." in words(page)
    assert "<mark" not in page.text
    assert client.get(f"{report['url']}?find={'x' * 1001}").status_code == 400


@pytest.mark.parametrize("hit", ["0", "99999", "x", "-1", "１"])
def test_a_hit_that_there_is_not_is_no_hit_but_no_error(
    client: TestClient, report: dict[str, object], hit: str
) -> None:
    page = client.get(f"{report['url']}", params={"find": "operation", "hit": hit})
    assert page.status_code == 200
    assert 'data-at="0"' in page.text


def test_a_page_is_gone_to_by_its_number(client: TestClient, report: dict[str, object]) -> None:
    sent = client.get(f"{report['url']}?page=2")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{report['url']}#page-2")
    page = client.get(str(report["url"]))
    assert page.text.count('id="page-2"') == 1
    assert f'href="{report["url"]}/file#page=2" target="original"' in page.text
    assert client.get(f"{report['url']}?page=999").status_code == 200


def test_the_original_is_served_as_it_was_indexed(
    client: TestClient, report: dict[str, object]
) -> None:
    file = client.get(f"{report['url']}/file")
    assert file.content == (CORPUS / str(report["source_id"])).read_bytes()
    assert file.headers["content-type"] == "application/pdf"
    assert "frame-ancestors 'self'" in file.headers["content-security-policy"]
    assert file.headers["x-content-type-options"] == "nosniff"
    part = client.get(f"{report['url']}/file", headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.content) == (206, b"%PDF-")
    beside = client.get(f"{report['url']}?beside=1")
    assert f'<iframe name="original" title="Original of the report" src="{report["url"]}/file' in (
        beside.text
    )


def test_every_value_says_where_it_was_found(client: TestClient, report: dict[str, object]) -> None:
    page = words(client.get(str(report["url"])))
    origins = report["origins"]
    assert isinstance(origins, dict)
    assert f"Date 17 March 2011 {origins['date']}" in page
    assert f"SHA-256 {report['source_sha256']} the file" in page


def test_similar_reports_are_those_of_the_api(
    client: TestClient, report: dict[str, object]
) -> None:
    page = client.get(str(report["url"])).text
    similar = client.get(f"/v1/documents/{report['document_id']}/similar?limit=5").json()["results"]
    section = page[page.index('id="similar"') :]
    assert re.findall(r'<li><a href="([^"]+)"', section) == [one["url"] for one in similar]


def test_a_report_has_one_address_and_a_shared_place_says_its_words(
    client: TestClient, report: dict[str, object]
) -> None:
    address = f"https://archive.example{report['url']}"
    whole = client.get(f"{report['url']}?find=zebra&utm_source=mail").text
    assert f'<link rel="canonical" href="{address}">' in whole
    assert f'<meta property="og:url" content="{address}">' in whole
    block = next(one for one in blocks(report) if "£4.7m" in str(one["text"]))
    span = f"start={block['start']}&amp;end={block['end']}#{block['anchor']}"
    place = client.get(unescape(f"{report['url']}?{span}")).text
    assert f'<link rel="canonical" href="{address}">' in place
    assert f'<meta property="og:url" content="{address}?{span}">' in place
    said = re.search(r'<meta property="og:description" content="“([^”…]+)', place)
    assert said is not None
    assert " ".join(str(block["text"]).split()).startswith(unescape(said[1]).strip())


def test_a_host_that_is_none_is_not_put_into_the_page(sample_index: Path) -> None:
    app = create_web_app(Settings(index_dir=sample_index))
    with TestClient(app) as client:
        found = client.get("/v1/search?q=gangs").json()["results"][0]["url"].partition("?")[0]
        page = client.get(found, headers={"Host": 'evil"><script>'}).text
    assert "evil" not in page
    assert f'<link rel="canonical" href="{found}">' in page


@pytest.fixture(scope="module")
def long_report(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> TestClient:
    """A report of more blocks than one portion holds, and a scan whose recogniser was unsure."""
    folder = tmp_path_factory.mktemp("long")
    lines = [f"{number}. Item {number} of the register is held." for number in range(1, 200)]
    (folder / "long.txt").write_text("\n\n".join(["Register", *lines, "The lantern is last."]))
    build(folder, folder / "index", encoder)
    app = create_web_app(Settings(index_dir=folder / "index", source_dir=folder))
    app.state.archive.refresh()
    return TestClient(app, follow_redirects=False)


def test_a_long_report_comes_in_parts_and_each_place_in_its_own(
    long_report: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_portions, "PORTION_BLOCKS", 150)
    found = long_report.get("/v1/search?q=lantern").json()["results"][0]
    path = found["url"].partition("?")[0]
    first = long_report.get(path)
    assert "Part 1 of 2" in words(first)
    assert first.text.count('class="pilcrow"') <= 150
    assert "lantern" not in first.text.partition('class="text"')[2]
    assert "The <mark" in long_report.get(found["url"]).text  # the place, in the second part
    assert "Part 2 of 2" in words(long_report.get(f"{path}?part=2"))
    hit = long_report.get(f"{path}?find=lantern").headers["location"]
    assert 'id="hit-1"' in long_report.get(hit).text
    whole = long_report.get(f"{path}?part=all").text
    assert whole.count('class="pilcrow"') > 150
    for part in ("0", "3", "x", "99999999999999"):
        assert long_report.get(f"{path}?part={part}").status_code == 200
