"""What is in a .zip or a .gz file?"""

import contextlib
import gzip
import zipfile
from collections.abc import Generator
from pathlib import Path

from indexer.errors import Help, UnreadableFileError
from indexer.member import Member, is_report, read_name


def read_zip(path: Path) -> Generator[Member, None, str]:
    """Yield the files in a .zip, in its own order; return nothing more to say about it.

    Raises UnreadableFileError where it cannot be opened.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise UnreadableFileError(
            f"damaged: it cannot be opened as a zip archive ({error})", Help.FETCH
        ) from error
    with archive:
        entries = [(read_name(_name(info)), info) for info in archive.infolist()]
        files = [(name, info) for name, info in entries if not info.is_dir() and is_report(name)]
        if not files:
            raise UnreadableFileError("empty: no file in this zip archive")
        for name, info in files:
            member = _member(archive, name, info)
            try:
                yield member
            finally:
                if member.content is not None:
                    member.content.close()
    return ""


def read_gzip(path: Path) -> Generator[Member, None, str]:
    """Yield the one file in a .gz."""
    with gzip.open(path) as content:
        yield Member(read_name(path.stem), content)  # type: ignore[arg-type]  # a GzipFile is IO
    return ""


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name of an entry; many writers use UTF-8 without saying so."""
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            return info.filename.encode("cp437").decode("utf-8")
    return info.filename


def _member(archive: zipfile.ZipFile, name: str, info: zipfile.ZipInfo) -> Member:
    try:
        return Member(name, archive.open(info))
    except NotImplementedError as error:
        problem = UnreadableFileError(f"packed in an unusual way ({error})", Help.UNPACK)
    except RuntimeError:  # zipfile's word for an encrypted entry
        problem = UnreadableFileError(
            "protected by a password: the file is encrypted", Help.PASSWORD
        )
    except Exception as error:
        problem = UnreadableFileError(f"damaged: it cannot be unpacked ({error})", Help.FETCH)
    return Member(name, problem=problem)
