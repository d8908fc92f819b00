"""Is everything in INDEX_DIR whole, and does all of it belong there?"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import GenerationError
from indexer.generation import open_folder
from indexer.publishing import (
    building_folder,
    current_id,
    generation_folder,
    generation_ids,
    named_in_current,
    strangers,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in INDEX_DIR: its name, its state, and more about it; `good` unless it needs you.

    States: live, kept, damaged, missing, orphan (not of this index), unfinished (of a build).
    """

    name: str
    state: str
    detail: str
    good: bool = True


def check(index_dir: Path) -> Iterator[Finding]:
    """Verify every file of every generation, and name what does not belong.

    Raises IndexDirError where there is no index at all.
    """
    live = current_id(index_dir)
    if not named_in_current(index_dir):
        yield Finding(
            "CURRENT",
            "missing",
            f"nothing says which generation is live; the newest, {live}, is served",
            good=False,
        )
    for generation_id in generation_ids(index_dir):
        yield _generation(index_dir, generation_id, live)
    if live not in generation_ids(index_dir):
        yield Finding(live, "missing", "CURRENT names it, but it is not there", good=False)
    for path in strangers(index_dir):
        yield Finding(
            path.relative_to(index_dir).as_posix(),
            "orphan",
            "not a part of the index; look at it, then delete it",
            good=False,
        )
    for path in sorted(building_folder(index_dir).glob("*")):
        files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
        size = sum(file.stat().st_size for file in files)
        yield Finding(
            path.relative_to(index_dir).as_posix(),
            "unfinished",
            f"bytes={size} of a build that runs or was stopped; the next one goes on from it",
        )


def _generation(index_dir: Path, generation_id: str, live: str) -> Finding:
    try:
        opened = open_folder(generation_folder(index_dir, generation_id))
    except GenerationError as error:
        return Finding(generation_id, "damaged", str(error), good=False)
    counts = opened.counts
    return Finding(
        generation_id,
        "live" if generation_id == live else "kept",
        f"documents={counts.documents} passages={counts.passages} bytes={opened.bytes_on_disk}",
    )
