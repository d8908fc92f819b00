"""The tools for assistants, spoken as the Model Context Protocol: over stdio, or over HTTP at /mcp.

The one file that imports the protocol's SDK; nothing else loads it.
"""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import anyio
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from starlette.types import Message, Receive, Scope, Send

from search_api.app import create_app
from search_api.assistant_tools import INSTRUCTIONS, AssistantTool, assistant_tools
from search_api.errors import BadRequestError, NotReadyError, SearchError
from search_api.gate import Gate
from search_api.receiving import whole_body
from search_api.settings import Settings

logger = logging.getLogger(__name__)

PATH = "/mcp"
_MAX_BODY_BYTES = 400_000  # the longest draft, however it is escaped
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_READS_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def create_mcp_server(tools: tuple[AssistantTool, ...], public_url: str, gate: Gate) -> Server[Any]:
    """Return a server that offers these tools, and refuses in words that an assistant can use."""
    by_name = {tool.name: tool for tool in tools}
    offered = [
        Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.input_schema,
            output_schema=tool.output_schema,
            annotations=_READS_ONLY,
        )
        for tool in tools
    ]

    async def list_tools(
        _context: ServerRequestContext[Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=offered)

    async def call_tool(
        _context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        tool = by_name.get(params.name)
        if tool is None:
            known = ", ".join(by_name)
            raise MCPError(INVALID_PARAMS, f"no tool {params.name[:64]!r}; there are: {known}")
        try:
            with gate.place():
                answered = await run_sync(tool.call, params.arguments or {}, public_url)
        except SearchError as error:
            return _refused(_explained(error))
        except Exception:
            logger.exception("tool %s failed", tool.name)
            return _refused("the request could not be answered; the owner finds why in the log")
        text = json.dumps(answered, ensure_ascii=False)
        return CallToolResult(
            content=[TextContent(type="text", text=text)], structured_content=answered
        )

    return Server(
        "archive-search",
        version="1",
        title="Archive of public reports",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def serve_stdio(settings: Settings) -> None:
    """Answer one client over stdin and stdout, until it closes them.

    Raises IndexerError where the archive cannot be opened.
    """
    app = create_app(settings)
    app.state.archive.refresh()
    server = _server_of(app, settings)

    async def serve() -> None:
        async with app.router.lifespan_context(app), stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(serve)


def create_mcp_app(settings: Settings) -> FastAPI:
    """Return the API's app with /mcp added, under the same limits.

    Each request stands for itself: no session is kept, and no stream is held open.
    """
    app = create_app(settings)
    manager = StreamableHTTPSessionManager(
        _server_of(app, settings),
        json_response=True,
        stateless=True,
        security_settings=_reachable_as(settings),
        max_request_body_size=_MAX_BODY_BYTES,
    )
    api_lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with api_lifespan(app) as state, manager.run():
            yield state

    @app.post(PATH, include_in_schema=False)
    async def mcp(request: Request) -> Response:
        body = await whole_body(request, _MAX_BODY_BYTES, settings.client_seconds)
        return _Handed(manager, body)

    app.router.lifespan_context = lifespan
    return app


class _Handed(Response):
    """A response that the SDK sends, for a body that has been received in time."""

    def __init__(self, manager: StreamableHTTPSessionManager, received: bytes) -> None:
        super().__init__()
        self._manager = manager
        self._received: bytes | None = received

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def receive_again() -> Message:
            body, self._received = self._received, None
            if body is None:
                return await receive()
            return {"type": "http.request", "body": body, "more_body": False}

        await self._manager.handle_request(scope, receive_again, send)


def _server_of(app: FastAPI, settings: Settings) -> Server[Any]:
    tools = assistant_tools(app.state.service, app.state.tools)
    return create_mcp_server(tools, settings.public_url, app.state.gate)


def _reachable_as(settings: Settings) -> TransportSecuritySettings | None:
    """Return the names under which a service of this machine alone may be asked.

    Else any page that a browser has open could ask it, under a name that it resolves to here.
    """
    if settings.host not in ("127.0.0.1", "localhost", "::1"):
        return None
    hosts = [f"{name}:*" for name in _LOOPBACK]
    origins = [f"http://{host}" for host in hosts]
    if settings.public_url:
        public = urlsplit(settings.public_url)
        hosts.append(public.netloc)
        origins.append(f"{public.scheme}://{public.netloc}")
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)


def _explained(error: SearchError) -> str:
    if isinstance(error, BadRequestError):
        return f"{error.param}: {error}"
    if isinstance(error, NotReadyError):
        logger.warning("not ready: %s", error)
        return "the archive is not open; its owner finds the reason in the log"
    return str(error)


def _refused(reason: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=reason)], is_error=True)
