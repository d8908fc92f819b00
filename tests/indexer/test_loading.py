"""indexer.loading: many files, some of them hostile, in child processes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.errors import UnreadableFileError
from indexer.loading import Loaded, LoadingPool, load

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
ARCHIVE = SHARED / "archive"
QUESTIONS = SHARED / "eval" / "archive_questions" / "questions.jsonl"

needs_archive = pytest.mark.skipif(
    not ARCHIVE.is_dir(), reason=f"NOT CHECKED: no archive at {ARCHIVE}"
)


def misbehave(path: Path, source_id: str, sha256: str) -> Loaded:
    """Do what the file's name says, then load it; runs in a child."""
    if path.name == "hang.txt":
        time.sleep(60)
    if path.name == "crash.txt":
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.name == "panic.txt":
        raise BaseException("panic in the library")
    if path.name == "memory.txt":
        bytearray(3 * 1024**3)
    if path.name == "noise.txt":
        os.write(1, b"noise")
        os.write(2, b"noise")
    return load(path, source_id, sha256)


def files(folder: Path, *names: str) -> Iterator[tuple[Path, str, str]]:
    for name in names:
        (folder / name).write_text(f"Report of {name}", encoding="utf-8")
        yield folder / name, name, "0" * 64


def outcome(result: Loaded | UnreadableFileError) -> str:
    return str(result) if isinstance(result, UnreadableFileError) else result[1].text


def test_loading_gives_the_document_and_its_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Date: 5 May 2011\nWe met.", encoding="utf-8")
    document, text = load(path, "x/a.txt", "ab")
    assert (document.source_id, document.sha256, document.date) == ("x/a.txt", "ab", "2011-05-05")
    assert [text.text[b.start : b.end] for b in text.blocks] == ["Date: 5 May 2011", "We met."]


def test_results_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    names = [f"{number}.txt" for number in range(12)]
    with LoadingPool() as pool:
        found = [(name, outcome(result)) for name, result in pool.load_all(files(tmp_path, *names))]
    assert found == [(name, f"Report of {name}") for name in names]


def test_a_bad_file_is_reported_and_the_next_one_is_read(tmp_path: Path) -> None:
    names = ["crash.txt", "a.txt", "panic.txt", "b.txt", "memory.txt", "c.txt"]
    with LoadingPool(memory_bytes=2 * 1024**3, loader=misbehave) as pool:
        found = {name: outcome(result) for name, result in pool.load_all(files(tmp_path, *names))}
    assert list(found) == names
    assert found["crash.txt"].startswith("damaged: reading it crashed the reader (SIGSEGV)")
    assert found["panic.txt"].startswith("damaged: reading it failed (BaseException: panic")
    assert found["memory.txt"] == "too large: reading it needs more memory than is allowed"
    assert [found[name] for name in ("a.txt", "b.txt", "c.txt")] == [
        "Report of a.txt",
        "Report of b.txt",
        "Report of c.txt",
    ]


def test_a_file_that_hangs_is_given_up(tmp_path: Path) -> None:
    start = time.monotonic()
    with LoadingPool(workers=1, timeout_seconds=3, loader=misbehave) as pool:
        found = [outcome(r) for _, r in pool.load_all(files(tmp_path, "hang.txt", "a.txt"))]
    assert found[0].startswith("took too long: not read within 3 seconds")
    assert found[1] == "Report of a.txt"
    assert time.monotonic() - start < 30


def test_noise_of_a_reader_does_not_reach_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with LoadingPool(workers=1, loader=misbehave) as pool:
        assert [outcome(r) for _, r in pool.load_all(files(tmp_path, "noise.txt"))] == [
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
        for source_id, result in pool.load_all(listed):
            if isinstance(result, UnreadableFileError):
                unread[source_id] = str(result)
            else:
                text = result[1]
                loaded[source_id] = straightened(text.text)
                assert list(text.page_starts) == sorted(text.page_starts)
    assert unread == {
        "files/Written Ministerial Statement final Q4 FY2012-13.pdf": (
            "scanned pages without text: 1 page, no text layer; "
            "OCR needs tesseract, which is not used here"
        )
    }
    missing = [
        (evidence["file"], evidence["quote"])
        for line in QUESTIONS.read_text(encoding="utf-8").splitlines()
        for evidence in json.loads(line)["evidence"]
        if straightened(evidence["quote"]) not in loaded.get(evidence["file"], "")
    ]
    assert missing == []


@needs_archive
@pytest.mark.slow
def test_hostile_files_are_read_or_explained() -> None:
    folder = ARCHIVE / "hard_files"
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    reasons = ("empty", "no text", "scanned", "protected", "damaged", "unknown", "not text")
    count = 0
    with LoadingPool(timeout_seconds=60) as pool:
        for source_id, result in pool.load_all((p, str(p), "0" * 64) for p in paths):
            count += 1
            if isinstance(result, UnreadableFileError):
                assert str(result).startswith(reasons), source_id
                assert "crashed" not in str(result), source_id
                assert "reading it failed" not in str(result), source_id
    assert count == len(paths) == 577
