"""Re-index on request: the build runs in a process of its own, one at a time.

The service needs no torch for this: the child loads it, publishes, and ends; the service notices
the new generation by itself.
"""

import hmac
import logging
import secrets
import subprocess
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

from search_api.errors import ReindexError, SearchError

logger = logging.getLogger(__name__)

_REMEMBERED = 20


class ForbiddenError(ReindexError):
    """Re-indexing over HTTP is switched off."""


class UnauthorizedError(ReindexError):
    """The token is missing or wrong."""


class BusyError(ReindexError):
    """A re-index is running already."""


class UnknownJobError(SearchError):
    """No re-index has this id."""


@dataclass(frozen=True, slots=True)
class Job:
    """A re-index: `state` is running, done or failed; `message` is the build's last line."""

    job_id: str
    state: str
    message: str = ""


class Reindexer:
    """Starts builds of SOURCE into INDEX_DIR for callers that show the token."""

    def __init__(self, source_dir: Path, index_dir: Path, token: str) -> None:
        self._command = [
            sys.executable,
            "-m",
            "indexer",
            "build",
            str(source_dir),
            str(index_dir),
        ]
        self._token = token
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()

    def authorize(self, header: str) -> None:
        """Check an Authorization header; raises ForbiddenError or UnauthorizedError."""
        if not self._token:
            raise ForbiddenError("re-indexing over HTTP is off: no ARCHIVE_REINDEX_TOKEN is set")
        expected = f"Bearer {self._token}".encode()
        if not hmac.compare_digest(header.encode("utf-8", "replace"), expected):
            raise UnauthorizedError("the bearer token is missing or wrong")

    def start(self) -> Job:
        """Start a build; raises BusyError while one that was started here is running."""
        with self._lock:
            if any(job.state == "running" for job in self._jobs.values()):
                raise BusyError("a re-index is running already")
            job = Job(secrets.token_hex(8), "running")
            self._jobs[job.job_id] = job
            while len(self._jobs) > _REMEMBERED:
                self._jobs.popitem(last=False)
        threading.Thread(target=self._run, args=(job,), name="reindex", daemon=True).start()
        return job

    def job(self, job_id: str) -> Job:
        """Return what became of a re-index; raises UnknownJobError."""
        found = self._jobs.get(job_id)
        if found is None:
            raise UnknownJobError("no re-index has this id")
        return found

    def _run(self, job: Job) -> None:
        try:
            finished = subprocess.run(
                self._command, capture_output=True, text=True, errors="replace", check=False
            )
        except OSError as error:
            logger.error("re-index %s could not start: %s", job.job_id, error)
            self._finish(job, "failed", "the build could not be started")
            return
        if finished.returncode == 0:
            self._finish(job, "done", (finished.stdout.strip().splitlines() or [""])[-1])
            return
        # The reason may name paths of the server: it goes into the log, not into a response.
        logger.error("re-index %s failed: %s", job.job_id, finished.stderr.strip())
        self._finish(job, "failed", "the build failed; the owner finds the reason in the log")

    def _finish(self, job: Job, state: str, message: str) -> None:
        with self._lock:
            self._jobs[job.job_id] = replace(job, state=state, message=message)
        logger.info("re-index %s %s: %s", job.job_id, state, message)
