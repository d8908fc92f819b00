"""Index SOURCE whenever it changes: native file events, and a full sweep now and then.

Events get lost (network shares, overflowing queues, folders that are unmounted and mounted again),
so a sweep builds in any case. A change is built when every file that it touched has kept its size
and time for a while, so that a half-copied report is not read. A build is a process of its own:
memory is given back, and a crash of it ends nothing here. One that fails is tried again, after a
time that doubles. Renames, deletions and replacements need nothing special: `build` compares the
whole folder with the index.
"""

import contextlib
import logging
import os
import stat
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, watch

logger = logging.getLogger(__name__)

# A file that is written for so long is built all the same: its next event builds it again.
_LONGEST_WAIT_SECONDS = 600.0
_LONGEST_RETRY_SECONDS = 3600.0
_LOOK_SECONDS = 0.2

_State = dict[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class WatchTimes:
    """How long a change must be quiet, how often all is swept, when a failure is tried again."""

    quiet_seconds: float = 2.0
    sweep_seconds: float = 3600.0
    retry_seconds: float = 30.0


class Watch:
    """Runs `command`, which builds, after each change of `source` until `stop` is set.

    A sweep runs `sweeping`, where that is given.
    """

    def __init__(
        self,
        source: Path,
        index_dir: Path,
        command: Sequence[str],
        times: WatchTimes,
        sweeping: Sequence[str] = (),
    ) -> None:
        self._source = source
        self._index_dir = index_dir.resolve()
        self._command = list(command)
        self._sweeping = list(sweeping or command)
        self._times = times
        self._stop = threading.Event()
        self._pending: set[Path] = set()
        self._state: _State = {}
        self._pending_since = self._still_since = 0.0
        self._sweep_at = 0.0  # now
        self._is_sweep = False
        self._retry_at = float("inf")
        self._failures = 0

    def stop(self) -> None:
        """End `run` soon, also in the middle of a build: what it had embedded is kept."""
        self._stop.set()

    def run(self) -> None:
        """Watch until `stop`; at the start everything is swept."""
        while not self._stop.is_set():
            try:
                self._follow_events()
            except OSError as error:  # no such folder now, or too many of them for the system
                logger.warning("%s: no file events (%s); sweeping instead", self._source, error)
                self._without_events()

    def _follow_events(self) -> None:
        """Sweep, and build after changes, until the next sweep is due.

        Watches are set anew before a sweep, never after one: no event falls between the two.
        """
        self._sweep_at = 0.0
        for changes in watch(
            self._source,
            watch_filter=self._is_of_a_report,
            debounce=int(_LOOK_SECONDS * 1000),
            step=50,
            rust_timeout=int(_LOOK_SECONDS * 1000),
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
        ):
            if self._step(Path(path) for _, path in changes):
                return

    def _without_events(self) -> None:
        self._sweep_at = 0.0
        while not self._stop.wait(_LOOK_SECONDS):
            if self._step(()):
                return

    def _is_of_a_report(self, change: Change, path: str) -> bool:
        found = Path(path)
        return not found.name.startswith((".", "~$")) and self._index_dir not in (
            found,
            *found.parents,
        )

    def _step(self, changed: Iterable[Path]) -> bool:
        """Build what has been quiet for long enough; return True where a sweep is due."""
        now = time.monotonic()
        self._pending.update(changed)
        if not self._sweep_at:
            self._sweep_at = now + self._times.sweep_seconds
            self._is_sweep = True
            self._pending.add(self._source)
        elif now >= self._sweep_at:
            return True
        if now >= self._retry_at:
            self._retry_at = float("inf")
            self._pending.add(self._source)
        if not self._pending:
            return False
        state = _state_of(self._pending)
        if state != self._state or not self._pending_since:
            self._state, self._still_since = state, now
            self._pending_since = self._pending_since or now
        waited = now - self._pending_since > _LONGEST_WAIT_SECONDS
        if now - self._still_since < self._times.quiet_seconds and not waited:
            return False
        if waited:
            logger.warning("%s: files are still being written; building now", self._source)
        self._pending.clear()
        self._state, self._pending_since = {}, 0.0
        self._build(self._sweeping if self._is_sweep else self._command)
        return False

    def _build(self, command: Sequence[str]) -> None:
        self._is_sweep = False
        logger.info("building: %s", " ".join(command))
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as child:
            said = _Reader(child)
            while child.poll() is None:
                if self._stop.wait(_LOOK_SECONDS):
                    child.terminate()
                    break
            child.wait()
            out, err = said.lines()
        if self._stop.is_set():
            logger.info("stopped; the build goes on where it was when the next one starts")
        elif child.returncode == 0:
            self._failures, self._retry_at = 0, float("inf")
            logger.info("%s", out[-1] if out else "built")
        else:
            wait = min(self._times.retry_seconds * 2**self._failures, _LONGEST_RETRY_SECONDS)
            self._failures += 1
            self._retry_at = time.monotonic() + wait
            reason = err[-1] if err else f"exit status {child.returncode}"
            logger.error("the build failed (%s); trying again in %.0f s", reason, wait)


class _Reader:
    """Reads what a child says while it runs, so that a full pipe never stops it."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._said: tuple[list[str], list[str]] = ([], [])
        self._threads = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in zip((child.stdout, child.stderr), self._said, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _read(stream: Iterable[str], lines: list[str]) -> None:
        with contextlib.suppress(ValueError):  # closed while it was read
            for line in stream:
                lines.append(line.rstrip())
                del lines[:-20]

    def lines(self) -> tuple[list[str], list[str]]:
        """Return the last lines of stdout and of stderr."""
        for thread in self._threads:
            thread.join(timeout=5)
        return self._said


def _state_of(paths: Iterable[Path]) -> _State:
    """Return size and times of every file at and below `paths`; what has gone is not in it."""
    state: _State = {}
    for path in paths:
        for name in [os.fspath(path), *_below(path)]:
            with contextlib.suppress(OSError):
                found = os.lstat(name)
                if not stat.S_ISDIR(found.st_mode):
                    state[name] = (found.st_size, found.st_mtime_ns, found.st_ino)
    return state


def _below(path: Path) -> Iterable[str]:
    for folder, _, names in os.walk(path):
        for name in names:
            yield os.path.join(folder, name)  # noqa: PTH118 - a million of them
