"""How many searches may run at once? One more is refused at once, so that the others end soon."""

import threading
from types import TracebackType

from search_api.errors import OverloadedError


class Gate:
    """As many at a time as it is wide; `with gate:` raises OverloadedError where it is full."""

    def __init__(self, width: int) -> None:
        self._free = threading.BoundedSemaphore(width)

    def __enter__(self) -> None:
        """Take a place, without waiting for one."""
        if not self._free.acquire(blocking=False):
            raise OverloadedError("as many searches as this service allows are running")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the place back."""
        self._free.release()
