"""indexer.build: containers, and files that could not be read the last time."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer import ocr
from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.errors import Help, UnreadableFileError
from indexer.generation import open_generation
from indexer.loading import File, LoadingPool
from indexer.parts import Part
from indexer.records import FileStatus
from tests.indexer.test_build import HashEncoder, content_of, report
from tests.indexer.test_ocr import scan
from tests.indexer.test_parts import zipped


@pytest.fixture(scope="module")
def fake(encoder: BuildEncoder) -> HashEncoder:
    return HashEncoder(encoder.spec.name)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three reports of one passage each."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name, animal in (("a.md", "Fox"), ("b.md", "Dog"), ("c.md", "Hat")):
        (folder / name).write_text(report(animal, f"1. The {animal} met the board."))
    return folder


def put_box(source: Path, **members: str) -> None:
    with zipfile.ZipFile(source / "box.zip", "w") as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.md", report(name.title(), text))
        archive.writestr("talk.mp3", b"\0")


def records_of(index_dir: Path) -> dict[str, tuple[str, str]]:
    files = open_generation(index_dir).store.files()
    return {record.source_id: (record.status.value, record.container) for record in files}


def test_what_lies_in_a_container_is_searched_and_accounted_for(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    put_box(source, wolf="1. The wolf met the board.", bear="1. The bear met the board.")
    built = build(source, tmp_path / "index", fake)
    assert (built.documents, built.unread) == (5, 1)
    found = records_of(tmp_path / "index")
    assert {name: record for name, record in found.items() if "box" in name} == {
        "box.zip!/wolf.md": ("searchable", "box.zip"),
        "box.zip!/bear.md": ("searchable", "box.zip"),
        "box.zip!/talk.mp3": ("unread", "box.zip"),
        "box.zip": ("container", ""),
    }
    counts = open_generation(tmp_path / "index").counts
    assert (counts.files, counts.searchable, counts.unread, counts.containers) == (6, 5, 1, 1)


def test_an_unchanged_container_is_not_read_again(
    tmp_path: Path, source: Path, fake: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_box(source, wolf="1. The wolf met the board.", bear="1. The bear met the board.")
    build(source, tmp_path / "index", fake)
    before = content_of(tmp_path / "index", fake)
    assert not build(source, tmp_path / "index", fake).published
    (source / "d.md").write_text(report("Cat", "1. The cat met the board."))
    read: list[str] = []
    load_all = LoadingPool.load_all

    def watched(pool: LoadingPool, files: Iterator[File]) -> Iterator[Part]:
        listed = list(files)
        read.extend(source_id for _, source_id, _ in listed)
        return load_all(pool, listed)

    monkeypatch.setattr(LoadingPool, "load_all", watched)
    assert build(source, tmp_path / "index", fake).embedded == 1
    assert read == ["d.md"]
    (source / "d.md").unlink()
    build(source, tmp_path / "index", fake)
    assert content_of(tmp_path / "index", fake) == before


def test_a_changed_container_embeds_only_what_is_new_in_it(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    put_box(source, wolf="1. The wolf met the board.", bear="1. The bear met the board.")
    build(source, tmp_path / "index", fake)
    put_box(source, wolf="1. The wolf met the board.", lynx="1. The lynx met the board.")
    built = build(source, tmp_path / "index", fake)
    assert (built.documents, built.embedded) == (5, 1)
    assert "box.zip!/bear.md" not in records_of(tmp_path / "index")
    (source / "box.zip").unlink()
    assert build(source, tmp_path / "index", fake).documents == 3
    assert not [name for name in records_of(tmp_path / "index") if "box" in name]


def test_a_file_that_has_the_name_of_a_part_is_told_apart(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    put_box(source, wolf="1. The wolf met the board.")
    (source / "box.zip!").mkdir()
    (source / "box.zip!" / "wolf.md").write_text(report("Owl", "1. The owl met the board."))
    assert build(source, tmp_path / "index", fake).documents == 5
    assert "box.zip!/wolf.md (a file)" in records_of(tmp_path / "index")


def test_no_name_in_a_container_is_that_of_something_elsewhere(
    tmp_path: Path, fake: HashEncoder
) -> None:
    line = b'{"_id": "a.txt", "text": "A line about wolves"}'
    inner = zipped({"wolf.txt": b"Wolves within"})
    (tmp_path / "source").mkdir()
    for name, content in {
        "box.zip": zipped(
            {
                "in.zip": inner,
                "in.zip!/wolf.txt": b"Wolves beside",
                "m.jsonl": line,
                "m.jsonl#a.txt": b"Wolves of a file",
            }
        ),
        "m.jsonl": line.replace(b"line", b"second line"),
        "m.jsonl#a.txt": b"Wolves of a second file",
    }.items():
        (tmp_path / "source" / name).write_bytes(content)
    build(tmp_path / "source", tmp_path / "index", fake)
    assert set(records_of(tmp_path / "index")) == {
        "box.zip",
        "box.zip!/in.zip",
        "box.zip!/in.zip!/wolf.txt",
        "box.zip!/in.zip/wolf.txt",
        "box.zip!/m.jsonl",
        "box.zip!/m.jsonl#a.txt",
        "box.zip!/m.jsonl_a.txt",
        "m.jsonl#a.txt",
        "m.jsonl#a.txt (a file)",
    }


def test_what_took_too_long_is_tried_again_only_on_request(
    tmp_path: Path, source: Path, fake: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = UnreadableFileError("took too long: not read within 1 seconds", Help.RETRY)
    load_all = LoadingPool.load_all

    def slow(pool: LoadingPool, files: Iterator[File]) -> Iterator[Part]:
        for part in load_all(pool, files):
            yield part.unread(late) if part.source_id == "b.md" else part

    with monkeypatch.context() as patched:
        patched.setattr(LoadingPool, "load_all", slow)
        build(source, tmp_path / "index", fake)
    (record,) = open_generation(tmp_path / "index").store.files(FileStatus.UNREAD)
    assert record.reason.endswith("; build with --retry to try it again")
    assert record.help == "build with --retry to try it again"
    assert not build(source, tmp_path / "index", fake).published
    built = build(source, tmp_path / "index", fake, retry=True)
    assert (built.documents, built.embedded, built.unread) == (3, 1, 0)


def test_scans_are_read_by_the_build_after_tesseract_was_installed(
    tmp_path: Path, source: Path, fake: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not ocr.is_installed():
        pytest.skip("NOT CHECKED: tesseract is not installed")
    scan(source, "picture")
    (source / "drawn.pdf").unlink()
    (source / "page.png").unlink()
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        build(source, tmp_path / "index", fake)
        (record,) = open_generation(tmp_path / "index").store.files(FileStatus.UNREAD)
        assert record.help == Help.OCR
        assert not build(source, tmp_path / "index", fake, retry=False).published
    built = build(source, tmp_path / "index", fake)
    assert (built.published, built.documents, built.unread) == (True, 4, 0)
