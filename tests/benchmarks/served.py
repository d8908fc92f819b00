"""A service in a process of its own, and clients that keep their connection."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.conftest import ROOT

_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Service:
    """A running service."""

    pid: int
    port: int
    ready_seconds: float


@dataclass
class Answers:
    """What clients got: seconds of each request by status, and what could not be asked at all."""

    taken: dict[int, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def add(self, status: int, seconds: float) -> None:
        """Count one answer."""
        self.taken.setdefault(status, []).append(seconds)

    @property
    def good(self) -> list[float]:
        """The seconds of all that were answered with 200."""
        return self.taken.get(200, [])


@contextmanager
def served(index_dir: Path, **settings: object) -> Iterator[Service]:
    """Run `python -m web` over an index until the block ends; settings are ARCHIVE_… keys."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    told = {"index_dir": index_dir, "port": port, "poll_seconds": 0.2} | settings
    told = {"requests_per_second": 0, "requests_per_day": 0} | told
    environment = os.environ | {f"ARCHIVE_{key.upper()}": str(value) for key, value in told.items()}
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "web"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            generation_served(port)
            yield Service(process.pid, port, time.perf_counter() - started)
        finally:
            process.terminate()


def generation_served(port: int, wanted: str = "") -> str:
    """Wait until a generation is served, `wanted` if it is named; return its id."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
                status, body = get(connection, "/readyz")
            generation = str(json.loads(body)["generation"]) if status == 200 else ""
            if generation and wanted in ("", generation):
                return generation
        except OSError:
            pass
        time.sleep(0.02)
    raise TimeoutError(f"{wanted or 'no generation'} was served within {_PATIENCE_SECONDS:.0f} s")


def get(connection: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    """Send one request and read the whole answer."""
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def search_path(query: str, **more: object) -> str:
    """Return the address of a search."""
    return "/v1/search?" + urlencode({"q": query} | more)


def answer_path(query: str) -> str:
    """Return the address of an answer."""
    return "/v1/answer?" + urlencode({"q": query})


def ask_until(
    port: int, paths: Iterator[str], clients: int, ended: Callable[[], bool]
) -> tuple[Answers, float]:
    """Let `clients` ask for the next of `paths`, each on its own connection, until `ended`.

    Return what they got, and for how many seconds they asked.
    """
    found, lock = Answers(), threading.Lock()

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not ended():
            with lock:
                path = next(paths)
            started = time.perf_counter()
            try:
                status, _ = get(connection, path)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                with lock:
                    found.failures.append(f"{path}: {error!r}")
                continue
            with lock:
                found.add(status, time.perf_counter() - started)
        connection.close()

    started = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found, time.perf_counter() - started


def ask_for(port: int, paths: Iterator[str], clients: int, seconds: float) -> tuple[Answers, float]:
    """As `ask_until`, for so many seconds."""
    deadline = time.monotonic() + seconds
    return ask_until(port, paths, clients, lambda: time.monotonic() > deadline)
