"""How often may a client ask? Rate limits of the API, told in headers before they are met.

A client is an API key, or else an address (of IPv6 its network of 64 bits, which one customer
commonly has whole). The pages and their files are not limited here; what a search costs at most
is bounded by `search_api.gate` for all.
"""

import time
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.api_keys import ApiKeys
from search_api.problems import problem

_LIMITED = ("/v1/", "/mcp")
_FREE = "/v1/openapi.json"  # the documentation costs nothing
_OTHER_TOKEN = "/v1/reindex"  # has a bearer token that is no API key


class RateLimits:
    """Count the requests of each client; answer 401 for a wrong key, 429 for one too many."""

    def __init__(self, app: ASGIApp, per_second: int, per_day: int, keys: ApiKeys) -> None:
        self._app = app
        self._anonymous = (per_second, per_day)
        self._keys = keys
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the headers of what is left added, or refuse it."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(_LIMITED) or path == _FREE:
            await self._app(scope, receive, send)
            return
        client, rates = self._client(scope), self._anonymous
        sent = "" if path.startswith(_OTHER_TOKEN) else _bearer(Headers(scope=scope))
        if sent and self._keys:
            key = self._keys.find(sent)
            if key is None:
                refused = problem(
                    "unauthorized",
                    "this API key is not known; leave it out to ask without one",
                    path,
                    headers={"WWW-Authenticate": "Bearer"},
                )
                await refused(scope, receive, send)
                return
            client, rates = f"key {key.name}", (key.per_second, key.per_day)
        items = _items(*rates)
        passed = all(self._limiter.hit(item, client) for item in items)
        told = self._told(items, client)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(told)
            await send(message)

        if passed:
            await self._app(scope, receive, send_with_headers)
            return
        wait = self._wait(items, client)
        refused = problem(
            "too-many-requests",
            f"more than {_in_words(*rates)}; ask again in {wait} s",
            path,
            headers={"Retry-After": str(wait)},
        )
        await refused(scope, receive, send_with_headers)

    def _client(self, scope: Scope) -> str:
        host = scope["client"][0] if scope.get("client") else ""
        try:
            address = ip_address(host)
        except ValueError:
            return host
        if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
            return str(ip_network((address, 64), strict=False))
        return str(address)

    def _told(self, items: list[RateLimitItem], client: str) -> dict[str, str]:
        """Return the headers of draft-ietf-httpapi-ratelimit-headers-10."""
        if not items:
            return {}
        policies, states = [], []
        for item in items:
            window = self._limiter.get_window_stats(item, client)
            name, seconds = item.GRANULARITY.name, item.get_expiry()
            policies.append(f'"{name}";q={item.amount};w={seconds}')
            states.append(f'"{name}";r={window.remaining};t={_seconds_until(window.reset_time)}')
        return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}

    def _wait(self, items: list[RateLimitItem], client: str) -> int:
        """Return in how many seconds there is something left of every limit, as far as known."""
        spent = [self._limiter.get_window_stats(item, client) for item in items]
        return max(
            (_seconds_until(one.reset_time) for one in spent if not one.remaining), default=1
        )


def _items(per_second: int, per_day: int) -> list[RateLimitItem]:
    items: list[RateLimitItem] = []
    if per_second:
        items.append(RateLimitItemPerSecond(per_second))
    if per_day:
        items.append(RateLimitItemPerDay(per_day))
    return items


def _bearer(headers: Headers) -> str:
    kind, _, sent = headers.get("authorization", "").partition(" ")
    return sent.strip() if kind.lower() == "bearer" else ""


def _seconds_until(moment: float) -> int:
    return max(1, ceil(moment - time.time()))


def _in_words(per_second: int, per_day: int) -> str:
    parts = [f"{per_second} requests a second"] if per_second else []
    return " or ".join([*parts, f"{per_day:,} requests a day"] if per_day else parts)
