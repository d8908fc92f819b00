"""The README's examples, run: lines of curl, the Python client, an assistant's configuration."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
import uvicorn
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from search_api.serving import serving
from search_api.settings import Settings
from web.app import create_web_app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CURLS = re.findall(r"^    (?:\$ )?(curl .+)$", README, re.MULTILINE)
(CLIENT,) = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
(ASSISTANT,) = re.findall(r"^```json\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
TOKEN = "only for this test"


@pytest.fixture(scope="module")
def port(sample_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve the sample archive. There is nothing to index again, so nothing changes it."""
    missing = tmp_path_factory.mktemp("readme") / "no-reports"
    settings = Settings(index_dir=sample_index, source_dir=missing, reindex_token=TOKEN)
    server = uvicorn.Server(serving(create_web_app(settings), settings))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(timeout=30)
    listener.close()


def test_there_is_a_line_for_every_kind_of_request() -> None:
    assert len(CURLS) >= 12


@pytest.mark.parametrize("line", CURLS)
def test_a_line_of_curl_gets_an_answer(line: str, port: int, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("NOT RUN: curl is absent")
    finished = subprocess.run(
        [
            "bash",
            "-c",
            line.replace("curl ", "curl -sS --fail-with-body ", 1).replace(":8000", f":{port}"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"ARCHIVE_REINDEX_TOKEN": TOKEN},
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr + finished.stdout
    written = finished.stdout or "".join(one.read_text() for one in tmp_path.iterdir())
    assert len(written) > 50


def test_the_python_client_quotes(port: int) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", CLIENT.replace(":8000", f":{port}")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    assert any("£4.7m" in line and f"http://127.0.0.1:{port}/reports/" in line for line in lines)
    assert lines[-1].startswith("the same bytes again: http")


def test_an_assistant_that_is_configured_like_that_quotes(
    sample_index: Path, tmp_path: Path
) -> None:
    written = ASSISTANT.replace("/srv/index", str(sample_index))
    written = written.replace("/opt/archive-search/.venv/bin/python", sys.executable)
    (configured,) = json.loads(written.replace("/opt/archive-search", str(ROOT)))[
        "mcpServers"
    ].values()
    server = StdioServerParameters(**configured, cwd=tmp_path)

    async def ask() -> str:
        async with Client(server, read_timeout_seconds=60) as client:
            question = {"q": "what happened with Operation Connect funding"}
            answered = (await client.call_tool("answer", question)).structured_content
            return str(answered["citations"][0]["url"])

    assert anyio.run(ask).startswith("https://archive.example/reports/")
