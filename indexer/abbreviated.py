"""What does a report call by which letters? "Open Data User Group (ODUG)", "DfT (… Transport)"."""

import re
from collections.abc import Iterator

_LINKS = {"of", "for", "and", "the", "on", "to", "in", "&"}
_DECLARED = re.compile(
    r"(?P<long>[A-Z][\w’'-]*(?:,? (?:of|for|and|the|on|to|in|&|[A-Z][\w’'-]*)){1,9}) ?"
    r"\((?:the )?[“\"'‘]?(?P<short>[A-Z][A-Za-z]{1,9})[”\"'’]?\)"
)


def declared_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield (short, long) for each name that a text writes out before its abbreviation."""
    for match in _DECLARED.finditer(" ".join(text.split())):
        words = match["long"].replace(",", " ,").split()
        # The name may begin later than the capitals do: "Minister for the Cabinet Office (CO)".
        for start in range(len(words)):
            long = " ".join(words[start:]).replace(" ,", ",")
            if words[start] not in {*_LINKS, ","} and stands_for(match["short"], long):
                yield match["short"], long
                break


def stands_for(short: str, long: str) -> bool:
    """Tell whether the letters of `short` are the initials of `long`, its small words or not.

    A word in capitals may give all of its letters: HMRC is HM Revenue and Customs.
    """
    words = [word.strip(",.’'") for word in long.split()]
    return _consumes(short.casefold(), tuple(word for word in words if word))


def _consumes(letters: str, words: tuple[str, ...]) -> bool:
    if not words:
        return not letters
    word, rest = words[0], words[1:]
    if word.casefold() in _LINKS and _consumes(letters, rest):
        return True
    if word.isupper() and len(word) > 1 and letters.startswith(word.casefold()):
        return _consumes(letters[len(word) :], rest)
    return bool(letters) and letters[0] == word[0].casefold() and _consumes(letters[1:], rest)
