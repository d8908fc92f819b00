"""Which files hold others, and what is each file in them called?

Whoever opens a container by this finds the same files under the same names.
"""

from collections.abc import Callable, Generator
from pathlib import Path, PurePosixPath

from indexer.mail import read_attachments
from indexer.member import Member
from indexer.outlook import read_outlook_attachments
from indexer.web_archive import read_web_archive
from indexer.zip_archive import read_gzip, read_zip

READERS: dict[str, Callable[[Path], Generator[Member, None, str]]] = {
    ".zip": read_zip,
    ".gz": read_gzip,
    ".warc": read_web_archive,
    ".arc": read_web_archive,
    ".eml": read_attachments,
    ".msg": read_outlook_attachments,
}


def distinct(name: str, taken: set[str]) -> str:
    """Return `name`, or the name with a number where another member of the container has it.

    It is taken from then on.
    """
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    taken.add(found)
    return found


def suffix_of(member: Member) -> str:
    """Return the extension by which a member is read; nothing else of its name is used."""
    if member.suffix:
        return member.suffix
    path = PurePosixPath(member.name.lower())
    packed = PurePosixPath(path.stem).suffix if path.suffix == ".gz" else ""
    found = (packed if packed in (".warc", ".arc") else "") + path.suffix
    return found if found.replace(".", "").isalnum() and found.isascii() and len(found) < 16 else ""
