"""Serve the pages and the API: `python -m web`. Settings come from the environment."""

import os
import socket
import sys
from collections.abc import Callable

import uvicorn

from indexer.errors import IndexerError
from indexer.generation import Generation
from search_api import logs
from search_api.errors import SearchError
from search_api.settings import Settings
from web.app import create_web_app
from web.serving import serving


def main() -> int:
    """Serve until stopped; 0 when stopped, 1 with one line on stderr when it cannot start."""
    try:
        settings = Settings.from_environ(os.environ)
        logs.configure(settings.log_format)
        app = create_web_app(settings)
        app.state.archive.refresh()
    except (SearchError, IndexerError) as error:
        return _refuse(str(error))
    try:
        listener = socket.create_server((settings.host, settings.port))
    except OSError as error:
        return _refuse(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
            "Set ARCHIVE_PORT to a free port, for example ARCHIVE_PORT=8001"
        )
    address = f"http://{settings.host}:{listener.getsockname()[1]}"
    ready = f"archive-search is ready at {address}  {_described(app.state.archive.current())}"
    server = _AnnouncingServer(serving(app, settings), lambda: print(ready, flush=True))
    with listener:
        server.run(sockets=[listener])
    return 0


def _described(served: Generation) -> str:
    # Not a name in `main`, which would keep this generation open as long as the server runs.
    return f"({served.counts.documents} reports, generation {served.generation_id})"


class _AnnouncingServer(uvicorn.Server):
    """A server that calls `announce` once it accepts connections."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()


def _refuse(reason: str) -> int:
    print(f"archive-search: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
