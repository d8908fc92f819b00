"""How long did each phase of a request take? Noted where the work is, told where it is sent."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# A request puts a dictionary here; the threads that work for it share the dictionary.
_noted: ContextVar[dict[str, float] | None] = ContextVar("phases", default=None)


@contextmanager
def phases() -> Iterator[dict[str, float]]:
    """Collect the seconds of every phase inside, by name, in the order in which they ended."""
    noted: dict[str, float] = {}
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Note how long the body takes; phases of one name add up. Nothing where nobody collects."""
    started = time.perf_counter()
    try:
        yield
    finally:
        noted = _noted.get()
        if noted is not None:
            noted[name] = noted.get(name, 0.0) + time.perf_counter() - started
