"""What is known about a report besides its text: title, date, body, committee, number, author.

Taken, in this order, from what the file declares (front matter), from the fields that reports print
("Date: 17 March 2011"), from the first lines, and from the file's name. Unknown stays "": a wrong
date is worse than none, for readers cite it.
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import PurePosixPath

from indexer.records import Block, BlockKind, Document, Extraction, document_id_of

_MAX_TITLE_CHARS = 200
_FIRST_BLOCKS = 30  # where a report says what it is
_EARLIEST_YEAR = 1950
_MIN_MENTIONS = 2  # in the first blocks: the report is by this body, or about it
_MAX_NAMING_CHARS = 150  # of a line that may name the body
# Words of a file name that do not say which report it is.
_UNTELLING = set(
    "scan document report doc file image img copy untitled download attachment paper annex "
    "appendix page text".split()
)
_FILLERS = {"the", "and", "for", "final", "draft", "with", "from", "revised", "version"}

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}
_MONTH = r"(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_DAY = r"(?<!\d)(?P<day>\d{1,2})(?:[ ]?(?:st|nd|rd|th))?"
_YEAR = r"(?P<year>(?:19|20)\d{2})(?!\d)"
_WRITTEN_DATES = (
    re.compile(rf"{_DAY}[ _.,-]+(?:of[ ]+)?{_MONTH}[ _,.-]+{_YEAR}", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}[ _.-]+{_DAY}(?:,[ ]*|[ _.-]+){_YEAR}", re.IGNORECASE),
    re.compile(rf"(?<!\d){_YEAR}[-_./ ](?P<month>\d{{1,2}})[-_./ ](?P<day>\d{{1,2}})(?!\d)"),
    re.compile(rf"(?<![\d.])(?P<day>\d{{1,2}})[-/.](?P<month>\d{{1,2}})[-/.]{_YEAR}"),
    re.compile(r"(?<![\d.])(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{2})(?![\d.])"),
)
_SURE_NAME_DATES = (
    re.compile(r"(?<!\d)(?P<year>20\d{2})(?P<month>\d{2})(?P<day>\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<day>\d{2})(?P<month>\d{2})(?P<year>20\d{2})(?!\d)"),
)
_NAME_DATES = (  # often the day of saving, so what the report prints comes first
    re.compile(r"^(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})(?=[ _-])"),
    re.compile(r"(?<!\d)(?P<day>\d{1,2})[ ._](?P<month>\d{1,2})[ ._](?P<year>\d{2})(?!\d)"),
)

_FIELD = re.compile(
    r"(?P<name>report(?: no\.?| number)?|date(?: of (?:meeting|report|publication))?|by|"
    r"report authors?(?:\(s\))?|authors?|prepared by|committee|meeting|body|publication date|"
    r"date of issue|published|last updated)[ \t]*:[ \t]*(?P<value>\S.*)",
    re.IGNORECASE,
)
_ARCHIVE_SUMMARY = re.compile(
    r"Report (?P<number>\d+[a-z]?) of the (?P<date>\d.{5,20}\d{4}) meeting of the "
    r"(?P<committee>[A-Z][^.]*?(?:Committee|Panel|Board|Authority|Group|Forum))"
)
_NOUNS = (
    r"(?:Authority|Board|Panel|User Group|Working Group|Council|Commission|Inspectorate|Agency)"
)
_ORGANISATION = re.compile(
    r"\b(?P<name>(?:[A-Z][\w’'&-]*[ ]+(?:(?:of|for|and|on|&)[ ]+)*){1,6}" + _NOUNS + r")\b"
    r"|\b(?P<department>(?:Department (?:for|of)(?: (?:[A-Z][\w-]+|and|the))+(?<!and)|"
    r"Ministry of [A-Z]\w+|Home Office|Cabinet Office|HM Treasury))\b"
)
_NOT_IN_A_NAME = re.compile(
    r"^(?:(?:The|Minutes|Notes?|Draft|Report|Agenda|Since|This|Final|Meeting|Revised|Update|Terms|"
    r"Reference|Members|For|To|From|By|Publication|Of|And|of|for|on|and|by|to|publication)\s+)+"
)
_COMMITTEE = re.compile(
    r"\b(?P<name>(?:[A-Z][\w’'&-]*,?[ ]+(?:(?:of|for|and|on|the)[ ]+)*){1,7}"
    r"(?:Sub-)?[Cc]ommittee)\b"
)
_ACRONYMS = {
    # Read off the archives that we test with; a body that is not here is found by its form.
    r"\bODUG\b": "Open Data User Group",
    r"\bLPDP\b": "Local Public Data Panel",
    r"\bMPA\b": "Metropolitan Police Authority",
}

_TYPES = (  # the first that fits; "agenda item" heads minutes too
    ("minutes", r"minutes|notes? of (?:the |a )?meeting|meeting notes?"),
    ("agenda", r"agenda(?! item)"),
    ("bulletin", r"bulletin|newsletter"),
    ("transcript", r"transcript"),
    ("letter", r"letter (?:from|to|on)|(?:progress|open|reply) letter"),
    ("strategy", r"strategy"),
    ("action log", r"action (?:log|report|list)"),
    ("terms of reference", r"terms of reference|\bTO?R\b"),
    ("guidance", r"guid(?:e|ance)\b|how[- ]to"),
    ("presentation", r"presentation"),
    ("report", r"report\b|\bupdate\b|review"),
)
_TYPE_BY_FORMAT = {
    "ppt": "presentation",
    "pptx": "presentation",
    "odp": "presentation",
    "xls": "spreadsheet",
    "xlsx": "spreadsheet",
    "ods": "spreadsheet",
    "csv": "spreadsheet",
    "tsv": "spreadsheet",
}
_NOT_A_TITLE = re.compile(
    r"https?://|\S@\S|\bwww\.|^(?:untitled|document\d*|title|slide \d+|page \d+|no slide title|"
    r"presentation\d*|powerpoint presentation|contents|dear\b.*|table of contents|draft|annex|home|"
    r"unclassified|restricted|attendees|agenda item|minutes:?|sheet\d*|cover|index|final|"
    r"(?:the )?report|version.*|for publication|freepost.*|from .*|to .*)$|"
    r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b",
    re.IGNORECASE,
)
_OFFICE_PREFIX = re.compile(r"^microsoft (?:word|powerpoint|excel) - ", re.IGNORECASE)
_FILE_ENDING = re.compile(r"\.(?:docx?|pdf|pptx?|xlsx?|odt|rtf|indd|txt)$", re.IGNORECASE)


def describe(
    source_id: str, sha256: str, extraction: Extraction, blocks: tuple[Block, ...]
) -> Document:
    """Return what is known about the document; `blocks` are those of `extraction.text`."""
    first = _First(extraction, blocks)
    name = PurePosixPath(source_id).name
    # Without the extension, and without the "_10" that a site adds to a second upload.
    stem = re.sub(r"(?:_\d{1,2})+$", "", re.sub(r"\.\w{1,8}$", "", name))
    title = _title(first, stem)
    return Document(
        document_id=document_id_of(source_id),
        source_id=source_id,
        sha256=sha256,
        format=extraction.format,
        title=title,
        date=_date(first, title, stem),
        body=_body(first, title, stem),
        committee=_committee(first, title),
        doc_type=_doc_type(first, title, stem),
        report_number=first.property("report_number") or first.report_number(),
        author=_author(first),
        source_url=_absolute(first.property("url")),
    )


class _First:
    """The first printed units of a document, and the fields among them."""

    def __init__(self, extraction: Extraction, blocks: Sequence[Block]) -> None:
        self._properties = extraction.properties
        self.format = extraction.format
        self._text = extraction.text
        kept = [block for block in blocks if block.kind is not BlockKind.BOILERPLATE]
        self.blocks = kept[:_FIRST_BLOCKS]
        self.lines = [self.text_of(block) for block in self.blocks]
        self.fields: dict[str, str] = {}
        # Authors are named at the end of a report, under its contact details.
        for block in [*self.blocks, *kept[-_FIRST_BLOCKS:]]:
            for line in extraction.text[block.start : block.end].split("\n"):
                match = _FIELD.fullmatch(line.strip())
                if match:
                    self.fields.setdefault(_field_name(match["name"]), match["value"].strip())
        summaries = map(_ARCHIVE_SUMMARY.match, self.lines[:5])
        self.archive_summary = next((match for match in summaries if match), None)

    def text_of(self, block: Block) -> str:
        """Return a block on one line."""
        return " ".join(self._text[block.start : block.end].split())

    def property(self, name: str) -> str:
        """Return what the file itself declares, "" where it does not."""
        return " ".join(self._properties.get(name, "").split())

    def report_number(self) -> str:
        """Return the number that the report prints as "Report: 9"."""
        number = self.fields.get("report", "")
        if not number and self.archive_summary:
            number = self.archive_summary["number"]
        return number if re.fullmatch(r"\d+[A-Za-z]?", number) else ""

    def cover(self) -> Iterator[str]:
        """Yield the lines that stand before the running text, shortest form of a cover page."""
        for block, line in zip(self.blocks, self.lines, strict=True):
            if len(line) > 400:
                break
            if block.kind is not BlockKind.TABLE_ROW:
                yield line


def _field_name(printed: str) -> str:
    name = printed.lower().rstrip(".")
    if name.startswith("report author"):
        return "report author"
    if name.startswith("report"):
        return "report"
    if name.startswith(("date", "publication", "published")):
        return "date"
    return name


# --- title --------------------------------------------------------------------------------------


def _title(first: _First, stem: str) -> str:
    """Return the title: declared in front matter, printed above the fields, or the likeliest line.

    Titles in office properties are often left over from another report, and the first line is
    often only the name of the body; the file's name, given by whoever published it, arbitrates.
    """
    declared = first.property("title")
    if declared and (first.format == "md" or (first.format == "html" and _is_title(declared))):
        return _as_title(declared)
    for before, after in pairwise(first.lines):
        if re.match(r"report(?: no\.?| number)?:", after, re.IGNORECASE) and _is_title(before):
            return _as_title(before)
    named = _readable_name(stem)
    name_words = _words(named)
    lines = [
        line
        for block, line in zip(first.blocks[:8], first.lines, strict=False)
        if block.kind in (BlockKind.HEADING, BlockKind.PARAGRAPH) and not line.endswith(".")
    ]
    candidates = [_as_title(line) for line in [declared, *lines] if _is_title(line)]
    candidates = [line for line in candidates if not _is_only_a_body(line)]
    best = max(candidates, key=lambda line: len(_words(line) & name_words), default="")
    best_words = _words(best)
    if best and 2 * len(best_words & name_words) >= len(name_words):
        return best if not best_words < name_words else named
    if lines and _is_only_a_body(lines[0]) and not _words(lines[0]) & name_words:
        return f"{lines[0].title() if lines[0].isupper() else lines[0]}: {named}"
    return named if name_words - _UNTELLING else best or named


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[^\W\d_]{3,}", text.casefold()) if word not in _FILLERS}


def _is_only_a_body(text: str) -> bool:
    """Is it the name of a body and nothing else, as at the top of an agenda?"""
    name = re.sub(r"^The | ?\([A-Z]+\)$", "", text.title() if text.isupper() else text)
    match = _ORGANISATION.fullmatch(name)
    return match is not None


def _is_title(text: str) -> bool:
    words = re.findall(r"[^\W\d_]{2,}", text)
    return (
        len(words) >= 2
        and len(text) <= _MAX_TITLE_CHARS
        and text[0] not in "•(-·"
        and not _NOT_A_TITLE.search(text)
        and not _FIELD.match(text)
        and "\ufffd" not in text
        and text[-1] not in ",;:"
        and _find_date(text, whole=True) == ""
    )


def _as_title(text: str) -> str:
    text = _OFFICE_PREFIX.sub("", " ".join(text.split()))
    if _FILE_ENDING.search(text):
        text = _readable_name(_FILE_ENDING.sub("", text))
    return text[:_MAX_TITLE_CHARS].strip(" -–—|:")


def _readable_name(stem: str) -> str:
    """Return a file name as a title: without its leading date, copy number and underscores."""
    stem = _FILE_ENDING.sub("", re.sub(r"(?:_\d{1,2})+$", "", stem))
    if " " not in stem:
        stem = re.sub(r"(?<=\w)-(?=\w)", " ", stem)
    stem = " ".join(stem.replace("_", " ").split())
    shorter = re.sub(r"^\d{6,8}[ -]+", "", stem)
    return (shorter if len(shorter.split()) > 2 else stem)[:_MAX_TITLE_CHARS] or "untitled"


# --- date ---------------------------------------------------------------------------------------


def _date(first: _First, title: str, stem: str) -> str:
    """Return when the report was made or its meeting held, "" when nothing says so surely."""
    sources = [first.property("date"), first.fields.get("date", "")]
    if first.archive_summary:
        sources.append(first.archive_summary["date"])
    if _readable_name(stem) not in title:  # a name is read with more suspicion, below
        sources.append(title)
    if first.format == "md":  # when the page was made; a file name may carry the crawler's date
        sources.append(first.property("created"))
    for source in sources:
        if found := _find_date(source):
            return found
    # 12-01-17 in a name may be any of three dates; 1 January is when no date was known.
    name = re.sub(r"^\d{4}-01-01-", "", _spaced(stem))
    if found := _find_date(name, patterns=_WRITTEN_DATES[:-1]):
        return found
    return (
        _find_date(stem, patterns=_SURE_NAME_DATES)
        or _date_on_cover(first)
        or _find_date(stem, patterns=_NAME_DATES)
    )


def _spaced(stem: str) -> str:
    return stem.replace("_", " ")


def _date_on_cover(first: _First) -> str:
    for line in list(first.cover())[:10]:
        if len(line) <= 120 and (found := _find_date(line)):
            return found
    return ""


def _find_date(
    text: str, *, patterns: Sequence[re.Pattern[str]] = _WRITTEN_DATES, whole: bool = False
) -> str:
    """Return the first date in `text`, day before month; with `whole`, only if that is all."""
    for pattern in patterns:
        for match in pattern.finditer(text):
            found = _iso(match["year"], match["month"], match["day"])
            if found and (not whole or len(match[0]) >= len(text) - 12):
                return found
    return ""


def _iso(year: str, month: str, day: str) -> str:
    number = int(month) if month.isdigit() else _MONTHS[month.lower()]
    full_year = int(year) if len(year) == 4 else 2000 + int(year)
    try:
        found = date(full_year, number, int(day))
    except ValueError:
        return ""
    sensible = found.year >= _EARLIEST_YEAR and found <= date.today()
    return found.isoformat() if sensible else ""


# --- body, committee, author, type --------------------------------------------------------------


def _body(first: _First, title: str, stem: str) -> str:
    """Return the public body that made the report."""
    declared = first.property("body") or first.fields.get("body", "")
    if declared:
        return declared
    for name in (title, _spaced(stem)):
        if found := _organisation(name):
            return found
    for pattern, body in _ACRONYMS.items():
        if re.search(pattern, f"{title} {_spaced(stem)}"):
            return body
    for line in list(first.cover())[:12]:
        # A line that does little but name the body, not one that mentions another.
        found = _organisation(line)
        if found and 2 * len(found) >= len(line):
            return found
    start = " ".join(first.lines)
    mentions = {
        body: len(re.findall(f"{pattern}|{body}", start)) for pattern, body in _ACRONYMS.items()
    }
    most = max(mentions, key=lambda body: mentions[body])
    return most if mentions[most] >= _MIN_MENTIONS else ""


def _organisation(text: str) -> str:
    """Return the body that a short text names, "" when it names none."""
    if len(text) > _MAX_NAMING_CHARS:
        return ""
    match = _ORGANISATION.search(text.title() if text.isupper() else text)
    if match is None:
        return ""
    name = re.sub(r"^.*\b(?:Report|Paper|Update|Log|Letter|Response) (?:for|of|to) ", "", match[0])
    name = _NOT_IN_A_NAME.sub("", name)
    return name if len(name.split()) >= 2 and name != "Local Authority" else ""


def _committee(first: _First, title: str) -> str:
    declared = first.property("committee") or first.fields.get("committee", "")
    if declared:
        return declared
    if first.archive_summary:
        return first.archive_summary["committee"]
    for line in [title, *list(first.cover())[:12]]:
        match = _COMMITTEE.search(line)
        if match and 2 * len(match["name"]) >= len(line) and len(match["name"].split()) >= 2:
            return re.sub(r"^The\s+", "", match["name"])
    return ""


def _author(first: _First) -> str:
    """Return who signed the report; who last saved the file is not its author."""
    for name in ("by", "report author", "author", "authors", "prepared by"):
        if first.fields.get(name):
            return first.fields[name]
    return ""


def _doc_type(first: _First, title: str, stem: str) -> str:
    declared = first.property("doc_type")
    if declared:
        return declared.lower()
    if first.report_number():
        return "report"
    by_format = _TYPE_BY_FORMAT.get(first.format, "")
    named = f"{title} | {_spaced(stem).replace('-', ' ')}"
    for doc_type, pattern in _TYPES:
        if re.search(pattern, named, re.IGNORECASE):
            return by_format if by_format and doc_type in ("report", "strategy") else doc_type
    if by_format:
        return by_format
    for line in list(first.cover())[:6]:  # a line that says nothing but what the document is
        for doc_type, pattern in _TYPES[:5]:
            if len(line) <= 60 and re.match(rf"(?:{pattern})\b", line, re.IGNORECASE):
                return doc_type
    return ""


def _absolute(url: str) -> str:
    return url if re.match(r"https?://\S+$", url) else ""
