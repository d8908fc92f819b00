"""Which figures stand in a sentence, and what do they come to? Money, staff, percentages, dates.

Written for British reports: days come before months, and 2011-12 is a financial year.
"""

import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

# Case is ignored in ASCII alone: elsewhere it makes a long s of old prints an s.
_A, _I = re.ASCII, re.ASCII | re.IGNORECASE
_SPACES = str.maketrans({"\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " "})


class FigureKind(StrEnum):
    """What a figure counts."""

    MONEY = "money"
    STAFF = "staff"
    PERCENTAGE = "percentage"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure at its place in a text.

    `value` is in whole pounds (euros, dollars), heads, or per cent; `unit` says which. A date has
    no value but an ISO `date`: a day, a month, a year, or a financial year as "2011/2012".
    """

    kind: FigureKind
    start: int
    end: int
    value: float | None = None
    unit: str = ""
    date: str = ""


_MONTHS = "january february march april may june july august september october november december"
_MONTH_NUMBERS = {name[:3]: number for number, name in enumerate(_MONTHS.split(), start=1)}
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
_WORD_VALUES = {word: float(value) for value, word in enumerate(_WORDS, start=1)} | {
    word: float(value * 10)
    for value, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), start=3)
}
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,6})?"
_NUMBER = rf"(?<![\d.,£$€])(?:{_DIGITS}|\b(?:{'|'.join(_WORD_VALUES)})\b)"
_SCALES = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "million": 1e6,
    "bn": 1e9,
    "billion": 1e9,
}
_SCALE = r"(?:\s?(?P<scale>thousand|million|billion|mn|bn|m|k)(?![A-Za-z]))?"
_CURRENCIES = {"£": "GBP", "€": "EUR", "$": "USD", "pound": "GBP", "euro": "EUR", "dollar": "USD"}
# What is counted, and as what; "police staff" is staff, "special constables" are specials.
_STAFF = {
    r"PCSOs?|community\s+support\s+officers?": "PCSOs",
    r"special\s+constables?|specials": "specials",
    r"FTEs?|full[-\s]time\s+equivalents?": "FTE",
    r"officers?|constables?|sergeants?|inspectors?": "officers",
    r"volunteers?": "volunteers",
    r"posts?|vacanc(?:y|ies)": "posts",
    r"staff|employees|members\s+of\s+staff|workers": "staff",
}
_STAFF_NOUNS = tuple((re.compile(rf"(?:{nouns})", _I), unit) for nouns, unit in _STAFF.items())
_YEAR = r"(?:19|20)\d\d"

Reader = Callable[[re.Match[str]], Figure | None]


def figures_in(text: str) -> tuple[Figure, ...]:
    """Return the figures of a text in order; where two readings overlap the surer one is kept."""
    found: list[Figure] = []
    taken = bytearray(len(text))
    spaced = text.translate(_SPACES)
    for pattern, read in _PATTERNS:
        for match in pattern.finditer(spaced):
            start, end = match.span()
            if not any(taken[start:end]) and (figure := read(match)) is not None:
                taken[start:end] = b"\x01" * (end - start)
                found.append(figure)
    return tuple(sorted(found, key=lambda figure: figure.start))


def _money(match: re.Match[str]) -> Figure:
    groups = match.groupdict()
    unit = _CURRENCIES[(groups["currency"] or "").lower().rstrip("s")]
    value = _value(groups["number"]) * _SCALES.get((groups["scale"] or "").lower(), 1.0)
    return Figure(FigureKind.MONEY, *match.span(), value=round(value, 2), unit=unit)


def _pence(match: re.Match[str]) -> Figure:
    value = round(_value(match["number"]) / 100, 4)
    return Figure(FigureKind.MONEY, *match.span(), value=value, unit="GBP")


def _percentage(match: re.Match[str]) -> Figure:
    unit = "percentage points" if "point" in match["unit"].lower() else "percent"
    return Figure(FigureKind.PERCENTAGE, *match.span(), value=_value(match["number"]), unit=unit)


def _staff(match: re.Match[str]) -> Figure | None:
    if re.fullmatch(_YEAR, match["number"], _A):  # "in 2011 officers were …"
        return None
    unit = next(unit for nouns, unit in _STAFF_NOUNS if nouns.fullmatch(match["noun"]))
    return Figure(FigureKind.STAFF, *match.span(), value=_value(match["number"]), unit=unit)


def _day(match: re.Match[str]) -> Figure | None:
    month = match["month"]
    number = int(month) if month.isdigit() else _MONTH_NUMBERS[month[:3].lower()]
    year = int(match["year"])
    if year < 100:
        year += 2000 if year < 70 else 1900
    try:
        found = datetime.date(year, number, int(match["day"]))
    except ValueError:
        return None
    return Figure(FigureKind.DATE, *match.span(), date=found.isoformat())


def _month(match: re.Match[str]) -> Figure:
    month = _MONTH_NUMBERS[match["month"][:3].lower()]
    return Figure(FigureKind.DATE, *match.span(), date=f"{match['year']}-{month:02d}")


def _financial_year(match: re.Match[str]) -> Figure | None:
    following = int(match["year"]) + 1
    if match["next"] not in (str(following), str(following)[2:]):
        return None
    return Figure(FigureKind.DATE, *match.span(), date=f"{match['year']}/{following}")


def _year(match: re.Match[str]) -> Figure:
    return Figure(FigureKind.DATE, *match.span(), date=match[0])


def _value(written: str) -> float:
    word = _WORD_VALUES.get(written.lower())
    return word if word is not None else float(written.replace(",", ""))


def _patterns() -> Iterator[tuple[re.Pattern[str], Reader]]:
    """Yield what figures look like, the surest first."""
    day, year = r"(?P<day>\d{1,2})", rf"(?P<year>{_YEAR})"
    month = rf"(?P<month>{_MONTH})"
    yield re.compile(rf"\b{year}-(?P<month>\d\d)-(?P<day>\d\d)\b", _A), _day
    yield re.compile(rf"\b{day}(?:st|nd|rd|th)?\s+(?:of\s+)?{month},?\s+{year}\b", _I), _day
    yield re.compile(rf"\b{month}\s+{day}(?:st|nd|rd|th)?,?\s+{year}\b", _I), _day
    yield (
        re.compile(r"\b(?P<day>\d{1,2})([/.])(?P<month>\d{1,2})\2(?P<year>\d{4}|\d\d)\b", _A),
        _day,
    )
    yield re.compile(rf"\b{month},?\s+{year}\b", _I), _month
    yield re.compile(rf"\b{year}\s?[-–/]\s?(?P<next>\d{{4}}|\d\d)\b", _A), _financial_year
    yield re.compile(rf"(?P<currency>[£€$])\s?(?P<number>{_DIGITS}){_SCALE}", _I), _money
    yield (
        re.compile(rf"(?P<number>{_NUMBER}){_SCALE}\s(?P<currency>pounds?|euros?|dollars?)\b", _I),
        _money,
    )
    yield re.compile(rf"(?P<number>{_NUMBER})\s?(?:p|pence)\b", _A), _pence
    unit = r"(?P<unit>%|per\s?cent(?:age\s+points?)?\b|percentage\s+points?\b)"
    yield re.compile(rf"(?P<number>{_NUMBER})\s?{unit}", _I), _percentage
    # At most two words between the number and whom it counts: "25 full-time police staff".
    between = r"(?:(?!(?:and|or|of|to|the|for|in|per)\b)[A-Za-z][\w’'-]*\s+){0,2}?"
    nouns = "|".join(_STAFF)
    yield re.compile(rf"(?P<number>{_NUMBER})\s+{between}(?P<noun>{nouns})\b", _I), _staff
    yield re.compile(rf"(?<![\d£$€.,/-])\b{_YEAR}\b(?![\d%]|[.,/-]\d)", _A), _year


_PATTERNS = tuple(_patterns())
