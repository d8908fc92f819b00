"""Which public body made a report, and which committee? What one report says of its own maker.

`indexer.archive_names` goes on from here with what the other reports of the archive say.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from indexer.abbreviated import stands_for
from indexer.first_lines import NOTHING, FirstLines, Found
from indexer.records import Origin

_MAX_NAMING_CHARS = 150  # of a line that may name the body
_MAX_NAME_WORDS = 12
_RUNNING_HEADS = 40  # first lines among which a running head names the body
_HEAD_CHARS = 4000
_MIN_MENTIONS = 2  # in the first blocks: the report is by this body, or about it
_NOUNS = (
    r"(?:Authority|Board|Panel|User Group|Working Group|Council|Commission|Inspectorate|Agency)"
)
# Many things are called this: a body only where a line holds nothing else.
_WIDE_NOUNS = r"(?:Programme|Partnership|Institute|Association|Service|Office|Forum|Group|Trust)"
_WORDS = r"(?:[A-Z][\w’'&-]*[ ]+(?:(?:of|for|and|on|&)[ ]+)*){1,6}"
_DEPARTMENT = (
    r"(?:Department|Ministry) (?:for|of)(?: the)? [A-Z][\w-]+"
    r"(?:(?:,? (?:and|&)(?: the)?|,)? [A-Z][\w-]+)*|"
    r"Home Office|Cabinet Office|Scotland Office|HM Treasury|"
    r"(?:HM|Her Majesty['’]s) Revenue (?:and|&) Customs"
)
ORGANISATION = re.compile(
    rf"\b(?P<name>{_WORDS}{_NOUNS})\b(?! (?:of|for) [A-Z])|\b(?P<department>{_DEPARTMENT})\b"
)
_WHOLE_LINE = re.compile(rf"(?:The )?{_WORDS}{_WIDE_NOUNS}(?: \([A-Z]\w+\))?")
_NOT_IN_A_NAME = re.compile(
    r"^(?:(?:The|Minutes|Notes?|Draft|Report|Agenda|Since|This|Final|Meeting|Revised|Update|Terms|"
    r"Reference|Members|For|To|From|By|Publication|Proposed|January|February|March|April|May|June|"
    r"July|August|September|October|November|December|Of|And|of|for|on|and|by|to|publication)\s+)+"
)
_BEFORE_A_NAME = re.compile(
    r"^.*\b(?:Report|Paper|Update|Log|Letter|Response|[Pp]resentation|[Mm]inutes|[Aa]genda) "
    r"(?:for|of|to)(?: the)? "
)
_COMMITTEE = re.compile(
    r"\b(?P<name>(?:[A-Z][\w’'&-]*,?[ ]+(?:(?:of|for|and|on|the)[ ]+)*){1,7}"
    r"(?:Sub-)?[Cc]ommittee)\b"
)


def body_of(first: FirstLines, title: Found) -> Found:
    """Return the public body that made the report, as far as the report itself says so."""
    if declared := first.property("body") or first.field("body", "publisher"):
        words = declared.value.split()
        if (len(words) == 1 and words[0].isupper()) or 2 <= len(
            words
        ) <= _MAX_NAME_WORDS:  # longer, it is a sentence
            return declared
    for named in (Found(first.spaced_stem, Origin.NAME), title):
        name = organisation_in(named.value)
        if name and f", {name}" not in named.value:
            return Found(written_out(name, first.text), named.origin)
    if found := _abbreviated_in_name(first, title):
        return found
    for line in list(chain(first.cover(), first.cover_lines()))[:24]:
        # A line that does little but name the body, not one that mentions another.
        name = organisation_in(line)
        if name and 2 * len(name) >= len(line) and not _is_affiliation(line, name):
            return Found(written_out(name, first.text), Origin.TEXT)
    for line in map(str.strip, first.text[:_HEAD_CHARS].split("\n")[:_RUNNING_HEADS]):
        if _WHOLE_LINE.fullmatch(line) and first.text.count(line) >= _MIN_MENTIONS:
            return Found(re.sub(r"^The | \(\w+\)$", "", line), Origin.TEXT)
    return _of_the_name(first) or _most_mentioned(first)


def _abbreviated_in_name(first: FirstLines, title: Found) -> Found:
    """Return the body that the text writes out and the name of the file abbreviates."""
    words = re.findall(r"[A-Za-z]{3,8}", f"{first.spaced_stem} {title.value}")
    shorts = [word for word in words if not word.islower() and not word.istitle()]
    if not shorts:
        return NOTHING
    names = Counter(_trimmed(match[0]) for match in ORGANISATION.finditer(first.text))
    for short in dict.fromkeys(shorts):
        for name, _ in names.most_common():
            if stands_for(short, whole := written_out(name, first.text)):
                return Found(whole, Origin.TEXT)
    return NOTHING


def organisation_in(text: str) -> str:
    """Return the body that a short text names, "" when it names none."""
    if len(text) > _MAX_NAMING_CHARS:
        return ""
    match = ORGANISATION.search(text.title() if text.isupper() else text)
    return _trimmed(match[0]) if match else ""


def _trimmed(name: str) -> str:
    name = _NOT_IN_A_NAME.sub("", _BEFORE_A_NAME.sub("", name))
    telling = [word for word in name.split() if word[0].isupper()]
    return name if len(telling) >= 2 and name != "Local Authority" else ""


def is_only_a_body(text: str) -> bool:
    """Is it the name of a body and nothing else, as at the top of an agenda?"""
    name = re.sub(r"^The | ?\([A-Z]+\)$", "", text.title() if text.isupper() else text)
    return ORGANISATION.fullmatch(name) is not None


def written_out(name: str, text: str) -> str:
    """Return a department's name as far as `text` mostly writes it.

    "Department for Education Open Data Strategy" stands on one cover; the text says "Department
    for Education" and goes on in other ways.
    """
    if not re.match(r"(?:Department|Ministry) ", name):
        return name
    words = name.split()
    plain = " ".join(text.replace("&", "and").split())
    best = words[:3]
    seen = max(1, plain.count(" ".join(best)))
    for end in range(4, len(words) + 1):
        longer = " ".join(words[:end]).replace("&", "and")
        count = plain.count(longer)
        if 2 * count < seen:
            break
        if words[end - 1] not in ("and", "&", "the"):
            best, seen = words[:end], max(1, count)
    return " ".join(best).rstrip(",")


def _is_affiliation(line: str, name: str) -> bool:
    """Tell whether a line names a person of the body: "Emer Coleman, Greater London Authority"."""
    before = _NOT_IN_A_NAME.sub("", line[: max(0, line.find(name))])
    return re.search(r"[A-Z]\w", before) is not None


def _of_the_name(first: FirstLines) -> Found:
    """Return a body that the text names and whose first word stands in the file's name."""
    name_words = set(re.findall(r"[a-z]{4,}", first.stem.casefold()))
    for match in re.finditer(r"\b([A-Z][a-z]{3,}) (?:[A-Z][a-z]+ )*Council\b", first.text):
        if match[1].casefold() in name_words:
            return Found(match[0], Origin.TEXT)
    return NOTHING


def _most_mentioned(first: FirstLines) -> Found:
    """Return the body whose abbreviation the first lines use, and which the text writes out."""
    start = " ".join(first.lines)
    counted = [
        (len(re.findall(rf"\b{re.escape(short)}\b|{re.escape(name)}", start)), name)
        for short, name in _abbreviated_bodies(first.text)
    ]
    count, name = max(counted, default=(0, ""), key=lambda one: (one[0], one[1]))
    return Found(name, Origin.TEXT) if count >= _MIN_MENTIONS else NOTHING


def _abbreviated_bodies(text: str) -> Iterator[tuple[str, str]]:
    """Yield (abbreviation, body) where a text writes out what it abbreviates by initials."""
    shorts = set(re.findall(r"\b[A-Z]{3,6}\b", text))
    names = {_trimmed(match["name"] or "") for match in ORGANISATION.finditer(text)} - {""}
    for name in sorted(names):
        initials = "".join(re.findall(r"\b[A-Z]", name))
        if initials in shorts and stands_for(initials, name):
            yield initials, name


def committee_of(first: FirstLines, title: Found) -> Found:
    """Return the committee that the report was written for or by."""
    if declared := first.property("committee") or first.field("committee"):
        return declared
    if first.archive_summary:
        return Found(first.archive_summary["committee"], Origin.TEXT)
    for line in [title.value, *list(first.cover())[:12]]:
        match = _COMMITTEE.search(line)
        if match and 2 * len(match["name"]) >= len(line) and len(match["name"].split()) >= 2:
            return Found(re.sub(r"^The\s+", "", match["name"]), Origin.TEXT)
    return NOTHING
