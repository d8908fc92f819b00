"""Which figures does a text state: sums of money, percentages, counts and dates, normalised?

"£4.7m" and "£4.7 million" have one value; so have "17 March 2011" and "17/03/2011" (day first, as
British reports write). Years alone and the numbers of paragraphs and tables are not figures.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

FigureKind = Literal["money", "percentage", "count", "date"]

_AMOUNT = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6}
_SCALES |= {"bn": 1e9, "billion": 1e9, "trillion": 1e12}
_SCALE = r"(?:\s?(?P<scale>thousand|million|billion|trillion|bn|mn|[km])(?![a-z]))?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_CURRENCIES = {"£": "GBP", "gbp": "GBP", "€": "EUR", "eur": "EUR", "$": "USD", "usd": "USD"}
# In this order: what one pattern has taken, no later one reads again.
_PATTERNS: tuple[tuple[FigureKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))  # type: ignore[misc]
    for kind, pattern in (
        ("date", rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}\b"),
        ("date", rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}\b"),
        ("date", rf"\b(?P<day>\d{{1,2}})[/.](?P<number>\d{{1,2}})[/.]{_YEAR}\b"),
        ("date", rf"\b{_YEAR}-(?P<number>\d\d)-(?P<day>\d\d)\b"),
        ("date", rf"\b{_MONTH},?\s+{_YEAR}\b"),
        ("money", rf"(?P<currency>[£€$]|\b(?:GBP|EUR|USD)\s)\s?(?P<amount>{_AMOUNT}){_SCALE}"),
        ("percentage", rf"(?<![\d.,])(?P<amount>{_AMOUNT})\s?(?:%|per\s?cent\b|percent\b)"),
        (
            "count",
            rf"(?<![\w.,/£€$-])(?P<amount>{_AMOUNT}){_SCALE}\s+(?P<of>[a-z][a-z’'-]+"
            r"(?:\s+[a-z][a-z’'-]+)?)",
        ),
    )
)
_YEAR_ALONE = re.compile(r"(?:19|20)\d\d")
# "3 and", "12 months": what follows is no thing that is counted, or a length of time.
_NOT_COUNTED = frozenset(
    "of in to or at as by on is be it an no he we they and the for are was were has have had with "
    "from that this which will would can may not out per day days week weeks month months year "
    "years hour hours minute minutes am pm noon january february march april june july august "
    "september october november december".split()
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure at text[start:end]; `unit` is a currency, "%", what is counted, or "" for a date.

    `value` is a number, or for a date what is known of it: YYYY-MM-DD or YYYY-MM.
    """

    kind: FigureKind
    start: int
    end: int
    value: float | str
    unit: str


def figures_in(text: str) -> list[Figure]:
    """Return the figures of a text in order; none overlaps another."""
    found: list[Figure] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            figure = _figure(kind, match)
            if figure and not any(
                figure.start < one.end and one.start < figure.end for one in found
            ):
                found.append(figure)
    return sorted(found, key=lambda figure: figure.start)


def _figure(kind: FigureKind, match: re.Match[str]) -> Figure | None:
    named = match.groupdict()
    if kind == "date":
        value = _date(named)
        return Figure(kind, *match.span(), value, "") if value else None
    amount = float(named["amount"].replace(",", ""))
    amount *= _SCALES.get((named.get("scale") or "").casefold(), 1)
    if kind == "money":
        unit = _CURRENCIES[named["currency"].strip().casefold()]
        return Figure(kind, *match.span(), amount, unit)
    if kind == "percentage":
        return Figure(kind, *match.span(), amount, "%")
    counted = named["of"].casefold().split()
    decimal = "." in named["amount"] and not named.get("scale")  # "4.2 says": a paragraph
    if counted[0] in _NOT_COUNTED or decimal or _YEAR_ALONE.fullmatch(named["amount"]):
        return None
    end = match.end("scale") if named.get("scale") else match.end("amount")
    return Figure(kind, match.start(), end, amount, " ".join(_counted(counted)))


def _counted(words: list[str]) -> Iterator[str]:
    for word in words:
        if word in _NOT_COUNTED:
            return
        yield word.removesuffix("s")


def _date(named: dict[str, str | None]) -> str:
    year = int(named["year"] or 0)
    if named.get("number"):
        month = int(named["number"] or 0)
    else:
        month = _MONTHS.index((named["month"] or "")[:3].casefold()) + 1
    try:
        if not named.get("day"):
            return f"{year}-{month:02}"
        return date(year, month, int(named["day"] or 0)).isoformat()
    except ValueError:
        return ""
