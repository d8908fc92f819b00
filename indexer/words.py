"""How words are written before they are analysed: accents in one piece, compounds also joined.

The keyword index writes them so, and marks are found so: what matched is what is marked.
"""

import re
import unicodedata
from collections.abc import Iterator

# "co-operation" is also "cooperation", "O'Brien" also "OBrien"; "2011-12" and "don't" are not.
_COMPOUND = re.compile(r"(?<![\w'’-])[^\W\d_]+(?:[-‐‑'’][^\W\d_]{2,})+(?![\w-])")
# What each of them holds: few texts do, and this looks at less of the others.
_JOINED_LETTERS = re.compile(r"[-‐‑'’][^\W\d_]{2}")
_JOINT = re.compile(r"(?<=\w)[-‐‑'’](?=\w)")
_CONTRACTED = re.compile(r"['’](?:re|ve|ll)$", re.IGNORECASE)


def composed(text: str) -> str:
    """Return `text` with each accent in one character with its letter: apart, it ends a word.

    Lone surrogates, which the engines cannot take, become "?".
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())


def folded(text: str) -> str:
    """Return `text` in small letters without accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in apart if not unicodedata.combining(char))


def joined(text: str) -> str:
    """Return `text` without the hyphens and apostrophes inside its words."""
    return _JOINT.sub("", text)


def compounds(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and the joined form of each compound: "cooperation" for "co-operation"."""
    if not _JOINED_LETTERS.search(text):
        return
    for match in _COMPOUND.finditer(text):
        if not _CONTRACTED.search(match[0]):
            yield match.start(), match.end(), joined(match[0])


def joined_compounds(*texts: str) -> str:
    """Return the joined forms of all compounds in `texts`."""
    return " ".join(word for text in texts for _, _, word in compounds(composed(text)))
