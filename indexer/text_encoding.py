"""In which encoding is a text file written?

Asked in the order that is right for English public reports: a byte-order mark, UTF-16 without one,
UTF-8, what the file itself declares, Windows-1252, and only then a statistical guess: on a report
with three pound signs a guess often says Windows-1250 and turns £ into Ł.
"""

import codecs
import re

from charset_normalizer import from_bytes

from indexer.errors import Help, UnreadableFileError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9._:-]{3,40})""")
_DECLARATION_BYTES = 4096
# What English prints beyond ASCII; a text whose other characters are rare is Windows-1252.
_EXPECTED = set("£€‘’“”–—…•·°½¼¾§©®™±²³µ¹´¨\xa0éèêëáàâäãçñóòôöúùûüíìîïåøÉÈÀÇÖÜ†‡‹›«»¬¦¢¥ßæœ×÷")
_MAX_UNEXPECTED = 0.2  # of the characters beyond ASCII
_MAX_BEYOND_ASCII = 0.1  # of all characters; Cyrillic in Windows-1252 has about 0.8


def decode(content: bytes, *, declared: bool = False) -> str:
    """Return the text of `content`; `declared` looks for an encoding named in the file (HTML, XML).

    Raises UnreadableFileError when it is no text.
    """
    for encoding in _candidates(content, declared):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    if b"\0" in content[:65536]:
        raise UnreadableFileError("not text: the file holds binary data", Help.EXTENSION)
    text = _as_western(content)
    if text is not None:
        return text
    best = from_bytes(content).best()
    if best is None:
        raise UnreadableFileError("not text in any encoding that we know", Help.EXTENSION)
    return str(best)


def _candidates(content: bytes, declared: bool) -> list[str]:
    found = [encoding for mark, encoding in _MARKS if content.startswith(mark)][:1]
    start = content[:_DECLARATION_BYTES]
    zeros = start.count(0)
    if not found and zeros > len(start) // 4:  # every second byte of English UTF-16 is zero
        found.append("utf-16-le" if start[1::2].count(0) > zeros // 2 else "utf-16-be")
    if zeros == 0:
        found.append("utf-8")
    if declared and (match := _DECLARED.search(start)):
        found.append(_web_name(match[1].decode("ascii")))
    return found


def _web_name(name: str) -> str:
    """Browsers read Latin-1 and ASCII as Windows-1252, and so must we: it is what authors meant."""
    return "cp1252" if name.lower() in ("iso-8859-1", "latin-1", "latin1", "us-ascii") else name


def _as_western(content: bytes) -> str | None:
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return None
    beyond = [character for character in text if character > "\x7f"]
    unexpected = sum(character not in _EXPECTED for character in beyond)
    plausible = len(beyond) <= _MAX_BEYOND_ASCII * len(text)
    return text if plausible and unexpected <= _MAX_UNEXPECTED * len(beyond) + 1 else None
