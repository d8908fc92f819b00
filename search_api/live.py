"""Which generation is served now? Swaps to a new one between two requests.

A request takes the generation once and uses it to its end. A replaced generation stays open for the
answers pinned to it, such as one whose page was being read at the swap, until nobody has asked for
it for a while; it is closed when the last request lets go of it.
"""

import logging
import threading
import time
from pathlib import Path

from indexer.errors import GenerationError, IndexerError
from indexer.generation import Generation, open_folder, open_generation
from indexer.manifest import FileEntry, seen_in
from indexer.publishing import current_id, generation_folder, generation_ids
from search_api.errors import GoneError, NotReadyError

logger = logging.getLogger(__name__)

# An older generation that nobody has asked for in so long is let go; its disk may be wanted.
_KEPT_SECONDS = 5.0


class LiveArchive:
    """Holds the open generation of INDEX_DIR and follows CURRENT."""

    def __init__(self, index_dir: Path, poll_seconds: float = 0.2) -> None:
        self._index_dir = index_dir
        self._poll_seconds = poll_seconds
        self._generation: Generation | None = None
        self._refused = ""
        self._problem = f"{index_dir.name}: no generation has been opened yet"
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._refreshing = threading.Lock()
        self._kept: Generation | None = None
        self._asked = 0.0  # when the kept one was last asked for, by the monotonic clock
        self._unusable = ""
        self._opening = threading.Lock()
        self._verified: set[FileEntry] = set()  # as they lie in what is open

    def current(self) -> Generation:
        """Return the generation to answer with; raises NotReadyError where none is open."""
        generation = self._generation
        if generation is None:
            raise NotReadyError(self._problem)
        return generation

    def kept(self, generation_id: str) -> Generation:
        """Return the open generation of that id, or an older one that is still on disk.

        One older generation is open at a time. Raises GoneError where it has been pruned or cannot
        be used, NotReadyError where none is open.
        """
        current = self.current()
        if generation_id == current.generation_id:
            return current
        with self._opening:
            older = self._kept
            if older is not None and older.generation_id == generation_id:
                self._asked = time.monotonic()
                return older
            # Asked for by anybody: only a name that is on disk becomes part of a path.
            if generation_id not in generation_ids(self._index_dir):
                raise GoneError(
                    "made from a generation of the archive that is kept no longer; ask again"
                )
            try:
                if generation_id == self._unusable:
                    raise GenerationError(f"{generation_id}: refused before")
                older = open_folder(
                    generation_folder(self._index_dir, generation_id), self._verified
                )
            except GenerationError as error:
                self._unusable = generation_id
                logger.warning("older generation refused: %s", error)
                raise GoneError(
                    "made from a generation of the archive that can no longer be read; ask again"
                ) from error
            older.share_encoder(current)
            self._keep(older)
            logger.info("opened older generation %s", generation_id)
            return older

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
                opened = open_generation(self._index_dir, self._verified)
                self._verified = seen_in(opened.folder, opened.manifest)
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
            with self._opening:
                self._keep(self._generation)
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

    def _keep(self, older: Generation | None) -> None:
        self._kept, self._asked = older, time.monotonic()

    def _let_go(self) -> None:
        with self._opening:
            if time.monotonic() - self._asked > _KEPT_SECONDS:
                self._kept = None

    def _loop(self) -> None:
        while not self._stop.wait(self._poll_seconds):
            self._let_go()
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
