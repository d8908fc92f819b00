"""Taking a file out of a container, in a process that can be ended: `indexer/originals.py`."""

import logging
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from search_api.gate import Gate

logger = logging.getLogger(__name__)

SECONDS = 20.0
AT_ONCE = Gate(8, "unpackings of originals")


def unpack(path: Path, inside: str, sha256: str) -> Path | None:
    """Return a file, alone in a new folder: what `inside` names in the file at `path`.

    The folder is the caller's to remove. None where there is no such thing with that digest, or
    where it cannot be had within the limits. Raises OverloadedError where many are at it.
    """
    with AT_ONCE:
        target = Path(tempfile.mkdtemp(prefix="archive-search-original-")) / "original"
        if _run(path, inside, sha256, str(target)):
            return target
        shutil.rmtree(target.parent, ignore_errors=True)
        return None


def _run(path: Path, inside: str, sha256: str, target: str) -> bool:
    command = [sys.executable, "-m", "indexer.originals", str(path), inside, sha256, target]
    try:
        finished = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        logger.warning("an original could not be unpacked: %s", error)
        return False
    if finished.stderr:
        last = finished.stderr.decode(errors="replace").strip().splitlines()[-1]
        logger.warning("an original could not be unpacked: %s", last)
    return finished.returncode == 0
