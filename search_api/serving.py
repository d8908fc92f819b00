"""How connections are served: bounds on their number, on slow clients, and on stopping."""

import asyncio
import contextlib
import ctypes
import gc
import socket
import sys
from collections.abc import Callable

import h11
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from search_api.errors import SettingsError
from search_api.problems import problem
from search_api.settings import Settings

_M_ARENA_MAX = -8  # of glibc's mallopt
# Until a thread hands Python over. Its own 5 ms are long for the event loop, which lets go of it at
# each system call. On a busy machine, 96,715 passages, bursts of 300: 1 in 100 of the refusals came
# after 1.3 s instead of 1.7, of the answers after 4.0 s instead of 4.8.
_TURN_SECONDS = 0.0005
_YOUNG = 10_000  # objects that are made between two looks for garbage; a search makes thousands


def share_arenas() -> None:
    """Let the threads allocate from two arenas instead of one each: 22 MB less, and no slower.

    To be called before anything is opened. Elsewhere than on glibc: no effect.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_M_ARENA_MAX, 2)


def keep_what_is_loaded() -> None:
    """Let the garbage collector pass over all that is loaded by now: modules, models, the index.

    A look through it all took 50 ms, once in a hundred searches, and found nothing. What is no
    longer used is let go as ever, but for what refers to itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


def listen(settings: Settings) -> socket.socket:
    """Return the socket to accept connections on; raises SettingsError where it cannot be had."""
    try:
        return socket.create_server((settings.host, settings.port))
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
            "Choose a free port, for example ARCHIVE_PORT=8001 (of mcp: --http 8001)"
        ) from error


def run(
    app: ASGIApp, settings: Settings, listener: socket.socket, announce: Callable[[], None]
) -> None:
    """Serve until stopped; call `announce` once connections are accepted."""
    sys.setswitchinterval(_TURN_SECONDS)
    server = _AnnouncingServer(serving(app, settings), announce)
    with listener:
        server.run(sockets=[listener])


class _AnnouncingServer(uvicorn.Server):
    """A server that calls `announce` once it accepts connections."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            keep_what_is_loaded()
            self._announce()


def serving(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Return how uvicorn serves the app.

    The address of a client is that of its connection; what X-Forwarded-For says is believed only
    of `trusted_proxies`. A stop lets requests end for `shutdown_seconds`.
    """
    return uvicorn.Config(
        app,
        http=type(
            "Patient",
            (Patient,),
            {"seconds": settings.client_seconds, "most": settings.max_connections},
        ),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )


class Patient(H11Protocol):
    """Ends a connection whose client is slower than `seconds`, and refuses those beyond `most`.

    The head of a request must come in time (uvicorn itself waits forever), and whatever waits to
    be sent must be taken. Bodies have their limit in `search_api.receiving`.
    """

    seconds = 30.0
    most = 1000
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Head and body are sent apart; the second would wait 40 ms for the first to be confirmed.
        # asyncio switches that off only for sockets that were made with their protocol named.
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self.connections) > self.most:
            self.app = _refuse
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


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer on a connection beyond the limit; uvicorn itself would not say when to return."""
    refused = problem(
        "overloaded",
        "as many clients as this service allows are connected",
        scope["path"],
        headers={"Retry-After": "1", "Connection": "close"},
    )
    await refused(scope, receive, send)
