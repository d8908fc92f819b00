"""A search as an Atom feed, newest report first: RFC 4287, written by the standard library."""

import re
import uuid
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

from search_api.requests import SearchRequest
from search_api.responses import SearchResponse, SearchResult

MEDIA_TYPE = "application/atom+xml"
_NAMESPACE = "http://www.w3.org/2005/Atom"
# What XML 1.0 cannot hold, in no way of writing.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def feed_of(
    found: SearchResponse, request: SearchRequest, built_at: str, base: str, address: str
) -> str:
    """Return the feed of a search; `address` is its own, from the root of the service."""
    feed = Element("feed", xmlns=_NAMESPACE)
    _text(feed, "title", f"{request.q} – archive-search")
    _text(feed, "id", _name(f"feed {address}"))
    _text(feed, "updated", built_at)
    _text(feed, "generator", f"archive-search, generation {found.generation}")
    author = SubElement(feed, "author")
    _text(author, "name", "archive-search")
    SubElement(feed, "link", rel="self", type=MEDIA_TYPE, href=_clean(base + address))
    page = f"{base}/?{urlencode({'q': request.q, 'sort': '-date'})}"
    SubElement(feed, "link", rel="alternate", type="text/html", href=_clean(page))
    for result in found.results:
        _entry(feed, result, built_at, base)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(feed, "unicode") + "\n"


def _entry(feed: Element, result: SearchResult, built_at: str, base: str) -> None:
    entry = SubElement(feed, "entry")
    _text(entry, "title", result.title)
    _text(entry, "id", _name(f"report {result.document_id}"))
    moment = f"{result.date}T00:00:00Z" if result.date else built_at
    _text(entry, "updated", moment)
    if result.date:
        _text(entry, "published", moment)
    SubElement(entry, "link", rel="alternate", type="text/html", href=_clean(base + result.url))
    author = SubElement(entry, "author")
    _text(author, "name", result.body or "unknown")
    if result.doc_type:
        SubElement(entry, "category", term=_clean(result.doc_type))
    # Plain text: a reader of feeds shows it as it is, tags included.
    _text(entry, "summary", " ".join(result.snippet.text.split())).set("type", "text")


def _text(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = _clean(text)
    return element


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _name(what: str) -> str:
    """Return an id that stays the same wherever the archive is served."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"archive-search/{what}").urn
