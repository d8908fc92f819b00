"""How an answer is sent: its tag, what may be kept of it, and 304 for who has it already."""

import hashlib
import json
from collections.abc import Iterator, Mapping

from fastapi import Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from starlette.datastructures import Headers

REVALIDATE = "no-cache"  # may be kept, but ask each time: the archive changes
PINNED = "public, max-age=3600"
GENERATION = "Archive-Generation"


def send_json(request: Request, answered: BaseModel, cache: str = REVALIDATE) -> Response:
    """Send a response with its ETag, which does not depend on how long it took; or 304."""
    fields = answered.model_dump(mode="json", by_alias=True)
    tag = tag_of(json.dumps(fields | {"took_ms": 0}))
    headers = _headers(tag, cache, fields.get("generation", ""))
    if _has_already(request, tag):
        return Response(status_code=304, headers=headers)
    return JSONResponse(fields, headers=headers)


def send_text(
    request: Request,
    text: str,
    media_type: str,
    generation: str = "",
    cache: str = REVALIDATE,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Send text of another kind in the same way."""
    tag = tag_of(text)
    sent = _headers(tag, cache, generation) | dict(headers or {})
    if _has_already(request, tag):
        return Response(status_code=304, headers=sent)
    return Response(text.encode(), media_type=media_type, headers=sent)


def send_stream(
    request: Request,
    pieces: Iterator[str],
    tag: str,
    media_type: str,
    generation: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Send what is made piece by piece; `tag` names what decides it. No piece for who has it."""
    sent = _headers(tag, REVALIDATE, generation) | dict(headers or {})
    if _has_already(request, tag):
        return Response(status_code=304, headers=sent)
    return StreamingResponse(
        (piece.encode() for piece in pieces), media_type=media_type, headers=sent
    )


def tag_of(*parts: str | bytes) -> str:
    """Return a weak ETag of what decides an answer."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass"))
        digest.update(b"\x00")
    return f'W/"{digest.hexdigest()[:32]}"'


def is_known(headers: Headers, tag: str) -> bool:
    """True where the headers of a request say that this is there already; weakly compared."""
    known = headers.get("if-none-match", "")
    tags = {one.strip().removeprefix("W/") for one in known.split(",")}
    return known.strip() == "*" or tag.removeprefix("W/") in tags


def _has_already(request: Request, tag: str) -> bool:
    return request.method in ("GET", "HEAD") and is_known(request.headers, tag)


def _headers(tag: str, cache: str, generation: str) -> dict[str, str]:
    headers = {"ETag": tag, "Cache-Control": cache}
    return headers | {GENERATION: generation} if generation else headers
