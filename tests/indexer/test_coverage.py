"""indexer.coverage: held = searchable + duplicate + unread, and each gap is named."""

import csv
import io
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from indexer import ocr
from indexer.build import build
from indexer.coverage import Gap, coverage_of, gaps_of
from indexer.coverage_table import write_table
from indexer.embedding import BuildEncoder
from indexer.generation import open_generation
from indexer.records import Document
from tests.indexer.test_build import HashEncoder
from tests.indexer.test_extraction import write_pdf
from tests.indexer.test_ocr import scan


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
    duplicates = [{"file": "a.md", "reason": "same content as a copy.md", "help": ""}]
    assert found["duplicate_files"] == duplicates
    assert {name: found[name] for name in found if not name.endswith("_files")} == {
        "generation": opened.generation_id,
        "held": 7,
        "searchable": 4,
        "duplicate": 1,
        "unread": 2,
        "documents": 4,
        "passages": 4,
        "near_duplicates": 0,
        "date_from": "2009-12-01",
        "date_to": "2011-03-31",
        "unread_reasons": [
            {"reason": "empty", "help": "", "count": 1},
            {"reason": "line 2", "help": "", "count": 1},
        ],
        "by_type": [{"value": "report", "count": 3}, {"value": "", "count": 1}],
        "gaps": [],
        "ocr": {"documents": 0, "mean_confidence": None, "poor": 0},
        "metadata_problems": [],
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
        "containers": 0,
        "by_help": [],
        "recognised": [],
    }


def test_the_table_has_a_line_for_each_file_and_no_formula(index_dir: Path) -> None:
    out = io.StringIO()
    write_table(open_generation(index_dir), out)
    lines = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert Counter(line["status"] for line in lines) == {
        "searchable": 4,
        "duplicate": 1,
        "unread": 2,
    }
    copy = next(line for line in lines if line["file"] == "a.md")
    assert (copy["status"], copy["also"], copy["body"]) == ("duplicate", "a copy.md", "MPA")
    assert (copy["reason"], copy["date"]) == ("same content as a copy.md", "2011-03-17")


def test_a_title_that_looks_like_a_formula_is_a_text_in_the_table(
    tmp_path: Path, encoder: BuildEncoder
) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "a.md").write_text('---\ntitle: "=HYPERLINK(1)"\n---\nWe met.\n')
    build(tmp_path / "s", tmp_path / "index", HashEncoder(encoder.spec.name))
    out = io.StringIO()
    write_table(open_generation(tmp_path / "index"), out)
    (line,) = csv.DictReader(io.StringIO(out.getvalue()))
    assert line["title"] == "'=HYPERLINK(1)"


def _dated(body: str, *dates: str) -> list[Document]:
    return [Document(f"{body}{date}", date, "", "txt", "t", date, body) for date in dates]


def test_gaps_are_longer_than_what_is_usual_between_two_reports() -> None:
    monthly = _dated("Panel", "2010-01-05", "2010-02", "2010-02-09", "2010-03-01", "2010-06-30")
    quarterly = _dated("Board", "2010-01", "2010-04", "2010-07", "2011-04", "2011-07")
    few = _dated("Group", "2010-01", "2012-01", "2013-01")
    unsure = [*_dated("", "2010-01", "2010-02", "2010-03", "2012-01"), *_dated("Panel", "2009", "")]
    assert gaps_of([*monthly, *quarterly, *few, *unsure]) == (
        Gap("Board", "2010-08", "2011-03", 8, 3.0),
        Gap("Panel", "2010-04", "2010-05", 2, 1.0),
    )


HARD = Path(__file__).parents[2].parent / "shared" / "archive" / "hard_files"


@pytest.mark.slow
@pytest.mark.skipif(not HARD.is_dir(), reason=f"NOT CHECKED: no archive at {HARD}")
def test_coverage_of_hard_files_adds_up(tmp_path: Path, encoder: BuildEncoder) -> None:
    # test_extraction.py reads each of them; counting takes no more than every third.
    for path in sorted(path for path in HARD.rglob("*") if path.is_file())[::3]:
        place = tmp_path / "source" / path.relative_to(HARD)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    build(tmp_path / "source", tmp_path / "index", HashEncoder(encoder.spec.name))
    opened = open_generation(tmp_path / "index")
    coverage = coverage_of(opened)
    assert coverage.held == coverage.searchable + coverage.duplicate + coverage.unread
    assert coverage.documents == sum(coverage.by_type.values()) == sum(coverage.by_month.values())
    assert len(coverage.unread_files) == coverage.unread
    assert len(coverage.duplicate_files) == coverage.duplicate
    assert all(one.reason for one in (*coverage.unread_files, *coverage.duplicate_files))
    for one in coverage.duplicate_files:  # the copy of a container stands for no one document
        if one.document_ids:
            assert opened.store.document_of_source(one.source_id) is not None


def test_what_would_help_is_counted_and_scans_are_named(
    tmp_path: Path, encoder: BuildEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.md").write_text("---\ntitle: A\n---\n1. We met.\n")
    write_pdf(source / "secret.pdf", ["Hidden."], "open")
    with zipfile.ZipFile(source / "box.zip", "w") as archive:
        archive.write(scan(tmp_path, "text", "picture"), "scan.pdf")
        archive.writestr("b.txt", "We met again.")
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        build(source, tmp_path / "index", HashEncoder(encoder.spec.name))
    found = coverage_of(open_generation(tmp_path / "index")).to_json()
    assert {name: found[name] for name in ("held", "searchable", "unread", "containers")} == {
        "held": 4,
        "searchable": 3,
        "unread": 1,
        "containers": 1,
    }
    install = "install tesseract-ocr and tesseract-ocr-eng, then build again"
    assert found["by_help"] == [
        {"value": install, "count": 1},
        {"value": "save a copy without the password", "count": 1},
    ]
    assert [(file["file"], file["help"]) for file in found["incomplete_files"]] == [
        ("box.zip!/scan.pdf", install)
    ]
    if ocr.is_installed():
        build(source, tmp_path / "index", HashEncoder(encoder.spec.name))
        found = coverage_of(open_generation(tmp_path / "index")).to_json()
        assert found["incomplete_files"] == []
        (recognised,) = found["recognised"]
        assert recognised["file"] == "box.zip!/scan.pdf"
        assert 0.8 < recognised["confidence"] <= 1


def test_the_sample_is_covered_whole(sample_index: Path) -> None:
    coverage = coverage_of(open_generation(sample_index))
    assert coverage.held == coverage.searchable == coverage.documents >= 15
    assert coverage.unread_files == coverage.duplicate_files == ()
