"""indexer.coverage: held = searchable + duplicate + unread, and each gap is named."""

import shutil
from pathlib import Path

import pytest

from indexer.build import build
from indexer.coverage import coverage_of
from indexer.embedding import BuildEncoder
from indexer.generation import open_generation
from tests.indexer.test_build import HashEncoder


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> Path:
    folder = tmp_path_factory.mktemp("coverage")
    source = folder / "source"
    source.mkdir()
    for name, body, date in (
        ("a.md", "MPA", "2011-03-17"),
        ("b.md", "MPA", "2011-03-31"),
        ("c.md", "GLA", "2009-12-01"),
    ):
        (source / name).write_text(
            f"---\ntitle: Report {name}\nbody: {body}\ndate: {date}\n---\n1. We met for {name}.\n"
        )
    (source / "d.jsonl").write_text('{"_id": "x", "text": "undated"}\n{broken\n')
    shutil.copyfile(source / "a.md", source / "a copy.md")
    (source / "empty.txt").touch()
    build(source, folder / "index", HashEncoder(encoder.spec.name))
    return folder / "index"


def test_every_file_is_counted_once(index_dir: Path) -> None:
    coverage = coverage_of(open_generation(index_dir))
    assert (coverage.held, coverage.searchable, coverage.duplicate, coverage.unread) == (7, 4, 1, 2)
    assert (coverage.documents, coverage.passages) == (4, 4)
    assert (coverage.date_from, coverage.date_to) == ("2009-12-01", "2011-03-31")


def test_bodies_come_largest_first_and_months_in_order(index_dir: Path) -> None:
    coverage = coverage_of(open_generation(index_dir))
    assert list(coverage.by_body.items()) == [("MPA", 2), ("", 1), ("GLA", 1)]
    assert list(coverage.by_month.items()) == [("", 1), ("2009-12", 1), ("2011-03", 2)]


def test_the_json_names_each_gap_with_its_reason(index_dir: Path) -> None:
    opened = open_generation(index_dir)
    found = coverage_of(opened).to_json()
    assert [record["file"] for record in found["unread_files"]] == ["d.jsonl#line 2", "empty.txt"]
    assert found["unread_files"][0]["reason"] == "line 2: not JSON; expected one object a line"
    assert found["unread_files"][1]["reason"].startswith("empty")
    duplicates = [{"file": "a.md", "reason": "same content as a copy.md"}]
    assert found["duplicate_files"] == duplicates
    assert {name: found[name] for name in found if not name.endswith("_files")} == {
        "generation": opened.generation_id,
        "held": 7,
        "searchable": 4,
        "duplicate": 1,
        "unread": 2,
        "documents": 4,
        "passages": 4,
        "date_from": "2009-12-01",
        "date_to": "2011-03-31",
        "by_body": [
            {"value": "MPA", "count": 2},
            {"value": "", "count": 1},
            {"value": "GLA", "count": 1},
        ],
        "by_month": [
            {"value": "", "count": 1},
            {"value": "2009-12", "count": 1},
            {"value": "2011-03", "count": 2},
        ],
    }


def test_the_sample_is_covered_whole(sample_index: Path) -> None:
    coverage = coverage_of(open_generation(sample_index))
    assert coverage.held == coverage.searchable == coverage.documents >= 15
    assert coverage.unread_files == coverage.duplicate_files == ()
