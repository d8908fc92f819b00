"""Which requests are let in? Decided in the event loop, before a thread is asked for.

Threads that search keep each other waiting; a refusal that needed one of them came as late as an
answer. A place is given back before the response is sent, for its client may take it slowly.
"""

from collections.abc import AsyncIterator

from fastapi import Depends, Request

from search_api.gate import Gate


def gate_of(request: Request) -> Gate:
    """Return the gate of the app that answers."""
    gate: Gate = request.app.state.gate
    return gate


async def _with_place(request: Request) -> AsyncIterator[None]:
    with gate_of(request).place():
        yield


async def _with_place_to_search(request: Request) -> AsyncIterator[None]:
    if not request.query_params.get("q"):
        yield
        return
    with gate_of(request).place():
        yield


async def _while_open(request: Request) -> None:
    with gate_of(request).place():
        pass


# A dependency of a route that is let in, or refused.
ADMITTED = Depends(_with_place, scope="function")
# The same of a page that is free where it has no query.
ADMITTED_TO_SEARCH = Depends(_with_place_to_search, scope="function")
# The same of a route that first receives a body, which may come slowly: it takes its place then.
OPEN = Depends(_while_open)
