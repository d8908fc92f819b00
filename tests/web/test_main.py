"""Starting the server: one line when it listens, one line when it cannot."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def start(index_dir: Path, port: int | str) -> subprocess.Popen[str]:
    environ = os.environ | {"ARCHIVE_INDEX_DIR": str(index_dir), "ARCHIVE_PORT": str(port)}
    return subprocess.Popen(
        [sys.executable, "-m", "web"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refused(index_dir: Path, port: int | str) -> str:
    """Return the one line with which the server refuses to start."""
    with start(index_dir, port) as server:
        out, err = server.communicate(timeout=60)
    assert (server.returncode, out) == (1, "")
    said = [line for line in err.splitlines() if line.startswith("archive-search: ")]
    assert len(said) == 1
    assert "Traceback" not in err
    return said[0]


def test_the_ready_line_comes_when_the_address_in_it_answers(sample_index: Path) -> None:
    port = free_port()
    with start(sample_index, port) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        try:
            assert line.startswith(f"archive-search is ready at http://127.0.0.1:{port}  (")
            assert " reports, generation " in line
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as reply:
                assert reply.status == 200
        finally:
            server.terminate()
            server.communicate(timeout=30)


def test_without_an_index_it_says_how_to_build_one(tmp_path: Path) -> None:
    said = refused(tmp_path / "index", free_port())
    assert str(tmp_path / "index") in said
    assert "python -m indexer build" in said


def test_a_port_that_is_taken_is_named(sample_index: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert f"cannot listen on 127.0.0.1:{port}" in refused(sample_index, port)


@pytest.mark.parametrize("port", ["web", "0", "70000"])
def test_a_port_that_is_none_names_its_key(tmp_path: Path, port: str) -> None:
    assert "ARCHIVE_PORT" in refused(tmp_path, port)
