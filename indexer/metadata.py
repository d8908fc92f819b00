"""What is known about a report besides its text, and where each value was found.

Taken, in this order, from what the file declares (front matter, mail and WARC headers), from the
fields that reports print ("Date: 17 March 2011"), from the first lines, and from the file's name.
Unknown stays "": a wrong value is worse than none, for readers cite it.
"""

import re
from typing import Any

from indexer.bodies import body_of, committee_of
from indexer.dates import date_of
from indexer.document_types import type_of
from indexer.first_lines import NOTHING, FirstLines, Found
from indexer.language import language_of
from indexer.records import Block, Document, Extraction, Origin, document_id_of
from indexer.titles import title_of

# A web archive's address holds the original one: …/20101225000000/http://www.mpa.gov.uk/…
_ARCHIVED = re.compile(
    r"(?P<archive>https?://\S+?/\d{4,14}(?:[a-z]{2}_)?)/(?P<original>https?://\S+)"
)


def describe(
    source_id: str, sha256: str, extraction: Extraction, blocks: tuple[Block, ...]
) -> Document:
    """Return what is known about the document; `blocks` are those of `extraction.text`."""
    first = FirstLines(source_id, extraction, blocks)
    title = title_of(first)
    found = {
        "title": title,
        "date": date_of(first, title),
        "body": body_of(first, title),
        "committee": committee_of(first, title),
        "doc_type": type_of(first, title),
        "report_number": first.property("report_number") or first.report_number(),
        "author": _author(first),
        "language": language_of(extraction.text),
        **_addresses(first),
    }
    sure = extraction.ocr_confidence
    values: dict[str, Any] = {name: one.value for name, one in found.items()}
    return Document(
        document_id=document_id_of(source_id),
        source_id=source_id,
        sha256=sha256,
        format=extraction.format,
        ocr_confidence=None if sure is None else round(sure, 2),
        origins={name: str(one.origin) for name, one in found.items() if one},
        **values,
    )


def _author(first: FirstLines) -> Found:
    """Return who signed the report or sent the mail; who last saved a file is not its author."""
    printed = first.field("by", "report author", "author", "authors", "prepared by")
    declared = first.property("author")
    return printed or (declared if declared.origin == Origin.MAIL else NOTHING)


def _addresses(first: FirstLines) -> dict[str, Found]:
    original = _absolute(first.property("url"))
    archived = _absolute(first.property("archived_url"))
    if match := _ARCHIVED.fullmatch(original.value):
        return {
            "source_url": Found(match["original"], original.origin),
            "archived_url": archived or original,
        }
    return {"source_url": original, "archived_url": archived}


def _absolute(url: Found) -> Found:
    return url if re.match(r"https?://\S+$", url.value) else NOTHING
