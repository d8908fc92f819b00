"""indexer.source: everything in SOURCE is either an item or named with its problem."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import SourceError, UnreadableFileError
from indexer.source import SourceItem, document_of_line, load_line, scan


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Report {name}", encoding="utf-8")


def names_in(source: Path, index_dir: Path = Path("/nowhere")) -> list[str]:
    return [item.source_id for item in scan(source, index_dir)]


def problems_in(source: Path) -> dict[str, str]:
    return {item.source_id: item.problem for item in scan(source, Path("/nowhere")) if item.problem}


def jsonl(path: Path, *lines: bytes | dict[str, object]) -> Path:
    path.write_bytes(
        b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    )
    return path


# --- folders -------------------------------------------------------------------------------------


def test_a_folder_is_read_with_all_that_lies_below_it(tmp_path: Path) -> None:
    put(tmp_path, "b.txt", "a/z.pdf", "a/b/c.html", "B.txt", "noext", "deep/README.md")
    assert names_in(tmp_path) == [
        "B.txt",
        "a/b/c.html",
        "a/z.pdf",
        "b.txt",
        "deep/README.md",
        "noext",
    ]


def test_items_carry_the_digest_and_the_size_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    (item,) = scan(tmp_path, Path("/nowhere"))
    assert item == SourceItem(
        "a.txt",
        tmp_path / "a.txt",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        3,
    )


def test_hidden_files_office_locks_and_the_top_readme_are_no_reports(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", ".hidden.txt", ".git/config.txt", "~$a.docx", "README.md", ".DS_Store")
    assert names_in(tmp_path) == ["a.txt"]


def test_an_index_inside_of_the_source_is_not_read(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "index/generations/x/store.txt", "other/index/b.txt")
    assert names_in(tmp_path, tmp_path / "index") == ["a.txt", "other/index/b.txt"]
    assert names_in(tmp_path, tmp_path / "other" / ".." / "index") == ["a.txt", "other/index/b.txt"]


def test_a_link_that_leads_outside_is_named_and_not_read(tmp_path: Path) -> None:
    put(tmp_path, "in/a.txt", "out/secret.txt", "out/folder/x.txt")
    source = tmp_path / "in"
    (source / "inside.txt").symlink_to("a.txt")
    (source / "outside.txt").symlink_to(tmp_path / "out" / "secret.txt")
    (source / "lines.jsonl").symlink_to(tmp_path / "out" / "secret.txt")
    (source / "folder").symlink_to(tmp_path / "out" / "folder")
    assert problems_in(source) == {
        "outside.txt": "a link to a file outside the folder",
        "lines.jsonl": "a link to a file outside the folder",
        "folder": "a link to a folder: not followed",
    }
    assert names_in(source) == ["a.txt", "folder", "inside.txt", "lines.jsonl", "outside.txt"]


def test_a_file_that_cannot_be_opened_is_named_with_the_reason(tmp_path: Path) -> None:
    put(tmp_path, "a.txt")
    (tmp_path / "gone.txt").symlink_to("nothing.txt")
    (tmp_path / "round.txt").symlink_to("round.txt")
    assert problems_in(tmp_path) == {
        "gone.txt": "cannot be opened: no such file or directory",
        "round.txt": "cannot be opened: too many levels of symbolic links",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="NOT CHECKED: root may read everything")
def test_what_may_not_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "closed.txt", "folder/b.txt")
    (tmp_path / "closed.txt").chmod(0)
    (tmp_path / "folder").chmod(0)
    found = problems_in(tmp_path)
    (tmp_path / "folder").chmod(0o700)
    assert found == {
        "closed.txt": "cannot be opened: permission denied",
        "folder/": "cannot be opened: permission denied",
    }


@pytest.mark.parametrize("name", ["pipe.txt", "pipe.jsonl"])
def test_a_pipe_is_named_and_not_waited_for(tmp_path: Path, name: str) -> None:
    put(tmp_path, "a.txt")
    os.mkfifo(tmp_path / name)
    assert problems_in(tmp_path) == {name: "not a regular file"}


def test_odd_file_names_are_kept_readable(tmp_path: Path) -> None:
    put(tmp_path, "annual report (final) £.txt", "new\nline.txt")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("x")
    assert names_in(tmp_path) == [
        "annual report (final) £.txt",
        "caf\\xe9.txt",
        "new\nline.txt",
    ]


def test_the_source_may_be_written_in_any_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "in/a.txt", "in/README.md")
    monkeypatch.chdir(tmp_path / "in")
    for source in (".", "../in", "../in/.", str(tmp_path / "in") + "/"):
        assert names_in(Path(source)) == ["a.txt"]


# --- nothing there -------------------------------------------------------------------------------


def test_a_missing_source_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent: no such folder or file\. Name the folder"):
        scan(tmp_path / "absent", tmp_path)


@pytest.mark.parametrize("inside", [[], ["README.md", ".hidden"]])
def test_a_source_without_reports_says_what_to_do(tmp_path: Path, inside: list[str]) -> None:
    put(tmp_path, *inside)
    with pytest.raises(SourceError, match=r"holds no reports\. Put files into it"):
        scan(tmp_path, Path("/nowhere"))


def test_a_single_file_must_be_a_jsonl(tmp_path: Path) -> None:
    put(tmp_path, "a.pdf")
    with pytest.raises(SourceError, match=r"is one \.pdf file; expected a folder .* \.jsonl"):
        scan(tmp_path / "a.pdf", Path("/nowhere"))


def test_an_empty_jsonl_source_holds_no_reports(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no reports"):
        scan(jsonl(tmp_path / "a.jsonl", b"", b"  "), Path("/nowhere"))


# --- lines ---------------------------------------------------------------------------------------


def test_the_ids_of_a_jsonl_source_are_kept(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"_id": "x/1", "text": "t"}, {"_id": 7, "text": "t"})
    assert names_in(path) == ["7", "x/1"]


def test_a_jsonl_inside_of_a_folder_names_file_and_id(tmp_path: Path) -> None:
    put(tmp_path, "a.txt")
    jsonl(tmp_path / "b.jsonl", {"_id": "1", "text": "t"})
    jsonl(tmp_path / "empty.jsonl", b"\n\n")
    assert names_in(tmp_path) == ["a.txt", "b.jsonl#1", "empty.jsonl"]
    assert problems_in(tmp_path) == {"empty.jsonl": "empty: no line in it"}


def test_a_bad_line_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "a.jsonl",
        {"_id": "good", "text": "t"},
        b"{not json",
        b'["a list"]',
        {"text": "no id"},
        {"_id": "", "text": "empty id"},
        {"_id": None, "text": "null id"},
        b"\xff\xfe",
        b"[" * 100_000,
        {"_id": "good", "text": "again"},
        {"_id": "also good", "text": "t"},
    )
    assert problems_in(path) == {
        "line 2": "line 2: not JSON; expected one object a line",
        "line 3": "line 3: not an object with _id, title and text",
        "line 4": "line 4: no _id; expected _id, title and text",
        "line 5": "line 5: no _id; expected _id, title and text",
        "line 6": "line 6: no _id; expected _id, title and text",
        "line 7": "line 7: not JSON; expected one object a line",
        "line 8": "line 8: not JSON; expected one object a line",
        "good (line 9)": "line 9: _id good is taken",
    }
    assert {"good", "also good"} <= set(names_in(path))


def test_every_line_has_a_name_of_its_own(tmp_path: Path) -> None:
    ids = ["a (line 3)", "a", "a", "line 5"]
    lines: list[dict[str, object]] = [{"_id": name, "text": "t"} for name in ids]
    path = jsonl(tmp_path / "a.jsonl", *lines, b"{")
    names = names_in(path)
    assert len(set(names)) == len(names) == 5


def test_a_byte_order_mark_crlf_and_blank_lines_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"_id":"1","text":"t"}\r\n\r\n{"_id":"2","text":"t"}\r\n')
    items = scan(path, Path("/nowhere"))
    assert [(item.source_id, item.problem, item.line) for item in items] == [
        ("1", "", (0, 27)),
        ("2", "", (29, 24)),
    ]
    assert [load_line(item)[0].source_id for item in items] == ["1", "2"]


def test_a_line_that_changed_after_the_scan_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"_id": "1", "text": "as it was"})
    (item,) = scan(path, Path("/nowhere"))
    jsonl(path, {"_id": "1", "text": "another"})
    with pytest.raises(UnreadableFileError, match="changed while it was read"):
        load_line(item)
    path.unlink()
    with pytest.raises(OSError, match="No such file"):
        load_line(item)


def loaded(**fields: object) -> tuple[str, str, str, str, str, str]:
    line = json.dumps({"_id": "1", **fields}).encode()
    document, text = document_of_line(SourceItem("1", Path("a.jsonl"), "sha", len(line)), line)
    assert (document.source_id, document.sha256, document.format) == ("1", "sha", "jsonl")
    return (
        document.title,
        document.date,
        document.body,
        document.source_url,
        text.text,
        "".join(text.text[block.start : block.end] for block in text.blocks),
    )


def test_a_line_becomes_a_document_with_what_it_says() -> None:
    assert loaded(
        title=" A \n title", text="It met.", date="2011-03-17T10:00", body="MPA", url="http://x"
    ) == (
        "A title",
        "2011-03-17",
        "MPA",
        "http://x",
        "It met.",
        "It met.",
    )


def test_a_line_without_text_is_read_by_its_title() -> None:
    assert loaded(title="Only a title", text="  ")[4:] == ("Only a title", "Only a title")


@pytest.mark.parametrize(
    "fields", [{}, {"text": ""}, {"text": " \n", "title": "\t"}, {"text": ["x"]}]
)
def test_a_line_without_any_text_is_unreadable(fields: dict[str, object]) -> None:
    with pytest.raises(UnreadableFileError, match=r"no text in it \(title and text are empty\)"):
        loaded(**fields)


@pytest.mark.parametrize(
    "date",
    [
        "2011",
        "2011-13-01",
        "2011-02-30",
        "abcd-ef-gh",
        "2011-W11-4",
        "17 March 2011",
        20110317,
        None,
    ],
)
def test_a_date_that_is_none_is_unknown(date: object) -> None:
    assert loaded(text="t", date=date)[1] == ""


@given(st.text(max_size=80), st.text(max_size=20))
def test_any_text_of_a_line_is_kept_but_for_what_no_index_can_store(text: str, title: str) -> None:
    if not text.strip("\x00 \n").strip():
        return
    found = loaded(text=text, title=title)[4]
    assert found == "".join(
        " " if c == "\x00" else "?" if "\ud800" <= c <= "\udfff" else c for c in text
    )
