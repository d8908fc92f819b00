"""What the tests in a browser share: Chromium, and the sample archive on a free port."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright

from search_api.settings import Settings
from tests.conftest import CORPUS
from web.app import create_web_app

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))


@pytest.fixture(scope="session")
def app(sample_index: Path) -> FastAPI:
    # The pages under test ask as often as tests do, which is oftener than people.
    settings = Settings(index_dir=sample_index, source_dir=CORPUS, requests_per_second=1000)
    return create_web_app(settings)


@pytest.fixture(scope="session")
def address(app: FastAPI) -> Iterator[str]:
    """Where the sample archive is served while tests run."""
    with served(app) as address:
        yield address


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an app on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", log_config=None))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start within 30 s"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, ended with the last test of a file: its driver holds the thread's event loop."""
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM}: no browser here. Install it: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()
