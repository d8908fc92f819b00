"""What do the other reports of an archive say about who made this one?

One report writes "Open Data User Group (ODUG)", another is only named "ODUG minutes": what all of
them declare together says whose it is. Nothing is known beforehand about any archive.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
Name = tuple[str, str]  # (short in lower case, long), or ("", body): counted in reports


def declared_bodies(text: str) -> Declared:
    """Return the bodies that a text writes out with their abbreviation."""
    found = {pair: None for pair in declared_in(text) if _BODY.fullmatch(pair[1])}
    return tuple((short, written_out(long, text)) for short, long in found)[:_MAX_NAMES]


class ArchiveNames:
    """The bodies of an archive: what they are abbreviated to, and how they are mostly written.

    `written` says how many reports write each name.
    """

    def __init__(self, written: Mapping[Name, int]) -> None:
        bodies = {long: count for (short, long), count in written.items() if not short}
        longs: dict[str, Counter[str]] = {}
        for (short, long), count in written.items():
            if short:
                longs.setdefault(short, Counter())[long] += count
        self._written = {long for _, long in written}
        self._long = {short: _most_common(forms) for short, forms in longs.items()}
        spellings: dict[str, Counter[str]] = {}
        for body, count in bodies.items():
            spellings.setdefault(_plain(body), Counter())[body] += count
        for long in self._long.values():
            spellings.setdefault(_plain(long), Counter())[long] += 1
        self._spelling = {plain: _most_common(forms) for plain, forms in spellings.items()}
        self._count = {plain: forms.total() for plain, forms in spellings.items()}
        self._ending: dict[str, list[str]] = {}  # the names that end in these words, and are longer
        for name in self._count:
            words = name.split()
            for start in range(1, len(words)):
                self._ending.setdefault(" ".join(words[start:]), []).append(name)
        self._beginning: dict[str, list[tuple[list[str], int, str]]] = {}
        for body, count in bodies.items():
            if count >= _MIN_REPORTS and (words := _plain(body).split()):
                self._beginning.setdefault(words[0], []).append((words, count, body))

    def body_of(self, document: Document) -> str:
        """Return the body of a document in the archive's own spelling, "" where nothing says."""
        if document.body:
            return self.stated(document.body)
        name = PurePosixPath(document.source_id).stem.replace("_", " ")
        return self.spelt(
            self._abbreviated(name)
            or self._abbreviated(document.title)
            or self._begun(document.title)
        )

    def names(self) -> set[str]:
        """Return every way in which a body is written."""
        return self._written

    def shorts_unlike(self, other: "ArchiveNames") -> set[str]:
        """Return the abbreviations that stand for something else in one of the two."""
        shorts = self._long.keys() | other._long.keys()
        return {short for short in shorts if self._long.get(short) != other._long.get(short)}

    def beginnings_unlike(self, other: "ArchiveNames") -> set[str]:
        """Return the first words of names among which another one is the most frequent."""
        firsts = self._beginning.keys() | other._beginning.keys()
        found = {first for first in firsts if self._order(first) != other._order(first)}
        return {"" if first in ("and", "the") else first for first in found}

    def _order(self, first: str) -> list[str]:
        found = sorted((count, body) for _, count, body in self._beginning.get(first, ()))
        return [body for _, body in found]

    def stated(self, body: str) -> str:
        """Return the name of a body that a report states, as the archive mostly writes it."""
        return self.spelt(self._long.get(body.casefold(), body))

    def spelt(self, body: str) -> str:
        """Return the name of a body as the archive mostly writes it."""
        return self._spelling.get(self._longer(_plain(body)), body)

    def _longer(self, plain: str) -> str:
        """Return the one more frequent name that ends in this one: "Data Panel" is cut short.

        A department's name that goes on is cut back to one that others have: it ran into a title.
        """
        if re.match(r"(?:department|ministry) ", plain):
            words = plain.split()
            begins = (" ".join(words[:end]) for end in range(1, len(words)))
            return next((name for name in begins if name in self._count), plain)
        own = self._count.get(plain, 0)
        longer = [name for name in self._ending.get(plain, ()) if self._count[name] > own]
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
        for name, count, body in self._beginning.get(words[0], ()) if words else ():
            common = next(
                (i for i, pair in enumerate(zip(name, words, strict=False)) if pair[0] != pair[1]),
                min(len(name), len(words)),
            )
            telling = sum(word not in _SMALL for word in name[:common])
            if telling >= 2 and 2 * common > len(name):
                found.append((common, count, body))
        return max(found, key=lambda one: (one[0], one[1], one[2]))[2] if found else ""


def words_that_tell(before: ArchiveNames, after: ArchiveNames) -> tuple[list[str], list[str]]:
    """Return whose bodies may be others by the names `after` than by those `before`.

    By the body that they have now, and, where no report states it, by a word in title or name; ""
    is in all of them.
    """
    every = before.names() | after.names()
    bodies = {before.spelt(name) for name in every if before.spelt(name) != after.spelt(name)}
    bodies |= {before.stated(name) for name in every if before.stated(name) != after.stated(name)}
    words = before.shorts_unlike(after) | before.beginnings_unlike(after)
    return sorted(bodies), sorted(word if word.isascii() else "" for word in words)


def written(body: str, declared: Declared) -> Iterator[Name]:
    """Yield what one report adds to the names of its archive."""
    if body:
        yield "", body
    yield from ((short.casefold(), long) for short, long in declared)


def with_archive_names(
    documents: Sequence[Document], declared: Iterable[Declared]
) -> list[Document]:
    """Return the documents with the bodies that they all, and what is `declared`, tell together."""
    bodies = (written(document.body, ()) for document in documents)
    names = ArchiveNames(Counter(chain(*bodies, *(written("", one) for one in declared))))
    return [named(document, names) for document in documents]


def named(document: Document, names: ArchiveNames) -> Document:
    """Return the document with the body that the archive as a whole tells.

    What an owner has written stays as it is.
    """
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
