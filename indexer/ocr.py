"""What is printed on a picture? Asked of tesseract, where it is installed.

Text that is recognised is never certain: it comes with the confidence of its words, which the
document carries, so that people know what they quote.
"""

import csv
import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from indexer.errors import Help, UnreadableFileError
from indexer.plain_text import clean

PICTURE_DPI = 300  # what tesseract is trained on
_GLANCE_DPI = 40  # enough to see whether anything is printed
_BLANK_BYTES = 400  # of a picture at that resolution; an empty page has 300, a page number 550
_STAMP_CHARS = 40
_PAGE_SECONDS = 90  # a dense page takes 5
_MIN_LINE_CONFIDENCE = 0.4  # specks, signatures and logos come as lines of noise


@dataclass(frozen=True, slots=True)
class Recognised:
    """The text of each page of a picture (most have one) and how sure its words are (0 to 1)."""

    pages: tuple[str, ...]
    confidence: float
    characters: int

    @property
    def text(self) -> str:
        """The text of all pages."""
        return "\n\n".join(self.pages)


def is_installed() -> bool:
    """Can pictures be read on this machine?"""
    return shutil.which("tesseract") is not None


def recognise(picture: bytes) -> Recognised:
    """Return what is printed on a picture (png, jpg, tif, gif, bmp, webp).

    Raises UnreadableFileError where tesseract is missing or cannot read it.
    """
    if not is_installed():
        raise UnreadableFileError("no text in it: it is a picture", Help.OCR)
    found = _tesseract(["stdin", "stdout", "-l", _language(), "tsv"], picture)
    return _read_table(found.decode("utf-8", "replace"))


@cache
def _language() -> str:
    """English where it is installed, or else whatever is."""
    listed = _tesseract(["--list-langs"]).decode("utf-8", "replace").split("\n")[1:]
    languages = [name.strip() for name in listed if name.strip() not in ("", "osd")]
    return "eng" if "eng" in languages or not languages else languages[0]


def _tesseract(arguments: list[str], given: bytes = b"") -> bytes:
    try:
        done = subprocess.run(
            ["tesseract", *arguments],
            input=given,
            capture_output=True,
            timeout=_PAGE_SECONDS,
            # More threads are slower here, and files are read side by side already.
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnreadableFileError(
            f"took too long: a picture was not recognised within {_PAGE_SECONDS} seconds",
            Help.RETRY,
        ) from None
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:160]
        raise UnreadableFileError(f"no text in it: tesseract cannot read the picture ({said})")
    return done.stdout


def _read_table(table: str) -> Recognised:
    """Read tesseract's table of words; a paragraph is followed by an empty line."""
    rows = csv.DictReader(table.split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if row["level"] == "5" and (row["text"] or "").strip()]
    pages: dict[str, list[str]] = {}
    total = certain = 0.0
    previous = ("", "", "")
    for (page, block, paragraph, _), found in groupby(words, _line_of):
        line = list(found)
        letters = [len(word["text"].strip()) for word in line]
        sure = sum(
            float(word["conf"]) / 100 * count for word, count in zip(line, letters, strict=True)
        )
        if sure < _MIN_LINE_CONFIDENCE * sum(letters) or not _has_word(line):
            continue
        lines = pages.setdefault(page, [])
        if lines and (page, block, paragraph) != previous:
            lines.append("")
        previous = (page, block, paragraph)
        lines.append(" ".join(word["text"].strip() for word in line))
        total += sum(letters)
        certain += sure
    texts = tuple(clean("\n".join(lines)) for lines in pages.values())
    return Recognised(texts, round(certain / total, 3) if total else 0.0, int(total))


def _line_of(word: dict[str, str]) -> tuple[str, str, str, str]:
    return word["page_num"], word["block_num"], word["par_num"], word["line_num"]


def _has_word(line: list[dict[str, str]]) -> bool:
    return any(re.search(r"\w", word["text"]) for word in line)


@dataclass(frozen=True, slots=True)
class Scans:
    """The pages of a document after its scanned pages were looked at.

    `confidence` is None where nothing was recognised; `unread` are the pages (from 1) that print
    something which was not.
    """

    pages: list[str]
    confidence: float | None = None
    unread: tuple[int, ...] = ()


def read_scans(
    pages: list[str], picture: Callable[[int, int], bytes], alive: Callable[[], None]
) -> Scans:
    """Return `pages` with the text of those that are only pictures, where tesseract is installed.

    `picture` draws a page (from 0) at a resolution in dots per inch.
    """
    scanned = list(_scanned(pages))
    if not is_installed():
        shown = (number + 1 for number in scanned if not _is_blank(picture(number, _GLANCE_DPI)))
        return Scans(pages, unread=tuple(shown))
    filled, total, certain, unread = list(pages), 0, 0.0, []
    for number in scanned:
        alive()
        drawn = b"" if _is_blank(picture(number, _GLANCE_DPI)) else picture(number, PICTURE_DPI)
        if not drawn:
            continue
        try:
            found = recognise(drawn)
        except UnreadableFileError:  # the other pages are worth reading all the same
            unread.append(number + 1)
            continue
        if found.characters > _letters(pages[number]):  # more than the stamp
            filled[number] = found.text
            total += found.characters
            certain += found.confidence * found.characters
    return Scans(filled, round(certain / total, 3) if total else None, tuple(unread))


def _scanned(pages: list[str]) -> Iterator[int]:
    """Yield the positions of pages without text of their own.

    Where all pages hold next to nothing (a scan that was stamped), those count, too.
    """
    letters = [_letters(page) for page in pages]
    all_scanned = sum(letters) < _STAMP_CHARS * len(pages) / 2
    for number, count in enumerate(letters):
        if not count or (all_scanned and count < _STAMP_CHARS):
            yield number


def _letters(text: str) -> int:
    return len(re.sub(r"\W", "", text))


def _is_blank(picture: bytes) -> bool:
    """Is there nothing on the picture? One colour packs to next to nothing."""
    return len(zlib.compress(picture)) < _BLANK_BYTES
