"""indexer.known_vectors: an upgrade or a damaged part costs no vector that is still whole."""

import json
import logging
import shutil
from pathlib import Path

import pytest

from indexer import generation, publishing
from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.errors import FormatError
from indexer.known_vectors import find_known_vectors
from tests.indexer.test_build import HashEncoder, content_of

OLD = Path(__file__).parent / "old_index_v1"
TEXTS = 4  # that the old index holds


@pytest.fixture(scope="module")
def fake(encoder: BuildEncoder) -> HashEncoder:
    return HashEncoder(encoder.spec.name)


@pytest.fixture
def old_index(tmp_path: Path) -> Path:
    """A copy of an index of format 1."""
    shutil.copytree(OLD / "index", tmp_path / "index")
    return tmp_path / "index"


def old_folder(index_dir: Path) -> Path:
    return publishing.generation_folder(index_dir, publishing.current_id(index_dir))


def test_an_index_of_an_older_format_is_not_opened_and_says_rebuild(old_index: Path) -> None:
    with pytest.raises(FormatError, match=r"format 1; this code reads 4\. Build the index again"):
        generation.open_generation(old_index)


def test_an_upgrade_rebuilds_the_index_and_embeds_nothing(
    tmp_path: Path, old_index: Path, fake: HashEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        done = build(OLD / "reports", old_index, fake)
    assert (done.published, done.embedded, done.documents) == (True, 0, 4)
    assert "rebuilding an index of another version" in caplog.text
    assert f"the vectors of {TEXTS} texts are kept" in caplog.text
    build(OLD / "reports", tmp_path / "scratch", fake)
    assert content_of(old_index, fake) == content_of(tmp_path / "scratch", fake)
    assert publishing.generation_ids(old_index) == [done.generation_id]
    assert not build(OLD / "reports", old_index, fake).published


def test_another_encoder_uses_none_of_the_old_vectors(old_index: Path, fake: HashEncoder) -> None:
    other = HashEncoder(fake.spec.name, passage_prefix="passage: ")
    assert find_known_vectors(old_index, other.spec) is None
    assert build(OLD / "reports", old_index, other).embedded == TEXTS


def test_a_damaged_query_encoder_is_exported_anew_and_costs_no_vector(
    old_index: Path, fake: HashEncoder
) -> None:
    (old_folder(old_index) / "encoder" / "encoder.json").write_text("damaged")
    known = find_known_vectors(old_index, fake.spec)
    assert known is not None
    assert known.encoder_folder is None
    done = build(OLD / "reports", old_index, fake)
    assert done.embedded == 0
    exported = publishing.generation_folder(old_index, done.generation_id) / "encoder"
    assert (exported / "encoder.json").read_text() == "{}"


@pytest.mark.parametrize("name", ["vectors.faiss", "store.sqlite"])
def test_old_vectors_that_are_damaged_are_not_used(
    tmp_path: Path, old_index: Path, fake: HashEncoder, name: str
) -> None:
    path = old_folder(old_index) / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert find_known_vectors(old_index, fake.spec) is None
    assert build(OLD / "reports", old_index, fake).embedded == TEXTS
    build(OLD / "reports", tmp_path / "scratch", fake)
    assert content_of(old_index, fake) == content_of(tmp_path / "scratch", fake)


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", '{"encoder": {"name": 1}}'])
def test_an_old_manifest_that_says_nothing_is_no_obstacle(
    old_index: Path, fake: HashEncoder, content: str
) -> None:
    (old_folder(old_index) / "manifest.json").write_text(content)
    assert find_known_vectors(old_index, fake.spec) is None
    assert build(OLD / "reports", old_index, fake).published


def test_a_damaged_keyword_index_costs_no_vector(tmp_path: Path, fake: HashEncoder) -> None:
    index_dir = tmp_path / "index"
    build(OLD / "reports", index_dir, fake)
    (old_folder(index_dir) / "keyword" / "meta.json").write_text(json.dumps({}))
    mended = build(OLD / "reports", index_dir, fake)
    assert (mended.published, mended.embedded) == (True, 0)
