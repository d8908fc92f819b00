"""What an owner watches: requests, phases, and the archive that is served, for Prometheus."""

import datetime
import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from search_api.errors import NotReadyError
from search_api.live import LiveArchive

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of one app, in a registry of its own."""

    def __init__(self, archive: LiveArchive) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "archive_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "archive_request_seconds",
            "Time to the first byte of an answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._phases = Histogram(
            "archive_phase_seconds",
            "Time in one phase of a request.",
            ("phase",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._registry.register(_Archive(archive))

    def note(
        self, route: str, method: str, status: int, seconds: float, phases: dict[str, float]
    ) -> None:
        """Count one request. `route` is the pattern that answered, never an address as sent."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        for name, took in phases.items():
            self._phases.labels(name).observe(took)

    def exposition(self) -> bytes:
        """Return all of it in the text format of Prometheus."""
        return generate_latest(self._registry)


class _Archive(Collector):
    """Reads the served generation when Prometheus asks."""

    def __init__(self, archive: LiveArchive) -> None:
        self._archive = archive

    def collect(self) -> Iterable[GaugeMetricFamily]:
        try:
            generation = self._archive.current()
        except NotReadyError:
            yield GaugeMetricFamily("archive_ready", "1 while a whole generation is open.", 0)
            return
        counts = generation.counts
        yield GaugeMetricFamily("archive_ready", "1 while a whole generation is open.", 1)
        yield GaugeMetricFamily(
            "archive_generation_age_seconds",
            "Time since the served generation was built.",
            time.time() - datetime.datetime.fromisoformat(generation.created_at).timestamp(),
        )
        files = GaugeMetricFamily(
            "archive_files", "Files that the archive holds.", labels=("status",)
        )
        for status in ("searchable", "duplicate", "unread"):
            files.add_metric((status,), getattr(counts, status))
        yield files
        yield GaugeMetricFamily("archive_documents", "Reports.", counts.documents)
        yield GaugeMetricFamily("archive_passages", "Passages.", counts.passages)
