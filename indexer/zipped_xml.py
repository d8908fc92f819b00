"""XML inside a zip file (.odt, .docx), read as hostile input.

A small file may unpack to gigabytes, and XML may name entities that grow or point at other files:
sizes are checked while unpacking, and the parser resolves nothing.
"""

import zipfile
from pathlib import Path

from lxml import etree

from indexer.errors import Help, UnreadableFileError

MAX_ENTRY_BYTES = 128 * 1024 * 1024  # uncompressed; the largest of a real archive was 3 MB

_OLE_MAGIC = b"\xd0\xcf\x11\xe0"


def open_office_zip(path: Path) -> zipfile.ZipFile:
    """Open an office document, or explain why it is not one."""
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        with path.open("rb") as file:
            magic = file.read(4)
        if magic == _OLE_MAGIC:
            raise UnreadableFileError(
                "protected by a password: the file is encrypted", Help.PASSWORD
            ) from error
        raise UnreadableFileError(
            f"damaged: a {path.suffix.lower()} file is a zip archive and this one cannot be "
            f"opened as one ({error})",
            Help.FETCH,
        ) from error


def read_entry(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """Return the content of the entry `name`, None when there is no such entry.

    Raises UnreadableFileError when it is encrypted, too large or damaged.
    """
    try:
        with archive.open(name) as entry:
            content = entry.read(MAX_ENTRY_BYTES + 1)
    except KeyError:
        return None
    except MemoryError:
        raise
    except Exception as error:  # zlib.error and the others have no common base
        if type(error) is RuntimeError:  # zipfile's word for an encrypted entry
            raise UnreadableFileError(
                "protected by a password: the file is encrypted", Help.PASSWORD
            ) from error
        raise UnreadableFileError(
            f"damaged: {name} inside it cannot be unpacked ({error})", Help.FETCH
        ) from error
    if len(content) > MAX_ENTRY_BYTES:
        raise UnreadableFileError(
            f"too large: {name} inside it unpacks to more than {MAX_ENTRY_BYTES // 2**20} MB",
            Help.SPLIT,
        )
    return content


def read_xml(archive: zipfile.ZipFile, name: str) -> etree._Element | None:
    """Return the root of the entry `name`, None when there is no such entry.

    Raises UnreadableFileError when it is encrypted, too large, damaged or not XML.
    """
    content = read_entry(archive, name)
    if content is None:
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableFileError(
            f"damaged: {name} inside it is not well-formed XML ({error})", Help.FETCH
        ) from error
