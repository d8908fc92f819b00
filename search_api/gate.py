"""How much that costs may run at once? One more is refused at once, so that the others end soon."""

import os
import threading
from types import TracebackType

from search_api.errors import OverloadedError


class Gate:
    """As many at a time as it is wide; `with gate:` raises OverloadedError where it is full.

    Of those inside, two a core work and the others wait for their turn. Thirty-two that all worked
    kept even the refusals waiting for seconds, for one thread of Python runs at a time.
    """

    def __init__(self, width: int, what: str = "searches") -> None:
        self._what = what
        self._free = threading.BoundedSemaphore(width)
        self._turns = threading.BoundedSemaphore(2 * (os.cpu_count() or 1))

    def __enter__(self) -> None:
        """Take a place, without waiting for one; then wait for a turn."""
        if not self._free.acquire(blocking=False):
            raise OverloadedError(f"as many {self._what} as this service allows are running")
        self._turns.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the turn and the place back."""
        self._turns.release()
        self._free.release()
