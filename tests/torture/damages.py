"""Damage each file of an index in each way: `python -m tests.torture.damages [BLOCKS]`.

BLOCKS: in how many of the 4 KiB blocks of a file a byte is flipped. Each damage must be found by
`check`, must not be served, and the last good generation must be served instead.
"""

import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from indexer.build import UPDATE_FROM
from indexer.manifest import read_manifest
from indexer.publishing import current_id, generation_folder, generation_ids
from tests.torture.stage import Stage

BEFORE = {str(number): 1 for number in range(40)}
LIVE = BEFORE | {str(number): 2 for number in range(0, 40, 3)} | {"99": 1}
_BLOCK = 4096

Harm = Callable[[Path], None]


def harms(path: Path, others: list[Path], blocks: int) -> Iterator[tuple[str, Harm]]:
    """Yield each way to damage the file at `path`; `others` are the generations to swap with."""
    size = path.stat().st_size
    starts = range(0, size, _BLOCK * max(1, size // _BLOCK // blocks))
    for start in starts:
        at = start + (start // _BLOCK * 977) % min(_BLOCK, size - start)
        yield "flipped", lambda path, at=at: _flip(path, at)  # type: ignore[misc]
    yield "flipped", lambda path: _flip(path, size - 1)
    for length in {0, size // 2, size - 1}:
        yield "truncated", lambda path, length=length: os.truncate(path, length)  # type: ignore[misc]
    yield "zeroed", lambda path: _overwrite(path, bytes(size))
    yield "removed", Path.unlink
    yield "grown", lambda path: _overwrite(path, path.read_bytes() + b"\0")
    for other in others:
        twin = other / path.name
        if twin.is_file() and twin.read_bytes() != path.read_bytes():
            yield "swapped", lambda path, twin=twin: _overwrite(path, twin.read_bytes())  # type: ignore[misc]


def _flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << (at % 8)
    _overwrite(path, bytes(content))


def _overwrite(path: Path, content: bytes) -> None:
    path.unlink()  # it may share its bytes with another generation
    path.write_bytes(content)


def campaign(blocks: int, folder: Path) -> Counter[str]:
    """Return how often each damage was done and found; raises AssertionError where it was not."""
    return sum((_damaged(blocks, folder / f"{n}", n) for n in (UPDATE_FROM, 0)), Counter())


def _damaged(blocks: int, folder: Path, update_from: int) -> Counter[str]:
    stage = Stage(folder)
    stage.update_from = update_from
    for archive in (BEFORE, LIVE):
        stage.write(archive)
        assert not stage.run(stage.build).error
    whole = folder / "whole"
    stage.index_dir.rename(whole)
    live = current_id(whole)
    older = [generation_folder(whole, name) for name in generation_ids(whole) if name != live]
    assert len(older) == 1
    found: Counter[str] = Counter()
    names = [path.relative_to(whole) for path in sorted(whole.rglob("*")) if path.is_file()]
    for name in names:
        in_live = live in name.parts
        if (not in_live and name.name != "CURRENT") or name.name.startswith(".tantivy-"):
            continue  # the engine's lock files hold nothing
        twins = [older[0] / name.relative_to(f"generations/{live}").parent] if in_live else []
        for kind, harm in harms(whole / name, twins, blocks):
            shutil.copytree(whole, stage.index_dir)
            harm(stage.index_dir / name)
            _verify(stage, whole, live, name, kind)
            shutil.rmtree(stage.index_dir)
            found[kind] += 1
    return found


def _verify(stage: Stage, whole: Path, live: str, name: Path, kind: str) -> None:
    look = stage.look()
    assert look.wrong == [], f"{name} {kind}: {look.wrong}"
    if name.name == "manifest.json" and not look.bad:  # a byte between two values says nothing
        same = generation_folder(stage.index_dir, live), generation_folder(whole, live)
        assert read_manifest(same[0]) == read_manifest(same[1])
        return
    if name.name == "CURRENT" and not look.bad:  # its last line end is missing
        assert current_id(stage.index_dir) == live
        return
    assert look.bad != [], f"{name} {kind}: check finds nothing"
    expected = [BEFORE] if live in name.parts else [BEFORE, LIVE]
    assert look.archive in expected, f"{name} {kind}: a damaged generation is served"


def main() -> int:
    """Run a campaign and print what was damaged."""
    folder = Path(tempfile.mkdtemp(prefix="damages-"))
    started = time.monotonic()
    found = campaign(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, folder)
    for name, times in sorted(found.items()):
        print(f"{times:6} {name}")
    print(f"damages: {found.total()} in {time.monotonic() - started:.0f} s, each found")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
