"""Which days does `date:` or `year:` name?"""

import calendar
import re
from datetime import date

_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_name) if name}
MONTHS = _MONTHS | {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}
_NAME = "|".join(sorted(MONTHS, key=len, reverse=True))
_YEAR = r"(?P<year>(?:1[5-9]|20)\d{2})"
_MONTH = r"(?P<month>1[0-2]|0?[1-9])"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        _YEAR,
        rf"{_YEAR}[-/.]{_MONTH}",
        rf"{_YEAR}[-/.]{_MONTH}[-/.]{_DAY}",
        rf"{_DAY}[-/.]{_MONTH}[-/.]{_YEAR}",
        rf"{_MONTH}[-/.]{_YEAR}",
        rf"(?P<month>{_NAME})\.?[ ,]+{_YEAR}",
        rf"{_DAY}(?:st|nd|rd|th)?[ ]+(?:of[ ]+)?(?P<month>{_NAME})\.?[ ,]+{_YEAR}",
        rf"(?P<month>{_NAME})\.?[ ]+{_DAY}(?:st|nd|rd|th)?[ ,]+{_YEAR}",
    )
)
_SPAN = re.compile(r"(?P<first>.*?)\s*\.\.+\s*(?P<last>.*)")
_YEARS = re.compile(r"(?P<first>(?:1[5-9]|20)\d{2})\s*[-–/]\s*(?P<last>(?:1[5-9]|20)\d{2})")
_EARLIEST, _LATEST = "0001-01-01", "9999-12-31"


def days_of(written: str) -> tuple[str, str] | None:
    """Return the first and the last day (ISO) that a date, a month, a year or a span names.

    Days come before months, as in Britain. A span may be open: "2010..", "..2012". None for what
    is no date.
    """
    written = written.strip(" .,;:!?") if ".." not in written else written.strip()
    span = _YEARS.fullmatch(written) or _SPAN.fullmatch(written)
    if span is None:
        return _days(written)
    first = _days(span["first"]) if span["first"] else (_EARLIEST, _EARLIEST)
    last = _days(span["last"]) if span["last"] else (_LATEST, _LATEST)
    if first is None or last is None or not (span["first"] or span["last"]):
        return None
    return min(first[0], last[0]), max(first[1], last[1])


def _days(written: str) -> tuple[str, str] | None:
    for form in _FORMS:
        if match := form.fullmatch(written.strip()):
            break
    else:
        return None
    found = match.groupdict()
    year = int(found["year"])
    name = found.get("month") or ""
    month = int(name) if name.isdigit() else MONTHS.get(name.casefold(), 0)
    try:
        if day := int(found.get("day") or 0):
            return (date(year, month, day).isoformat(),) * 2
        last = calendar.monthrange(year, month or 12)[1]
        first, until = date(year, month or 1, 1), date(year, month or 12, last)
    except ValueError:  # 31 February
        return None
    return first.isoformat(), until.isoformat()
