"""Every request has an id, a line in the log, a place in the metrics, and says how long it took."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.logs import request_id
from search_api.metrics import Metrics
from search_api.phases import phases

logger = logging.getLogger(__name__)

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_METHODS = frozenset(("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"))


class Observing:
    """Note each request, also one that fails."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add X-Request-Id and Server-Timing where the response starts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        sent = Headers(scope=scope).get("x-request-id", "")
        name = sent if _SANE_ID.fullmatch(sent) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = name
        token = request_id.set(name)
        status, seconds = 500, 0.0
        with phases() as noted:

            async def send_with_headers(message: Message) -> None:
                nonlocal status, seconds
                if message["type"] == "http.response.start":
                    status, seconds = message["status"], time.perf_counter() - started
                    headers = MutableHeaders(scope=message)
                    headers["X-Request-Id"] = name
                    headers["Server-Timing"] = _timing(noted | {"total": seconds})
                    headers.setdefault("X-Content-Type-Options", "nosniff")
                await send(message)

            try:
                await self._app(scope, receive, send_with_headers)
            finally:
                self._note(scope, status, seconds or time.perf_counter() - started, noted)
                request_id.reset(token)

    def _note(self, scope: Scope, status: int, seconds: float, noted: dict[str, float]) -> None:
        method, path = scope["method"], scope["path"]
        route = getattr(scope.get("route"), "path", "") or "other"
        # A client may invent methods, but no new rows in the metrics.
        known = method if method in _METHODS else "other"
        self._metrics.note(route, known, status, seconds, noted)
        milliseconds = round(seconds * 1000, 1)
        fields = {"method": known, "path": path, "status": status, "ms": milliseconds}
        logger.info("%s %s %d %.1f ms", known, path, status, milliseconds, extra={"fields": fields})


def _timing(phases: dict[str, float]) -> str:
    return ", ".join(f"{name};dur={seconds * 1000:.1f}" for name, seconds in phases.items())
