"""search_api.live: the service follows CURRENT, and never serves less than it did."""

import gc
import logging
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.errors import IndexDirError
from search_api.errors import GoneError, NotReadyError
from search_api.live import LiveArchive


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "one.txt").write_text("The lantern stood in the hall of the first report.\n")
    return folder


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    return tmp_path / "index"


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_without_an_index_it_is_not_ready_and_says_why(index_dir: Path) -> None:
    archive = LiveArchive(index_dir)
    with pytest.raises(NotReadyError, match="no generation has been opened yet"):
        archive.current()
    with pytest.raises(IndexDirError):
        archive.refresh()
    with pytest.raises(NotReadyError, match="python -m indexer build"):
        archive.current()


def test_a_new_generation_replaces_the_old_one_which_stays_readable_for_who_has_it(
    source: Path, index_dir: Path, encoder: BuildEncoder
) -> None:
    build(source, index_dir, encoder)
    archive = LiveArchive(index_dir)
    archive.refresh()
    old = archive.current()
    archive.refresh()
    assert archive.current() is old

    for number in range(3):  # so many that the old one is pruned
        (source / f"more-{number}.txt").write_text(f"Another lantern, number {number}.\n")
        build(source, index_dir, encoder)
    archive.refresh()
    new = archive.current()
    assert new.generation_id > old.generation_id
    assert (old.counts.documents, new.counts.documents) == (1, 4)
    assert new.encoder is old.encoder
    (first,) = old.passages([0])
    assert "lantern" in first.text


def test_a_damaged_new_generation_is_not_served_and_warned_about_once(
    source: Path, index_dir: Path, encoder: BuildEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    build(source, index_dir, encoder)
    archive = LiveArchive(index_dir)
    archive.refresh()
    served = archive.current()

    (source / "two.txt").write_text("A second lantern.\n")
    newer = build(source, index_dir, encoder)
    manifest = index_dir / "generations" / newer.generation_id / "manifest.json"
    manifest.write_text("{}")
    with caplog.at_level(logging.WARNING):
        archive.refresh()
        warned = len(caplog.records)
        archive.refresh()
    assert archive.current() is served
    assert newer.generation_id in caplog.text
    assert len(caplog.records) == warned


def test_losing_the_index_keeps_what_is_open(
    source: Path, index_dir: Path, encoder: BuildEncoder
) -> None:
    build(source, index_dir, encoder)
    archive = LiveArchive(index_dir)
    archive.refresh()
    served = archive.current()
    index_dir.rename(index_dir.with_name("elsewhere"))
    archive.refresh()
    assert archive.current() is served


def test_following_opens_an_index_that_appears_later_and_ends_when_closed(
    source: Path, index_dir: Path, encoder: BuildEncoder
) -> None:
    archive = LiveArchive(index_dir, poll_seconds=0.05)
    archive.follow()
    report = build(source, index_dir, encoder)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            assert archive.current().generation_id == report.generation_id
            break
        except NotReadyError:
            time.sleep(0.05)
    else:
        pytest.fail("the index was not opened")
    archive.close()
    (source / "two.txt").write_text("A second lantern.\n")
    build(source, index_dir, encoder)
    time.sleep(0.2)
    assert archive.current().generation_id == report.generation_id


def test_an_older_generation_is_opened_again_while_it_is_on_disk(
    source: Path, index_dir: Path, encoder: BuildEncoder
) -> None:
    built = []
    for number in range(3):
        (source / f"more-{number}.txt").write_text(f"Another lantern, number {number}.\n")
        built.append(build(source, index_dir, encoder).generation_id)
    archive = LiveArchive(index_dir)
    archive.refresh()
    assert archive.kept(built[2]) is archive.current()
    older = archive.kept(built[1])
    assert (older.generation_id, older.counts.documents) == (built[1], 3)
    assert archive.kept(built[1]) is older
    assert older.encoder is archive.current().encoder
    with pytest.raises(GoneError, match="kept no longer"):
        archive.kept(built[0])  # pruned


def test_a_replaced_generation_is_let_go_once_nobody_asks_for_it(
    source: Path, index_dir: Path, encoder: BuildEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(source, index_dir, encoder).generation_id
    archive = LiveArchive(index_dir, poll_seconds=0.01)
    archive.refresh()
    replaced = weakref.ref(archive.current())
    (source / "two.txt").write_text("Another lantern.\n")
    second = build(source, index_dir, encoder).generation_id
    archive.follow()
    try:
        wait_until(lambda: archive.current().generation_id == second)
        assert archive.kept(first) is replaced()  # not opened a second time
        monkeypatch.setattr("search_api.live._KEPT_SECONDS", 0.05)
        wait_until(lambda: gc.collect() >= 0 and replaced() is None)
        assert archive.kept(first).generation_id == first  # still on disk
    finally:
        archive.close()


@pytest.mark.parametrize("name", ["", ".", "..", "../generations", "/", "x\x00y", "é" * 300])
def test_no_name_of_a_generation_leads_out_of_the_index(
    source: Path, index_dir: Path, encoder: BuildEncoder, name: str
) -> None:
    build(source, index_dir, encoder)
    archive = LiveArchive(index_dir)
    archive.refresh()
    with pytest.raises(GoneError):
        archive.kept(name)


def test_a_damaged_older_generation_is_gone_and_looked_at_once(
    source: Path, index_dir: Path, encoder: BuildEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    older = build(source, index_dir, encoder).generation_id
    (source / "two.txt").write_text("Another lantern.\n")
    build(source, index_dir, encoder)
    archive = LiveArchive(index_dir)
    archive.refresh()
    (index_dir / "generations" / older / "store.sqlite").write_bytes(b"nothing")
    for _ in range(2):
        with pytest.raises(GoneError, match="no longer be read"):
            archive.kept(older)
    assert len([one for one in caplog.messages if "damaged" in one]) == 1
