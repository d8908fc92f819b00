"""Which generation is served now? Swaps to a new one between two requests.

A request takes the generation once and uses it to its end; the old one is closed when the last
request lets go of it.
"""

import logging
import threading
import time
from pathlib import Path

from indexer.errors import IndexerError
from indexer.generation import Generation, open_generation
from indexer.publishing import current_id
from search_api.errors import NotReadyError

logger = logging.getLogger(__name__)


class LiveArchive:
    """Holds the open generation of INDEX_DIR and follows CURRENT."""

    def __init__(self, index_dir: Path, poll_seconds: float = 1.0) -> None:
        self._index_dir = index_dir
        self._poll_seconds = poll_seconds
        self._generation: Generation | None = None
        self._refused = ""
        self._problem = f"{index_dir.name}: no generation has been opened yet"
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._refreshing = threading.Lock()

    def current(self) -> Generation:
        """Return the generation to answer with; raises NotReadyError where none is open."""
        generation = self._generation
        if generation is None:
            raise NotReadyError(self._problem)
        return generation

    def refresh(self) -> None:
        """Open what CURRENT names, when it is another one; keep what is open when that fails.

        Raises IndexerError where nothing is open and nothing can be opened.
        """
        with self._refreshing:
            try:
                wanted = current_id(self._index_dir)
                if wanted == self._refused or (
                    self._generation and self._generation.generation_id == wanted
                ):
                    return
                started = time.perf_counter()
                opened = open_generation(self._index_dir)
                if self._generation is not None:
                    if opened.generation_id != wanted:
                        self._refused = wanted  # warned once, not at every look
                        return
                    opened.share_encoder(self._generation)
                opened.encode_query("warm up")
            except IndexerError as error:
                news = str(error) != self._problem
                self._problem = str(error)
                if self._generation is None:
                    raise
                if news:  # said once, not at every look
                    logger.warning("still serving %s: %s", self._generation.generation_id, error)
                return
            self._refused = "" if opened.generation_id == wanted else wanted
            self._generation, self._problem = opened, ""
            logger.info(
                "serving generation %s, %d passages, opened in %.1f s",
                opened.generation_id,
                opened.counts.passages,
                time.perf_counter() - started,
            )

    def follow(self) -> None:
        """Look for a new generation every `poll_seconds`, in a thread, until `close`."""
        self._thread = threading.Thread(target=self._loop, name="follow-index", daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        while not self._stop.wait(self._poll_seconds):
            try:
                self.refresh()
            except IndexerError as error:
                logger.debug("no generation yet: %s", error)
            except Exception:
                logger.exception("looking for a new generation failed")

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
