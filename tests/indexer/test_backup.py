"""indexer.backup: one file holds the archive that is served, and gives it back whole."""

import os
import shutil
import tarfile
from pathlib import Path

import pytest

from indexer import publishing
from indexer.__main__ import main
from indexer.backup import back_up, restore
from indexer.errors import BuildLockedError, DamagedError, IndexDirError
from indexer.generation import open_generation
from indexer.publishing import write_lock
from tests.indexer.test_generation import FIRST, SECOND, THIRD, publish


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    """An index with two generations; the second is live."""
    publish(tmp_path / "index", FIRST, "the old fox")
    publish(tmp_path / "index", SECOND, "the new fox", "a dog")
    return tmp_path / "index"


def texts(index_dir: Path) -> list[str]:
    opened = open_generation(index_dir)
    return [passage.text for passage in opened.passages(range(opened.counts.passages))]


def test_a_lost_index_comes_back_from_its_backup(
    index_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", str(index_dir), str(tmp_path / "a.tar")]) == 0
    shutil.rmtree(index_dir)
    assert main(["restore", str(index_dir), str(tmp_path / "a.tar")]) == 0
    assert f"restored generation {SECOND}  documents=2" in capsys.readouterr().out
    assert texts(index_dir) == ["the new fox", "a dog"]
    assert main(["check", str(index_dir)]) == 0


def test_a_backup_replaces_a_newer_or_a_damaged_generation(index_dir: Path, tmp_path: Path) -> None:
    back_up(index_dir, tmp_path / "a.tar")
    publish(index_dir, THIRD, "a mistake")
    restore(index_dir, tmp_path / "a.tar")
    assert texts(index_dir) == ["the new fox", "a dog"]
    (publishing.generation_folder(index_dir, SECOND) / "vectors.faiss").unlink()
    restore(index_dir, tmp_path / "a.tar")
    assert open_generation(index_dir).generation_id == SECOND


def test_a_damaged_live_generation_is_not_backed_up(index_dir: Path, tmp_path: Path) -> None:
    (publishing.generation_folder(index_dir, SECOND) / "vectors.faiss").unlink()
    assert back_up(index_dir, tmp_path / "a.tar").generation_id == FIRST


def test_no_backup_is_written_over_and_none_while_a_build_runs(
    index_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.tar").write_text("mine")
    with pytest.raises(IndexDirError, match="exists already"):
        back_up(index_dir, tmp_path / "a.tar")
    assert (tmp_path / "a.tar").read_text() == "mine"
    with write_lock(index_dir), pytest.raises(BuildLockedError):
        back_up(index_dir, tmp_path / "b.tar")
    with pytest.raises(IndexDirError, match="cannot be written"):
        back_up(index_dir, tmp_path / "absent" / "b.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "index"]


@pytest.mark.parametrize("part", [0, 10, 3000, 20_000])
def test_a_backup_that_is_cut_off_changes_nothing(
    index_dir: Path, tmp_path: Path, part: int
) -> None:
    back_up(index_dir, tmp_path / "a.tar")
    publish(index_dir, THIRD, "the third fox")
    os.truncate(tmp_path / "a.tar", part)
    with pytest.raises((DamagedError, IndexDirError)):
        restore(index_dir, tmp_path / "a.tar")
    assert texts(index_dir) == ["the third fox"]
    assert list(publishing.building_folder(index_dir).iterdir()) == []


def test_a_backup_with_a_changed_byte_is_refused(index_dir: Path, tmp_path: Path) -> None:
    back_up(index_dir, tmp_path / "a.tar")
    content = (tmp_path / "a.tar").read_bytes()
    at = content.index(b"the new fox")
    (tmp_path / "a.tar").write_bytes(content[:at] + b"T" + content[at + 1 :])
    with pytest.raises(DamagedError, match=r"store\.sqlite"):
        restore(index_dir, tmp_path / "a.tar")


@pytest.mark.parametrize("name", ["../../evil", "/evil", "a/../../../evil"])
def test_a_hostile_tar_file_writes_nothing_outside(
    index_dir: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "evil").write_text("x")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(tmp_path / "evil", arcname=name)
    (tmp_path / "evil").unlink()
    with pytest.raises(DamagedError):
        restore(index_dir, tmp_path / "a.tar")
    assert not list(tmp_path.rglob("evil"))
    assert open_generation(index_dir).generation_id == SECOND


def test_a_link_in_a_tar_file_is_refused(index_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(tmp_path / "link", arcname=f"{THIRD}/store.sqlite")
    with pytest.raises(DamagedError, match="is no backup"):
        restore(index_dir, tmp_path / "a.tar")


def test_what_is_missing_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["restore", str(tmp_path / "index"), str(tmp_path / "absent.tar")]) == 1
    assert "Name a file that `backup` has written" in capsys.readouterr().err
    assert main(["backup", str(tmp_path / "index"), str(tmp_path / "a.tar")]) == 1
    assert list(tmp_path.iterdir()) == []
