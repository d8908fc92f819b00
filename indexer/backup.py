"""Take the live generation out of INDEX_DIR as one file, and put it back, while anything runs.

A generation is a folder of files that never change. A copy made by hand may meet a build that
prunes what is being copied; here the write lock keeps builds out for as long as the copy takes,
while searches go on. What is restored is verified before it becomes live.
"""

import contextlib
import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from indexer.errors import DamagedError, GenerationError, IndexDirError, IndexerError
from indexer.generation import open_folder, open_generation
from indexer.manifest import Manifest
from indexer.publishing import (
    building_folder,
    generation_folder,
    move_in,
    name_live,
    write_lock,
)

_RESTORING = "restored"


def back_up(index_dir: Path, target: Path) -> Manifest:
    """Write the generation that is served into the new tar file `target`.

    Raises IndexDirError where `target` exists or cannot be written, GenerationError where no
    generation is whole, BuildLockedError while a build runs. `target` is whole or not there.
    """
    if target.exists():
        raise IndexDirError(f"{target}: exists already; name a new file, or delete that one")
    open_generation(index_dir)  # a mistyped folder is not made
    part = target.with_name(f"{target.name}.part")
    with write_lock(index_dir):
        opened = open_generation(index_dir)
        try:
            with part.open("wb") as file:
                with tarfile.open(fileobj=file, mode="w") as tar:
                    tar.add(opened.folder, arcname=opened.generation_id)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except OSError as error:
            raise IndexDirError(
                f"{target}: cannot be written ({error.strerror}). Free space or name another place"
            ) from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
    return opened.manifest


def restore(index_dir: Path, source: Path) -> Manifest:
    """Make the generation in the tar file `source` the live one of INDEX_DIR.

    Raises IndexDirError where `source` cannot be read or is no backup, DamagedError where what it
    holds is not whole, BuildLockedError while a build runs; then INDEX_DIR is as it was.
    """
    if not source.is_file():  # before INDEX_DIR is made for a typing error
        raise IndexDirError(f"{source}: no such file. Name a file that `backup` has written")
    with write_lock(index_dir):
        work = building_folder(index_dir) / _RESTORING
        shutil.rmtree(work, ignore_errors=True)
        try:
            generation_id = _unpack(source, work)
            manifest = open_folder(work / generation_id).manifest
            if not _is_there(index_dir, generation_id):
                shutil.rmtree(generation_folder(index_dir, generation_id), ignore_errors=True)
                move_in(index_dir, work / generation_id, generation_id)
            name_live(index_dir, generation_id)
        except tarfile.TarError as error:
            raise DamagedError(f"{source}: is no whole backup ({error})") from error
        except EOFError as error:
            raise DamagedError(f"{source}: is cut off") from error
        except OSError as error:
            raise IndexerError(
                f"{index_dir}: nothing was restored ({error.strerror or error}). Free space or "
                "mend the disk, then run the same command"
            ) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return manifest


def _is_there(index_dir: Path, generation_id: str) -> bool:
    try:
        open_folder(generation_folder(index_dir, generation_id))
    except GenerationError:
        return False
    return True


def _unpack(source: Path, work: Path) -> str:
    """Unpack plain files below one folder; a tar file may hold anything."""
    with tarfile.open(source) as tar:
        members = tar.getmembers()
        names = {PurePosixPath(member.name).parts[0] for member in members if member.name}
        if len(names) != 1 or not all(member.isfile() or member.isdir() for member in members):
            raise DamagedError(f"{source}: is no backup: expected one generation in it")
        tar.extractall(work, filter="data")
    return names.pop()
