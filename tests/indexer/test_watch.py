"""indexer.watch: a change is built once it is whole; nothing is missed, and it stops when told."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer.errors import IndexerError
from indexer.generation import open_generation
from indexer.watch import Watch, WatchTimes
from tests.conftest import ROOT

# A build that writes down what it found in each file, and fails where it finds "fail".
_BUILD = """
import json, pathlib, sys
source, log = map(pathlib.Path, sys.argv[1:])
found = {path.name: path.read_text() for path in source.rglob("*") if path.is_file()}
with log.open("a") as file:
    file.write(json.dumps(found) + "\\n")
sys.exit("it failed" if "fail" in found.values() else 0)
"""
QUICK = WatchTimes(quiet_seconds=0.4, sweep_seconds=60, retry_seconds=0.5)


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.txt").write_text("one")
    return folder


def builds(tmp_path: Path) -> list[dict[str, str]]:
    log = tmp_path / "log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@contextmanager
def watching(source: Path, times: WatchTimes = QUICK) -> Iterator[Watch]:
    """Watch `source` with the build above, in a thread; the first sweep has been done."""
    log = source.parent / "log"
    command = [sys.executable, "-c", _BUILD, str(source), str(log)]
    watch = Watch(source, source / "index", command, times)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        until(lambda: len(builds(source.parent)) == 1)
        yield watch
    finally:
        watch.stop()
        thread.join(timeout=10)
    assert not thread.is_alive()


def test_the_start_and_each_kind_of_change_is_built(tmp_path: Path, source: Path) -> None:
    steps: list[tuple[Callable[[], object], dict[str, str]]] = [
        (lambda: (source / "b.txt").write_text("two"), {"a.txt": "one", "b.txt": "two"}),
        (lambda: (source / "b.txt").write_text("2"), {"a.txt": "one", "b.txt": "2"}),
        (lambda: (source / "b.txt").rename(source / "c.txt"), {"a.txt": "one", "c.txt": "2"}),
        (lambda: (source / "a.txt").unlink(), {"c.txt": "2"}),
    ]
    with watching(source):
        for change, found in steps:
            change()
            until(lambda expected=found: builds(tmp_path)[-1] == expected)  # type: ignore[misc]
        time.sleep(1.5)  # and no change is built twice
    assert builds(tmp_path) == [{"a.txt": "one"}, *(found for _, found in steps)]


def test_a_folder_that_is_moved_in_is_built(tmp_path: Path, source: Path) -> None:
    (tmp_path / "new" / "deep").mkdir(parents=True)
    (tmp_path / "new" / "deep" / "b.txt").write_text("two")
    with watching(source):
        (tmp_path / "new").rename(source / "new")
        until(lambda: len(builds(tmp_path)) == 2)
        (source / "new" / "deep" / "c.txt").write_text("three")  # it is watched from then on
        until(lambda: len(builds(tmp_path)) == 3)
    assert builds(tmp_path)[-1] == {"a.txt": "one", "b.txt": "two", "c.txt": "three"}


def test_a_file_is_not_built_while_it_is_being_copied(tmp_path: Path, source: Path) -> None:
    with watching(source), (source / "b.txt").open("w") as file:
        for part in range(15):
            file.write(f"part {part};")
            file.flush()
            time.sleep(0.1)
        assert len(builds(tmp_path)) == 1
        file.write("end")
        file.close()
        until(lambda: len(builds(tmp_path)) == 2)
    assert builds(tmp_path)[1]["b.txt"].endswith("part 14;end")


def test_hidden_files_and_the_index_itself_build_nothing(tmp_path: Path, source: Path) -> None:
    (source / "index").mkdir()
    with watching(source):
        (source / "index" / "CURRENT").write_text("x")
        (source / ".hidden").write_text("x")
        (source / "~$lock.docx").write_text("x")
        time.sleep(1.5)
        assert len(builds(tmp_path)) == 1


def test_a_sweep_finds_what_no_event_told(tmp_path: Path, source: Path) -> None:
    with watching(source, WatchTimes(0.1, sweep_seconds=1.0, retry_seconds=120)):
        until(lambda: len(builds(tmp_path)) >= 3)


def test_a_build_that_fails_is_tried_again_until_it_works(tmp_path: Path, source: Path) -> None:
    (source / "a.txt").write_text("fail")
    with watching(source):
        until(lambda: len(builds(tmp_path)) >= 2)
        (source / "a.txt").write_text("mended")
        until(lambda: builds(tmp_path)[-1] == {"a.txt": "mended"})
        count = len(builds(tmp_path))
        time.sleep(2)
        assert len(builds(tmp_path)) == count


def test_a_folder_that_goes_and_comes_back_is_followed(tmp_path: Path, source: Path) -> None:
    with watching(source, WatchTimes(0.1, sweep_seconds=0.8, retry_seconds=0.5)):
        source.rename(tmp_path / "unmounted")
        time.sleep(1.5)
        (tmp_path / "unmounted").rename(source)
        (source / "b.txt").write_text("two")
        until(lambda: builds(tmp_path)[-1] == {"a.txt": "one", "b.txt": "two"})


@pytest.mark.slow
def test_the_command_follows_a_folder_and_stops_when_told(tmp_path: Path, source: Path) -> None:
    index_dir = tmp_path / "index"

    def found() -> set[str]:
        try:
            return {document.source_id for document in open_generation(index_dir).store.documents()}
        except IndexerError:
            return set()

    (source / "a.txt").write_text("The first lantern was lit.\n")
    arguments = ["watch", source, index_dir, "--quiet-seconds=0.3", "--retry-seconds=1"]
    with subprocess.Popen(
        [sys.executable, "-m", "indexer", *map(str, arguments)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            until(lambda: found() == {"a.txt"}, seconds=120)
            (source / "b.txt").write_text("The second lantern was lit.\n")
            until(lambda: found() == {"a.txt", "b.txt"}, seconds=120)
            shutil.move(source / "a.txt", source / "c.txt")
            until(lambda: found() == {"b.txt", "c.txt"}, seconds=120)
        finally:
            os.kill(child.pid, signal.SIGTERM)
        _, said = child.communicate(timeout=30)
    assert child.returncode == 0
    assert said.count("published generation") >= 2  # the last one may be cut short by the stop
    assert "ERROR" not in said


def test_a_build_that_runs_is_ended_when_the_watch_is(tmp_path: Path, source: Path) -> None:
    command = [sys.executable, "-c", "import time; print('x', flush=True); time.sleep(600)"]
    watch = Watch(source, tmp_path / "index", command, QUICK)
    thread = threading.Thread(target=watch.run)
    thread.start()
    time.sleep(2)
    watch.stop()
    thread.join(timeout=10)
    assert not thread.is_alive()
