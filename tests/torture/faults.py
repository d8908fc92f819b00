"""Let every file operation of a build fail: `python -m tests.torture.faults [STEP]`.

Every STEP-th operation fails, once with each error: those of Python by an audit hook (anywhere),
those of the engines too by strace (where it is there), and short writes by a limit on the size of
files. A build then ends well or with one line for people; the old or the new generation is live and
whole; and the next build, without a fault, is the new one.
"""

import errno
import os
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from indexer.build import UPDATE_FROM
from tests.torture.stage import EXPLAINED, Outcome, Stage
from tests.torture.system_calls import Tracer, tracer_works

OLD = {str(number): 1 for number in range(12)}
NEW = {str(number): 2 if number < 4 else 1 for number in range(16) if number != 7}

_EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.scandir"}
_EVENTS |= {"os.listdir", "os.truncate", "sqlite3.connect"}
HOOKED = ("ENOSPC", "EIO", "EACCES", "EMFILE")
TRACED = (  # system calls of one kind, the error that they return, and from when on
    ("write,pwrite64,writev", "ENOSPC", "+"),
    ("write,pwrite64,writev", "EIO", ""),
    ("fsync,fdatasync", "EIO", ""),
    ("?rename,renameat,renameat2", "EIO", ""),
    ("?rename,renameat,renameat2", "ENOSPC", ""),
    ("?unlink,unlinkat,?rmdir", "EIO", ""),
    ("?mkdir,mkdirat", "ENOSPC", "+"),
    ("?link,linkat", "EPERM", ""),
    ("ftruncate,fallocate", "ENOSPC", ""),
    ("close", "EIO", ""),
)


class Faults:
    """One small change that is built again and again, each time with another fault."""

    def __init__(self, folder: Path, update_from: int) -> None:
        self.stage = Stage(folder)
        self.stage.update_from = update_from
        self.stage.write(OLD)
        assert not self.stage.run(self.stage.build).error
        self._before = folder / "before"
        shutil.copytree(self.stage.index_dir, self._before, symlinks=True)
        self.stage.write(NEW)
        self.found: Counter[str] = Counter()

    def hooked(self, step: int) -> None:
        """Let each of Python's own operations on the index fail."""
        for name in HOOKED:
            for number in range(1, 10_000, step):
                outcome = self._run(partial(self._build_hooked, name, number))
                self._verify(outcome, f"{name} at Python's operation {number}")
                if outcome.phase != "struck":
                    break
                self.found[f"{name} in Python"] += 1

    def traced(self, step: int) -> None:
        """Let each system call that changes a disk fail, also in the engines."""
        for calls, error, onwards in TRACED:
            for number in range(1, 10_000, step):
                self._fresh()
                child = self.stage.start(self.stage.build)
                tracer = Tracer(child.pid, calls, f"error={error}:when={number}{onwards}")
                child.go()
                outcome = child.wait()
                tracer.end()
                self._verify(outcome, f"{error} at {calls} {number}")
                if not tracer.injected:
                    break
                self.found[f"{error} at {calls.replace('?', '')}"] += 1

    def short(self, step: int) -> None:
        """Let writes be cut short, and then fail, at each size of a file."""
        sizes = [path.stat().st_size for path in self._before.rglob("*") if path.is_file()]
        for limit in range(0, 2 * max(sizes), 64 * step):
            outcome = self._run(partial(self._build_limited, limit))
            self._verify(outcome, f"no file above {limit} bytes")
            self.found["short write"] += bool(outcome.error)

    def _run(self, work: Callable[[], Any]) -> Outcome:
        self._fresh()
        return self.stage.run(work)

    def _fresh(self) -> None:
        shutil.rmtree(self.stage.index_dir)
        shutil.copytree(self._before, self.stage.index_dir, symlinks=True)

    def _build_hooked(self, name: str, number: int) -> object:
        with _failing(name, number, str(self.stage.index_dir)) as struck:
            try:
                return self.stage.build()
            finally:
                if struck():
                    self.stage.mark("struck")

    def _build_limited(self, limit: int) -> object:
        self.stage.encoder.log = None
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return self.stage.build()

    def _verify(self, outcome: Outcome, fault: str) -> None:
        explained = not outcome.error or outcome.error.startswith(EXPLAINED)
        assert explained, f"{fault}: {outcome.error}"
        assert outcome.error.count("\n") == 0, f"{fault}: {outcome.error}"
        look = self.stage.run(self.stage.look)
        assert not look.error, f"{fault}: {look.error}"
        assert look.result.wrong == [], f"{fault}: {look.result.wrong}"
        expected = [NEW] if not outcome.error else [OLD, NEW]
        assert look.result.archive in expected, f"{fault}: {outcome.error}"
        again = self.stage.run(self.stage.build)
        assert not again.error, f"{fault}: the next build: {again.error}"
        look = self.stage.run(self.stage.look)
        assert (look.result.archive, look.result.bad) == (NEW, []), f"{fault}: {look.result}"


class _failing:  # noqa: N801 - reads as a phrase
    """Let operation `number` on a path below `folder` raise; what it gives says whether it did."""

    def __init__(self, name: str, number: int, folder: str) -> None:
        self._error = getattr(errno, name)
        self._left = number
        self._folder = folder
        self._on = False

    def __enter__(self) -> Callable[[], bool]:
        self._on = True
        sys.addaudithook(self._hook)
        synced = os.fsync

        def fsync(descriptor: Any) -> None:  # noqa: ANN401
            self._count()
            synced(descriptor)

        module: Any = os
        module.fsync = fsync
        return lambda: self._left <= 0

    def __exit__(self, *error: object) -> None:
        self._on = False

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._on and event in _EVENTS and arguments:
            path = arguments[0]
            if isinstance(path, str | bytes | os.PathLike) and self._folder in os.fsdecode(path):
                self._count()

    def _count(self) -> None:
        self._left -= 1
        if self._on and self._left == 0:
            raise OSError(self._error, os.strerror(self._error))


def campaign(step: int, folder: Path) -> Counter[str]:
    """Return how often each fault struck; raises AssertionError at the first flaw."""
    found: Counter[str] = Counter()
    for update_from in (UPDATE_FROM, 0):
        faults = Faults(folder / f"from {update_from}", update_from)
        faults.hooked(step)
        faults.short(step)
        if tracer_works():
            faults.traced(step)
        found += faults.found
    return found


def main() -> int:
    """Run a campaign and print which faults struck how often."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    started = time.monotonic()
    print(f"faults: every {step}. operation, folder {folder}", flush=True)
    found = campaign(step, folder)
    for name, times in sorted(found.items()):
        print(f"{times:6} {name}")
    print(f"faults: {found.total()} in {time.monotonic() - started:.0f} s, no flaw")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
