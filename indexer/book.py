"""How are .epub books read?

Chapter by chapter in the order of the spine, each as the web page that it is: kreuzberg prints the
alternative texts of pictures into the text and loses the headings.
"""

import posixpath
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from indexer.errors import Help, UnreadableFileError
from indexer.plain_text import TextBuilder
from indexer.records import Extraction
from indexer.text_encoding import decode
from indexer.web_page import html_lines
from indexer.zipped_xml import open_office_zip, read_entry, read_xml

_PROPERTIES = {"title": "title", "creator": "author", "date": "date", "publisher": "body"}


def read_book(path: Path) -> Extraction:
    """Return the text, headings and properties of an .epub file."""
    builder = TextBuilder()
    with open_office_zip(path) as archive:
        container = read_xml(archive, "META-INF/container.xml")
        name = "" if container is None else _package_name(container)
        package = read_xml(archive, name) if name else None
        if package is None:
            raise UnreadableFileError("damaged: no package document inside it", Help.FETCH)
        for chapter in _chapters(package, posixpath.dirname(name)):
            content = read_entry(archive, chapter)
            for text, level in html_lines(decode(content, declared=True)) if content else ():
                builder.add_line(text, level)
        is_protected = "META-INF/encryption.xml" in archive.namelist()
    if is_protected and not builder.text.strip():
        raise UnreadableFileError("protected: the book is encrypted", Help.PASSWORD)
    properties: dict[str, str] = {}
    for element in package.iter("{http://purl.org/dc/elements/1.1/}*"):
        key = _PROPERTIES.get(etree.QName(element).localname)
        value = " ".join((element.text or "").split())
        if key and value:
            properties.setdefault(key, value)
    return Extraction(builder.text, "epub", (), builder.headings, properties)


def _package_name(container: etree._Element) -> str:
    found = next(container.iter("{*}rootfile"), None)
    return "" if found is None else str(found.get("full-path", ""))


def _chapters(package: etree._Element, folder: str) -> list[str]:
    """Return the names of the chapters, in reading order."""
    files = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in package.iter("{*}item")
    }
    spine = (entry.get("idref") for entry in package.iter("{*}itemref"))
    return [files[name] for name in spine if name in files]
