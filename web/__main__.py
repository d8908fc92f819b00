"""Serve the pages and the API: `python -m web`. Settings come from the environment."""

import os
import sys
from threading import Thread

from indexer.errors import IndexerError
from indexer.generation import Generation
from search_api import logs
from search_api.errors import SearchError
from search_api.serving import listen, run, share_arenas
from search_api.settings import Settings
from web.app import create_web_app


def main() -> int:
    """Serve until stopped; 0 when stopped, 1 with one line on stderr when it cannot start."""
    share_arenas()
    try:
        settings = Settings.from_environ(os.environ)
        logs.configure(settings.log_format)
        app = create_web_app(settings)
        app.state.archive.refresh()
        listener = listen(settings)
    except (SearchError, IndexerError) as error:
        print(f"archive-search: {error}", file=sys.stderr)
        return 1
    address = f"http://{settings.host}:{listener.getsockname()[1]}"
    ready = f"archive-search is ready at {address}  {_described(app.state.archive.current())}"

    def announce() -> None:
        print(ready, flush=True)
        Thread(target=app.state.service.load, name="load").start()

    run(app, settings, listener, announce)
    return 0


def _described(served: Generation) -> str:
    # Not a name in `main`, which would keep this generation open as long as the server runs.
    return f"({served.counts.documents} reports, generation {served.generation_id})"


if __name__ == "__main__":
    sys.exit(main())
