"""Short runs of the campaign against the extractor; `make torture` runs it for long."""

from pathlib import Path

import pytest

from indexer.loading import LoadingPool
from indexer.records import FileStatus
from tests.torture.extraction import ARCHIVE, SUFFIXES, campaign, mutated, seeds

FOLDER = ARCHIVE / "hard_files"
INPUTS = 400
# Inputs that once ended in an error that no reader explained.
KEPT = (10_884, 38_163)

pytestmark = pytest.mark.skipif(
    not ARCHIVE.is_dir(), reason=f"NOT CHECKED: no archive at {ARCHIVE}"
)


def assert_read_or_explained(paths: list[Path]) -> None:
    files = [(path, str(path.relative_to(FOLDER)), "0" * 64) for path in paths]
    with LoadingPool(timeout_seconds=60) as pool:
        parts = list(pool.load_all(files))
    own = [part for part in parts if "!/" not in part.source_id]
    assert [part.source_id for part in own] == [name for _, name, _ in files]
    for part in parts:
        if part.status is FileStatus.UNREAD:
            assert part.reason, part.source_id
            assert "crashed" not in part.reason, part.source_id
            assert "took too long" not in part.reason, part.source_id
            assert "reading it failed" not in part.reason, part.source_id
        elif part.status is FileStatus.SEARCHABLE:
            assert part.text is not None
            assert part.text.text.strip()


@pytest.fixture(autouse=True)
def _without_tesseract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Recognising pictures takes minutes and is tested elsewhere."""
    monkeypatch.setenv("PATH", str(tmp_path))


def test_a_sample_of_the_hard_files_is_read_or_explained() -> None:
    paths = sorted(path for path in FOLDER.rglob("*") if path.is_file())
    by_format: dict[str, list[Path]] = {}
    for path in sorted(paths, key=lambda path: path.stat().st_size):
        by_format.setdefault(path.suffix.lower(), []).append(path)
    assert_read_or_explained([path for group in by_format.values() for path in group[:2]])


@pytest.mark.slow
def test_every_hard_file_is_read_or_explained() -> None:
    paths = sorted(path for path in FOLDER.rglob("*") if path.is_file())
    assert len(paths) == 577
    assert_read_or_explained(paths)


def test_there_are_real_files_of_every_format_to_mutate() -> None:
    assert {suffix for suffix, _ in seeds()} == set(SUFFIXES)


def test_an_input_can_be_made_again_from_its_number() -> None:
    known = seeds()
    assert [mutated(number, 7, known) for number in range(20)] == [
        mutated(number, 7, known) for number in range(20)
    ]


def test_no_exception_escapes_the_extractor() -> None:
    found = campaign(iter([*KEPT, *range(INPUTS)]), seed=2026)
    assert found.inputs == len(KEPT) + INPUTS
    assert found.failures == []
    # kreuzberg asks for all memory where a broken .xls says so: the child dies, and is replaced.
    known = seeds()
    assert {mutated(number, 2026, known)[0] for number, _ in found.lost} <= {".xls"}
    assert found.unexplained == {}
