"""indexer.intake and readings: one document for each report, whatever files hold it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.build import build
from indexer.coverage import coverage_of
from indexer.embedding import BuildEncoder
from indexer.generation import Generation, open_generation
from indexer.records import Document, Relation
from tests.indexer.test_build import HashEncoder, content_of, report, statuses

LONG = " ".join(
    f"In week {n} the panel saw paper {n * 7} about street {n * 13}." for n in range(60)
)
DRAFT = LONG.replace("week 59", "the last week")
ODUG = "The Open Data User Group (ODUG) met."


@pytest.fixture(scope="module")
def fake(encoder: BuildEncoder) -> HashEncoder:
    return HashEncoder(encoder.spec.name)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "b minutes.txt").write_text(LONG)
    (folder / "c minutes.md").write_text(LONG.replace(". ", ".\n\n"))
    (folder / "d copy.txt").write_text(LONG)
    (folder / "e draft.txt").write_text(DRAFT)
    (folder / "f other.txt").write_text(f"{ODUG} Nothing else was said.")
    return folder


def built(source: Path, index_dir: Path, fake: HashEncoder) -> Generation:
    build(source, index_dir, fake)
    return open_generation(index_dir)


def document(generation: Generation, source_id: str) -> Document:
    found = generation.store.document_of_source(source_id)
    assert found is not None
    return found


def also(generation: Generation, source_id: str) -> list[tuple[str, Relation]]:
    found = generation.copies_of(document(generation, source_id).document_id)
    return [(copy.source_id, copy.relation) for copy in found]


def test_the_same_words_are_indexed_once_and_a_draft_is_linked_both_ways(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    found = built(source, tmp_path / "index", fake)
    assert statuses(tmp_path / "index") == {
        "b minutes.txt": ("searchable", ""),
        "c minutes.md": ("duplicate", "same text as b minutes.txt"),
        "d copy.txt": ("duplicate", "same content as b minutes.txt"),
        "e draft.txt": ("searchable", ""),
        "f other.txt": ("searchable", ""),
    }
    assert also(found, "b minutes.txt") == [
        ("c minutes.md", Relation.TEXT),
        ("d copy.txt", Relation.CONTENT),
        ("e draft.txt", Relation.NEARLY),
    ]
    assert also(found, "e draft.txt") == [
        ("b minutes.txt", Relation.NEARLY),
        ("c minutes.md", Relation.NEARLY),
        ("d copy.txt", Relation.NEARLY),
    ]
    assert also(found, "f other.txt") == []
    assert document(found, "d copy.txt").source_id == "b minutes.txt"
    coverage = coverage_of(found)
    assert (coverage.held, coverage.searchable, coverage.duplicate, coverage.unread) == (5, 3, 2, 0)
    assert coverage.near_duplicates == 1


def _put_before(source: Path) -> None:
    (source / "a first.md").write_text(LONG.replace(". ", ".\n\n"))


def _take_first(source: Path) -> None:
    (source / "b minutes.txt").unlink()


def _change_first(source: Path) -> None:
    (source / "b minutes.txt").write_text("Something else was said about it.")


def _describe(source: Path) -> None:
    (source / "metadata.csv").write_text(
        "file,title,body\nb minutes.txt,Minutes of the board,Police Board\n"
    )


def _name(source: Path) -> None:
    (source / "ODUG minutes.txt").write_text("The group met in June and went home.")


@pytest.mark.parametrize("change", [_put_before, _take_first, _change_first, _describe, _name])
def test_whatever_changes_the_index_is_that_of_a_build_from_scratch(
    tmp_path: Path, source: Path, fake: HashEncoder, change: Callable[[Path], None]
) -> None:
    build(source, tmp_path / "index", fake)
    change(source)
    then = built(source, tmp_path / "index", fake)
    scratch = built(source, tmp_path / "scratch", fake)
    assert statuses(tmp_path / "index") == statuses(tmp_path / "scratch")
    assert list(then.store.documents()) == list(scratch.store.documents())
    for one in then.store.documents():
        assert then.copies_of(one.document_id) == scratch.copies_of(one.document_id)
        assert then.store.reading(one) == scratch.store.reading(one)
    assert content_of(tmp_path / "index", fake) == content_of(tmp_path / "scratch", fake)
    assert not build(source, tmp_path / "index", fake).published


def test_a_copy_of_a_copy_repeats_the_first_of_them(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    build(source, tmp_path / "index", fake)
    _put_before(source)
    build(source, tmp_path / "index", fake)
    found = statuses(tmp_path / "index")
    for name in ("b minutes.txt", "c minutes.md", "d copy.txt"):
        relation = "content" if name.endswith("md") else "text"
        assert found[name] == ("duplicate", f"same {relation} as a first.md")


def test_an_owners_table_wins_and_only_what_it_changes_is_done_again(
    tmp_path: Path, source: Path, fake: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(source, tmp_path / "index", fake)
    monkeypatch.setattr("indexer.outcomes.LoadingPool.load_all", _nothing_is_read)
    (source / "metadata.csv").write_text("file,body,date\nb minutes.txt,Police Board,2011-03\n")
    done = build(source, tmp_path / "index", fake)
    assert (done.published, done.embedded) == (True, 0)
    described = document(open_generation(tmp_path / "index"), "b minutes.txt")
    assert (described.body, described.date) == ("Police Board", "2011-03")
    assert described.origins["body"] == "owner's table"

    (source / "metadata.csv").write_text("file,title\nf other.txt,A better title\n")
    done = build(source, tmp_path / "index", fake)
    assert done.embedded == 1  # its one passage, which is embedded with its title
    found = open_generation(tmp_path / "index")
    assert document(found, "f other.txt").title == "A better title"
    assert document(found, "b minutes.txt").body == ""

    (source / "metadata.csv").unlink()
    build(source, tmp_path / "index", fake)
    assert document(open_generation(tmp_path / "index"), "f other.txt").title == "f other"


def _nothing_is_read(pool: object, files: list[object]) -> object:
    assert list(files) == []
    return iter(())


def test_what_is_wrong_in_the_table_is_listed_and_the_table_is_no_report(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    (source / "metadata.csv").write_text("file,title,colour\nf other.txt,Better,red\ngone.txt,x,\n")
    found = built(source, tmp_path / "index", fake)
    coverage = coverage_of(found)
    assert coverage.held == 5
    problems = [(problem["line"], problem["problem"]) for problem in coverage.metadata_problems]
    assert [line for line, _ in problems] == [2, 3]
    assert "unknown column 'colour'" in str(problems[0][1])
    assert "no such file: 'gone.txt'" in str(problems[1][1])
    assert document(found, "f other.txt").title == "Better"


def test_a_body_is_told_by_the_other_reports_of_the_archive(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    _name(source)
    found = document(built(source, tmp_path / "index", fake), "ODUG minutes.txt")
    assert (found.body, found.origins["body"]) == ("Open Data User Group", "inferred")


def test_lines_of_a_jsonl_file_stay_documents_of_their_own(
    tmp_path: Path, fake: HashEncoder
) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_text("".join(f'{{"_id": "{n}", "text": "{LONG}"}}\n' for n in range(3)))
    found = built(lines, tmp_path / "index", fake)
    assert found.counts.searchable == 3
    assert all(not found.copies_of(one.document_id) for one in found.store.documents())


def test_reports_with_the_same_title_and_other_words_are_not_copies(
    tmp_path: Path, fake: HashEncoder
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, word in (("a.md", "north"), ("b.md", "south")):
        (folder / name).write_text(report("Minutes", LONG.replace("street", word)))
    assert built(folder, tmp_path / "index", fake).counts.searchable == 2
