"""How much that costs may run at once? One more is refused at once, so that the others end soon."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType

from search_api.errors import OverloadedError

# A request puts the gate here that it has a place in; the threads that work for it see it.
_entered: ContextVar["Gate | None"] = ContextVar("entered", default=None)


class Gate:
    """As many at a time as it is wide; one more is refused by an OverloadedError.

    `with gate:` is for work in a thread. Of those inside, two a core work and the others wait for
    their turn. Thirty-two that all worked kept even the refusals waiting for seconds, for one
    thread of Python runs at a time. `with gate.place():` never waits: it keeps a place for what
    follows, wherever that runs.
    """

    def __init__(self, width: int, what: str = "searches") -> None:
        self._what = what
        self._free = threading.BoundedSemaphore(width)
        self._turns = threading.BoundedSemaphore(2 * (os.cpu_count() or 1))

    @contextmanager
    def place(self) -> Iterator[None]:
        """Keep a place, which `with gate:` inside uses; raises OverloadedError for none is free."""
        self._take()
        token = _entered.set(self)
        try:
            yield
        finally:
            _entered.reset(token)
            self._free.release()

    def __enter__(self) -> None:
        """Take a place, without waiting for one, unless one is kept; then wait for a turn."""
        if _entered.get() is not self:
            self._take()
        self._turns.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give back the turn, and the place unless it is kept."""
        self._turns.release()
        if _entered.get() is not self:
            self._free.release()

    def _take(self) -> None:
        if not self._free.acquire(blocking=False):
            raise OverloadedError(f"as many {self._what} as this service allows are running")
