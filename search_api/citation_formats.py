"""A report as reference managers read it: BibTeX, RIS and CSL-JSON.

Titles and names come from reports, so every value is escaped for its format: no value can end its
field, begin another one, or run as a command of LaTeX.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Literal, get_args

from indexer.records import Document
from search_api import citing

CitationFormat = Literal["text", "bibtex", "ris", "csl-json"]
CITATION_FORMATS: tuple[CitationFormat, ...] = get_args(CitationFormat)
MEDIA_TYPES: dict[CitationFormat, str] = {
    "text": "text/plain",
    "bibtex": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "csl-json": "application/vnd.citationstyles.csl+json",
}
ENDINGS: dict[CitationFormat, str] = {
    "text": "txt",
    "bibtex": "bib",
    "ris": "ris",
    "csl-json": "json",
}
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # Written as commands and not as \{ \}: readers of BibTeX count braces, escaped ones too.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
} | {sign: f"\\{sign}" for sign in "&%$#_"}
_LONGEST_QUOTE_CHARS = 2_000  # a longer place is cited without its words
_SPACE = re.compile(r"\s+")
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]+", re.IGNORECASE)
# A percent sign, and no other sign of LaTeX, stands in an address; readers print it as it is.
_IN_ADDRESS = str.maketrans({"~": "%7E", "#": "%23"})


def formatted(
    document: Document,
    written_as: CitationFormat,
    generation: str,
    base: str,
    place: citing.Place | None = None,
) -> str:
    """Return the citation of a report, or of a place in it.

    `base` is the address of the service, "" where unknown.
    """
    writers: dict[CitationFormat, Callable[[Document, str, str, citing.Place | None], str]] = {
        "text": _text,
        "bibtex": _bibtex_with_head,
        "ris": _ris,
        "csl-json": _csl_json,
    }
    return writers[written_as](document, generation, base, place)


def web_address(written: str) -> str:
    """Return an address of the web as it is; "" for anything else ("javascript:…")."""
    return written if _WEB_ADDRESS.fullmatch(written) else ""


def _text(document: Document, generation: str, base: str, place: citing.Place | None) -> str:
    cited, address = _line(citing.citation_of(document)), _address(document, base, place)
    if place is None:
        return f"{cited} {address}\n"
    quoted = f"“{place.text}” " if len(place.text) <= _LONGEST_QUOTE_CHARS else ""
    where = f" {_capital(place.words())}." if place.words() else ""
    return f"{_line(f'{quoted}{cited}{where}')} {address}\n"


def _bibtex_with_head(
    document: Document, generation: str, base: str, place: citing.Place | None
) -> str:
    return f"Generation {generation} of the archive\n\n{bibtex_entry(document, base, place)}"


def bibtex_entry(document: Document, base: str, place: citing.Place | None = None) -> str:
    """Return one @techreport; the text between two entries is a comment."""
    year, _, rest = document.date.partition("-")
    publisher = _publisher(document)
    fields = {
        "title": _latex(document.title),
        "author": _latex(document.author or publisher),
        "institution": _latex(publisher),
        "number": _latex(document.report_number),
        "year": _latex(year),
        "month": _latex(rest.partition("-")[0].lstrip("0")),
        "date": _latex(document.date),
        "type": _latex(document.doc_type),
        "pages": _page(place),
        "url": _address(document, base, place),
        "note": _latex(_note(document, place)),
    }
    # Doubled braces keep capitals and keep "A and B" one author: bodies have such names.
    lines = [
        f"  {name} = {{{{{value}}}}}" if name in ("title", "author") else f"  {name} = {{{value}}}"
        for name, value in fields.items()
        if value
    ]
    return f"@techreport{{report-{document.document_id},\n" + ",\n".join(lines) + "\n}\n"


def _ris(document: Document, generation: str, base: str, place: citing.Place | None) -> str:
    lines = [
        ("TY", "RPRT"),
        ("ID", f"report-{document.document_id}"),
        ("TI", document.title),
        ("AU", document.author or _publisher(document)),
        ("PB", _publisher(document)),
        ("PY", document.date[:4]),
        ("DA", document.date.replace("-", "/")),
        ("M1", document.report_number),
        ("M3", document.doc_type),
        ("SP", _page(place)),
        ("UR", _address(document, base, place)),
        ("N1", f"Generation {generation} of the archive. {_note(document, place)}"),
    ]
    written = "".join(f"{tag}  - {_line(value)}\r\n" for tag, value in lines if value)
    return written + "ER  - \r\n"


def _csl_json(document: Document, generation: str, base: str, place: citing.Place | None) -> str:
    author = document.author or _publisher(document)
    item: dict[str, Any] = {
        "id": f"report-{document.document_id}",
        "type": "report",
        "title": document.title,
        "author": [{"literal": author}] if author else [],
        "publisher": _publisher(document),
        "genre": document.doc_type,
        "number": document.report_number,
        "issued": {"date-parts": [[int(part) for part in document.date.split("-")]]}
        if document.date
        else {},
        "page": _page(place),
        "URL": _address(document, base, place),
        "note": _note(document, place),
        "custom": {"generation": generation, "source_sha256": document.sha256},
    }
    kept = {name: value for name, value in item.items() if value}
    return json.dumps([kept], ensure_ascii=False, indent=2) + "\n"


def _publisher(document: Document) -> str:
    return ", ".join(part for part in (document.body, document.committee) if part)


def _address(document: Document, base: str, place: citing.Place | None) -> str:
    """Return where the report can be read: here, which is where its quotes are exact."""
    if place is None:
        return base + citing.report_url(document.document_id)
    return base + citing.place_url(document.document_id, place.start, place.end, place.anchor)


def _page(place: citing.Place | None) -> str:
    return str(place.page) if place is not None and place.page is not None else ""


def _note(document: Document, place: citing.Place | None) -> str:
    """Name the paragraph, and the file itself: what is cited is told from what is filed later."""
    known = web_address(document.source_url).translate(_IN_ADDRESS)
    source = f"Source {known or document.source_id}, SHA-256 {document.sha256}"
    return f"Paragraph {place.paragraph}. {source}" if place and place.paragraph else source


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _line(text: str) -> str:
    """Return a text on one line, without control characters."""
    joined = _SPACE.sub(" ", text).strip()
    return "".join(sign for sign in joined if sign.isprintable())


def _latex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in _line(text))
