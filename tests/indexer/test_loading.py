"""indexer.loading: many files, some of them hostile, in child processes."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer import ocr
from indexer.loading import LoadingPool
from indexer.parts import Part, Working, load
from indexer.records import FileStatus

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
ARCHIVE = SHARED / "archive"
QUESTIONS = SHARED / "eval" / "archive_questions" / "questions.jsonl"

needs_archive = pytest.mark.skipif(
    not ARCHIVE.is_dir(), reason=f"NOT CHECKED: no archive at {ARCHIVE}"
)


def misbehave(
    path: Path, source_id: str, sha256: str, scratch: Path, done: int, working: Working
) -> Iterator[Part]:
    """Do what the file's name says, then load it; runs in a child."""

    def act(part: Part | None) -> None:
        working(part)
        name = part.source_id.rsplit("/", 1)[-1] if part else ""
        if name == "hang.txt":
            time.sleep(60)
        if name == "crash.txt":
            os.kill(os.getpid(), signal.SIGSEGV)
        if name == "panic.txt":
            raise BaseException("panic in the library")
        if name == "memory.txt":
            bytearray(3 * 1024**3)
        if name == "noise.txt":
            os.write(1, b"noise")
            os.write(2, b"noise")
        if name == "slow.txt":
            for _ in range(8):
                time.sleep(0.5)
                working(None)

    yield from load(path, source_id, sha256, scratch, done, act)


def box(folder: Path, *names: str) -> tuple[Path, str, str]:
    path = folder / "box.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, f"Report of {name}")
    return path, "box.zip", "0" * 64


def files(folder: Path, *names: str) -> Iterator[tuple[Path, str, str]]:
    for name in names:
        (folder / name).write_text(f"Report of {name}", encoding="utf-8")
        yield folder / name, name, "0" * 64


def outcome(part: Part) -> str:
    return part.text.text if part.text else part.reason


def test_results_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    names = [f"{number}.txt" for number in range(12)]
    with LoadingPool() as pool:
        found = [(p.source_id, outcome(p)) for p in pool.load_all(files(tmp_path, *names))]
    assert found == [(name, f"Report of {name}") for name in names]


def test_a_bad_file_is_reported_and_the_next_one_is_read(tmp_path: Path) -> None:
    names = ["crash.txt", "a.txt", "panic.txt", "b.txt", "memory.txt", "c.txt"]
    with LoadingPool(memory_bytes=2 * 1024**3, loader=misbehave) as pool:
        found = {p.source_id: outcome(p) for p in pool.load_all(files(tmp_path, *names))}
    assert list(found) == names
    assert found["crash.txt"].startswith("damaged: reading it crashed the reader (SIGSEGV)")
    # A panic before the reading proper is the loader's own; its file is unread all the same.
    assert found["panic.txt"].startswith("damaged: reading it failed (BaseException: panic")
    assert found["memory.txt"] == (
        "too large: reading it needs more memory than is allowed; "
        "build with --retry to try it again"
    )
    assert [found[name] for name in ("a.txt", "b.txt", "c.txt")] == [
        "Report of a.txt",
        "Report of b.txt",
        "Report of c.txt",
    ]


def test_a_file_that_hangs_is_given_up(tmp_path: Path) -> None:
    start = time.monotonic()
    with LoadingPool(workers=1, timeout_seconds=3, loader=misbehave) as pool:
        found = [outcome(p) for p in pool.load_all(files(tmp_path, "hang.txt", "a.txt"))]
    assert found[0].startswith("took too long: not read within 3 seconds")
    assert found[1] == "Report of a.txt"
    assert time.monotonic() - start < 30


def test_one_bad_part_of_a_container_never_loses_the_others(tmp_path: Path) -> None:
    names = ["a.txt", "crash.txt", "b.txt", "panic.txt", "hang.txt", "memory.txt", "c.txt"]
    limits = {"timeout_seconds": 4, "memory_bytes": 2 * 1024**3}
    with LoadingPool(workers=1, loader=misbehave, **limits) as pool:
        found = list(pool.load_all([box(tmp_path, *names), *files(tmp_path, "after.txt")]))
    assert [part.source_id for part in found] == [
        *(f"box.zip!/{name}" for name in names),
        "box.zip",
        "after.txt",
    ]
    read = {part.source_id: outcome(part) for part in found}
    for name in ("a.txt", "b.txt", "c.txt"):
        assert read[f"box.zip!/{name}"] == f"Report of {name}"
    assert read["box.zip!/crash.txt"].startswith("damaged: reading it crashed the reader (SIGSEGV)")
    assert read["box.zip!/panic.txt"].startswith("damaged: reading it failed (BaseException")
    assert read["box.zip!/hang.txt"].startswith("took too long: not read within 4 seconds")
    assert read["box.zip!/memory.txt"].startswith("too large")
    assert read["after.txt"] == "Report of after.txt"


def test_a_long_file_that_shows_signs_of_life_is_waited_for(tmp_path: Path) -> None:
    with LoadingPool(workers=1, timeout_seconds=2, loader=misbehave) as pool:
        found = [outcome(p) for p in pool.load_all(files(tmp_path, "slow.txt"))]
    assert found == ["Report of slow.txt"]


def test_a_file_that_takes_too_long_with_all_that_is_in_it_keeps_what_was_read(
    tmp_path: Path,
) -> None:
    path, name, digest = box(tmp_path, "a.txt", "slow.txt", "b.txt")
    limits = {"timeout_seconds": 2, "file_timeout_seconds": 3}
    with LoadingPool(workers=1, loader=misbehave, **limits) as pool:
        found = list(pool.load_all([(path, name, digest)]))
    assert [(part.source_id, part.status) for part in found] == [
        ("box.zip!/a.txt", FileStatus.SEARCHABLE),
        ("box.zip", FileStatus.UNREAD),
    ]
    assert found[1].reason.startswith("took too long: given up after 1 parts")
    assert found[1].help == "build with --retry to try it again"


def test_what_is_unpacked_is_removed(tmp_path: Path) -> None:
    with LoadingPool(workers=1, loader=misbehave) as pool:
        scratch = pool._workers[0]._scratch
        list(pool.load_all([box(tmp_path, "a.txt", "crash.txt", "b.txt")]))
        assert list(scratch.iterdir()) == []
    assert not scratch.exists()


def test_what_a_killed_build_had_unpacked_is_removed_by_the_next(tmp_path: Path) -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    left = Path(tempfile.gettempdir()) / f"archive-search-{done.pid}-x"
    left.mkdir()
    with LoadingPool(workers=1):
        assert not left.exists()


def test_noise_of_a_reader_does_not_reach_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with LoadingPool(workers=1, loader=misbehave) as pool:
        assert [outcome(p) for p in pool.load_all(files(tmp_path, "noise.txt"))] == [
            "Report of noise.txt"
        ]
    assert capfd.readouterr() == ("", "")


def test_children_die_with_their_parent() -> None:
    program = (
        "import os, signal\nfrom indexer.loading import LoadingPool\n"
        "if __name__ == '__main__':\n"
        "    pool = LoadingPool(workers=1)\n"
        "    print(pool._workers[0]._process.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    child = Path(f"/proc/{int(done.stdout)}")
    for _ in range(100):
        if not child.exists():
            return
        time.sleep(0.05)
    pytest.fail(f"child {child} outlived its parent")


def test_the_children_import_no_engine() -> None:
    program = (
        "import sys, indexer.loading\n"
        "print([m for m in ('torch', 'tantivy', 'faiss', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def straightened(text: str) -> str:
    text = re.sub("[‘’‚‛′]", "'", text)
    text = re.sub("[“”„‟″]", '"', text)
    return re.sub(r"\s+", " ", re.sub("[‐‑‒–—―−]", "-", text))


@needs_archive
def test_the_archive_loads_and_every_evidence_quote_is_found() -> None:
    folder = ARCHIVE / "uk_public_bodies"
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(paths) == 760
    loaded: dict[str, str] = {}
    unread: dict[str, str] = {}
    with LoadingPool() as pool:
        listed = ((path, str(path.relative_to(folder)), "0" * 64) for path in paths)
        for part in pool.load_all(listed):
            if part.text is None:
                unread[part.source_id] = part.reason
            else:
                loaded[part.source_id] = straightened(part.text.text)
                assert list(part.text.page_starts) == sorted(part.text.page_starts)
    scanned = "files/Written Ministerial Statement final Q4 FY2012-13.pdf"
    needs_tesseract = (
        "scanned pages without text: 1 page, no text layer; "
        "install tesseract-ocr and tesseract-ocr-eng, then build again"
    )
    assert unread == ({} if ocr.is_installed() else {scanned: needs_tesseract})
    missing = [
        (evidence["file"], evidence["quote"])
        for line in QUESTIONS.read_text(encoding="utf-8").splitlines()
        for evidence in json.loads(line)["evidence"]
        if straightened(evidence["quote"]) not in loaded.get(evidence["file"], "")
    ]
    assert missing == []


SCRIPT = """
from pathlib import Path
from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.errors import ReaderError

try:
    build(Path("source"), Path("index"), BuildEncoder())
except ReaderError as error:
    print(error)
"""


def test_a_script_that_its_readers_would_run_again_is_told_so_once(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    for name in "abc":
        (tmp_path / "source" / f"{name}.txt").write_text(f"The text of {name}.")
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("the processes that read files do not start (exit status 1). ")
    assert done.stdout.count('if __name__ == "__main__":') == 1
    assert not list((tmp_path / "index" / "generations").iterdir())
