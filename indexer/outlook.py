"""What is attached to an Outlook mail (.msg)?

kreuzberg reads the text of such a mail, but hands out no attachment. The file is an OLE compound of
streams; each attachment is a storage of its own. A mail that is attached as a mail is a storage
again: its head lines and words are handed over as a .txt.
"""

import contextlib
import io
from collections.abc import Generator, Iterator
from pathlib import Path

import olefile

from indexer.errors import Help, UnreadableFileError
from indexer.member import Member, read_name
from indexer.text_encoding import decode

_ATTACHMENT = "__attach_version1.0_"
_DATA, _LONG_NAME, _SHORT_NAME, _SHOWN_NAME = "3701", "3707", "3704", "3001"
_SUBJECT, _SENDER, _TO, _BODY = "0037", "0C1A", "0E04", "1000"
_MAIL = f"__substg1.0_{_DATA}000D"
_MAX_DEPTH = 3

_Path = list[str]


def read_outlook_attachments(path: Path) -> Generator[Member, None, str]:
    """Yield what is attached to a .msg; return nothing more to say about it."""
    try:
        compound = olefile.OleFileIO(str(path))
    except Exception as error:  # olefile raises what struct and its own checks do
        raise UnreadableFileError(
            f"damaged: it cannot be opened as an Outlook mail ({error})", Help.FETCH
        ) from error
    with compound:
        yield from _attachments(compound, [], depth=0)
    return ""


def _attachments(compound: olefile.OleFileIO, storage: _Path, depth: int) -> Iterator[Member]:
    here = len(storage)
    found = sorted(
        {
            name[here]
            for name in compound.listdir(streams=True, storages=True)
            if name[:here] == storage and len(name) > here and name[here].startswith(_ATTACHMENT)
        }
    )
    for number, attachment in enumerate(found, 1):
        inside = [*storage, attachment]
        name = (
            _string(compound, inside, _LONG_NAME)
            or _string(compound, inside, _SHORT_NAME)
            or _string(compound, inside, _SHOWN_NAME)
            or f"attachment {number}"
        )
        mail = [*inside, _MAIL]
        if compound.exists(mail):
            yield Member(
                read_name(name.replace("/", "_") + ".txt"), io.BytesIO(_mail(compound, mail))
            )
            if depth < _MAX_DEPTH:
                yield from _attachments(compound, mail, depth + 1)
        else:
            content = _stream(compound, [*inside, f"__substg1.0_{_DATA}0102"])
            yield Member(read_name(name.replace("/", "_")), io.BytesIO(content))


def _mail(compound: olefile.OleFileIO, storage: _Path) -> bytes:
    heads = (("Subject", _SUBJECT), ("From", _SENDER), ("To", _TO))
    found = [(name, _string(compound, storage, code)) for name, code in heads]
    lines = [f"{name}: {value}" for name, value in found if value]
    return "\n".join([*lines, "", _string(compound, storage, _BODY)]).encode()


def _string(compound: olefile.OleFileIO, storage: _Path, code: str) -> str:
    """Return a property as text: kept as UTF-16 (001F), or in some older encoding (001E)."""
    wide = _stream(compound, [*storage, f"__substg1.0_{code}001F"])
    if wide:
        return wide.decode("utf-16-le", "replace").strip("\0")
    narrow = _stream(compound, [*storage, f"__substg1.0_{code}001E"]).strip(b"\0")
    with contextlib.suppress(UnreadableFileError):
        return decode(narrow)
    return narrow.decode("cp1252", "replace")


def _stream(compound: olefile.OleFileIO, name: _Path) -> bytes:
    with contextlib.suppress(Exception):  # as above
        if compound.exists(name):
            return bytes(compound.openstream(name).read())
    return b""
