"""What a request brings: its query parameters, a small JSON object, or the fields of a form."""

import asyncio
import json
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.requests import ClientDisconnect

from search_api.errors import BadRequestError, TooSlowError
from search_api.requests import sendable

_MAX_FIELDS = 10


def given(request: Request) -> list[tuple[str, str]]:
    """Return the query parameters, in order."""
    return [(sendable(name), sendable(value)) for name, value in request.query_params.multi_items()]


async def json_object(request: Request, max_bytes: int, seconds: float) -> list[tuple[str, str]]:
    """Return the members of a JSON object of strings.

    Raises BadRequestError for anything else, TooSlowError where it takes longer than `seconds`.
    """
    body = await whole_body(request, max_bytes, seconds)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError("body", "", "not JSON; expected an object of strings") from error
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise BadRequestError("body", "", "expected a JSON object whose values are strings")
    # JSON can spell half a character ("\\ud800"), which no response could carry back.
    return [(sendable(name), sendable(value)) for name, value in found.items()]


async def form_fields(request: Request, max_bytes: int, seconds: float) -> list[tuple[str, str]]:
    """Return the fields of a form as browsers send it, line ends written as "\\n".

    Raises BadRequestError where it is too large, TooSlowError where it takes longer than `seconds`.
    """
    body = await whole_body(request, max_bytes, seconds)
    try:
        fields = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS
        )
    except ValueError:
        raise BadRequestError("body", "", f"more than {_MAX_FIELDS} fields in the form") from None
    return [(name, sendable(value.replace("\r\n", "\n"))) for name, value in fields]


async def whole_body(request: Request, max_bytes: int, seconds: float) -> bytes:
    """Return the body; raises BadRequestError for too much of it, TooSlowError where it is late."""
    received = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                received += chunk
                if len(received) > max_bytes:
                    raise BadRequestError(
                        "body", "", f"more than {max_bytes:,} bytes; expected less"
                    )
    except TimeoutError:
        raise TooSlowError(f"the body took more than {seconds:g} s to come") from None
    except ClientDisconnect:
        raise BadRequestError("body", "", "the connection closed before its end") from None
    return bytes(received)
