"""indexer.former: an id that was handed out leads on, or is known to be withdrawn."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import outcomes as reading_module
from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.former import former_documents
from indexer.generation import open_generation
from indexer.records import (
    Document,
    FileRecord,
    FileStatus,
    FormerDocument,
    document_id_of,
)
from tests.conftest import CORPUS
from tests.indexer.test_build import HashEncoder, content_of, report


@pytest.fixture(scope="module")
def fake(encoder: BuildEncoder) -> HashEncoder:
    return HashEncoder(encoder.spec.name)


def document(source_id: str, content: str, kind: str = "txt") -> Document:
    return Document(document_id_of(source_id), source_id, content, kind, "")


def successors(former: list[FormerDocument]) -> dict[str, str]:
    return {one.source_id: one.successor_id for one in former}


def after(
    before: dict[str, str],
    now: dict[str, str],
    former: tuple[FormerDocument, ...] = (),
    copies: dict[str, str] | None = None,
    kind: str = "txt",
) -> list[FormerDocument]:
    """Both as {path: content}; `copies` are {path: the path of its original}."""
    files = [
        FileRecord(path, "", 0, FileStatus.DUPLICATE, "", (document_id_of(original),))
        for path, original in (copies or {}).items()
    ]
    return former_documents(
        [document(path, content, kind) for path, content in before.items()],
        former,
        [document(path, content, kind) for path, content in now.items()],
        files,
    )


# --- the rule ------------------------------------------------------------------------------------


def test_the_same_content_under_another_name_is_the_successor() -> None:
    found = after({"a.txt": "1", "b.txt": "2"}, {"c.txt": "1", "b.txt": "2"})
    assert found == [FormerDocument(document_id_of("a.txt"), "a.txt", "1", document_id_of("c.txt"))]


def test_a_document_that_is_nowhere_is_withdrawn() -> None:
    assert successors(after({"a.txt": "1"}, {"b.txt": "2"})) == {"a.txt": ""}


def test_what_is_there_still_is_no_former_document() -> None:
    assert after({"a.txt": "1", "b.txt": "2"}, {"a.txt": "2", "b.txt": "1"}) == []


def test_another_format_of_the_same_name_is_the_successor() -> None:
    found = after({"x/Minutes.doc": "1", "y/Minutes.doc": "2"}, {"x/minutes.pdf": "3"})
    assert successors(found) == {
        "x/Minutes.doc": document_id_of("x/minutes.pdf"),
        "y/Minutes.doc": "",
    }


def test_two_formats_of_the_same_name_are_no_successor() -> None:
    assert successors(after({"a.doc": "1"}, {"a.pdf": "2", "a.odt": "3"})) == {"a.doc": ""}


def test_a_line_is_not_another_format_of_a_line() -> None:
    assert successors(after({"12.5": "1"}, {"12.6": "2"}, kind="jsonl")) == {"12.5": ""}
    assert successors(after({"a.jsonl#5": "1"}, {"a.pdf": "2"})) == {"a.jsonl#5": ""}


def test_a_file_that_became_a_copy_leads_to_its_original() -> None:
    found = after({"b.doc": "1"}, {"a.odt": "2"}, copies={"b.doc": "a.odt"})
    assert successors(found) == {"b.doc": document_id_of("a.odt")}


def test_an_id_leads_on_through_several_renames_and_changes() -> None:
    first = after({"a.txt": "1"}, {"b.txt": "1"})
    second = after({"b.txt": "2"}, {"c.txt": "2"}, tuple(first))  # b changed, then was renamed
    end = document_id_of("c.txt")
    assert successors(second) == {"a.txt": end, "b.txt": end}
    third = after({"c.txt": "2"}, {"d.txt": "9"}, tuple(second))
    assert successors(third) == {"a.txt": "", "b.txt": "", "c.txt": ""}
    fourth = after({"d.txt": "9"}, {"d.txt": "9", "e.txt": "1"}, tuple(third))  # restored
    assert successors(fourth)["a.txt"] == document_id_of("e.txt")


def test_an_id_that_comes_back_is_no_longer_former() -> None:
    first = after({"a.txt": "1"}, {"b.txt": "1"})
    assert successors(after({"b.txt": "1"}, {"a.txt": "1"}, tuple(first))) == {
        "b.txt": document_id_of("a.txt")
    }


folders = st.lists(
    st.dictionaries(
        st.sampled_from(["a.txt", "b.txt", "a.pdf", "x/a.txt", "c"]), st.sampled_from("123")
    ),
    min_size=1,
    max_size=6,
)


@given(folders)
def test_every_id_ever_handed_out_is_live_or_former_and_leads_to_a_live_one(
    history: list[dict[str, str]],
) -> None:
    former: list[FormerDocument] = []
    ever: set[str] = set()
    for before, now in zip([{}, *history], history, strict=False):
        former = after(before, now, tuple(former))
        live = {document_id_of(path) for path in now}
        ever |= live
        assert {one.document_id for one in former} == ever - live
        assert {one.successor_id for one in former} <= live | {""}
        contents = {content: path for path, content in now.items()}
        assert all(one.successor_id for one in former if one.sha256 in contents)


# --- what builds make of it ----------------------------------------------------------------------


def test_a_renamed_file_of_each_format_is_not_read_again_and_is_indexed_as_from_scratch(
    tmp_path: Path, fake: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    shutil.copytree(CORPUS, source, ignore=shutil.ignore_patterns("README.md"))
    (source / "empty.txt").touch()
    first = build(source, tmp_path / "index", fake)
    files = sorted(path for path in source.rglob("*") if path.suffix != ".jsonl" and path.is_file())
    assert len({path.suffix for path in files}) > 1
    for path in files:
        path.rename(path.with_name(f"Renamed 2011-12-24 {path.name}"))
    with monkeypatch.context() as patch:
        patch.setattr(reading_module, "LoadingPool", _no_pool)
        renamed = build(source, tmp_path / "index", fake)
    assert renamed.published
    assert (renamed.documents, renamed.unread) == (first.documents, 1)
    build(source, tmp_path / "scratch", fake)
    assert content_of(tmp_path / "index", fake) == content_of(tmp_path / "scratch", fake)


class _NoPool:
    def __enter__(self) -> "_NoPool":
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def load_all(self, files: list[object]) -> object:
        assert files == []
        return iter(files)


def _no_pool(workers: int) -> _NoPool:
    assert workers == 0
    return _NoPool()


@pytest.mark.parametrize("name", ["z.md", "sub/a.md"])
def test_a_renamed_report_is_found_under_its_old_id(
    tmp_path: Path, fake: HashEncoder, name: str
) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "a.md").write_text(report("Fox", "1. The fox met the board."))
    (source / "b.md").write_text(report("Dog", "1. The dog met the board."))
    build(source, tmp_path / "index", fake)
    (source / "a.md").rename(source / name)
    done = build(source, tmp_path / "index", fake)
    assert done.embedded == 0
    opened = open_generation(tmp_path / "index")
    former = opened.former_document(document_id_of("a.md"))
    assert former is not None
    assert former.successor_id == document_id_of(name)
    assert opened.document(former.successor_id) is not None
    assert opened.former_document(document_id_of("never")) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda source: (source / "b.md").unlink(),
        lambda source: (source / "c.md").write_text(report("Hat", "1. A hat.")),
    ],
)
def test_old_ids_outlive_later_builds_and_another_encoder(
    tmp_path: Path, fake: HashEncoder, change: Callable[[Path], None]
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.md").write_text(report("Fox", "1. The fox met the board."))
    (source / "b.md").write_text(report("Dog", "1. The dog met the board."))
    build(source, tmp_path / "index", fake)
    (source / "a.md").rename(source / "z.md")
    build(source, tmp_path / "index", fake)
    change(source)
    build(source, tmp_path / "index", HashEncoder(fake.spec.name, passage_prefix="p: "))
    former = open_generation(tmp_path / "index").former_document(document_id_of("a.md"))
    assert former is not None
    assert former.successor_id == document_id_of("z.md")


def test_lines_that_move_to_another_file_keep_their_permalinks(
    tmp_path: Path, fake: HashEncoder
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    lines = [json.dumps({"_id": str(n), "text": f"Line {n} of the fox"}) for n in range(3)]
    (source / "a.jsonl").write_text("\n".join(lines))
    build(source, tmp_path / "index", fake)
    (source / "a.jsonl").rename(source / "b.jsonl")
    assert build(source, tmp_path / "index", fake).embedded == 0
    former = open_generation(tmp_path / "index").store.former_documents()
    assert successors(list(former)) == {
        f"a.jsonl#{n}": document_id_of(f"b.jsonl#{n}") for n in range(3)
    }
