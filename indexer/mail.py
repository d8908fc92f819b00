"""How are mails (.eml) and saved web pages (.mhtml) read?

A mail is a document: who wrote to whom, when, about what, and the words. What is attached to it are
documents of their own. Parsed with the policy of Python that never fails, for mails are broken in
every way there is.
"""

import contextlib
import io
import mimetypes
import re
from base64 import b64decode
from collections.abc import Generator, Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path

from indexer.errors import Help, UnreadableFileError
from indexer.member import Member, read_name
from indexer.plain_text import clean
from indexer.records import Extraction
from indexer.text_encoding import decode
from indexer.web_page import read_html

_PRINTED = ("Subject", "From", "To", "Cc", "Date")
_SIGNATURES = ("signature", "pgp-encrypted", "x-pkcs7")
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def read_mail(path: Path) -> Extraction:
    """Return the head lines and the words of a mail; its attachments are read on their own."""
    message = _parse(path)
    words = clean("\n\n".join(text for text in _texts(message) if text.strip())).strip("\n")
    if message.get_content_type() in ("multipart/encrypted", "application/pkcs7-mime"):
        raise UnreadableFileError("protected: the mail is encrypted", Help.PASSWORD)
    heads = [(name, _header(message, name)) for name in _PRINTED]
    lines = [f"{name}: {value}" for name, value in heads if value]
    head = dict(heads)
    found = {"title": head["Subject"], "author": head["From"], "date": _iso_date(head["Date"])}
    return Extraction(
        text="\n".join(lines) + (f"\n\n{words}" if words else ""),
        format="eml",
        properties={name: value for name, value in found.items() if value},
    )


def read_attachments(path: Path) -> Generator[Member, None, str]:
    """Yield what is attached to a mail, mails in it included; return nothing more to say."""
    for number, part in enumerate(_attached(_parse(path)), 1):
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload() if part.is_multipart() else []
            mail = inner[0] if isinstance(inner, list) and inner else None
            if isinstance(mail, Message) and part.get("Content-Transfer-Encoding") == "base64":
                mail = _unpacked(mail)
            subject = _header(mail, "Subject") if isinstance(mail, Message) else ""
            name = _file_name(part) or f"{subject or f'mail {number}'}.eml"
            content = mail.as_bytes() if isinstance(mail, Message) else b""
        else:
            kind = part.get_content_type()
            guessed = "" if kind == "application/octet-stream" else mimetypes.guess_extension(kind)
            name = _file_name(part) or f"attachment {number}{guessed or ''}"
            content = _content(part)
        yield Member(read_name(name.replace("/", "_")), io.BytesIO(content))
    return ""


def read_saved_page(path: Path) -> Extraction:
    """Return the text of a page that a browser saved with its pictures in one file (.mhtml)."""
    message = _parse(path)
    page = next((part for part in message.walk() if part.get_content_type() == "text/html"), None)
    if page is None:
        raise UnreadableFileError("damaged: no page inside it", Help.FETCH)
    extraction = read_html(_text(page), "mhtml")
    address = _header(message, "Snapshot-Content-Location") or _header(page, "Content-Location")
    captured = _iso_date(_header(message, "Date"))
    extraction.properties.setdefault("title", _header(message, "Subject"))
    found = {"url": address if address.startswith("http") else "", "captured": captured}
    extraction.properties.update({name: value for name, value in found.items() if value})
    return extraction


def _unpacked(mail: Message) -> Message:
    """Return a mail that was attached in base64, which no mail should be."""
    with contextlib.suppress(ValueError):
        return message_from_bytes(b64decode(mail.as_bytes()))
    return mail


def _parse(path: Path) -> Message:
    content = path.read_bytes()
    if content.startswith(_WIDE) or content[:200].count(0) > len(content[:200]) // 4:
        content = decode(content).encode("utf-8", "replace")
    return message_from_bytes(content)


def _texts(part: Message) -> Iterator[str]:
    """Yield the words of a mail; of two forms of the same words the plain one."""
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        inner = [one for one in _parts(part) if not _is_attached(one)]
        if part.get_content_type() == "multipart/alternative":
            forms = ["\n\n".join(_texts(one)) for one in inner]
            yield next((form for form in forms if form.strip()), "")
        else:
            for one in inner:
                yield from _texts(one)
    elif part.get_content_type() == "text/html":
        yield read_html(_text(part), "eml").text
    elif part.get_content_maintype() in ("text", "multipart"):  # or it never found its boundary
        yield _text(part)


def _attached(part: Message) -> Iterator[Message]:
    for one in _parts(part):
        if one.get_content_maintype() == "multipart":
            yield from _attached(one)
        elif _is_attached(one) and not any(word in one.get_content_type() for word in _SIGNATURES):
            yield one


def _is_attached(part: Message) -> bool:
    if part.get_content_maintype() == "multipart":
        return False
    if part.get_content_disposition() == "attachment" or _file_name(part):
        return True
    return part.get_content_type() not in ("text/plain", "text/html")


def _parts(part: Message) -> list[Message]:
    # Asked of anything else, get_payload decodes, and raises where a charset is no name.
    found = part.get_payload() if part.is_multipart() else []
    inner = found if part.get_content_maintype() == "multipart" else []
    return [one for one in inner if isinstance(one, Message)]


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: Message) -> str:
    """Return the text of a part, in the encoding that it declares if that is the right one."""
    content = _content(part)
    declared = _charset(part)
    if declared and declared not in ("us-ascii", "ascii", "iso-8859-1"):
        with contextlib.suppress(LookupError, ValueError):
            return content.decode(declared)
    try:
        return decode(content, declared=part.get_content_type() == "text/html")
    except UnreadableFileError:
        return content.decode("utf-8", "replace")


def _charset(part: Message) -> str:
    with contextlib.suppress(Exception):  # as in _header
        return part.get_content_charset() or ""
    return ""


def _header(message: Message, name: str) -> str:
    given = message.get(name)
    if given is None:
        return ""
    value = str(given)
    with contextlib.suppress(Exception):  # an encoding that does not exist, bytes that do not fit
        value = str(make_header(decode_header(value)))
    return " ".join(clean(value).split())


def _file_name(part: Message) -> str:
    with contextlib.suppress(Exception):  # as in _header
        name = part.get_filename()
        return " ".join(clean(str(make_header(decode_header(name)))).split()) if name else ""
    return ""


def _iso_date(value: str) -> str:
    iso = re.match(r"\d{4}-\d{2}-\d{2}", value)
    if iso:
        return iso[0]
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
        return parsedate_to_datetime(value).date().isoformat()
    return ""
