"""indexer.originals: the bytes of a document are found again wherever they lie, and none other."""

import hashlib
import json
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from indexer.originals import find_original
from indexer.parts import load
from indexer.records import FileStatus
from tests.indexer.test_loading import ARCHIVE, needs_archive
from tests.indexer.test_parts import zipped
from tests.indexer.test_web_archive import crawl

LINES = (
    b'\xef\xbb\xbf{"_id": "a", "text": "One"}\n\n'
    b'  {"_id": "a", "text": "Two"}\n{"_id": 3, "text": "3"}'
)


def mail() -> bytes:
    message = EmailMessage()
    message["Subject"] = "Papers"
    message.set_content("See the papers.")
    for number in (1, 2):
        message.add_attachment(f"Minutes {number}", filename="minutes.txt")
    inner = EmailMessage()
    inner["Subject"] = "Inner"
    inner.set_content("The inner mail.")
    message.add_attachment(inner)
    return message.as_bytes()


def box() -> bytes:
    inner = zipped({"deep/a.txt": b"Deep", "m.jsonl": LINES, "x.eml": mail()})
    return zipped({"in.zip": inner, "in.zip!/deep.txt": b"Not deep", "a/b.txt": b"Flat"})


def searchable(path: Path, scratch: Path) -> dict[str, str]:
    """Return the digest of each document in a file, by what follows the name of the file."""
    scratch.mkdir()
    parts = load(path, "", hashlib.sha256(path.read_bytes()).hexdigest(), scratch)
    return {part.source_id: part.sha256 for part in parts if part.status is FileStatus.SEARCHABLE}


def found(path: Path, inside: str, sha256: str, folder: Path) -> bytes | None:
    folder.mkdir(exist_ok=True)
    original = find_original(path, inside, sha256, folder)
    return original.read_bytes() if original else None


def assert_all_are_found(path: Path, tmp_path: Path, count: int) -> None:
    inside = searchable(path, tmp_path / "scratch")
    inside.pop("", None)  # a mail is a document itself
    assert len(inside) == count
    for name, sha256 in inside.items():
        content = found(path, name, sha256, tmp_path / "found")
        assert content is not None, name
        assert hashlib.sha256(content).hexdigest() == sha256, name
        assert found(path, name, "0" * 64, tmp_path / "found") is None


def test_what_lies_in_zips_and_mails_in_each_other_is_found(tmp_path: Path) -> None:
    (tmp_path / "box.zip").write_bytes(box())
    assert_all_are_found(tmp_path / "box.zip", tmp_path, 9)


def test_a_mail_has_its_attachments_of_one_name_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(mail())
    inside = searchable(tmp_path / "a.eml", tmp_path / "scratch")
    second = inside["!/minutes.txt (2)"]
    assert found(tmp_path / "a.eml", "!/minutes.txt (2)", second, tmp_path / "f") == b"Minutes 2\n"


@pytest.mark.parametrize("name", ["site.warc", "site.warc.gz"])
def test_each_page_of_a_web_archive_is_found(tmp_path: Path, name: str) -> None:
    page = ("https://e.org/a", "200 OK", "text/html", b"<p>We met.</p>")
    sheet = ("https://e.org/get?id=1#x", "200 OK", "text/csv", b"a,b\n1,2\n")
    path = crawl(tmp_path / name, page, sheet, compressed=name.endswith("gz"))
    assert_all_are_found(path, tmp_path, 2)


def test_each_line_is_found_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_bytes(LINES)
    inside = searchable(tmp_path / "r.jsonl", tmp_path / "scratch")
    assert list(inside) == ["#a", "#3"]
    line = found(tmp_path / "r.jsonl", "#a", inside["#a"], tmp_path / "f")
    assert line is not None
    assert json.loads(line) == {"_id": "a", "text": "One"}


@needs_archive
@pytest.mark.parametrize(
    ("name", "count"),
    [("tika/testMSG_att_msg.msg", 2), ("warcio/example.warc.gz", 1)],
)
def test_what_real_containers_hold_is_found(tmp_path: Path, name: str, count: int) -> None:
    assert_all_are_found(ARCHIVE / "hard_files" / name, tmp_path, count)


def run(path: Path, inside: str, sha256: str, folder: Path) -> int:
    folder.mkdir(exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "indexer.originals",
        str(path),
        inside,
        sha256,
        str(folder / "it"),
    ]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_as_a_process_it_leaves_the_file_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "box.zip").write_bytes(zipped({"a.txt": b"Minutes"}))
    digest = hashlib.sha256(b"Minutes").hexdigest()
    assert run(tmp_path / "box.zip", "!/a.txt", digest, tmp_path / "f") == 0
    assert (tmp_path / "f" / "it").read_bytes() == b"Minutes"
    assert run(tmp_path / "box.zip", "!/b.txt", digest, tmp_path / "g") == 1
    (tmp_path / "box.zip").write_bytes(b"no zip any more")
    assert run(tmp_path / "box.zip", "!/a.txt", digest, tmp_path / "g") == 1


def test_as_a_process_it_writes_no_bomb_to_the_disk(tmp_path: Path) -> None:
    bomb = b"\0" * 520 * 2**20
    (tmp_path / "box.zip").write_bytes(zipped({"a.txt": bomb}))
    digest = hashlib.sha256(bomb).hexdigest()
    assert run(tmp_path / "box.zip", "!/a.txt", digest, tmp_path / "f") == 1
    assert not (tmp_path / "f" / "it").exists()
