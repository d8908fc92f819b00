"""Does the service hold under load? Bursts, slow clients, cancellations, and a soak with builds.

Nothing here may fail but by being refused: 200, or 503 with Retry-After, quickly. Memory, threads
and open files are sampled during the soak; what leaks with requests or with generations grows.
"""

import asyncio
import re
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import machine
from tests.benchmarks.growth import Depth, add_report, run_module
from tests.benchmarks.questions import questions
from tests.benchmarks.served import answer_path, generation_served, search_path, served
from tests.torture.swaps import Sample, sample

_SECONDS_OF_PATIENCE = 120.0
_CLIENTS = 8
_HELD = 100  # connections of slow clients


@dataclass
class Seen:
    """What clients saw: seconds by status, refusals that do not say when to come back, failures."""

    taken: dict[int, list[float]] = field(default_factory=dict)
    without_advice: int = 0
    failures: Counter[str] = field(default_factory=Counter)

    def told(self) -> str:
        """Return it in a line."""
        parts = [
            f"{len(taken)} times {status}: {machine.milliseconds(taken)}"
            for status, taken in sorted(self.taken.items())
        ]
        if self.without_advice:
            parts.append(f"503 WITHOUT Retry-After: {self.without_advice}")
        if self.failures:
            parts.append(f"FAILED: {dict(self.failures.most_common(5))}")
        return "; ".join(parts) or "nothing was asked"

    def flaws(self) -> int:
        """Return how many answers were neither 200 nor a refusal that says when to come back."""
        wrong = sum(len(taken) for status, taken in self.taken.items() if status not in (200, 503))
        return wrong + self.without_advice + sum(self.failures.values())


async def ask(port: int, path: str, seen: Seen) -> None:
    """Send one request on a connection of its own, and read the whole answer."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_SECONDS_OF_PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError) as error:
        seen.failures[type(error).__name__] += 1
        return
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    found = re.match(r"HTTP/1\.1 (\d{3})", head)
    if found is None:
        seen.failures["no answer"] += 1
        return
    status = int(found[1])
    seen.taken.setdefault(status, []).append(time.perf_counter() - started)
    if status == 503 and "retry-after:" not in head.lower():
        seen.without_advice += 1


async def burst(port: int, paths: Sequence[str], wanted: int) -> Seen:
    """Send `wanted` requests at once."""
    seen = Seen()
    chosen = (paths[number % len(paths)] for number in range(wanted))
    await asyncio.gather(*(ask(port, path, seen) for path in chosen))
    return seen


async def steady(port: int, paths: Sequence[str], clients: int, ended: asyncio.Event) -> Seen:
    """Let some clients ask one after the other until `ended`."""
    seen = Seen()

    async def work(first: int) -> None:
        number = first
        while not ended.is_set():
            await ask(port, paths[number % len(paths)], seen)
            number += clients

    await asyncio.gather(*(work(first) for first in range(clients)))
    return seen


async def for_seconds(port: int, paths: Sequence[str], clients: int, seconds: float) -> Seen:
    """As `steady`, for so many seconds."""
    ended = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, ended.set)
    return await steady(port, paths, clients, ended)


async def drip(port: int, ended: asyncio.Event) -> None:
    """Send the head of a request a byte at a time; when the service hangs up, begin again."""
    head = b"GET /v1/search?q=lantern HTTP/1.1\r\nHost: " + b"a" * 100_000
    while not ended.is_set():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            for byte in head:
                if ended.is_set():
                    break
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.2)
            writer.close()
        except OSError:
            await asyncio.sleep(0.05)


async def read_nothing(port: int, path: str, ended: asyncio.Event) -> None:
    """Ask again and again on one connection and take no answer, until the service hangs up."""
    while not ended.is_set():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
            found: socket.socket = writer.get_extra_info("socket")
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            while not ended.is_set():
                writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                await asyncio.wait_for(writer.drain(), 1)
                await asyncio.sleep(0.5)
            writer.close()
        except (OSError, TimeoutError):
            await asyncio.sleep(0.05)


async def cancel(port: int, paths: Sequence[str], wanted: int) -> None:
    """Ask and hang up at once, without reading."""
    for number in range(wanted):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {paths[number % len(paths)]} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            await writer.drain()
            writer.transport.abort()
        except OSError:
            pass
        await asyncio.sleep(0.005)


@dataclass(frozen=True, slots=True)
class Stage:
    """What the test is done with."""

    source: Path
    index_dir: Path
    cache: Path
    settings: Depth
    minutes: float
    connections: int
    seconds: float = 10  # of each short phase


def print_load(stage: Stage) -> int:
    """Run all of it over one index and print what was seen; return how many flaws there were."""
    asked = questions(stage.settings.queries)
    paths = [path for query in asked for path in (search_path(query), answer_path(query))]
    with served(stage.index_dir, client_seconds=5) as service:
        return asyncio.run(_all(service.pid, service.port, paths, stage))


async def _all(pid: int, port: int, paths: Sequence[str], stage: Stage) -> int:
    flaws = 0
    for name, seen in (
        ("8 clients alone", await for_seconds(port, paths, _CLIENTS, stage.seconds)),
        (f"{stage.connections} requests at once", await burst(port, paths, stage.connections)),
        (
            f"{stage.connections * 3} requests at once",
            await burst(port, paths, stage.connections * 3),
        ),
        (f"8 clients beside {_HELD} slow ones", await _beside_slow(port, paths, stage.seconds)),
        (
            "8 clients beside cancelled requests",
            await _beside_cancelled(port, paths, stage.seconds),
        ),
    ):
        flaws += seen.flaws()
        print(f"{name}: {seen.told()} ({machine.load()})", flush=True)
    return flaws + await _soak(pid, port, paths, stage)


async def _beside_slow(port: int, paths: Sequence[str], seconds: float) -> Seen:
    ended = asyncio.Event()
    slow = [asyncio.create_task(drip(port, ended)) for _ in range(_HELD // 2)]
    slow += [asyncio.create_task(read_nothing(port, paths[0], ended)) for _ in range(_HELD // 2)]
    seen = await for_seconds(port, paths, _CLIENTS, seconds)
    ended.set()
    await asyncio.gather(*slow)
    return seen


async def _beside_cancelled(port: int, paths: Sequence[str], seconds: float) -> Seen:
    cancelling = asyncio.create_task(cancel(port, paths, round(100 * seconds)))
    seen = await for_seconds(port, paths, _CLIENTS, seconds)
    await cancelling
    return seen


async def _soak(pid: int, port: int, paths: Sequence[str], stage: Stage) -> int:
    """Everything at once for `minutes`, while reports are added and generations taken over."""
    ended = asyncio.Event()
    slow = [asyncio.create_task(drip(port, ended)) for _ in range(_HELD // 10)]
    slow += [asyncio.create_task(read_nothing(port, paths[0], ended)) for _ in range(_HELD // 10)]
    asking = asyncio.create_task(steady(port, paths, _CLIENTS, ended))
    samples: list[Sample] = []
    refused, generations = Seen(), 0
    deadline = time.monotonic() + stage.minutes * 60
    building = asyncio.create_task(asyncio.to_thread(_add_and_wait, port, stage))
    while time.monotonic() < deadline:
        for status, taken in (await burst(port, paths, stage.connections)).taken.items():
            refused.taken.setdefault(status, []).extend(taken)
        await cancel(port, paths, 20)
        if building.done():
            building.result()
            generations += 1
            building = asyncio.create_task(asyncio.to_thread(_add_and_wait, port, stage))
        samples.append(sample(pid))
        await asyncio.sleep(min(5.0, stage.minutes * 6))
    await building
    ended.set()
    seen = await asking
    await asyncio.gather(*slow)
    flaws = seen.flaws() + refused.flaws()
    print(f"soak of {stage.minutes:g} minutes, {generations + 1} generations: {seen.told()}")
    print(f"  its bursts: {refused.told()}")
    steps = samples[:: max(1, len(samples) // 10)]
    print(f"  resident MB: {[one.memory_kb // 1024 for one in steps]}")
    print(f"  open files: {[one.files for one in steps]}, last {sample(pid).files}")
    print(f"  generations open: {dict(Counter(one.generations for one in samples))}")
    print(f"  {flaws} flaws ({machine.load()})", flush=True)
    return flaws


def _add_and_wait(port: int, stage: Stage) -> None:
    """Add a report, build in another process, and wait until the service has taken it over."""
    add_report(stage.source, time.time_ns())
    arguments = (stage.source, stage.index_dir, stage.cache, stage.settings.seeds)
    generation_served(port, str(run_module("built", *arguments)["generation"]))
