"""indexer.book: an .epub is read chapter by chapter, in the order of its spine."""

import zipfile
from pathlib import Path

import pytest

from indexer.errors import UnreadableFileError
from indexer.extraction import extract

CONTAINER = '<container><rootfiles><rootfile full-path="in/book.opf"/></rootfiles></container>'
PACKAGE = """<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
<dc:title>Annual Report</dc:title><dc:creator>The Board</dc:creator></metadata>
<manifest><item id="b" href="two%20.xhtml"/><item id="a" href="one.xhtml"/>
<item id="c" href="missing.xhtml"/></manifest>
<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/><itemref idref="d"/></spine>
</package>"""


def book(folder: Path, files: dict[str, str]) -> Path:
    path = folder / "report.epub"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_chapters_come_in_the_order_of_the_spine(tmp_path: Path) -> None:
    path = book(
        tmp_path,
        {
            "META-INF/container.xml": CONTAINER,
            "in/book.opf": PACKAGE,
            "in/two .xhtml": "<html><h1>Two</h1><p>We ended.</p></html>",
            "in/one.xhtml": "<html><h1>One</h1><p>We met.<img alt='logo'/></p></html>",
        },
    )
    extraction = extract(path)
    assert extraction.text == "One\nWe met.\nTwo\nWe ended."
    assert [heading.start for heading in extraction.headings] == [0, 12]
    assert extraction.properties == {"title": "Annual Report", "author": "The Board"}


@pytest.mark.parametrize(
    "files",
    [{}, {"META-INF/container.xml": "<container/>"}, {"META-INF/container.xml": CONTAINER}],
)
def test_a_book_without_its_package_is_damaged(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(UnreadableFileError, match="damaged: no package document inside it"):
        extract(book(tmp_path, files))


def test_an_encrypted_book_is_explained(tmp_path: Path) -> None:
    files = {"META-INF/container.xml": CONTAINER, "in/book.opf": PACKAGE}
    files["META-INF/encryption.xml"] = "<encryption/>"
    with pytest.raises(UnreadableFileError, match="protected: the book is encrypted"):
        extract(book(tmp_path, files))
