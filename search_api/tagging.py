"""An ETag for what was answered without one, pages above all: who has it already is told so (304).

The tag is a digest of what would be sent, so that any change of it counts.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.sending import REVALIDATE, is_known, tag_of


class Tagging:
    """Tag answers to GET that come in one piece, unless they may not be kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; hold the start of the answer until its body is known."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        held: Message | None = None

        async def send_tagged(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and _wants_tag(message):
                held = message
                return
            if held is not None:
                start, held = held, None
                if not message.get("more_body"):
                    message = _tag(scope, start, message)
                await send(start)
            await send(message)

        await self._app(scope, receive, send_tagged)


def _wants_tag(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    is_kept = "no-store" not in headers.get("cache-control", "")
    return start["status"] == 200 and is_kept and "etag" not in headers


def _tag(scope: Scope, start: Message, body: Message) -> Message:
    """Add tag and caching to the start of an answer; return its body, empty where it is known."""
    headers = MutableHeaders(scope=start)
    headers["ETag"] = tag = tag_of(body.get("body", b""))
    headers.setdefault("Cache-Control", REVALIDATE)
    if not is_known(Headers(scope=scope), tag):
        return body
    start["status"] = 304
    del headers["Content-Length"], headers["Content-Type"]
    return dict(body, body=b"")
