"""indexer.plan and intake: the same report in a container and beside it."""

import shutil
import zipfile
from pathlib import Path

import pytest

from indexer.build import build
from indexer.coverage import coverage_of
from indexer.embedding import BuildEncoder
from indexer.generation import open_generation
from indexer.loading import File, LoadingPool
from tests.indexer.test_build import HashEncoder, statuses

FOX, DOG = "The fox met the board in the hall.\n", "The dog was not asked to stay.\n"


@pytest.fixture(scope="module")
def fake(encoder: BuildEncoder) -> HashEncoder:
    return HashEncoder(encoder.spec.name)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


def put_box(source: Path, name: str = "box.zip", **members: str) -> None:
    with zipfile.ZipFile(source / name, "w") as archive:
        for member, text in members.items():
            archive.writestr(f"{member}.txt", text)


def test_a_report_in_a_container_and_before_it_is_searched_once(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    (source / "a.md").write_text(FOX)
    put_box(source, fox=FOX, dog=DOG)
    index_dir = tmp_path / "index"
    build(source, index_dir, fake)
    assert statuses(index_dir) == {
        "a.md": ("searchable", ""),
        "box.zip!/fox.txt": ("duplicate", "same text as a.md"),
        "box.zip!/dog.txt": ("searchable", ""),
        "box.zip": ("container", ""),
    }
    opened = open_generation(index_dir)
    found = opened.store.document_of_source("box.zip!/fox.txt")
    assert found is not None
    assert found.source_id == "a.md"
    coverage = coverage_of(opened)
    assert (coverage.held, coverage.searchable, coverage.duplicate, coverage.unread) == (3, 2, 1, 0)
    assert coverage.containers == 1
    assert not build(source, index_dir, fake).published
    (source / "a.md").unlink()
    build(source, index_dir, fake)
    assert statuses(index_dir)["box.zip!/fox.txt"] == ("searchable", "")


def test_a_report_that_repeats_one_in_a_container_stays_so_unread(
    tmp_path: Path, source: Path, fake: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_box(source, fox=FOX)
    (source / "c.md").write_text(FOX)
    (source / "d.md").write_text(DOG)
    index_dir = tmp_path / "index"
    build(source, index_dir, fake)
    before = statuses(index_dir)
    assert before["c.md"] == ("duplicate", "same text as box.zip!/fox.txt")
    assert not build(source, index_dir, fake).published
    (source / "d.md").unlink()
    read: list[File] = []
    monkeypatch.setattr(LoadingPool, "load_all", lambda pool, files: read.extend(files))
    assert build(source, index_dir, fake).published
    assert read == []
    assert statuses(index_dir) == {name: before[name] for name in before if name != "d.md"}


def test_a_copy_is_read_again_once_its_original_says_something_else(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    (source / "a.md").write_text(DOG)
    (source / "b.md").write_text(FOX)
    put_box(source, fox=FOX)
    index_dir = tmp_path / "index"
    build(source, index_dir, fake)
    assert statuses(index_dir)["box.zip!/fox.txt"] == ("duplicate", "same text as b.md")
    shutil.copyfile(source / "a.md", source / "b.md")
    build(source, index_dir, fake)
    assert statuses(index_dir)["b.md"] == ("duplicate", "same content as a.md")
    assert statuses(index_dir)["box.zip!/fox.txt"] == ("searchable", "")


def test_the_copy_of_a_container_takes_its_place_and_gives_it_up(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    put_box(source, fox=FOX)
    shutil.copyfile(source / "box.zip", source / "crate.zip")
    index_dir = tmp_path / "index"
    build(source, index_dir, fake)
    assert statuses(index_dir)["crate.zip"] == ("duplicate", "same content as box.zip")
    (source / "box.zip").rename(source / "elsewhere.zip")
    build(source, index_dir, fake)
    assert statuses(index_dir) == {
        "crate.zip!/fox.txt": ("searchable", ""),
        "crate.zip": ("container", ""),
        "elsewhere.zip": ("duplicate", "same content as crate.zip"),
    }
    (source / "elsewhere.zip").rename(source / "box.zip")
    build(source, index_dir, fake)
    assert statuses(index_dir) == {
        "box.zip!/fox.txt": ("searchable", ""),
        "box.zip": ("container", ""),
        "crate.zip": ("duplicate", "same content as box.zip"),
    }


def test_the_owner_hears_that_a_container_is_no_report(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    put_box(source, fox=FOX)
    (source / "metadata.csv").write_text("file,title\nbox.zip,Foxes\nbox.zip!/fox.txt,A fox\n")
    build(source, tmp_path / "index", fake)
    store = open_generation(tmp_path / "index").store
    found = store.document_of_source("box.zip!/fox.txt")
    assert found is not None
    assert found.title == "A fox"
    (problem,) = store.owner_problems()
    assert problem["line"] == 2
    assert "'box.zip' is not a report by itself" in str(problem["problem"])
