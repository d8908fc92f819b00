"""indexer.digests: a file that is as it was is not read again, and any other is."""

import hashlib
import os
import time
from pathlib import Path

from indexer.digests import Digests, stamp_of
from indexer.records import Stamp


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def written(path: Path, text: str, seconds_ago: float) -> Stamp:
    path.write_text(text)
    when = time.time() - seconds_ago
    os.utime(path, (when, when))
    return stamp_of(path.stat())


def test_a_file_whose_stamp_is_known_is_not_read(tmp_path: Path) -> None:
    stamp = written(tmp_path / "a", "now", 60)
    digests = Digests({"a": ("what it was", stamp)})
    assert digests.of("a", tmp_path / "a", stamp) == "what it was"
    assert list(digests.stamps(["a"])) == [("a", "what it was", stamp)]


def test_a_file_that_differs_in_anything_is_read(tmp_path: Path) -> None:
    stamp = written(tmp_path / "a", "now", 60)
    for other in (
        Stamp(stamp.size + 1, stamp.mtime_ns, stamp.ctime_ns, stamp.inode),
        Stamp(stamp.size, stamp.mtime_ns - 1, stamp.ctime_ns, stamp.inode),
        Stamp(stamp.size, stamp.mtime_ns, stamp.ctime_ns - 1, stamp.inode),
        Stamp(stamp.size, stamp.mtime_ns, stamp.ctime_ns, stamp.inode + 1),
    ):
        known = {"a": ("what it was", other)}
        assert Digests(known).of("a", tmp_path / "a", stamp) == sha256("now")


def test_a_file_that_was_just_written_is_read_again_by_the_next_build(tmp_path: Path) -> None:
    stamp = written(tmp_path / "a", "first", 60)  # its ctime is now, whatever its mtime says
    digests = Digests({})
    assert digests.of("a", tmp_path / "a", stamp) == sha256("first")
    ((_, digest, noted),) = digests.stamps(["a"])
    assert (digest, noted == stamp) == (sha256("first"), False)
    assert Digests({"a": (digest, noted)}).of("a", tmp_path / "a", stamp) == sha256("first")


def test_a_file_that_rested_is_noted_with_its_stamp(tmp_path: Path) -> None:
    stamp = written(tmp_path / "a", "old", 60)
    time.sleep(2.1)
    digests = Digests({})
    digests.of("a", tmp_path / "a", stamp)
    assert next(iter(digests.stamps(["a", "b"]))) == ("a", sha256("old"), stamp)
    assert digests.has("a")
    assert not digests.has("b")
