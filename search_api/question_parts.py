"""Which things does a question ask at once? Each wants a quote of its own.

"How many were there in March 2011, and how many by October?" has two parts, and so has "How far did
it grow between June 2012 and September 2013?", each with its own time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from search_api.asked_dates import Days, dates_in

MAX_PARTS = 3
_SHORTEST_WORDS = 3  # "Where and when was it found?" is one question
_ASKS = r"(?:how|what|which|who|whom|whose|when|where|why)\b"
_AND_ASKS = re.compile(
    rf"[,;]?\s+and\s+(?=(?:(?:at|by|for|from|in|of|on|to|with)\s+)?{_ASKS})", re.I
)
_ASKING = re.compile(rf"\b{_ASKS}", re.I)


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked, in the words of the question, and the times that it is asked of."""

    text: str
    dates: tuple[Days, ...]


def parts_of(question: str) -> tuple[Part, ...]:
    """Return the parts of a question in order; most have one, and none has more than MAX_PARTS."""
    return tuple(_parts(question))[:MAX_PARTS]


def _parts(question: str) -> Iterator[Part]:
    for text in _clauses(question):
        dates = dates_in(text)
        if len(dates) < 2:
            yield Part(text, dates)
        else:
            yield from (Part(text, (days,)) for days in dates)


def _clauses(question: str) -> list[str]:
    clauses = _AND_ASKS.split(question)
    asks = all(_ASKING.search(one) and len(one.split()) >= _SHORTEST_WORDS for one in clauses)
    return clauses if asks else [question]
