"""Does a line look like a heading where the file's markup does not say so?

Most reports of public bodies set headings as bold paragraphs, and PDF has no markup at all. A line
is taken for a heading by its form ("A. Recommendation", "4.2 Economic benefit", "ANNEX A") or by
standing alone: short, capitalised, without a full stop, and right before a paragraph.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from indexer.lines import Line


class Rank(IntEnum):
    """How far out a heading is; declared levels (1 to 9) come before every guessed one."""

    TITLE = 9  # of the report: it heads everything, so no path repeats it
    LETTERED = 10  # "B. Supporting information", "Annex A", "Item 2: Welcome"
    NUMBERED = 11  # "4 Benefits"; each further part of the number is one more
    CAPITALS = 16
    PLAIN = 20  # a short line alone before a paragraph
    BELOW_PLAIN = 21  # such a line directly below another


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The lines around a candidate, None at the ends; boilerplate is skipped.

    `wraps_on` says that the line runs on into the next, `before_full_line` that the next is as long
    as the page is wide, `begins_anew` that the line surely does not go on with a sentence of the
    line before.
    """

    previous: Line | None
    line: Line
    next: Line | None
    after_next: Line | None
    wraps_on: bool
    before_full_line: bool
    begins_anew: bool


_LETTERED = re.compile(r"([A-Z])\.[ \t]+[A-Z‘“'\"]")
_NAMED_PART = re.compile(
    r"(?:agenda item|item|annex|appendix|chapter|section|part|schedule)[ ]+"
    r"(?:\d{1,2}(?:[ivx]{1,3}\))?|[A-Z])(?!\w)"
    r"(?!\)|,)(?:$|[ ]?[:.–—-].{2,}|[ ][A-Z].+)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,3})[.):]?[ \t]+(?=[A-Z‘“'\"])(.+)")
_FIELD = re.compile(
    r"(?:other )?"
    r"(?:report|date|by|to|from|cc|tel|telephone|fax|phone|e-?mail|email|website|web|author|contact|"
    r"venue|time|location|ref|reference|subject|present|attendees|apologies|chair|secretariat|panel|"
    r"action|owner|status|version|note|action owner|source|developed by|url)s?\b[^:]{0,30}:",
    re.IGNORECASE,
)
_TITLE_FIELD = re.compile(r"(?:report(?: no\.?| number)?|agenda item):[ ]*\d+", re.IGNORECASE)
_NUMBERED_TEXT = re.compile(r"\d{1,3}(?:\.\d{1,3})*[.)]?[ \t]+\S.{40}")
_NUMBERED_SENTENCE = re.compile(r"\d{1,3}(?:\.\d{1,3})*[.)][ \t]+[A-Z‘“].*[.:;]")
_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
)
_DATE_LINE = re.compile(
    rf"(?:\w+day,?[ ]+)?(?:\d{{1,2}}(?:st|nd|rd|th)?[ ]+(?:of[ ]+)?)?(?:{_MONTHS})\b.{{0,40}}",
    re.IGNORECASE,
)
_NO_HEADING = re.compile(
    r"https?://|www\.|\S@\S|\b[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}\b|^[\d\W]+$|"
    r"^(?:dear|yours|and|or|the following)\b|^©",
    re.IGNORECASE,
)
_MAX_CHARS = 120
_MAX_PLAIN_CHARS = 80
_MAX_PLAIN_WORDS = 12
_MAX_WORDS = 18  # right above a numbered paragraph, where only a heading stands
_MAX_BARE_NUMBER = 20  # of a section, printed without a full stop
_PARAGRAPH_CHARS = 75  # a line this long is running text


def heading_rank(around: Neighbours, last_letter: str) -> int:
    """Return the rank of the line as a heading, 0 when it is none.

    `last_letter` is the letter of the last lettered heading, "" before the first.
    """
    text = around.line.text
    if len(text) > _MAX_CHARS or around.line.is_row or around.line.is_item or around.wraps_on:
        return 0
    if _NAMED_PART.match(text.rstrip(".")) and re.match(
        r"(?:agenda )?item \d", text, re.IGNORECASE
    ):
        return Rank.LETTERED  # in minutes these head what was said, full stop or not
    if text[-1] in ".;," or _NO_HEADING.search(text) or _FIELD.match(text):
        return 0
    if around.next is not None and _TITLE_FIELD.match(around.next.text):
        return Rank.TITLE if len(text) > 10 and _ends_like_a_title(text) else 0
    by_form = _rank_by_form(around, last_letter)
    if by_form:
        return by_form
    return Rank.PLAIN if _stands_alone(around) else 0


def _rank_by_form(around: Neighbours, last_letter: str) -> int:
    text = around.line.text
    lettered = _LETTERED.match(text)
    if lettered and _follows(lettered[1], last_letter):
        return Rank.LETTERED
    if _NAMED_PART.match(text) and _ends_like_a_title(text):
        return Rank.LETTERED
    numbered = _NUMBERED.match(text)
    if numbered:
        return _numbered_rank(numbered[1], numbered[2], around)
    if _is_capitals(text) and not _is_capitals_list(around):
        return Rank.CAPITALS
    return 0


def _follows(letter: str, last: str) -> bool:
    """Is `letter` next, or the same again (reports miscount), or A?"""
    return letter == "A" or (last != "" and 0 <= ord(letter) - ord(last) <= 2)


def _numbered_rank(number: str, title: str, around: Neighbours) -> int:
    """Return the rank of "4.2 Economic benefit"; an agenda's list of such lines has none."""
    if not _ends_like_a_title(title) or len(title) > _MAX_PLAIN_CHARS or _DATE_LINE.match(title):
        return 0
    if around.next is None or _is_sibling(around.next) or _is_sibling(around.previous):
        return 0
    if len(title.split()) > _MAX_PLAIN_WORDS or _is_house_number(number, around.line.text):
        return 0
    return Rank.NUMBERED + number.count(".")


def _is_house_number(number: str, text: str) -> bool:
    """Is it "70 Whitehall" rather than "7 Benefits" or "70. Benefits"?"""
    return "." not in number and int(number) > _MAX_BARE_NUMBER and text[len(number)] in " \t"


def _is_sibling(line: Line | None) -> bool:
    match = None if line is None else _NUMBERED.match(line.text)
    return match is not None and len(match[2]) <= _MAX_PLAIN_CHARS and match[2][-1] not in ".;"


def _ends_like_a_title(text: str) -> bool:
    return text[-1] not in ".;,:" and not re.search(r"[.;] [A-Z].* ", text)


def _is_capitals(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return len(letters) >= 5 and len(text) <= 100 and text.upper() == text


def _is_capitals_list(around: Neighbours) -> bool:
    """Are both neighbours capitals too: a table or a cover, where no line heads anything?"""
    neighbours = (around.previous, around.next)
    return all(line is not None and _is_capitals(line.text) for line in neighbours)


def _stands_alone(around: Neighbours) -> bool:
    if around.next is None or not (around.begins_anew or _has_ended(around.previous, around.line)):
        return False
    before_number = around.begins_anew and _NUMBERED_TEXT.match(around.next.text) is not None
    if not _is_plain_title(around.line.text, _MAX_WORDS if before_number else _MAX_PLAIN_WORDS):
        return False
    if around.previous is not None and around.previous.is_item and around.next.is_item:
        return around.begins_anew  # in wrapped text it is more of the item before
    if _is_text(around.next) or (around.before_full_line and not around.next.is_row):
        return True
    # A heading right above another one: "Specials and Volunteers" / "Specials" / text.
    return (
        around.after_next is not None
        and _is_plain_title(around.next.text)
        and not around.next.is_item
        and _is_text(around.after_next)
        and (around.begins_anew or around.line.gap)
    )


def _is_plain_title(text: str, max_words: int = _MAX_PLAIN_WORDS) -> bool:
    words = text.split()
    return (
        len(text) <= 8 * max_words
        and len(words) <= max_words
        and len(text) >= 3
        and (text[0].isupper() or text[0] in "‘“'\"")
        and text[-1] not in ".;,:–—-&/"
        and words[-1].lower()
        not in ("and", "or", "of", "the", "to", "for", "a", "in", "with", "by")
        and not _DATE_LINE.fullmatch(text)
        and not _FIELD.match(text)
        and not _NO_HEADING.search(text)
        and not re.search(r"\d{1,2}[:.]\d{2}\b|[.!?] ", text)
    )


def _is_text(line: Line) -> bool:
    """Is `line` running text, or the beginning of a numbered paragraph or of a list?"""
    if line.is_row:
        return False
    if line.is_item:
        return True
    if _NUMBERED_TEXT.match(line.text) or _NUMBERED_SENTENCE.fullmatch(line.text):
        return True
    return len(line.text) >= _PARAGRAPH_CHARS or (len(line.text) > 45 and line.text[-1] in ".:")


def _has_ended(previous: Line | None, line: Line) -> bool:
    """Has the text before the line ended, so that the line begins something new?"""
    if previous is None or line.gap:
        return True
    return previous.text[-1] in ".!?:;" or previous.is_item or previous.is_row
