"""What tests share: the sample archive, indexed once by the real build."""

from pathlib import Path

import pytest

from indexer.build import build
from indexer.embedding import BuildEncoder

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "corpus"
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def encoder() -> BuildEncoder:
    """The real encoder; loading it takes seconds, so all tests share it."""
    return BuildEncoder()


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> Path:
    """An index over corpus/. Tests must not change it."""
    index_dir = tmp_path_factory.mktemp("sample") / "index"
    build(CORPUS, index_dir, encoder)
    return index_dir


@pytest.fixture
def shared() -> Path:
    """The folder of real archives and evaluation sets that may lie beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"NOT RUN: {SHARED} is absent; it holds the real archives")
    return SHARED
