"""indexer.mail and indexer.outlook: the mail is a document, and so is each attachment."""

from base64 import b64encode
from email.message import EmailMessage
from pathlib import Path

import pytest

from indexer.errors import UnreadableFileError
from indexer.extraction import extract
from indexer.parts import Part, load
from indexer.records import FileStatus
from tests.indexer.test_loading import ARCHIVE, needs_archive


def parts_of(path: Path, scratch: Path) -> dict[str, Part]:
    scratch.mkdir(exist_ok=True)
    return {part.source_id: part for part in load(path, path.name, "0" * 64, scratch)}


def text_of(part: Part) -> str:
    assert part.text is not None, part.reason
    return part.text.text


def mail(subject: str = "Papers for May") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Clerk <clerk@example.org>"
    message["To"] = "members@example.org"
    message["Date"] = "Thu, 17 Mar 2011 09:30:00 +0000"
    message.set_content("Dear all,\n\nthe papers cost £4.\n")
    return message


def test_a_mail_prints_its_head_and_its_words(tmp_path: Path) -> None:
    (tmp_path / "m.eml").write_bytes(mail().as_bytes())
    extraction = extract(tmp_path / "m.eml")
    assert extraction.text == (
        "Subject: Papers for May\nFrom: Clerk <clerk@example.org>\nTo: members@example.org\n"
        "Date: Thu, 17 Mar 2011 09:30:00 +0000\n\nDear all,\n\nthe papers cost £4."
    )
    assert extraction.properties == {
        "title": "Papers for May",
        "author": "Clerk <clerk@example.org>",
        "date": "2011-03-17",
    }


def test_of_two_forms_of_the_same_words_one_is_read(tmp_path: Path) -> None:
    message = mail()
    message.add_alternative("<p>the <b>papers</b> cost £4</p>", subtype="html")
    (tmp_path / "m.eml").write_bytes(message.as_bytes())
    assert extract(tmp_path / "m.eml").text.count("papers cost") == 1


def test_a_mail_of_html_alone_is_read_as_a_page(tmp_path: Path) -> None:
    message = EmailMessage()
    message.set_content("<style>x</style><p>One</p><ul><li>Two</li></ul>", subtype="html")
    (tmp_path / "m.eml").write_bytes(message.as_bytes())
    assert extract(tmp_path / "m.eml").text.strip() == "One\n- Two"


def test_what_is_attached_is_a_document_of_its_own(tmp_path: Path) -> None:
    message, inner = mail(), mail("Forwarded")
    inner.add_attachment("Minutes of May.", filename="minutes.txt")
    message.add_attachment("<p>Agenda</p>", subtype="html", filename="../../agenda.html")
    message.add_attachment(b"\0\1", maintype="audio", subtype="mpeg", filename="talk.mp3")
    message.add_attachment(inner)
    (tmp_path / "m.eml").write_bytes(message.as_bytes())
    parts = parts_of(tmp_path / "m.eml", tmp_path / "scratch")
    assert list(parts) == [
        "m.eml!/.._.._agenda.html",
        "m.eml!/talk.mp3",
        "m.eml!/Forwarded.eml!/minutes.txt",
        "m.eml!/Forwarded.eml",
        "m.eml",
    ]
    assert text_of(parts["m.eml!/.._.._agenda.html"]) == "Agenda"
    assert text_of(parts["m.eml!/Forwarded.eml!/minutes.txt"]).strip() == "Minutes of May."
    assert parts["m.eml!/talk.mp3"].reason.startswith("unknown format '.mp3'")
    assert parts["m.eml"].status is FileStatus.SEARCHABLE
    assert "Agenda" not in text_of(parts["m.eml"])


def test_a_mail_that_is_attached_in_base64_is_read(tmp_path: Path) -> None:
    inner = b64encode(b"Subject: Inner\n\nThe inner words").decode()
    (tmp_path / "m.eml").write_text(
        "Subject: Outer\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: message/rfc822; name=inner.eml\n"
        f"Content-Transfer-Encoding: base64\n\n{inner}\n--b--\n"
    )
    parts = parts_of(tmp_path / "m.eml", tmp_path / "scratch")
    assert text_of(parts["m.eml!/inner.eml"]) == "Subject: Inner\n\nThe inner words"


def test_names_and_subjects_are_decoded(tmp_path: Path) -> None:
    (tmp_path / "m.eml").write_bytes(
        b"Subject: =?utf-8?q?Caf=C3=A9?=\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nHello\n"
        b'--b\nContent-Type: text/plain; name="=?utf-8?q?caf=C3=A9.txt?="\n\nAttached\n--b--\n'
    )
    parts = parts_of(tmp_path / "m.eml", tmp_path / "scratch")
    assert list(parts) == ["m.eml!/café.txt", "m.eml"]
    assert text_of(parts["m.eml"]) == "Subject: Café\n\nHello"


def test_an_encrypted_mail_is_explained(tmp_path: Path) -> None:
    (tmp_path / "m.eml").write_bytes(
        b"Subject: x\nContent-Type: multipart/encrypted; boundary=b\n\n"
        b"--b\nContent-Type: application/octet-stream\n\nabc\n--b--\n"
    )
    with pytest.raises(UnreadableFileError, match="protected: the mail is encrypted"):
        extract(tmp_path / "m.eml")


@pytest.mark.parametrize(
    "head",
    [
        b"Subject: =?x-none?q?abc?=",
        b"Subject: =?utf-8?b?!!!?=",
        b"Date: not a date",
        b"Content-Type: text/plain; charset=no-such",
        b"Content-Type: multipart/mixed",
        b"Content-Transfer-Encoding: no-such",
        b"From: \xff\xfe\xfd",
        b"Content-Type: ;;;=",
        b"Content-Type: multipart/mixed; charset=\0",
    ],
)
def test_a_broken_head_loses_no_words(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "m.eml").write_bytes(head + b"\n\nThe words remain")
    assert "words remain" in extract(tmp_path / "m.eml").text


def test_a_saved_page_is_read_with_its_address(tmp_path: Path) -> None:
    (tmp_path / "page.mhtml").write_bytes(
        b"From: <Saved by Blink>\nSnapshot-Content-Location: https://example.org/a.htm\n"
        b"Subject: Board\nDate: Thu, 17 Mar 2011 09:30:00 -0000\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/related; type="text/html"; boundary=b\n\n'
        b"--b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
        b"<html><title>The Board</title><p>Cost =C2=A34</p></html>\n"
        b"--b\nContent-Type: image/png\n\nxxx\n--b--\n"
    )
    extraction = extract(tmp_path / "page.mhtml")
    assert extraction.text == "Cost £4"
    assert extraction.properties["url"] == "https://example.org/a.htm"
    assert extraction.properties["captured"] == "2011-03-17"
    assert extraction.properties["title"] == "The Board"


@needs_archive
def test_attachments_of_outlook_mails_are_read(tmp_path: Path) -> None:
    folder = ARCHIVE / "hard_files" / "tika"
    parts = parts_of(folder / "testMSG_att_msg.msg", tmp_path / "scratch")
    assert list(parts) == [
        "testMSG_att_msg.msg!/Test Attachment.txt",
        "testMSG_att_msg.msg!/smbprn.00009008.KdcPjl.pdf",
        "testMSG_att_msg.msg",
    ]
    assert all(part.status is FileStatus.SEARCHABLE for part in parts.values())
