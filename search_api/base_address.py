"""Under which address do people reach the service? For links that leave it: feeds, citations."""

import re

from fastapi import Request

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?", re.ASCII)


def base_address(request: Request, public_url: str) -> str:
    """Return the configured address, else that of the request; "" where its Host is no host."""
    if public_url:
        return public_url
    host = request.headers.get("host", "")
    scheme = "https" if request.url.scheme == "https" else "http"
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else ""
