"""indexer.web_page: .html and .md, every visible sentence and nothing else."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from indexer.records import Extraction
from indexer.web_page import _split_front_matter, read_markdown, read_web_page


def page(tmp_path: Path, source: str, encoding: str = "utf-8") -> Extraction:
    path = tmp_path / "page.html"
    path.write_bytes(source.encode(encoding))
    return read_web_page(path)


def markdown(tmp_path: Path, source: str) -> Extraction:
    path = tmp_path / "page.md"
    path.write_text(source, encoding="utf-8")
    return read_markdown(path)


def test_each_printed_unit_is_a_line(tmp_path: Path) -> None:
    source = (
        "<html><head><title>T</title><style>p{}</style></head><body><nav>Home</nav>"
        "<h2>Costs <em>now</em></h2><p>The <b>panel</b>\n met.<br>Twice.</p>tail"
        "<ul><li>One</li><li>Two</li></ul><ol start=3><li>Three</li></ol>"
        "<table><tr><th>A</th><td>B</td></tr></table><script>x()</script>"
        "<footer>Crown</footer></body></html>"
    )
    extraction = page(tmp_path, source)
    assert extraction.text == (
        "Costs now\nThe panel met.\nTwice.\ntail\n- One\n- Two\n3. Three\nA | B"
    )
    assert [(h.start, h.end, h.level) for h in extraction.headings] == [(0, 9, 2)]
    assert extraction.properties["title"] == "T"


def test_a_layout_table_is_read_as_blocks(tmp_path: Path) -> None:
    source = "<table><tr><td><h1>Report</h1><p>First.</p></td><td><p>Second.</p></td></tr></table>"
    assert page(tmp_path, source).text == "Report\nFirst.\nSecond."


def test_the_declared_encoding_is_followed(tmp_path: Path) -> None:
    source = '<meta charset="iso-8859-1"><p>£5 – caf\xe9</p>'
    assert page(tmp_path, source, "cp1252").text == "£5 – café"


def test_a_header_inside_an_article_is_content(tmp_path: Path) -> None:
    source = "<header>Site</header><article><header><p>Lead.</p></header><p>Body.</p></article>"
    assert page(tmp_path, source).text == "Lead.\nBody."


def test_hidden_text_is_left_out(tmp_path: Path) -> None:
    source = "<p>Seen.</p><p hidden>Not.</p><p style='display: none'>Nor this.</p>"
    assert page(tmp_path, source).text == "Seen."


def test_front_matter_gives_properties_and_the_first_line(tmp_path: Path) -> None:
    source = "---\ntitle: Minutes of 5 May\ndate: 2011-05-05\n---\n\n<p>We met.</p>\n"
    extraction = markdown(tmp_path, source)
    assert extraction.text == "Minutes of 5 May\nWe met."
    assert extraction.properties == {"title": "Minutes of 5 May", "date": "2011-05-05"}
    assert [(h.start, h.end, h.level) for h in extraction.headings] == [(0, 16, 1)]


def test_a_title_that_the_body_prints_is_not_repeated(tmp_path: Path) -> None:
    source = "---\ntitle: BUSit\n---\n<p><strong>BUSit</strong></p><p>A planner.</p>"
    assert markdown(tmp_path, source).text == "BUSit\nA planner."


def test_a_page_without_body_is_its_title_summary_and_files(tmp_path: Path) -> None:
    source = (
        "---\ntitle: Strategy\nsummary: <p>For the Treasury</p>\n"
        "resources:\n    - filename: S.pdf\n      url: https://x/S.pdf\n---\n"
    )
    assert markdown(tmp_path, source).text == "Strategy\nFor the Treasury\n- S.pdf"


def test_broken_front_matter_does_not_lose_the_file(tmp_path: Path) -> None:
    source = "---\ntitle: Minutes: the 5th\nbad: [\n---\n<p>We met.</p>"
    extraction = markdown(tmp_path, source)
    assert extraction.text == "Minutes: the 5th\nWe met."


def test_markdown_marks_are_not_text(tmp_path: Path) -> None:
    source = (
        "# Report\n\nThe **panel** met [here](http://x.org/a_(b)) and\nagreed *nothing*.\n\n"
        "* One\n* Two snake_case_name\n\n| A | B |\n|---|---|\n| 1 | 2 |\n"
    )
    extraction = markdown(tmp_path, source)
    assert extraction.text == (
        "Report\nThe panel met here and agreed nothing.\n- One\n- Two snake_case_name\nA | B\n1 | 2"
    )
    assert [h.level for h in extraction.headings] == [1]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_no_front_matter_can_raise(source: str) -> None:
    _split_front_matter(f"---\n{source}\n---\nbody")
