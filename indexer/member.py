"""One file inside a container, as the readers of containers hand it over."""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO

from indexer.errors import UnreadableFileError
from indexer.plain_text import clean

SEPARATOR = "!/"  # between the name of a container and that of a file in it
LINE = "#"  # between the name of a .jsonl file and that of a line in it
_MAX_NAME_CHARS = 300


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a container: its name in there and its content, to be read before the next one.

    `suffix` is given where the name does not tell the format. `properties` are what the container
    says of it (see `Extraction`); `problem` says why it has no content.
    """

    name: str
    content: IO[bytes] | None = None
    suffix: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    problem: UnreadableFileError | None = None


def read_name(given: str) -> str:
    """Return a name that was found in a container as a plain path, without tricks in it.

    It is only ever shown: nothing is written under it. Drives, "..", control characters and
    leading slashes go, and a name of endless length is cut at its front. What would make it the
    name of something inside another member ("a.zip!/b", "a.jsonl#b") goes as well.
    """
    name = " ".join(clean(given.replace("\\", "/")).split())
    name = re.sub(r"(\.jsonl)#", r"\1_", name, flags=re.IGNORECASE)
    pieces = [piece.strip().rstrip("!") for piece in re.sub(r"^[A-Za-z]:", "", name).split("/")]
    return "/".join(piece for piece in pieces if piece.strip("."))[-_MAX_NAME_CHARS:] or "unnamed"


def is_report(name: str) -> bool:
    """False for what archiving programs add: hidden files, lock files, lists of thumbnails."""
    path = PurePosixPath(name)
    if any(piece.startswith(".") or piece == "__MACOSX" for piece in path.parts):
        return False
    return not path.name.startswith("~$") and path.name.lower() not in ("thumbs.db", "desktop.ini")
