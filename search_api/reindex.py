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
        self._paths = {str(source_dir): "SOURCE", str(index_dir): "INDEX_DIR"}
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
        state = "done" if finished.returncode == 0 else "failed"
        lines = (finished.stdout if state == "done" else finished.stderr).strip().splitlines()
        self._finish(job, state, lines[-1] if lines else "")

    def _finish(self, job: Job, state: str, message: str) -> None:
        for path, name in self._paths.items():  # a response never shows a path of the server
            message = message.replace(path, name)
        with self._lock:
            self._jobs[job.job_id] = replace(job, state=state, message=message)
        logger.info("re-index %s %s: %s", job.job_id, state, message)
