"""When was a report made, or its meeting held? To the day, or to the month where no day is known.

A wrong date is worse than none, for readers cite it: a number that can be read in two ways is left
alone, and the day on which a file was saved says no more than the month.
"""

import calendar
import re
from collections.abc import Iterable, Sequence
from datetime import date

from indexer.first_lines import NOTHING, FirstLines, Found
from indexer.records import Origin

_EARLIEST_YEAR = 1950
_MAX_DATED_LINE_CHARS = 120
_MAX_MONTH_LINE_CHARS = 70
_CONFIRMED_WITHIN_CHARS = 3000
_SAVED_WITHIN_YEARS = 3  # of the last year that the text names

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}
_MONTH = r"(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_DAY = r"(?<!\d)(?P<day>\d{1,2})(?:[ ]?(?:st|nd|rd|th))?"
_YEAR = r"(?P<year>(?:19|20)\d{2})(?!\d)"
_WRITTEN = (
    re.compile(rf"{_DAY}[ _.,-]+(?:of[ ]+)?{_MONTH}[ _,.-]+{_YEAR}", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}[ _.-]+{_DAY}(?:,[ ]*|[ _.-]+){_YEAR}", re.IGNORECASE),
    re.compile(rf"(?<!\d){_YEAR}[-_./ ](?P<month>\d{{1,2}})[-_./ ](?P<day>\d{{1,2}})(?!\d)"),
    re.compile(rf"(?<![\d.])(?P<day>\d{{1,2}})[-/. ](?P<month>\d{{1,2}})[-/. ]{_YEAR}"),
    re.compile(r"(?<![\d.])(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{2})(?![\d.])"),
)
_SURE_IN_NAMES = (
    re.compile(r"(?<!\d)(?P<year>20\d{2})(?P<month>\d{2})(?P<day>\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<day>\d{2})[ _]?(?P<month>\d{2})[ _]?(?P<year>20\d{2})(?!\d)"),
)
_LIKELY_IN_NAMES = (  # often the day of saving, so what the report prints comes first
    re.compile(r"^(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})(?=[ _-])"),
    re.compile(r"(?<!\d)(?P<day>\d{1,2})[ ._](?P<month>\d{1,2})[ ._](?P<year>\d{2})(?!\d)"),
)
_TWO_READINGS = re.compile(r"(?<!\d)(\d{2})[-._ ](\d{2})[-._ ](\d{2})(?!\d)")
# Not one end of a period ("April 2012 - April 2014"), where something began, or "31 February".
_MONTH_ONLY = re.compile(
    rf"(?<!since )(?<!from )(?<!\d[ _])(?<!\d(?:st|nd|rd|th)[ _])\b{_MONTH}[ _,.-]+{_YEAR}"
    r"(?![ ]?(?:[-–—]|to)[ ]?\w)",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    rf"\b{_MONTH}(?:[ ,]+{_YEAR})?[ ]?(?:[-–—]|to)[ ]?(?:\d{{1,2}} )?"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*[ ,]+(?:19|20)\d{2}",
    re.IGNORECASE,
)
_ISO_MONTH = re.compile(rf"(?<!\d){_YEAR}-(?P<month>0[1-9]|1[0-2])(?![\d-]|\.\d)")
_NO_DATE_KNOWN = re.compile(r"^\d{4}-01-01-")  # what a site writes where it knows no date


def date_of(first: FirstLines, title: Found) -> Found:
    """Return when the report was made or its meeting held, as far as something says so."""
    return _day(first, title) or _month(first, title)


def _day(first: FirstLines, title: Found) -> Found:
    sources = [first.property("date"), first.field("date")]
    if first.archive_summary:
        sources.append(Found(first.archive_summary["date"], Origin.TEXT))
    if title.origin != Origin.NAME:  # a name is read with more suspicion, below
        sources.append(title)
    if first.format == "md":  # when the page was made; a file name may carry the crawler's date
        sources.append(first.property("created"))
    for source in sources:
        if found := find_date(source.value):
            return Found(found, source.origin)
    # 12-01-17 in a name may be any of three dates.
    name = _NO_DATE_KNOWN.sub("", first.spaced_stem)
    if found := find_date(name, patterns=_WRITTEN[:-1]) or find_date(
        first.stem, patterns=_SURE_IN_NAMES
    ):
        return Found(found, Origin.NAME)
    for line in list(first.cover())[:10]:
        if len(line) <= _MAX_DATED_LINE_CHARS and (found := find_date(line)):
            return Found(found, Origin.TEXT)
    found = find_date(first.stem, patterns=_LIKELY_IN_NAMES) or _confirmed(first)
    return Found(found, Origin.NAME) if found else NOTHING


def _confirmed(first: FirstLines) -> str:
    """Return the one reading of 10-09-09 in a name whose day and month the text names."""
    match = _TWO_READINGS.search(first.stem)
    if match is None:
        return ""
    one, two, three = match.groups()
    start = first.text[:_CONFIRMED_WITHIN_CHARS]
    readings = {_iso(three, two, one), _iso(one, two, three)} - {""}
    named = [found for found in readings if _names_day(start, date.fromisoformat(found))]
    return named[0] if len(named) == 1 else ""


def _names_day(text: str, day: date) -> bool:
    pattern = rf"(?<!\d)0?{day.day}(?:st|nd|rd|th)?\s+{calendar.month_name[day.month][:3]}"
    return re.search(pattern, text, re.IGNORECASE) is not None


def _month(first: FirstLines, title: Found) -> Found:
    """Return the month that the cover, the title or the name gives, else that of the saved file."""
    lines = [line for line in first.cover_lines() if len(line) <= _MAX_MONTH_LINE_CHARS][:20]
    candidates = [
        *(Found(line, Origin.TEXT) for line in lines if _is_only_a_month(line)),
        title,
        *(Found(line, Origin.TEXT) for line in lines[:10]),
        Found(first.spaced_stem, Origin.NAME),
    ]
    for source in candidates:
        if found := _find_month(source.value):
            return Found(found, source.origin)
    if found := _iso_month(first.stem):
        return Found(found, Origin.NAME)
    created = first.property("created", "captured")
    found = find_date(created.value)
    return Found(found[:7], created.origin) if found and _is_near(found, first.text) else NOTHING


def _is_near(created: str, text: str) -> bool:
    """Tell whether a file was made when its text was: old reports are saved again years later."""
    years = re.findall(r"(?<![\d.])(?:19|20)\d{2}(?![\d.])", text)
    return not years or int(created[:4]) <= int(max(years)) + _SAVED_WITHIN_YEARS


def _is_only_a_month(line: str) -> bool:
    match = _MONTH_ONLY.search(line)
    return match is not None and len(line) <= len(match[0]) + 4


def _find_month(text: str) -> str:
    text = _PERIOD.sub(" ", text)
    for match in _MONTH_ONLY.finditer(text):
        if found := _iso(match["year"], match["month"], "1"):
            return found[:7]
    return ""


def _iso_month(stem: str) -> str:
    """Return 2010-07 out of a name; 2010-11 may as well be a financial year."""
    for match in _ISO_MONTH.finditer(stem):
        financial = int(match["month"]) == (int(match["year"]) + 1) % 100
        if not financial and (found := _iso(match["year"], match["month"], "1")):
            return found[:7]
    return ""


def is_date(text: str) -> bool:
    """Tell whether a line is a date, and little else."""
    return bool(find_date(text, whole=True)) or _is_only_a_month(text)


def find_date(
    text: str, *, patterns: Sequence[re.Pattern[str]] = _WRITTEN, whole: bool = False
) -> str:
    """Return the first date in `text`, day before month; with `whole`, only if that is all."""
    for pattern in patterns:
        for match in pattern.finditer(text):
            found = _iso(match["year"], match["month"], match["day"])
            if found and (not whole or len(match[0]) >= len(text) - 12):
                return found
    return ""


def precise(written: str) -> str:
    """Return an ISO date of any precision as it is, "" for anything else."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", written)
    if match is None:
        return ""
    try:
        date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return ""
    return written


def months_between(first: str, last: str) -> Iterable[str]:
    """Yield each month after `first` and before `last`, both as 2010-07."""
    number, end = _month_number(first) + 1, _month_number(last)
    while number < end:
        yield f"{number // 12:04d}-{number % 12 + 1:02d}"
        number += 1


def _month_number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _iso(year: str, month: str, day: str) -> str:
    number = int(month) if month.isdigit() else _MONTHS[month.lower()]
    full_year = int(year) if len(year) == 4 else 2000 + int(year)
    try:
        found = date(full_year, number, int(day))
    except ValueError:
        return ""
    sensible = found.year >= _EARLIEST_YEAR and found <= date.today()
    return found.isoformat() if sensible else ""
