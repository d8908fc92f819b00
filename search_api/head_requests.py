"""HEAD wherever GET is: the same headers, no body."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """Answer HEAD as GET is answered, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HEAD on as GET; name HEAD wherever a refusal names GET."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asks_head = scope["method"] == "HEAD"

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                allowed = headers.get("allow", "").split(", ")
                if "GET" in allowed and "HEAD" not in allowed:
                    headers["allow"] = ", ".join([*allowed, "HEAD"])
            elif asks_head and message["type"] == "http.response.body":
                message = dict(message, body=b"")
            await send(message)

        inner = dict(scope, method="GET") if asks_head else scope
        await self._app(inner, receive, send_without_body)
        if "route" in inner:
            scope["route"] = inner["route"]  # whoever counts requests by route stands outside
