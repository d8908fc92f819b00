"""INDEX_DIR: which generations are published, which one is live, and who may write.

INDEX_DIR/
    CURRENT                    id of the live generation, replaced by an atomic rename
    write.lock                 held, with the holder's pid inside, while a build runs
    building/                  work of a build that has not been published
    generations/<id>/          one published index: see manifest.py
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.errors import BuildLockedError, GenerationError, InaccessibleError, IndexDirError
from indexer.manifest import MANIFEST_NAME, Manifest, damage, everything_in, files_of, read_manifest

logger = logging.getLogger(__name__)

KEPT_GENERATIONS = 2  # the live one and the last good one before it

_CURRENT = "CURRENT"
_GENERATIONS = "generations"
_BUILDING = "building"
_LOCK = "write.lock"
_NEW_CURRENT = "CURRENT.new"  # until it replaces CURRENT; a killed build may leave it behind
_OWN_NAMES = {_CURRENT, _NEW_CURRENT, _GENERATIONS, _BUILDING, _LOCK}


def current_id(index_dir: Path) -> str:
    """Return the id of the live generation; raises IndexDirError where there is none."""
    if not index_dir.is_dir():
        raise IndexDirError(
            f"{index_dir}: no such index. Build one: python -m indexer build SOURCE {index_dir}"
        )
    name = named_in_current(index_dir)
    if name:
        return name
    known = generation_ids(index_dir)
    if known:  # a lost CURRENT does not lose the index
        return known[0]
    raise IndexDirError(
        f"{index_dir}: not an index (no file CURRENT and no generation). "
        f"Build one: python -m indexer build SOURCE {index_dir}"
    )


def named_in_current(index_dir: Path) -> str:
    """Return the id in the file CURRENT, "" where it is missing or holds no id."""
    try:
        name = (index_dir / _CURRENT).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if "/" in name or name.startswith(".") or not name.isprintable() else name


def generation_ids(index_dir: Path) -> list[str]:
    """Return the ids of all published generations, newest first."""
    folder = index_dir / _GENERATIONS
    if not folder.is_dir():
        return []
    return sorted((path.name for path in folder.iterdir() if path.is_dir()), reverse=True)


def strangers(index_dir: Path) -> list[Path]:
    """Return what lies in INDEX_DIR and was not put there by this code."""
    found = [path for path in index_dir.iterdir() if path.name not in _OWN_NAMES]
    generations = index_dir / _GENERATIONS
    if generations.is_dir():
        found += [path for path in generations.iterdir() if not path.is_dir()]
    return sorted(found)


@contextmanager
def write_lock(index_dir: Path) -> Iterator[None]:
    """Hold the right to write to INDEX_DIR, which is made where it is missing.

    Raises BuildLockedError while another process holds it; a killed holder frees it by dying.
    Raises IndexDirError where the folder holds something else than an index.
    """
    _make_index_dir(index_dir)
    with (index_dir / _LOCK).open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise BuildLockedError(
                f"{index_dir}: another build is writing here (process {holder}). "
                "Wait for it to end, then run the command again"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _make_index_dir(index_dir: Path) -> None:
    if index_dir.exists() and not index_dir.is_dir():
        raise IndexDirError(f"{index_dir}: is a file; expected a folder for the index")
    if index_dir.is_dir():
        others = [path.name for path in index_dir.iterdir() if path.name not in _OWN_NAMES]
        if others and not (index_dir / _GENERATIONS).is_dir():
            raise IndexDirError(
                f"{index_dir}: holds other files ({', '.join(sorted(others)[:3])}), and no "
                "index. Name an empty or a new folder, so that nothing of yours is mixed with it"
            )
    try:
        for name in (_GENERATIONS, _BUILDING):
            (index_dir / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexDirError(f"{index_dir}: cannot be written ({error.strerror})") from error


def generation_folder(index_dir: Path, generation_id: str) -> Path:
    """Return where a published generation lies."""
    return index_dir / _GENERATIONS / generation_id


def building_folder(index_dir: Path) -> Path:
    """Return where a build keeps what is not published yet."""
    return index_dir / _BUILDING


def publish(index_dir: Path, work: Path, manifest: Manifest) -> None:
    """Make the finished folder `work` the live generation, or change nothing.

    Every file is on disk before the manifest, the manifest before the rename, the rename before
    CURRENT: a crash at any point leaves the old generation live, or the new one whole.
    """
    for path in files_of(work):
        _fsync(path)
    _write_durably(work / MANIFEST_NAME, manifest.to_json())
    move_in(index_dir, work, manifest.generation_id)
    name_live(index_dir, manifest.generation_id)


def move_in(index_dir: Path, finished: Path, generation_id: str) -> None:
    """Move the folder `finished`, with all that is in it on disk, among the generations."""
    for path in [*everything_in(finished), finished]:
        _fsync(path)
    target = index_dir / _GENERATIONS / generation_id
    finished.rename(target)
    _fsync(target.parent)


def name_live(index_dir: Path, generation_id: str) -> None:
    """Make a generation that lies in INDEX_DIR the live one."""
    _write_durably(index_dir / _NEW_CURRENT, generation_id + "\n")
    (index_dir / _NEW_CURRENT).replace(index_dir / _CURRENT)
    try:
        _fsync(index_dir)
    except OSError as error:  # it is live; after a power cut the old one may be live again
        logger.warning("%s: CURRENT is replaced, but may not be on disk (%s)", index_dir, error)


def prune(index_dir: Path, keep: int = KEPT_GENERATIONS) -> list[str]:
    """Delete all but the live generation and the newest whole ones before it; return their ids.

    `keep` counts whole generations: a damaged one is deleted, unless it is the live one. Files that
    are as their builder left them are not read to find that out.
    A process that has a pruned generation open goes on reading it: its files live until closed.
    """
    live = current_id(index_dir)
    others = [name for name in generation_ids(index_dir) if name != live]
    whole = 0
    removed = []
    for name in (live, *others):
        kept = whole < max(1, keep) and _is_whole(generation_folder(index_dir, name))
        whole += kept
        if not kept and name != live:
            removed.append(name)
    for name in removed:
        # The manifest goes first: a half-deleted generation is never taken for a whole one.
        (index_dir / _GENERATIONS / name / MANIFEST_NAME).unlink(missing_ok=True)
        shutil.rmtree(index_dir / _GENERATIONS / name, ignore_errors=True)
    return removed


def _is_whole(folder: Path) -> bool:
    try:
        manifest = read_manifest(folder)
        return not damage(folder, manifest, set(manifest.files.values()))
    except InaccessibleError:
        return True  # for all we know: it is not deleted
    except GenerationError:
        return False


def link_or_copy(source: Path, target: Path) -> None:
    """Let `target` share the bytes of the immutable file `source`; copy where links cannot be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
