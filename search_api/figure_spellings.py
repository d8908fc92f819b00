"""How else is a figure written? £4.7m is £4.7 million, 17 March 2011 is 17/03/2011.

Only what analysis does not make equal by itself counts: "£4.7m" and "4.7m", "2011/12" and
"2011-12" are the same to the keyword index.
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from search_api.query_dates import MONTHS, days_of

# What one figure may be replaced by. Each costs a phrase query in three fields.
MAX_SPELLINGS = 5
_SCALES = {
    **dict.fromkeys(("k", "thousand"), (1_000, "k", "thousand")),
    **dict.fromkeys(("m", "mn", "million"), (1_000_000, "m", "million")),
    **dict.fromkeys(("b", "bn", "billion"), (1_000_000_000, "bn", "billion")),
}
_NUMBER = re.compile(
    r"(?P<sign>[£$€]|gbp)?(?P<number>\d{1,3}(?:,\d{3})+|\d{1,12})(?P<part>\.\d{1,3})?"
    r"(?P<scale>k|mn?|bn?)?(?P<unit>p\.?a\.?)?",
    re.IGNORECASE,
)
_SHORT_YEARS = re.compile(r"((?:19|20)\d\d)[-–/](\d\d)")
_FULL_YEARS = re.compile(r"((?:19|20)\d\d)[-–/]((?:19|20)\d\d)")
_DAY = re.compile(r"(3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_NUMERIC_DATE = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}")
_NUMBERED = frozenset(
    "report item agenda paper appendix annex minute paragraph section schedule".split()
)


def spellings(words: Sequence[str]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield (first, end, other ways to write them) of the figures among the words of a query."""
    position = 0
    while position < len(words):
        for length in (3, 2, 1):
            found = _others(words[position : position + length]) if length else ()
            if found and position + length <= len(words):
                yield position, position + length, found[:MAX_SPELLINGS]
                break
        else:
            length = 1
        position += length


def _others(words: Sequence[str]) -> tuple[str, ...]:
    """Return the other spellings of a figure that takes all these words, else ()."""
    if len(words) > 1 and words[0].casefold() == "gbp" and words[1][:1].isdigit():
        return (" ".join(words[1:]), *_others(words[1:]))
    if len(words) == 1:
        return _years(words[0]) or _numeric_date(words[0]) or _amount(words[0], "")
    if len(words) == 2 and words[1].casefold() in _SCALES:
        return _amount(words[0], words[1].casefold())
    if len(words) == 2 and words[0].casefold() in _NUMBERED and words[1].isdigit():
        return tuple(f"{words[0]} {sign} {words[1]}" for sign in ("no", "number"))
    return _written_date(words)


def _amount(number: str, scale: str) -> tuple[str, ...]:
    match = _NUMBER.fullmatch(number)
    if match is None or (scale and match["scale"]):
        return ()
    scale = (scale or match["scale"] or "").casefold()
    plain = match["number"].replace(",", "")
    # 2011 is a year, and 0123 456 part of a telephone number.
    if plain[0] == "0" and len(plain) > 1:
        return ()
    if not (scale or match["sign"] or "," in match["number"]) and len(plain) < 5:
        return ()
    value = Decimal(plain + (match["part"] or "")) * (_SCALES[scale][0] if scale else 1)
    asked = f"{match['number']}{match['part'] or ''}"
    written = [asked + scale, f"{asked} {scale}"] if scale else [asked]
    return tuple(one for one in _amounts(value) if one not in written)


def _amounts(value: Decimal) -> Iterator[str]:
    for times, letter, name in dict.fromkeys(_SCALES.values()):
        scaled = value / times
        if 1 <= scaled < 1000 and scaled == round(scaled, 2):
            short = format(scaled.normalize(), "f")
            yield f"{short}{letter}"
            yield f"{short} {name}"
    if value == int(value) and 1000 <= value < 10**12:
        yield f"{int(value):,}"
        yield str(int(value))


def _years(word: str) -> tuple[str, ...]:
    if match := _SHORT_YEARS.fullmatch(word):
        first, last = match.groups()
        if last > first[2:]:
            return (f"{first}-{first[:2]}{last}",)
        return (f"{first}-{int(first) + 1}",) if (first[2:], last) == ("99", "00") else ()
    if (match := _FULL_YEARS.fullmatch(word)) and match[2] > match[1]:
        return (f"{match[1]}-{match[2][2:]}",)
    return ()


def _numeric_date(word: str) -> tuple[str, ...]:
    days = days_of(word) if _NUMERIC_DATE.fullmatch(word) else None
    return _dates(days[0], but=word) if days else ()


def _written_date(words: Sequence[str]) -> tuple[str, ...]:
    """Read "17 March 2011", "March 17th, 2011" and, without the year, "17 March"."""
    bare = [word.strip(",.") for word in words]
    named = [at for at, word in enumerate(bare[:2]) if word.casefold() in MONTHS]
    if not named or len(bare) < 2:
        return ()
    month = MONTHS[bare[named[0]].casefold()]
    day = _DAY.fullmatch(bare[1 - named[0]])
    if day is None:
        return ()
    if len(bare) == 2:
        name = calendar.month_name[month]
        number = int(day[1])
        asked = " ".join(bare)
        forms = (f"{number} {name}", f"{_ordinal(number)} {name}", f"{name} {number}")
        return tuple(form for form in forms if form.casefold() != asked.casefold())
    if not _YEAR.fullmatch(bare[2]):
        return ()
    days = days_of(f"{int(day[1])} {calendar.month_name[month]} {bare[2]}")
    return _dates(days[0], but=" ".join(bare)) if days else ()


def _dates(iso: str, *, but: str) -> tuple[str, ...]:
    year, month, day = iso.split("-")
    name, number = calendar.month_name[int(month)], int(day)
    forms = (
        f"{number} {name} {year}",
        f"{_ordinal(number)} {name} {year}",
        f"{day}/{month}/{year}",
        f"{name} {number} {year}",
        f"{number} {name[:3]} {year}",
        iso,
    )
    return tuple(form for form in forms if form.casefold() != but.casefold())


def _ordinal(day: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(day % 10 if day // 10 != 1 else 0, "th")
    return f"{day}{ending}"
