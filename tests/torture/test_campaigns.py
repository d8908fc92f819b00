"""A short run of each campaign that is a command of its own; `make torture` runs them for long."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.torture.system_calls import tracer_works


def run(module: str, *arguments: object, seconds: float = 600) -> str:
    done = subprocess.run(
        [sys.executable, "-m", f"tests.torture.{module}", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_a_build_that_is_killed_anywhere_leaves_one_whole_generation() -> None:
    assert "no flaw" in run("kills", 8, 1)


@pytest.mark.slow
def test_no_failing_file_operation_mixes_or_loses_a_generation() -> None:
    said = run("faults", 300)
    assert "no flaw" in said
    assert "ENOSPC in Python" in said
    if tracer_works():
        assert "EIO at fsync,fdatasync" in said


@pytest.mark.slow
def test_every_damage_to_a_file_is_found_and_not_served() -> None:
    assert "each found" in run("damages", 1)


def test_no_query_makes_parser_or_engine_fail() -> None:
    assert "0 escaped" in run("queries", 1500, 1)


def test_every_passage_of_the_sample_is_found_by_its_rarest_phrase(sample_index: Path) -> None:
    assert " passages are found by their rarest phrase" in run("findability", sample_index)


@pytest.mark.slow
def test_no_request_fails_while_generations_are_swapped() -> None:
    assert ", 0 failed" in run("swaps", 3)
