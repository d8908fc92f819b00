"""indexer.opendocument: .odt and .odp, read from their XML."""

import zipfile
from pathlib import Path

import pytest

from indexer import zipped_xml
from indexer.errors import UnreadableFileError
from indexer.extraction import extract

NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        "office": "office",
        "text": "text",
        "table": "table",
        "style": "style",
        "draw": "drawing",
    }.items()
)


def write_odt(path: Path, body: str, *, styles: str = "", doctype: str = "") -> Path:
    content = (
        f'<?xml version="1.0"?>{doctype}<office:document-content {NAMES}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", content)
    return path


def text_of(tmp_path: Path, body: str, styles: str = "") -> str:
    return extract(write_odt(tmp_path / "report.odt", body, styles=styles)).text


def test_spaces_tabs_and_line_breaks_are_kept(tmp_path: Path) -> None:
    body = (
        "<text:p>Eighteenth<text:s/>Meeting<text:s text:c='2'/><text:span>held</text:span>"
        "<text:tab/>at<text:line-break/>London</text:p>"
    )
    assert text_of(tmp_path, body) == "Eighteenth Meeting  held\tat\nLondon"


def test_text_after_a_span_is_kept(tmp_path: Path) -> None:
    body = "<text:p><text:span>Secretariat:</text:span> Padma and Clare</text:p>"
    assert text_of(tmp_path, body) == "Secretariat: Padma and Clare"


def test_headings_carry_their_outline_level(tmp_path: Path) -> None:
    body = "<text:h text:outline-level='2'>Costs</text:h><text:p>None.</text:p>"
    extraction = extract(write_odt(tmp_path / "report.odt", body))
    assert extraction.text == "Costs\nNone."
    assert [(h.start, h.end, h.level) for h in extraction.headings] == [(0, 5, 2)]


def test_a_table_row_is_one_line(tmp_path: Path) -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    row = f"<table:table-row>{cell.format('Fraud')}{cell.format('£2.6m')}</table:table-row>"
    assert text_of(tmp_path, f"<table:table>{row}</table:table>") == "Fraud | £2.6m"


def test_only_lists_with_bullets_get_a_mark(tmp_path: Path) -> None:
    styles = (
        "<text:list-style style:name='B'><text:list-level-style-bullet/></text:list-style>"
        "<text:list-style style:name='N'><text:list-level-style-number/></text:list-style>"
    )
    item = (
        "<text:list text:style-name='{}'><text:list-item><text:p>x</text:p></text:list-item>"
        "</text:list>"
    )
    assert text_of(tmp_path, item.format("B") + item.format("N"), styles) == "- x\nx"


def test_tracked_deletions_and_comments_are_left_out(tmp_path: Path) -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>old</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
        "<text:p>new<office:annotation><text:p>really?</text:p></office:annotation> text</text:p>"
    )
    assert text_of(tmp_path, body) == "new text"


def test_a_footnote_follows_its_paragraph(tmp_path: Path) -> None:
    body = (
        "<text:p>Spent<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>In 2011.</text:p></text:note-body></text:note> wisely.</text:p>"
    )
    assert text_of(tmp_path, body) == "Spent [1] wisely.\n[1] In 2011."


def test_entities_are_not_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("password", encoding="utf-8")
    doctype = f'<!DOCTYPE x [<!ENTITY leak SYSTEM "{secret.as_uri()}">]>'
    path = write_odt(tmp_path / "x.odt", "<text:p>a&leak;b</text:p>", doctype=doctype)
    assert "password" not in extract(path).text


def test_a_zip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped_xml, "MAX_ENTRY_BYTES", 10_000)
    path = write_odt(tmp_path / "bomb.odt", "<text:p>" + " " * 20_000 + "</text:p>")
    with pytest.raises(UnreadableFileError, match=r"^too large: content.xml"):
        extract(path)


def test_a_file_that_is_no_zip_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "report.odt"
    path.write_bytes(b"not a zip")
    with pytest.raises(UnreadableFileError, match=r"^damaged: "):
        extract(path)


def test_slides_are_the_pages_of_an_odp(tmp_path: Path) -> None:
    slide = (
        "<draw:page><draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
        "</draw:page>"
    )
    path = write_odt(tmp_path / "talk.odp", slide.format("One") + slide.format("Two"))
    extraction = extract(path)
    assert extraction.text == "One\nTwo"
    assert extraction.page_starts == (0, 4)
