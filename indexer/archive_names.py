"""What do the other reports of an archive say about who made this one?

One report writes "Open Data User Group (ODUG)", another is only named "ODUG minutes": what all of
them declare together says whose it is. Nothing is known beforehand about any archive.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import PurePosixPath

from indexer.abbreviated import declared_in
from indexer.bodies import written_out
from indexer.records import Document, Origin

_MIN_REPORTS = 2  # that are by a body before another's title is taken to begin with its name
_MAX_NAMES = 50  # that one report may declare
_BODY = re.compile(  # ends in what a body is, or begins with it
    r"(?:.* )?(?:Authority|Board|Panel|Group|Council|Commission|Inspectorate|Agency|Department|"
    r"Ministry|Office|Programme|Treasury|Committee|Association|Institute|Partnership|Executive)|"
    r"(?:Department|Ministry|Office|HM) .*"
)
_SMALL = {"of", "for", "and", "the", "on", "to", "in", "&", "a"}


Declared = tuple[tuple[str, str], ...]  # (short, long) for each body that one text abbreviates


def declared_bodies(text: str) -> Declared:
    """Return the bodies that a text writes out with their abbreviation."""
    found = {pair: None for pair in declared_in(text) if _BODY.fullmatch(pair[1])}
    return tuple((short, written_out(long, text)) for short, long in found)[:_MAX_NAMES]


class ArchiveNames:
    """The bodies of an archive: what they are abbreviated to, and how they are mostly written."""

    def __init__(self, bodies: Iterable[str], declared: Iterable[Declared]) -> None:
        self._bodies = Counter(body for body in bodies if body)
        written: dict[str, Counter[str]] = {}
        for short, long in chain.from_iterable(declared):
            written.setdefault(short.casefold(), Counter())[long] += 1
        self._long = {short: _most_common(longs) for short, longs in written.items()}
        spellings: dict[str, Counter[str]] = {}
        for body, count in self._bodies.items():
            spellings.setdefault(_plain(body), Counter())[body] += count
        for long in self._long.values():
            spellings.setdefault(_plain(long), Counter())[long] += 1
        self._spelling = {plain: _most_common(forms) for plain, forms in spellings.items()}
        self._count = {plain: forms.total() for plain, forms in spellings.items()}

    def body_of(self, document: Document) -> str:
        """Return the body of a document in the archive's own spelling, "" where nothing says."""
        body = document.body
        if body:
            body = self._long.get(body.casefold(), body)
        else:
            name = PurePosixPath(document.source_id).stem.replace("_", " ")
            body = (
                self._abbreviated(name)
                or self._abbreviated(document.title)
                or self._begun(document.title)
            )
        plain = _plain(body)
        return self._spelling.get(self._longer(plain), body)

    def _longer(self, plain: str) -> str:
        """Return the one more frequent name that ends in this one: "Data Panel" is cut short.

        A department's name that goes on is cut back to one that others have: it ran into a title.
        """
        if re.match(r"(?:department|ministry) ", plain):
            begins = [name for name in self._count if plain.startswith(f"{name} ")]
            return min(begins, key=len, default=plain)
        longer = [
            name
            for name, count in self._count.items()
            if plain and name.endswith(f" {plain}") and count > self._count.get(plain, 0)
        ]
        return longer[0] if len(longer) == 1 else plain

    def _abbreviated(self, text: str) -> str:
        """Return the body that the first known abbreviation in a title or name stands for."""
        for word in re.findall(r"[A-Za-z]{2,10}", text):
            long = self._long.get(word.casefold())
            # In capitals, or long enough to be no other word: Defra, but not "co" or "is".
            if long and (word.isupper() or _mixed(word) or len(word) >= 4):
                return long
        return ""

    def _begun(self, title: str) -> str:
        """Return the body of other reports whose name a title begins with, for the most part."""
        words = _plain(title).split()
        found: list[tuple[int, int, str]] = []
        for body, count in self._bodies.items():
            name = _plain(body).split()
            common = next(
                (i for i, pair in enumerate(zip(name, words, strict=False)) if pair[0] != pair[1]),
                min(len(name), len(words)),
            )
            telling = sum(word not in _SMALL for word in name[:common])
            if count >= _MIN_REPORTS and telling >= 2 and 2 * common > len(name):
                found.append((common, count, body))
        return max(found, key=lambda one: (one[0], one[1], one[2]))[2] if found else ""


def with_archive_names(
    documents: Sequence[Document], declared: Iterable[Declared]
) -> list[Document]:
    """Return the documents with the bodies that the archive as a whole tells.

    What an owner has written stays as it is.
    """
    names = ArchiveNames((document.body for document in documents), declared)
    return [_named(document, names) for document in documents]


def _named(document: Document, names: ArchiveNames) -> Document:
    if document.origins.get("body") == Origin.OWNER:
        return document
    body = names.body_of(document)
    if body == document.body:
        return document
    # Another spelling of what the report says is still what the report says.
    origin = document.origins.get("body", str(Origin.INFERRED))
    return replace(document, body=body, origins={**document.origins, "body": origin})


def _plain(name: str) -> str:
    """Return a name without what its spellings differ in."""
    words = re.sub(r"^the\s+", "", name.casefold().replace("&", "and"))
    return " ".join(re.findall(r"[^\W_]+", words))


def _mixed(word: str) -> bool:
    return not word.islower() and not word.istitle()


def _most_common(counts: Counter[str]) -> str:
    return min(counts, key=lambda name: (-counts[name], name))
