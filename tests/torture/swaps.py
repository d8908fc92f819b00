"""Publish generation after generation under load: `python -m tests.torture.swaps COUNT`.

A real server (uvicorn) answers searches and questions without a pause while COUNT generations are
built and pruned under it. No request may fail, no more than the live generation and the one that it
replaced may stay open, the latter not for long, and neither memory nor open files may grow.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from indexer.build import build
from indexer.embedding import BUNDLED_NAME, BuildEncoder
from tests.conftest import ROOT
from tests.indexer.test_build import HashEncoder

_PATHS = (
    "/v1/search?q=lantern+borough&limit=5",
    "/v1/answer?q=who+lit+the+lantern",
    "/v1/search?q=%22the+board+noted%22+-swap3&facets=body",
    "/?q=lantern",
    "/v1/coverage",
    "/readyz",
)
_CLIENTS = 2
# The allocator keeps some of what a swap freed; what leaks at each swap shows all the same.
_GROWTH = 1.10


@dataclass
class Load:
    """What the clients saw."""

    requests: int = 0
    failures: list[str] = field(default_factory=list)
    generations: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Sample:
    """The server at one moment."""

    memory_kb: int
    files: int
    generations: int


def write(source: Path, number: int) -> None:
    """Let SOURCE hold 60 reports, one of which says `number`."""
    lines = [
        {"_id": str(n), "title": f"Report {n}", "text": f"The board noted lantern {n} in borough."}
        for n in range(60)
    ]
    lines[number % 60]["text"] += f" Swap{number} was lit by Ada Brown."
    (source / "reports.jsonl").write_text("\n".join(map(json.dumps, lines)))


def ask(port: int, load: Load, stop: threading.Event) -> None:
    """Send requests, one after the other, until told to stop."""
    while not stop.is_set():
        for path in _PATHS:
            load.requests += 1
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                    body = answer.read()
                if path.startswith(("/v1/search", "/v1/answer")):
                    load.generations.add(json.loads(body)["generation"])
            except (OSError, ValueError, KeyError) as error:
                said = error.read()[:300] if isinstance(error, urllib.error.HTTPError) else ""
                load.failures.append(f"{path}: {error!r} {said!r}")


def sample(pid: int) -> Sample:
    """Return memory, open files, and how many generations the server has open."""
    proc = Path(f"/proc/{pid}")
    memory = int(re.findall(r"VmRSS:\s+(\d+)", (proc / "status").read_text())[0])
    links = []
    for link in (proc / "fd").iterdir():
        try:
            links.append(str(link.readlink()))
        except OSError:
            continue
    opened = "\n".join([*links, (proc / "maps").read_text()])
    # The encoder is handed on from generation to generation.
    named = re.findall(r"generations/([^/\s]+)/(?!encoder/)", opened)
    return Sample(memory, len(links), len(set(named)))


def settled(pid: int, most: int) -> Sample:
    """Return a sample once no more than `most` generations are open, or after a minute."""
    deadline = time.monotonic() + 60
    while (found := sample(pid)).generations > most and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def campaign(count: int, folder: Path) -> tuple[Load, list[Sample]]:
    """Return what the clients saw, a sample after each swap and one a while after the last."""
    source, index_dir = folder / "source", folder / "index"
    source.mkdir()
    write(source, 0)
    build(source, index_dir, BuildEncoder())
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = os.environ | {
        "ARCHIVE_INDEX_DIR": str(index_dir),
        "ARCHIVE_PORT": str(port),
        "ARCHIVE_POLL_SECONDS": "0.1",
        "ARCHIVE_REQUESTS_PER_SECOND": "0",
        "ARCHIVE_REQUESTS_PER_DAY": "0",
    }
    load, stop, samples = Load(), threading.Event(), []
    with subprocess.Popen(
        [sys.executable, "-m", "web"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _wait_for(port, "")
            clients = [
                threading.Thread(target=ask, args=(port, load, stop)) for _ in range(_CLIENTS)
            ]
            for client in clients:
                client.start()
            encoder = HashEncoder(BUNDLED_NAME)  # new vectors need not mean anything
            for number in range(1, count + 1):
                write(source, number)
                done = build(source, index_dir, encoder)
                assert done.published
                _wait_for(port, done.generation_id)
                samples.append(settled(server.pid, most=2))
            samples.append(settled(server.pid, most=1))
            stop.set()
            for client in clients:
                client.join()
        finally:
            stop.set()
            server.terminate()
    return load, samples


def _wait_for(port: int, generation_id: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if json.load(answer)["generation"] == generation_id or not generation_id:
                    return
        except OSError:
            pass
        assert time.monotonic() < deadline, f"{generation_id} is not served"
        time.sleep(0.05)


def flaws(load: Load, samples: list[Sample]) -> list[str]:
    """Return what is wrong with a campaign, [] where nothing is."""
    found = load.failures[:5]
    most = max(one.generations for one in samples)
    if most > 2 or samples[-1].generations > 1:
        found.append(f"{most} generations stayed open, {samples[-1].generations} to the end")
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter : 2 * quarter] or samples, samples[-quarter:]
    for name in ("memory_kb", "files"):
        before = sum(getattr(one, name) for one in early) / len(early)
        after = sum(getattr(one, name) for one in late) / len(late)
        if len(samples) >= 40 and after > before * _GROWTH:
            found.append(f"{name} grew from {before:.0f} to {after:.0f}")
    return found


def main() -> int:
    """Run a campaign and print what was seen; 1 where something is wrong."""
    count = int(sys.argv[1])
    folder = Path(tempfile.mkdtemp(prefix="swaps-"))
    started = time.monotonic()
    load, samples = campaign(count, folder)
    found = flaws(load, samples)
    for flaw in found:
        print(flaw)
    steps = samples[:: max(1, len(samples) // 10)]
    print(f"memory in MB: {[one.memory_kb // 1024 for one in steps]}")
    print(f"open files: {[one.files for one in steps]}")
    print(f"generations open: {dict(Counter(one.generations for one in samples))}")
    print(
        f"swaps: {count} in {time.monotonic() - started:.0f} s, {load.requests} requests of "
        f"{len(load.generations)} generations, {len(load.failures)} failed"
    )
    shutil.rmtree(folder)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
