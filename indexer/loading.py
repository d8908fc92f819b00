"""How do many files become documents, when any one of them may hang or crash the library?

Each file is loaded in a child process with a time limit and a memory limit. A child that hangs is
killed, one that dies (a segfault, a panic) is replaced, and either way its file is reported as
unread and the next one goes on. Results come in the order of the files, whatever finished first.
"""

import contextlib
import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType

from indexer.errors import UnreadableFileError
from indexer.extraction import extract
from indexer.metadata import describe
from indexer.records import Document, DocumentText, Extraction
from indexer.structure import read_blocks

DEFAULT_TIMEOUT_SECONDS = 120.0  # the slowest of 760 real files takes 2 s
DEFAULT_MEMORY_BYTES = 4 * 1024**3

File = tuple[Path, str, str]  # path, source_id, sha256
Loaded = tuple[Document, DocumentText]

Loader = Callable[[Path, str, str], Loaded]

_PR_SET_PDEATHSIG = 1


def load(path: Path, source_id: str, sha256: str) -> Loaded:
    """Return one file as a document and its text.

    Raises UnreadableFileError with a reason written for people.
    """
    extraction = extract(path)
    blocks = read_blocks(extraction)
    document = describe(source_id, sha256, extraction, blocks)
    text = DocumentText(extraction.text, extraction.page_starts, blocks, extraction.properties)
    return document, text


def describe_again(document: Document, text: DocumentText, source_id: str) -> Document:
    """Return what is known about `document` once its file has the name `source_id`."""
    extraction = Extraction(
        text.text, document.format, text.page_starts, properties=text.properties
    )
    return describe(source_id, document.sha256, extraction, text.blocks)


class LoadingPool:
    """Child processes that load files; use as a context manager."""

    def __init__(
        self,
        workers: int = 2,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        memory_bytes: int = DEFAULT_MEMORY_BYTES,
        loader: Loader = load,
    ) -> None:
        """Start `workers` children; `loader`, a function of a module, is what they run."""
        self._timeout_seconds = timeout_seconds
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

    def load_all(self, files: Iterable[File]) -> Iterator[tuple[str, Loaded | UnreadableFileError]]:
        """Yield (source_id, what was loaded or why not) for each file, in the order of `files`."""
        waiting = iter(files)
        order: deque[int] = deque()
        done: dict[int, tuple[str, Loaded | UnreadableFileError]] = {}
        number = 0
        exhausted = False
        # Bounded, so that a slow file does not make the others pile up in memory.
        most = 4 * len(self._workers)
        while True:
            for worker in self._workers:
                if worker.task is None and not exhausted and len(order) < most:
                    file = next(waiting, None)
                    if file is None:
                        exhausted = True
                        break
                    worker.start_on(_Task(number, file, time.monotonic() + self._timeout_seconds))
                    order.append(number)
                    number += 1
            while order and order[0] in done:
                yield done.pop(order.popleft())
            busy = [worker for worker in self._workers if worker.task is not None]
            if not busy and exhausted and not order:
                return
            if busy:
                for task, result in _finished(busy, self._timeout_seconds):
                    done[task.number] = (task.file[1], result)


@dataclass(frozen=True, slots=True)
class _Task:
    number: int
    file: File
    deadline: float


def _finished(
    busy: list["_Worker"], timeout_seconds: float
) -> Iterator[tuple[_Task, Loaded | UnreadableFileError]]:
    """Wait until a worker is done, dead or late, and yield the results."""
    first_deadline = min(worker.task.deadline for worker in busy if worker.task)
    ready = wait(
        [worker.connection for worker in busy], max(0.0, first_deadline - time.monotonic())
    )
    for worker in busy:
        task = worker.task
        if task is None:
            continue
        if worker.connection in ready:
            yield task, worker.result()
        elif time.monotonic() >= task.deadline:
            worker.replace()
            yield (
                task,
                UnreadableFileError(
                    f"took too long: not read within {timeout_seconds:g} seconds; it may be "
                    "damaged, or very large: split it"
                ),
            )


class _Worker:
    """One child process and the pipe to it."""

    def __init__(self, memory_bytes: int, loader: Loader) -> None:
        self._memory_bytes = memory_bytes
        self._loader = loader
        self.task: _Task | None = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_serve, args=(theirs, self._loader, self._memory_bytes, os.getpid()), daemon=True
        )
        self._process.start()
        theirs.close()

    def start_on(self, task: _Task) -> None:
        """Hand one file to the child."""
        self.task = task
        try:
            self.connection.send(task.file)
        except OSError:  # it died while idle
            self.replace()
            self.task = task
            self.connection.send(task.file)

    def result(self) -> Loaded | UnreadableFileError:
        """Return what the child sent; if it died instead, say so and start another."""
        try:
            result: Loaded | UnreadableFileError = self.connection.recv()
        except (EOFError, OSError):
            self._process.join(5)
            code = self._process.exitcode
            self.replace()
            return UnreadableFileError(
                f"damaged: reading it crashed the reader ({_death(code)}); save a copy as PDF"
            )
        self.task = None
        return result

    def replace(self) -> None:
        """Kill the child and start a new one."""
        self.stop()
        self.task = None
        self._start()

    def stop(self) -> None:
        """Kill the child; nothing it holds needs saving."""
        self._process.kill()
        self._process.join()
        self.connection.close()


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit status {code}"


def _serve(connection: Connection, loader: Loader, memory_bytes: int, parent: int) -> None:
    """Load the files that come through `connection` until it closes; runs in the child."""
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        try:
            file = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(_load_safely(loader, file))


def _load_safely(loader: Loader, file: File) -> Loaded | UnreadableFileError:
    try:
        return loader(*file)
    except UnreadableFileError as error:
        return UnreadableFileError(str(error))  # without its cause, which may not pickle
    except MemoryError:
        return UnreadableFileError("too large: reading it needs more memory than is allowed")
    except BaseException as error:  # a panic in the library is a BaseException
        return UnreadableFileError(
            f"damaged: reading it failed ({type(error).__name__}: {str(error)[:160]}); "
            "save a copy as PDF"
        )


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)
