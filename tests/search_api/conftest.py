"""What the tests of the API share: small archives beside the sample, built by the real build."""

from pathlib import Path

import pytest

from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.generation import Generation, open_generation
from tests.search_api.hostile_reports import write_reports


@pytest.fixture(scope="session")
def sample(sample_index: Path) -> Generation:
    """The sample archive, opened. Tests must not change it."""
    return open_generation(sample_index)


@pytest.fixture(scope="session")
def hostile_index(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> Path:
    """An index of reports whose every text is an attack."""
    folder = tmp_path_factory.mktemp("hostile")
    write_reports(folder / "reports.jsonl")
    build(folder / "reports.jsonl", folder / "index", encoder)
    return folder / "index"
