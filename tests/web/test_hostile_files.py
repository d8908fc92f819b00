"""Files of every format that are an attack on their reader: nothing of them becomes markup.

The reports are read by the real loaders, so whatever a format hides in titles, properties, names
and text reaches the pages as it would in an archive.
"""

import csv
import hashlib
from collections.abc import Iterator

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from fastapi.testclient import TestClient
from lxml import etree, html

from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.records import Document
from search_api.citing import report_url
from search_api.live import LiveArchive
from search_api.settings import Settings
from tests.web.hostile_formats import ATTACK, CELL, TEXT, write_all
from web.app import create_web_app

FORMATS = frozenset(
    "txt md html mhtml csv docx doc odt rtf pdf ods xlsx xls odp pptx ppt epub eml msg"
    " jsonl".split()
)
# What the pages are made of. Nothing that loads, runs, frames or moves is among it.
ELEMENTS = frozenset(
    "html head meta title link script body a header nav main footer article section aside h1 h2 h3"
    " h4 h5 h6 p span b mark blockquote ol ul li dl dt dd div time small code kbd table caption"
    " thead tbody tr th td form label input textarea button select option details summary svg rect"
    " line text iframe template del ins noscript slot".split()
)
LOADED = {"src", "href", "action", "formaction", "data", "poster", "srcset", "xlink:href"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("hostile")
    write_all(folder)
    index = tmp_path_factory.mktemp("hostile-index") / "index"
    build(folder, index, encoder)
    settings = Settings(index_dir=index, source_dir=folder, public_url="https://archive.example")
    with TestClient(create_web_app(settings), follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def reports(client: TestClient) -> list[Document]:
    archive: LiveArchive = client.app.state.archive  # type: ignore[attr-defined]
    return list(archive.current().documents())


def assert_harmless(page: str) -> None:
    """Read a page as a browser does: nothing in it loads or runs but what is ours."""
    for element in html.document_fromstring(page).iter():
        if not isinstance(element.tag, str):
            continue
        assert element.tag in ELEMENTS, element.tag
        for name, value in element.attrib.items():
            assert not name.startswith("on"), (name, value)
            if name in LOADED:
                own = value.startswith(("/", "?", "#", "https://archive.example/")) or value == ""
                assert own or element.tag == "a", (element.tag, name, value)
                assert not value.lower().lstrip().startswith(("javascript:", "data:", "vbscript:"))
        if element.tag == "script":
            assert element.get("src", "").startswith("/static/")
            assert not (element.text or "").strip()


def test_every_format_has_become_a_report_with_its_attack(
    client: TestClient, reports: list[Document]
) -> None:
    coverage = client.get("/v1/coverage").json()
    assert coverage["unread_files"] == []
    assert {one.format for one in reports} == FORMATS
    inside = {one.source_id.partition("!/")[0] for one in reports if "!/" in one.source_id}
    assert inside == {"a.eml", "a.msg", "a.txt.gz", "a.warc.gz", "a.zip"}
    for one in reports:
        text = client.get(f"/v1/documents/{one.document_id}").text
        assert "<script>alert(1)</script>" in text, one.source_id
        assert "The second lantern paragraph" in text, one.source_id


def test_no_report_becomes_markup_on_its_page(client: TestClient, reports: list[Document]) -> None:
    for one in reports:
        for query in ("", "?start=4&end=60#b0", "?start=4&end=60&find=lantern#b0", "?beside=1"):
            page = client.get(report_url(one.document_id) + query)
            assert page.status_code == 200, one.source_id
            assert_harmless(page.text)
            assert "alert(1)" in page.text, one.source_id  # it is there, as text


@pytest.mark.parametrize(
    "path",
    [
        "/?q=lantern",
        "/?q=what+did+the+lantern+cost",
        "/?q=lantern&sort=date&page=2",
        "/timeline?q=lantern",
        "/timeline?q=lantern+paragraph&limit=100",
        "/coverage",
        "/quotes",
        f"/?q={ATTACK}&body={ATTACK}",
        f"/timeline?q={ATTACK}&date_from={ATTACK}",
        f"/reports/{ATTACK}",
        f"/{ATTACK}",
    ],
)
def test_no_report_and_no_question_becomes_markup_on_any_page(
    client: TestClient, path: str
) -> None:
    assert_harmless(client.get(path).text)


def test_no_draft_becomes_markup(client: TestClient) -> None:
    draft = f"“{TEXT.split(CELL)[0].strip()}” and “{ATTACK} that nobody has ever written so”"
    page = client.post("/quotes", data={"text": draft}).text
    assert_harmless(page)
    assert 'class="status"' in page


def test_no_original_is_served_so_that_it_could_run(
    client: TestClient, reports: list[Document]
) -> None:
    for one in reports:
        response = client.get(f"{report_url(one.document_id)}/file")
        assert response.status_code == 200, one.source_id
        assert hashlib.sha256(response.content).hexdigest() == one.sha256, one.source_id
        kind = response.headers["content-type"].partition(";")[0]
        assert kind in ("text/plain", "application/pdf", "application/octet-stream"), one.source_id
        inline = response.headers["content-disposition"].startswith("inline")
        assert inline is (kind != "application/octet-stream")
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "\r" not in str(response.headers)


def test_what_is_taken_away_is_whole_in_its_format(
    client: TestClient, reports: list[Document]
) -> None:
    feed = etree.fromstring(client.get("/v1/feed?q=lantern&limit=100").content)
    atom = "{http://www.w3.org/2005/Atom}"
    names = {etree.QName(one).localname for one in feed.iter(f"{atom}*")}
    assert not names & {"script", "img", "svg", "a"}
    assert len(feed.findall(f"{atom}entry")) == len(reports)
    exported = client.get("/v1/export?q=lantern&group=passage&format=csv").text
    cells = [cell for row in csv.reader(_table(exported)) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "@", "-"))]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert "javascript:" not in {cell.partition("alert")[0] for cell in cells}
    library = parse_string(client.get("/v1/export?q=lantern&format=bibtex").text)
    assert not library.failed_blocks
    assert len(library.entries) == len(reports)
    assert etree.fromstring(client.get("/sitemap.xml").content) is not None


def _table(exported: str) -> Iterator[str]:
    """Yield the lines of a CSV below its head, with their ends: a cell may have several."""
    lines = exported.splitlines(keepends=True)
    while lines and lines[0].startswith("#"):
        lines.pop(0)
    return iter(lines)


def test_each_report_is_cited_as_one_in_every_format(
    client: TestClient, reports: list[Document]
) -> None:
    for one in reports:
        for path in (
            f"/v1/documents/{one.document_id}/citation?format=",
            f"/v1/documents/{one.document_id}/citation?start=0&end=80&format=",
        ):
            library = parse_string(client.get(path + "bibtex").text)
            assert not library.failed_blocks, one.source_id
            assert len(library.entries) == 1, one.source_id
            assert len(rispy.loads(client.get(path + "ris").text)) == 1, one.source_id
            (item,) = client.get(path + "csl-json").json()
            assert item["title"] == (one.title or one.source_id)
            response = client.get(path + "text")
            assert response.headers["content-type"] == "text/plain; charset=utf-8"
            assert response.text.count("\n") == 1, one.source_id


@pytest.mark.parametrize(
    "path",
    [
        "{report}?find=lantern%0d%0aSet-Cookie:%20stolen=1",
        "{report}?page=1%0d%0aSet-Cookie:%20stolen=1",
        "{report}?find=lantern&beside=%0d%0aSet-Cookie:%20stolen=1",
        "/v1/documents/x/citation?start=0&end=9&format=text%0d%0aSet-Cookie:%20stolen=1",
        "/timeline?q=%0d%0aSet-Cookie:%20stolen=1",
        "/reports/%0d%0aSet-Cookie:%20stolen=1/file",
        "/%0d%0aSet-Cookie:%20stolen=1",
    ],
)
def test_no_value_ends_a_header(client: TestClient, reports: list[Document], path: str) -> None:
    report = report_url(reports[0].document_id)
    response = client.get(path.format(report=report))
    assert "set-cookie" not in response.headers
    for value in response.headers.values():
        assert "\r" not in value
        assert "\n" not in value
