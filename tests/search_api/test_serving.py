"""search_api.serving: the real server with clients that are slow, many, forwarded, or late."""

import gc
import json
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import Request
from fastapi.responses import StreamingResponse

from search_api.serving import keep_what_is_loaded, serving
from search_api.settings import Settings
from tests.conftest import ROOT
from web.app import create_web_app


@contextmanager
def served(settings: Settings) -> Iterator[tuple[uvicorn.Server, int]]:
    """Serve an app with two more routes: one that streams without end, one that is slow."""
    app = create_web_app(settings)

    @app.get("/endless")
    def endless() -> StreamingResponse:
        return StreamingResponse(iter(lambda: b"x" * 65_536, None))

    @app.get("/slow")
    def slow(request: Request) -> dict[str, str]:
        time.sleep(1)
        return {"client": request.client.host if request.client else ""}

    server = uvicorn.Server(serving(app, settings))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    try:
        yield server, listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        listener.close()
    assert not thread.is_alive()


def send(port: int, text: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(text.encode())
    return connection


def everything(connection: socket.socket) -> str:
    received = b""
    while chunk := connection.recv(65_536):
        received += chunk
    connection.close()
    return received.decode()


def get(port: int, path: str, headers: str = "") -> str:
    return everything(
        send(port, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n")
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(index_dir=tmp_path / "none", client_seconds=0.6, shutdown_seconds=10)


@pytest.mark.parametrize("head", ["", "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "])
def test_a_request_head_that_does_not_come_ends_the_connection(
    settings: Settings, head: str
) -> None:
    with served(settings) as (_, port):
        started = time.monotonic()
        connection = send(port, head)
        assert everything(connection) == ""
        assert 0.4 < time.monotonic() - started < 5


def test_a_second_head_on_one_connection_must_come_in_time_too(settings: Settings) -> None:
    with served(settings) as (_, port):
        connection = send(port, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /hea")
        assert everything(connection).count("HTTP/1.1 200") == 1


def test_a_body_that_does_not_come_is_a_problem(settings: Settings) -> None:
    with served(settings) as (_, port):
        connection = send(
            port, 'POST /v1/answer HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n{"q":'
        )
        answered = everything(connection)
        assert answered.startswith("HTTP/1.1 408")
        assert "/problems/too-slow" in answered


def test_a_client_that_takes_nothing_is_given_up_and_holds_nobody(settings: Settings) -> None:
    with served(settings) as (server, port):
        stuck = [send(port, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(50)]
        assert get(port, "/healthz").startswith("HTTP/1.1 200")
        deadline = time.monotonic() + 15
        while server.server_state.connections and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not server.server_state.connections
        for connection in stuck:
            connection.close()


def test_no_piece_of_an_answer_waits_for_another(tmp_path: Path) -> None:
    with served(Settings(index_dir=tmp_path / "none")) as (server, port):
        held = send(port, "GET /slow HTTP/1.1\r\nHost: a\r\n")
        deadline = time.monotonic() + 10
        while not server.server_state.connections and time.monotonic() < deadline:
            time.sleep(0.02)
        (connection,) = server.server_state.connections
        accepted = connection.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        held.close()


def test_more_connections_than_allowed_are_refused_at_once(tmp_path: Path) -> None:
    few = Settings(index_dir=tmp_path / "none", max_connections=3)
    with served(few) as (_, port):
        held = [send(port, "GET /slow HTTP/1.1\r\nHost: a\r\n") for _ in range(3)]
        time.sleep(0.2)
        refused = get(port, "/healthz")
        assert refused.startswith("HTTP/1.1 503")
        assert "retry-after: 1\r\n" in refused.lower()
        assert '"type":"/problems/overloaded"' in refused
        for connection in held:
            connection.close()
        time.sleep(0.2)
        assert get(port, "/healthz").startswith("HTTP/1.1 200")


@pytest.mark.parametrize(
    ("proxies", "client"),
    [("127.0.0.1", "198.51.100.9"), ("127.0.0.0/8", "198.51.100.9"), ("", "127.0.0.1")],
)
def test_a_forwarded_address_counts_only_from_a_trusted_proxy(
    tmp_path: Path, proxies: str, client: str
) -> None:
    with served(Settings(index_dir=tmp_path / "none", trusted_proxies=proxies)) as (_, port):
        answered = get(port, "/slow", "X-Forwarded-For: 203.0.113.1, 198.51.100.9\r\n")
        assert json.loads(answered.partition("\r\n\r\n")[2]) == {"client": client}


def test_a_stop_lets_a_running_request_end(settings: Settings) -> None:
    with served(settings) as (server, port):
        connection = send(port, "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        time.sleep(0.3)
        server.should_exit = True
        assert everything(connection).endswith('{"client":"127.0.0.1"}')


def test_what_is_loaded_is_passed_over_and_what_comes_later_is_not() -> None:
    class Ring:
        def __init__(self) -> None:
            self.itself = self

    loaded, before = Ring(), gc.get_threshold()
    try:
        keep_what_is_loaded()
        assert not any(one is loaded for one in gc.get_objects())
        gone = weakref.ref(Ring())
        gc.collect()
        assert gone() is None
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_while_a_service_runs_threads_take_short_turns() -> None:
    script = """
import os, signal, sys
from pathlib import Path
from search_api.serving import listen, run
from search_api.settings import Settings

async def app(scope, receive, send):
    raise NotImplementedError

def announce():
    print(sys.getswitchinterval())
    os.kill(os.getpid(), signal.SIGTERM)

settings = Settings(index_dir=Path("none"), port=0)
run(app, settings, listen(settings), announce)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert float(done.stdout) < 0.001, done.stderr
