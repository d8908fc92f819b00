"""What a figure was measured on, and how a row of figures is printed."""

import os
import platform
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "sentence-transformers", "onnxruntime", "faiss-cpu", "tantivy", "kreuzberg")


def described(packages: Sequence[str] = PACKAGES) -> str:
    """Return processor, cores, memory and versions in two lines."""
    cores = len(os.sched_getaffinity(0))
    return (
        f"{_processor()}, {cores} cores, {memory_mb() / 1024:.0f} GiB, "
        f"Python {platform.python_version()}\n"
        f"{versions(packages)}"
    )


def memory_mb() -> float:
    """Return how much memory the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20


def versions(packages: Sequence[str] = PACKAGES) -> str:
    """Return the installed versions of packages."""
    return ", ".join(f"{name} {_version_of(name)}" for name in packages)


def load() -> str:
    """Return how busy the machine is with other work: figures of a busy one compare badly."""
    return f"load average {os.getloadavg()[0]:.1f}"


def percentile(taken: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of `taken` do not exceed."""
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * share // 1) - 1))]


def milliseconds(taken: Sequence[float]) -> str:
    """Return p50 and p99 of times in seconds."""
    p50, p99 = percentile(taken, 0.5) * 1000, percentile(taken, 0.99) * 1000
    return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"


def resident_mb(pid: int) -> tuple[int, int]:
    """Return the resident memory of a process, and the part of it that no file backs."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = [re.search(rf"{name}:\s+(\d+) kB", status) for name in ("VmRSS", "RssAnon")]
    whole, own = (int(one[1]) // 1024 if one else 0 for one in found)
    return whole, own


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", known.read_text()) if known.exists() else None
    return found[1] if found else platform.machine()


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
