"""indexer.parts: which documents one file holds, and what is unread in it."""

import gzip
import io
import json
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import parts as parts_module
from indexer.member import read_name
from indexer.parts import Part, load, load_document
from indexer.records import FileStatus, document_id_of
from tests.indexer.test_mail import parts_of, text_of


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in files.items():
            archive.writestr(name, inside)
    return content.getvalue()


def opened(folder: Path, content: bytes, name: str = "box.zip") -> dict[str, Part]:
    (folder / name).write_bytes(content)
    return parts_of(folder / name, folder / "scratch")


def test_an_ordinary_file_is_one_document(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Date: 5 May 2011\nWe met.", encoding="utf-8")
    document, text, _ = load_document(path, "x/a.txt", "ab")
    assert (document.source_id, document.sha256, document.date) == ("x/a.txt", "ab", "2011-05-05")
    assert [text.text[b.start : b.end] for b in text.blocks] == ["Date: 5 May 2011", "We met."]
    (part,) = load(path, "x/a.txt", "ab", tmp_path)
    assert (part.document, part.text) == (document, text)


def test_each_file_in_a_zip_is_a_document_named_after_both(tmp_path: Path) -> None:
    parts = opened(tmp_path, zipped({"may/a.txt": b"Minutes", "b.html": b"<p>Agenda</p>"}))
    assert {name: part.status.value for name, part in parts.items()} == {
        "box.zip!/may/a.txt": "searchable",
        "box.zip!/b.html": "searchable",
        "box.zip": "container",
    }
    document = parts["box.zip!/may/a.txt"].document
    assert document is not None
    assert document.document_id == document_id_of("box.zip!/may/a.txt")
    assert text_of(parts["box.zip!/b.html"]) == "Agenda"


def test_containers_are_opened_three_deep(tmp_path: Path) -> None:
    inside = b"Minutes"
    name = "a.txt"
    for _ in range(5):
        inside, name = zipped({name: inside}), "box.zip"
    parts = opened(tmp_path, inside)
    assert list(parts) == [
        "box.zip!/box.zip!/box.zip!/box.zip",
        "box.zip!/box.zip!/box.zip",
        "box.zip!/box.zip",
        "box.zip",
    ]
    assert parts["box.zip!/box.zip!/box.zip!/box.zip"].reason == (
        "nested too deeply: inside 3 others; unpack it"
    )


def test_names_that_play_tricks_are_only_names(tmp_path: Path) -> None:
    names = ["../../etc/a.txt", "/b.txt", "C:\\c.txt", "d\x00\x1b[1m.txt", "e.txt/", "é.txt"]
    content = zipped({name: name.encode() for name in names})
    parts = opened(tmp_path, content)
    assert set(parts) == {
        "box.zip!/etc/a.txt",
        "box.zip!/b.txt",
        "box.zip!/c.txt",
        "box.zip!/d",
        "box.zip!/é.txt",
        "box.zip",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["box.zip", "scratch"]


@given(st.text())
def test_any_name_becomes_a_plain_path(name: str) -> None:
    found = read_name(name)
    assert found
    assert not found.startswith("/")
    assert ".." not in found.split("/")
    assert found.isprintable() or not name.isprintable()
    assert len(found) <= 300


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", "two")
    parts = opened(tmp_path, content.getvalue())
    assert text_of(parts["box.zip!/a.txt (2)"]) == "two"


def test_what_archiving_programs_add_is_no_report(tmp_path: Path) -> None:
    content = zipped(
        {"__MACOSX/._a.txt": b"x", ".DS_Store": b"x", "Thumbs.db": b"x", "a.txt": b"a"}
    )
    assert list(opened(tmp_path, content)) == ["box.zip!/a.txt", "box.zip"]


def test_a_copy_inside_one_container_is_a_duplicate(tmp_path: Path) -> None:
    parts = opened(tmp_path, zipped({"a.txt": b"same", "b.txt": b"same"}))
    assert parts["box.zip!/b.txt"].status is FileStatus.DUPLICATE
    assert parts["box.zip!/b.txt"].reason == "same content as box.zip!/a.txt"


def test_an_encrypted_member_is_explained_and_the_others_are_read(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.txt": b"secret", "b.txt": b"open"}))
    at = content.index(b"PK\x01\x02")  # its entry in the central directory says "encrypted"
    content[at + 8 : at + 10] = struct.pack("<H", 1)
    content[6:8] = struct.pack("<H", 1)
    parts = opened(tmp_path, bytes(content))
    assert parts["box.zip!/a.txt"].help == "save a copy without the password"
    assert text_of(parts["box.zip!/b.txt"]) == "open"


def test_a_damaged_member_is_explained_and_the_others_are_read(tmp_path: Path) -> None:
    content = zipped({"a.txt": b"first " * 40, "b.txt": b"second"})
    at = content.index(b"a.txt") + 5
    parts = opened(tmp_path, content[:at] + b"\xff" * 4 + content[at + 4 :])
    assert parts["box.zip!/a.txt"].reason.startswith("damaged: it cannot be unpacked")
    assert text_of(parts["box.zip!/b.txt"]) == "second"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 cut off", "damaged: it cannot be opened as a zip archive"),
        (zipped({}), "empty: no file in this zip archive"),
        (b"", "damaged: it cannot be opened as a zip archive"),
    ],
)
def test_a_zip_that_cannot_be_opened_is_explained(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    parts = opened(tmp_path, content)
    assert [(part.status, part.reason.startswith(reason)) for part in parts.values()] == [
        (FileStatus.UNREAD, True)
    ]


def test_a_bomb_is_stopped_and_what_came_before_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "MIN_UNPACKED_BYTES", 4 * 2**20)
    content = zipped({"a.txt": b"Minutes", "bomb.txt": b" " * 40 * 2**20, "b.txt": b"Agenda"})
    parts = opened(tmp_path, content)
    assert text_of(parts["box.zip!/a.txt"]) == "Minutes"
    assert parts["box.zip!/bomb.txt"].status is FileStatus.UNREAD
    assert parts["box.zip"].status is FileStatus.UNREAD
    assert "made to fill a disk" in parts["box.zip"].reason
    assert "box.zip!/b.txt" not in parts
    assert not list((tmp_path / "scratch").iterdir())


def test_a_member_that_is_too_large_never_loses_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "MAX_FILE_BYTES", 1000)
    parts = opened(tmp_path, zipped({"large.txt": b"x" * 2000, "b.txt": b"Agenda"}))
    assert parts["box.zip!/large.txt"].reason == (
        "too large: it unpacks to more than 0 MB; split it"
    )
    assert text_of(parts["box.zip!/b.txt"]) == "Agenda"


def test_more_members_than_anybody_reads_are_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "MAX_MEMBERS", 2)
    parts = opened(tmp_path, zipped({f"{name}.txt": name.encode() for name in "abcd"}))
    assert list(parts) == ["box.zip!/a.txt", "box.zip!/b.txt", "box.zip"]
    assert parts["box.zip"].reason == "too large: it holds more than 2 files; split it"


def test_a_zip_that_is_an_office_file_is_read_as_one(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_paragraph("We met.")
    document.save(str(tmp_path / "minutes.zip"))
    parts = opened(tmp_path, (tmp_path / "minutes.zip").read_bytes())
    assert text_of(parts["box.zip"]) == "We met."


def test_a_gzipped_file_is_unpacked(tmp_path: Path) -> None:
    parts = opened(tmp_path, gzip.compress(b"Minutes"), "minutes.txt.gz")
    assert text_of(parts["minutes.txt.gz!/minutes.txt"]) == "Minutes"


def test_lines_of_a_jsonl_in_a_zip_are_documents(tmp_path: Path) -> None:
    lines = json.dumps({"_id": "1", "title": "May", "text": "We met."}) + "\n{broken\n"
    parts = opened(tmp_path, zipped({"m.jsonl": lines.encode()}))
    assert text_of(parts["box.zip!/m.jsonl#1"]) == "We met."
    assert parts["box.zip!/m.jsonl#line 2"].reason.startswith("line 2: not JSON")


def test_what_is_known_is_neither_read_nor_told_again(tmp_path: Path) -> None:
    (tmp_path / "box.zip").write_bytes(
        zipped({"a.txt": b"a", "in.zip": zipped({"b.txt": b"b"}), "c.txt": b"c"})
    )
    whole = list(load(tmp_path / "box.zip", "box.zip", "", tmp_path))
    for done in range(len(whole) + 1):
        read: list[str] = []
        rest = load(
            tmp_path / "box.zip",
            "box.zip",
            "",
            tmp_path,
            done,
            lambda part, read=read: read.append(part.source_id) if part else None,  # type: ignore[misc]
        )
        assert list(rest) == whole[done:]
        assert read == [p.source_id for p in whole[done:] if p.status is FileStatus.SEARCHABLE]
