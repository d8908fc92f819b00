"""Files of every format that are an attack on their reader: nothing of them becomes markup.

The reports are read by the real loaders, so whatever a format hides in titles, properties, names
and text reaches the pages as it would in an archive.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from html import escape as as_entities

import pytest
from docx import Document as WordDocument
from fastapi.testclient import TestClient
from fpdf import FPDF
from lxml import etree, html

from indexer.build import build
from indexer.embedding import BuildEncoder
from search_api.citing import report_url
from search_api.live import LiveArchive
from search_api.settings import Settings
from web.app import create_web_app

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
ATTACK = f"\"'>{SCRIPT}<svg onload=alert(3)><a href=javascript:alert(4)>x</a>{{{{7*7}}}}"
CELL = '=HYPERLINK("https://evil.example","x")'
TEXT = (
    f"The lantern {ATTACK} cost £4.7m in 2011-12 and needs 40 officers. {CELL}\r\n\r\n"
    f"4. The second lantern paragraph {SCRIPT} is long enough to be quoted by somebody."
)
# What the pages are made of. Nothing that loads, runs, frames or moves is among it.
ELEMENTS = frozenset(
    "html head meta title link script body a header nav main footer article section aside h1 h2 h3"
    " h4 h5 h6 p span b mark blockquote ol ul li dl dt dd div time small code kbd table caption"
    " thead tbody tr th td form label input textarea button select option details summary svg rect"
    " line text iframe template del ins noscript slot".split()
)
LOADED = {"src", "href", "action", "formaction", "data", "poster", "srcset", "xlink:href"}


BOXED = f"In a box: {TEXT}".encode()


def _odt() -> bytes:
    made = io.BytesIO()
    office = "urn:oasis:names:tc:opendocument:xmlns"
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        package.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{office}:office:1.0"'
            f' xmlns:text="{office}:text:1.0"><office:body><office:text>'
            f"<text:h>{as_entities(ATTACK)}</text:h>"
            f"<text:p>An open document: {as_entities(TEXT)}</text:p>"
            "</office:text></office:body></office:document-content>",
        )
    return made.getvalue()


def _docx() -> bytes:
    made = io.BytesIO()
    document = WordDocument()
    document.core_properties.title = ATTACK
    document.core_properties.author = ATTACK[:200]
    document.add_heading(ATTACK)
    document.add_paragraph(f"In a file of Word: {TEXT}")
    document.save(made)
    return made.getvalue()


def _pdf() -> bytes:
    pdf = FPDF()
    pdf.set_title(ATTACK)
    pdf.set_author(ATTACK)
    pdf.add_page()
    pdf.set_font("Helvetica", size=11)
    pdf.multi_cell(0, 6, TEXT)
    return bytes(pdf.output())


def _mail() -> bytes:
    return (
        f"From: {SCRIPT} <a@example.org>\nSubject: {ATTACK}\n"
        f"Date: Thu, 17 Mar 2011 10:00:00 +0000\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{TEXT}\n"
    ).encode()


def _zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        package.writestr(f"{SCRIPT.replace('/', '')}.txt", BOXED)
    return made.getvalue()


FILES: dict[str, bytes] = {
    "a.txt": f"{ATTACK}\n\n{TEXT}".encode(),
    "b.md": f'---\ntitle: "{ATTACK.replace(chr(34), "")}"\n---\n\nMarkdown: {TEXT}'.encode(),
    "c.html": f"<title>{as_entities(ATTACK)}</title><script>alert(5)</script>"
    f"<p onclick=alert(6)>Page: {as_entities(TEXT)}</p>".encode(),
    "d.csv": f"name,what\n{CELL},{TEXT.split('.')[0]}\n".encode(),
    "e.docx": _docx(),
    "f.odt": _odt(),
    "g.pdf": _pdf(),
    "h.eml": _mail(),
    "i.zip": _zip(),
    "<img src=x onerror=alert(7)>.txt": f"A name can attack as well: {TEXT}".encode(),
    "j\r\nSet-Cookie: stolen=1.txt": f"A name with line ends: {TEXT}".encode(),
    "metadata.csv": (
        "file,title,author,url,date\r\n"
        f'a.txt,"{ATTACK.replace(chr(34), chr(34) * 2)}","{SCRIPT}",'
        "javascript:alert(8),2011-03-17\r\n"
    ).encode(),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("hostile")
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    index = tmp_path_factory.mktemp("hostile-index") / "index"
    build(folder, index, encoder)
    settings = Settings(index_dir=index, source_dir=folder, public_url="https://archive.example")
    with TestClient(create_web_app(settings), follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def reports(client: TestClient) -> dict[str, str]:
    """The address of a place in each report by its file."""
    archive: LiveArchive = client.app.state.archive  # type: ignore[attr-defined]
    return {
        one.source_id: f"{report_url(one.document_id)}?start=4&end=60#b0"
        for one in archive.current().documents()
    }


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


def test_every_format_has_become_a_report(reports: dict[str, str]) -> None:
    kinds = {name.rpartition(".")[2] for name in reports}
    assert kinds == {"txt", "md", "html", "csv", "docx", "odt", "pdf", "eml"}
    assert len(reports) == len(FILES) - 1  # the owner's table is none


def test_no_report_becomes_markup_on_its_page(client: TestClient, reports: dict[str, str]) -> None:
    for name, url in reports.items():
        joint = "&" if "?" in url else "?"
        for address in (url.partition("?")[0], url, f"{url.partition('#')[0]}{joint}find=lantern"):
            page = client.get(address)
            assert page.status_code == 200, name
            assert_harmless(page.text)
            assert "alert(1)" in page.text, name  # it is there, as text
        assert_harmless(client.get(f"{url.partition('?')[0]}?beside=1").text)


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
    client: TestClient, reports: dict[str, str]
) -> None:
    for name, url in reports.items():
        response = client.get(f"{url.partition('?')[0]}/file")
        assert response.status_code == 200, name
        assert response.content == FILES.get(name, BOXED), name
        kind = response.headers["content-type"].partition(";")[0]
        assert kind in ("text/plain", "application/pdf", "application/octet-stream"), name
        inline = response.headers["content-disposition"].startswith("inline")
        assert inline is (kind != "application/octet-stream")
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"


def test_what_is_taken_away_is_whole_in_its_format(client: TestClient) -> None:
    feed = etree.fromstring(client.get("/v1/feed?q=lantern").content)
    atom = "{http://www.w3.org/2005/Atom}"
    names = {etree.QName(one).localname for one in feed.iter(f"{atom}*")}
    assert not names & {"script", "img", "svg", "a"}
    assert feed.findall(f"{atom}entry")
    lines = client.get("/v1/export?q=lantern&format=csv").text.splitlines()
    table = [line for line in lines if not line.startswith("#")]
    for row in csv.reader(table):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t", "\r")), cell
    assert etree.fromstring(client.get("/sitemap.xml").content) is not None


@pytest.mark.parametrize(
    "path",
    [
        "{report}?find=lantern%0d%0aSet-Cookie:%20stolen=1",
        "{report}?page=1%0d%0aSet-Cookie:%20stolen=1",
        "{report}?find=lantern&beside=%0d%0aSet-Cookie:%20stolen=1",
        "{report}/cite?start=0&end=9&format=text%0d%0aSet-Cookie:%20stolen=1",
        "/timeline?q=%0d%0aSet-Cookie:%20stolen=1",
        "/reports/%0d%0aSet-Cookie:%20stolen=1/file",
        "/%0d%0aSet-Cookie:%20stolen=1",
    ],
)
def test_no_value_ends_a_header(client: TestClient, reports: dict[str, str], path: str) -> None:
    report = next(iter(reports.values())).partition("?")[0]
    response = client.get(path.format(report=report))
    assert "set-cookie" not in response.headers
    for value in response.headers.values():
        assert "\r" not in value
        assert "\n" not in value
