"""What kind of document is it: minutes, an agenda, a report, a web page?"""

import re

from indexer.first_lines import NOTHING, FirstLines, Found
from indexer.records import Origin

_TYPES = (  # the first that fits; "agenda item" heads minutes too
    ("minutes", r"minutes|notes? of (?:the |a )?meeting|meeting notes?"),
    ("agenda", r"agenda(?! item)"),
    ("bulletin", r"bulletin|newsletter"),
    ("transcript", r"transcript"),
    ("letter", r"letter (?:from|to|on)|(?:progress|open|reply) letter"),
    ("strategy", r"strategy"),
    ("action log", r"action (?:log|report|list)"),
    ("terms of reference", r"terms of reference|\bTO?R\b"),
    (
        "guidance",
        r"guid(?:e|ance|elines)\b|how[- ]to|\bmanual\b|handbook|technical documentation",
    ),
    ("presentation", r"presentation"),
    ("report", r"report\b|\bupdate\b|review"),
)
_ON_THE_COVER = [named for named in _TYPES if named[0] not in ("presentation", "report")]
_MAX_LINE_CHARS = 100
_BY_FORMAT = {
    **dict.fromkeys(("ppt", "pptx", "odp"), "presentation"),
    **dict.fromkeys(("xls", "xlsx", "ods", "csv", "tsv"), "spreadsheet"),
}
# What a document of this format is, where nothing says more.
_PAGES = ("md", "html", "htm", "mhtml", "mht", "warc")
_OTHERWISE = {
    **dict.fromkeys(_PAGES, "web page"),
    **dict.fromkeys(("eml", "msg"), "email"),
    **dict.fromkeys(("pdf", "doc", "docx", "odt", "rtf"), "report"),
}
_SLIDES = re.compile(r"powerpoint presentation|microsoft powerpoint - ", re.IGNORECASE)
_ATTENDANCE = re.compile(
    r"^(?:(?:panel|board|group|other|odug)?\s*attend|apologies|present\b|in attendance)|"
    r"\battendees\b",
    re.IGNORECASE,
)


def type_of(first: FirstLines, title: Found) -> Found:
    """Return the type; an agenda is told from minutes by nobody having come to it yet."""
    if declared := first.property("doc_type"):
        return Found(declared.value.lower(), declared.origin)
    if first.report_number():
        return Found("report", Origin.TEXT)
    by_format = _BY_FORMAT.get(first.format, "")
    if _SLIDES.match(first.property("title").value):
        by_format = "presentation"
    found = _named(title, first)
    if found.value == "minutes" and _is_agenda(first):
        return Found("agenda", Origin.TEXT)
    if found and not (by_format and found.value in ("report", "strategy", "guidance")):
        return found
    if by_format:
        return Found(by_format, Origin.INFERRED)
    if found := _on_the_cover(first):
        return found
    otherwise = _OTHERWISE.get(first.format, "")
    return Found(otherwise, Origin.INFERRED) if otherwise else NOTHING


def _on_the_cover(first: FirstLines) -> Found:
    for line in list(first.cover())[:6]:
        for doc_type, pattern in _ON_THE_COVER:
            if len(line) <= _MAX_LINE_CHARS and re.match(rf"(?:{pattern})\b", line, re.IGNORECASE):
                return Found(doc_type, Origin.TEXT)
    return NOTHING


def _named(title: Found, first: FirstLines) -> Found:
    """Return the first type that the title or the name of the file names."""
    stem = first.spaced_stem.replace("-", " ")
    for doc_type, pattern in _TYPES:
        if doc_type == "report" and first.format in _PAGES:
            pattern = r"report\b"  # a page may be called an update or a review
        for text, origin in ((title.value, title.origin), (stem, Origin.NAME)):
            if re.search(pattern, text, re.IGNORECASE):
                return Found(doc_type, origin)
    return NOTHING


def _is_agenda(first: FirstLines) -> bool:
    """Tell whether a file that is named minutes is headed as an agenda and names no attendance."""
    lines = [line for line in first.cover_lines()][:60] + first.lines
    headed = any(line.casefold() == "agenda" for line in lines)
    return headed and not any(_ATTENDANCE.search(line) for line in lines)
