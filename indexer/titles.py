"""What is a report called? Declared, printed above its fields, or the likeliest first line.

Titles in office properties are often left over from another report, and the first line is often
only the name of the body; the file's name, given by whoever published it, arbitrates.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from indexer.bodies import is_only_a_body
from indexer.dates import is_date
from indexer.first_lines import FirstLines, Found, has_ending, without_ending
from indexer.records import BlockKind, Origin

_MAX_CHARS = 200
_MAX_LINES = 4  # that a title may run over
_CANDIDATE_BLOCKS = 8
_MAX_WORDS_BEYOND_ONE = 4
# Words of a file name that do not say which report it is.
_UNTELLING = set(
    "scan document report doc file image img copy untitled download attachment paper annex "
    "appendix page text".split()
)
_FILLERS = {"the", "and", "for", "final", "draft", "with", "from", "revised", "version"}
_NOT_A_TITLE = re.compile(
    r"https?://|\S@\S|\bwww\.|^(?:untitled|document\d*|title|slide \d+|page \d+|no slide title|"
    r"presentation\d*|powerpoint presentation|contents|dear\b.*|table of contents|draft|annex|home|"
    r"unclassified|restricted|attendees|agenda item|minutes:?|sheet\d*|cover|index|final|"
    r"project name|click to edit .*|"
    r"(?:the )?report|version.*|for publication|freepost.*|from .*|to .*)$|"
    r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b",
    re.IGNORECASE,
)
_FIELD_LINE = re.compile(
    r"(?:report|date|by|authors?|prepared by|committee|meeting|body|published)\b[^:]{0,20}:",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^(?:(?:agenda )?item|title|subject|re)[ \t]*[:|][ \t]*|^Title (?=[A-Z])", re.I
)
_OFFICE_PREFIX = re.compile(r"^microsoft (?:word|powerpoint|excel) - ", re.IGNORECASE)
_LEADING_DATE = re.compile(r"^(?:\d{6,8}|\d{2,4}[-._]\d{2}[-._]\d{2,4})[ -]+")


def title_of(first: FirstLines) -> Found:
    """Return the title; where nothing printed is one, the file's name in readable form."""
    declared = first.property("title")
    if declared and (
        first.format in ("md", "eml", "msg")
        or (first.format == "html" and is_title(declared.value))
    ):
        return Found(_as_title(declared.value), declared.origin)
    for before, after in pairwise(first.lines):
        if re.match(r"report(?: no\.?| number)?:", after, re.IGNORECASE) and is_title(before):
            return Found(_as_title(before), Origin.TEXT)
    named = readable_name(first.stem)
    name_words = _words(named)
    candidates = [declared] if is_title(declared.value) else []
    candidates += [Found(line, Origin.TEXT) for line in _printed(first) if is_title(line)]
    candidates = [Found(_as_title(one.value), one.origin) for one in candidates]
    candidates = [one for one in candidates if one and not is_only_a_body(one.value)]
    best = max(candidates, key=lambda one: len(_words(one.value) & name_words), default=Found())
    best_words = _words(best.value)
    by_name = Found(named, Origin.NAME)
    # One word in common is no proof where the line goes on and on.
    sure = len(best_words & name_words) > 1 or len(best_words) <= _MAX_WORDS_BEYOND_ONE
    if best and sure and 2 * len(best_words & name_words) >= len(name_words):
        return best if not best_words < name_words else by_name
    lines = [line for line in _printed(first) if not line.endswith(".")]
    if lines and is_only_a_body(lines[0]) and not _words(lines[0]) & name_words:
        body = lines[0].title() if lines[0].isupper() else lines[0]
        return Found(f"{body}: {named}"[:_MAX_CHARS], Origin.NAME)
    return by_name if name_words - _UNTELLING else best or by_name


def _printed(first: FirstLines) -> Iterator[str]:
    """Yield what may be a title: a first block, or its first lines, without a date at the end.

    Shorter ones come first, so that a title is not run together with what stands below it.
    """
    for block in first.blocks[:_CANDIDATE_BLOCKS]:
        if block.kind not in (BlockKind.HEADING, BlockKind.PARAGRAPH):
            continue
        lines = first.printed(block)
        kept = [line for line in lines if not is_date(line)] or lines
        if kept and kept[-1].endswith("."):
            continue
        most = min(len(kept), _MAX_LINES)
        for count in [*range(1, most + 1), *([len(kept)] if len(kept) > most else [])]:
            yield " ".join(" ".join(kept[:count]).split())


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[^\W\d_]{3,}", text.casefold()) if word not in _FILLERS}


def is_title(text: str) -> bool:
    """Tell whether a line can be the title of a report."""
    words = re.findall(r"[^\W\d_]{2,}", text)
    return (
        len(words) >= 2
        and len(text) <= _MAX_CHARS
        and text[0] not in "•(-·"
        and not _NOT_A_TITLE.search(text)
        and not _FIELD_LINE.match(text)
        and "\ufffd" not in text
        and text[-1] not in ",;:"
        and not is_date(text)
    )


def _as_title(text: str) -> str:
    text = _LABEL.sub("", _OFFICE_PREFIX.sub("", " ".join(text.split())))
    if has_ending(text):
        text = readable_name(without_ending(text))
    return text[:_MAX_CHARS].strip(" -–—|:")


def readable_name(stem: str) -> str:
    """Return a file name as a title: without its leading date, copy number and underscores."""
    stem = without_ending(re.sub(r"(?:_\d{1,2})+$", "", stem))
    if " " not in stem:
        stem = re.sub(r"(?<=\w)[-+](?=\w)", " ", stem)
    stem = " ".join(stem.replace("_", " ").split())
    shorter = _LEADING_DATE.sub("", stem)
    return (shorter if len(shorter.split()) > 2 else stem)[:_MAX_CHARS] or "untitled"
