"""How do many files become documents, when any one of them may hang or crash the library?

Files are read in child processes with a time limit and a memory limit. A child sends each part of a
file as it is read. A child that hangs is killed, one that dies (a segfault, a panic) is replaced;
the part that it was reading is reported as unread, and a new child goes on behind it. Parts come in
the order of the files, whatever finished first.
"""

import contextlib
import ctypes
import math
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType

from indexer.errors import Help, ReaderError, UnreadableFileError
from indexer.parts import Part, Working, explained, load
from indexer.records import FileStatus

DEFAULT_TIMEOUT_SECONDS = 120.0  # for one part; the slowest of 760 real files takes 2 s
FILE_TIMEOUT_SECONDS = 3600.0  # for a file with all its parts, or all its scanned pages
DEFAULT_MEMORY_BYTES = 4 * 1024**3
_START_SECONDS = 60.0  # a child starts in less than one, but not under load
_SCRATCH = "archive-search-"
_MAX_WAITING = 256  # parts of a file whose turn has not come; then its child has to wait

File = tuple[Path, str, str]  # path, source_id, sha256
Loader = Callable[[Path, str, str, Path, int, Working], Iterator[Part]]

_PR_SET_PDEATHSIG = 1
_READY, _PART, _WORKING = "ready", "part", "working"  # what a child says


class LoadingPool:
    """Child processes that load files; use as a context manager."""

    def __init__(
        self,
        workers: int = 2,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        memory_bytes: int = DEFAULT_MEMORY_BYTES,
        loader: Loader = load,
        file_timeout_seconds: float = FILE_TIMEOUT_SECONDS,
    ) -> None:
        """Start `workers` children; `loader`, a function of a module, is what they run."""
        _sweep()
        self._timeout_seconds = timeout_seconds
        self._file_timeout_seconds = file_timeout_seconds
        self._workers = [_Worker(memory_bytes, loader) for _ in range(workers)]

    def __enter__(self) -> "LoadingPool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.stop()

    def load_all(self, files: Iterable[File]) -> Iterator[Part]:
        """Yield the parts of each file, in the order of `files`; the last is the file itself.

        Raises ReaderError where the children do not start.
        """
        waiting = iter(files)
        order: deque[_Task] = deque()
        while True:
            self._hand_out(waiting, order)
            if not order:
                return
            while order and (order[0].parts or order[0].closed):
                yield from order[0].take()
                if not order[0].closed:
                    break
                order.popleft()
            if order:
                self._hear(order[0])

    def _hand_out(self, waiting: Iterator[File], order: deque["_Task"]) -> None:
        """Give each idle worker a file. Bounded, so that behind a slow file not all pile up."""
        for worker in self._workers:
            if worker.task is None and len(order) < 4 * len(self._workers):
                file = next(waiting, None)
                if file is None:
                    return
                order.append(_Task(file, self._file_timeout_seconds))
                worker.start_on(order[-1], self._timeout_seconds)

    def _hear(self, head: "_Task") -> None:
        """Wait until a worker says something, is dead, or is late."""
        busy = []
        for worker in self._workers:
            if worker.task is head or (worker.task and len(worker.task.parts) < _MAX_WAITING):
                busy.append(worker)
            else:  # it may be blocked by us, not by its file
                worker.deadline = time.monotonic() + self._timeout_seconds
        first = min(worker.deadline for worker in busy)
        ready = wait([worker.connection for worker in busy], max(0.0, first - time.monotonic()))
        for worker in busy:
            if worker.connection in ready:
                worker.hear(self._timeout_seconds)
            elif time.monotonic() >= worker.deadline:
                worker.give_up(self._timeout_seconds)


@dataclass(slots=True)
class _Task:
    """One file, what is known of it so far, and what is being read."""

    file: File
    seconds: float  # in which it has to be read with all its parts, once that has begun
    parts: deque[Part] = field(default_factory=deque)
    count: int = 0
    under_way: Part | None = None
    closed: bool = False
    end: float = math.inf

    def add(self, part: Part) -> None:
        """Take in a part; the file itself is the last."""
        self.parts.append(part)
        self.count += 1
        self.under_way = None
        self.closed = part.source_id == self.file[1]

    def take(self) -> Iterator[Part]:
        """Yield what is known and was not yet yielded."""
        while self.parts:
            yield self.parts.popleft()

    @property
    def itself(self) -> Part:
        """The file as a part, of which nothing is known yet."""
        path, source_id, sha256 = self.file
        with contextlib.suppress(OSError):
            return Part(source_id, sha256, path.stat().st_size, FileStatus.UNREAD)
        return Part(source_id, sha256, 0, FileStatus.UNREAD)


class _Worker:
    """One child process and the pipe to it."""

    def __init__(self, memory_bytes: int, loader: Loader) -> None:
        self._memory_bytes = memory_bytes
        self._loader = loader
        self._scratch = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-"))
        self.task: _Task | None = None
        self.deadline = 0.0
        self._start()

    def _start(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_serve,
            args=(theirs, self._loader, self._memory_bytes, os.getpid(), self._scratch),
            daemon=True,
        )
        self._process.start()
        theirs.close()
        self._is_ready = False

    def start_on(self, task: _Task, timeout_seconds: float) -> None:
        """Hand one file to the child; it goes on behind the parts that are known."""
        self.task = task
        # It says so when it begins; until then it may have to start, on a machine under load.
        self.deadline = min(time.monotonic() + timeout_seconds + _START_SECONDS, task.end)
        try:
            self.connection.send((*task.file, task.count))
        except OSError:  # it died while idle
            self._restart()
            self.connection.send((*task.file, task.count))

    def hear(self, timeout_seconds: float) -> None:
        """Take in what the child said; if it died instead, go on with another."""
        assert self.task is not None
        try:
            kind, part = self.connection.recv()
        except (EOFError, OSError):
            self._process.join(5)
            death = _death(self._process.exitcode)
            if not self._is_ready and (self._process.exitcode or 0) > 0:
                raise ReaderError(
                    f"the processes that read files do not start ({death}). A script that builds "
                    "is run by each of them too: put what it does below "
                    '`if __name__ == "__main__":`. The index is as it was'
                ) from None
            self._blame(
                UnreadableFileError(
                    f"damaged: reading it crashed the reader ({death})", Help.CONVERT
                ),
                timeout_seconds,
            )
            return
        now = time.monotonic()
        if kind == _READY:
            self._is_ready = True
            return
        self.task.end = min(self.task.end, now + self.task.seconds)
        self.deadline = min(now + timeout_seconds, self.task.end)
        if kind == _PART:
            self.task.add(part)
            if self.task.closed:
                self.task = None
        elif part is not None:
            self.task.under_way = part

    def give_up(self, timeout_seconds: float) -> None:
        """End what takes too long: the part that is being read, or the whole file."""
        assert self.task is not None
        reason = f"took too long: not read within {timeout_seconds:g} seconds"
        if time.monotonic() >= self.task.end:
            self.task.under_way = None
            reason = f"took too long: given up after {self.task.count} parts"
        self._blame(
            UnreadableFileError(
                f"{reason}; it may be damaged, or very large: {Help.SPLIT}, or", Help.RETRY
            ),
            timeout_seconds,
        )

    def _blame(self, error: UnreadableFileError, timeout_seconds: float) -> None:
        """Report what was being read as unread; a new child goes on with the rest of the file."""
        task = self.task
        assert task is not None
        task.add((task.under_way or task.itself).unread(error))
        self._restart()
        if task.closed:
            self.task = None
        else:
            self.start_on(task, timeout_seconds)

    def _restart(self) -> None:
        self._end()
        self._start()

    def _end(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()

    def stop(self) -> None:
        """Kill the child; nothing it holds needs saving."""
        self._end()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _sweep() -> None:
    """Remove what builds that were killed had unpacked."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*-*"):
        process = folder.name.removeprefix(_SCRATCH).split("-")[0]
        if process.isdecimal() and not Path(f"/proc/{process}").exists() and Path("/proc").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit status {code}"


def end_if_starting() -> None:
    """End a child that is only being started, quietly: its parent says what is wrong.

    A script that builds when it is imported is imported by the children that it starts.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(1)


# --- in the child -------------------------------------------------------------------------------


def _serve(
    connection: Connection, loader: Loader, memory_bytes: int, parent: int, scratch: Path
) -> None:
    """Load the files that come through `connection` until it closes."""
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection.send((_READY, None))

    def working(part: Part | None) -> None:
        connection.send((_WORKING, part))

    while True:
        try:
            path, source_id, sha256, done = connection.recv()
        except (EOFError, OSError):
            return
        working(None)
        for part in load_safely(loader, (path, source_id, sha256), scratch, done, working):
            connection.send((_PART, part))


def load_safely(
    loader: Loader, file: File, scratch: Path, done: int, working: Working
) -> Iterator[Part]:
    """Yield what `loader` yields; whatever it raises is the reason why the file is unread."""
    try:
        yield from loader(*file, scratch, done, working)
    except GeneratorExit:
        raise
    except BaseException as error:  # a panic in the library is a BaseException
        yield Part(file[1], file[2], 0, FileStatus.UNREAD).unread(explained(error))


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)
