"""indexer.priority: a build gives way where an index is served."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "nice"), reason="no such priorities here")


def niceness(index_dir: Path) -> int:
    """Return how nice a process has become that was about to build, and gave way."""
    code = (
        "import os, sys, pathlib; from indexer.priority import give_way;"
        "give_way(pathlib.Path(sys.argv[1])); print(os.nice(0) - int(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(index_dir), str(os.nice(0))]
    return int(subprocess.check_output(command, cwd=ROOT, text=True))


def test_the_first_build_takes_all_it_can_have(tmp_path: Path) -> None:
    assert niceness(tmp_path / "index") == 0


def test_a_build_beside_an_index_goes_behind_its_searches(sample_index: Path) -> None:
    assert niceness(sample_index) > 0


def test_the_command_builds_with_that_priority(tmp_path: Path) -> None:
    source = tmp_path / "reports"
    source.mkdir()
    (source / "one.txt").write_text("The lantern stood in the hall of the first report.\n")
    code = (
        "import os, sys; from indexer.__main__ import main;"
        "before = os.nice(0); assert main(sys.argv[1:]) == 0; first = os.nice(0);"
        "assert main(sys.argv[1:]) == 0; print(first - before, os.nice(0) - first)"
    )
    command = [sys.executable, "-c", code, "build", str(source), str(tmp_path / "index")]
    told = subprocess.check_output(command, cwd=ROOT, text=True).splitlines()[-1]
    first, second = map(int, told.split())
    assert first == 0
    assert second > 0
