"""Which lines are furniture of the page or the site, rather than text of the report?

They stay in the stored text, but are never searched or quoted, so only what is surely not text is
named: running headers and footers, page numbers, tables of contents, and a fixed list of phrases
that archived sites print around a report.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from indexer.lines import Line

_SITE_PHRASES = re.compile(
    r"""
    you[ ]are[ ](?:in|here):?(?:[ ]home.{0,80})?
    | warning:[ ]this[ ]is[ ]archived[ ]material.*
    | see[ ]the[ ]mopc[ ]website.*
    | send[ ]an[ ]e-?mail[ ]linking[ ]to[ ]this[ ]page
    | skip[ ](?:to|over)[ ](?:the[ ])?(?:main[ ])?(?:content|navigation|menu)
    | (?:jump|skip)[ ]to[ ](?:content|navigation|search|main[ ]content)
    | back[ ]to[ ](?:the[ ])?top(?:[ ]of[ ](?:the[ ])?page)?
    | (?:print|share|bookmark|e-?mail)[ ]this[ ]page
    | accept[ ](?:all[ ])?cookies
    | (?:this|our)[ ](?:web)?site[ ]uses[ ]cookies\b.{0,250}
    | we[ ]use[ ]cookies[ ](?:on|to)\b.{0,250}
    | (?:table[ ]of[ ])?contents(?:[ ]page)?:?
    | this[ ]page[ ](?:is[ ](?:left[ ])?)?(?:intentionally[ ])?(?:left[ ])?blank\.?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MARKING = re.compile(r"UNCLASSIFIED|RESTRICTED|OFFICIAL|PROTECT|NOT PROTECTIVELY MARKED")
_FEEDBACK = re.compile(r"(?:feedback|contact us|site map|sitemap)", re.IGNORECASE)
_CONTENTS_TITLE = re.compile(r"(?:table of )?contents(?: page)?:?", re.IGNORECASE)
_DOT_LEADER = re.compile(r".*(?:\.[ ]?){5,}[ ]*[\divxlc]*|.*…{2,}[ ]*\d*")
_PAGE_NUMBER = re.compile(
    r"[-–— ]*(?:page|p\.)?[ ]*\d{1,4}(?:[ ]*(?:of|/|\|)[ ]*\d{1,4})?[-–— |]*(?:page)?",
    re.IGNORECASE,
)
_OF_PAGES = re.compile(r"[ ]?(?:of|/)[ ]?\d{1,4}")
_SMALL_NUMBER = re.compile(r"(?<![\w.–-])\d{1,3}(?![\w.–-]*\w)")  # no year, no version
_SITE_INITIALS = set("abcejopstwy")  # of the phrases above: most lines need no further look
_MAX_FURNITURE_CHARS = 400
_EDGE_LINES = 7  # how deep a running header or footer may be
_MIN_PAGES = 3
_MIN_SHARE = 0.3  # of the pages: left and right pages often carry different headers
_MAX_RUNNING_CHARS = 150
_MAX_CONTENTS_LINES = 120
_MAX_STRAY_LINES = 2  # lines of a contents list that do not come back, e.g. a wrapped entry


def find_boilerplate(lines: Sequence[Line]) -> set[int]:
    """Return the positions in `lines` of those that are boilerplate."""
    found = {position for position, line in enumerate(lines) if _is_furniture(line.text)}
    found.update(_site_footer(lines))
    found.update(_running_lines(lines))
    found.update(_contents_list(lines, found))
    return found


def _is_furniture(text: str) -> bool:
    if len(text) > _MAX_FURNITURE_CHARS:
        return False
    if ".." in text or ". ." in text or "…" in text:
        return _DOT_LEADER.fullmatch(text) is not None
    if text.isupper() and _MARKING.fullmatch(text):
        return True
    return text[0].casefold() in _SITE_INITIALS and _SITE_PHRASES.fullmatch(text) is not None


def _site_footer(lines: Sequence[Line]) -> Iterator[int]:
    """Yield the last lines of an archived page: "Feedback" alone there is a link, not a heading."""
    for position in range(len(lines) - 1, max(-1, len(lines) - 4), -1):
        if _FEEDBACK.fullmatch(lines[position].text):
            yield position


def _running_lines(lines: Sequence[Line]) -> Iterator[int]:
    """Yield headers, footers and page numbers, peeled from the edges of each page inwards.

    What runs stands at one depth from the edge of the page; lines that come back elsewhere (code,
    the heads of a long table) do not count.
    """
    pages: dict[int, list[int]] = {}
    for position, line in enumerate(lines):
        if line.page >= 0:
            pages.setdefault(line.page, []).append(position)
    edges = [
        (at_top, edge)
        for positions in pages.values()
        for at_top, edge in (
            (True, positions[:_EDGE_LINES]),
            (False, positions[: -_EDGE_LINES - 1 : -1]),
        )
    ]
    counts = Counter(
        (at_top, depth, key)
        for at_top, edge in edges
        for depth, position in enumerate(edge)
        for key in _running_keys(lines[position])
    )
    for at_top, edge in edges:
        for depth, position in enumerate(edge):
            # The header of a right page may be a line longer than that of a left page.
            found = max(
                (
                    sum(counts[at_top, near, key] for near in (depth - 1, depth, depth + 1))
                    for key in _running_keys(lines[position])
                ),
                default=0,
            )
            fewest = 2 if _PAGE_NUMBER.fullmatch(lines[position].text) else _MIN_PAGES
            if found < max(fewest, _MIN_SHARE * len(pages)):
                break
            yield position


def _running_keys(line: Line) -> set[str]:
    """Return what stays the same from page to page: the line itself, or but for its page number.

    A page number is one at a constant distance from the page, so "Page 3" on page 3 equals
    "Page 4" on page 4, while "Table 1" and "Table 2" at the top of two distant pages differ.
    Nothing is returned for a line that is too long to run.
    """
    if len(line.text) > _MAX_RUNNING_CHARS or line.is_item:
        return set()
    text = line.text.casefold()
    keys = set() if text.isdecimal() else {text}
    if any(character.isdecimal() for character in text):
        text = _OF_PAGES.sub("", text)
        keys.add(_SMALL_NUMBER.sub(lambda match: f"#{int(match[0]) - line.page}", text))
    return keys


def _contents_list(lines: Sequence[Line], known: set[int]) -> Iterator[int]:
    """Yield the entries of a contents list without dot leaders: they come back as headings."""
    for title in (i for i, line in enumerate(lines) if _CONTENTS_TITLE.fullmatch(line.text)):
        window = range(title + 1, min(len(lines), title + 1 + _MAX_CONTENTS_LINES))
        later = Counter(
            _entry(line.text) for line in lines[title + 1 :] if len(line.text) < _MAX_RUNNING_CHARS
        )
        stray: list[int] = []
        for position in window:
            entry = _entry(lines[position].text)
            comes_back = later[entry] > 1 and len(entry) > 3
            if position in known or (comes_back and len(entry) < _MAX_RUNNING_CHARS):
                later[entry] -= 1
                yield from stray
                yield position
                stray = []
            elif len(stray) < _MAX_STRAY_LINES and len(lines[position].text) < 100:
                stray.append(position)
            else:
                break


def _entry(text: str) -> str:
    """Return a contents entry without its number, leader and page, to compare with headings."""
    text = re.sub(r"^(?:(?:\d+[.)]?)+|[A-Z][.)])\s+", "", text)
    text = re.sub(r"[\s.…|]*\d{0,3}$", "", text)
    return re.sub(r"\W+", " ", text).casefold().strip()
