"""How connections are served: bounds on their number, on slow clients, and on stopping."""

import asyncio
from collections.abc import Callable

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from search_api.settings import Settings


def serving(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Return how uvicorn serves the app.

    The address of a client is that of its connection; what X-Forwarded-For says is believed only
    of `trusted_proxies`. A stop lets requests end for `shutdown_seconds`.
    """
    return uvicorn.Config(
        app,
        http=type("Patient", (Patient,), {"seconds": settings.client_seconds}),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )


class Patient(H11Protocol):
    """Ends a connection whose client is slower than `seconds`.

    The head of a request must come in time (uvicorn itself waits forever), and whatever waits to
    be sent must be taken. Bodies have their limit in `search_api.receiving`.
    """

    seconds = 30.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait(self._end_unless_busy)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait(self._end_unless_busy)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait(self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._wait(self._end_unless_busy)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(self.seconds, then)

    def _end_unless_busy(self) -> None:
        # abort, for close would wait until the client has taken what is still to be sent
        if self.conn.their_state is h11.IDLE or self.transport.is_closing():
            self.transport.abort()
