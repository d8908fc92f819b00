"""indexer.update: an index that is changed is the index that is written anew."""

import itertools
import json
import os
import random
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indexer import source as source_module
from indexer.build import BuildReport, build
from indexer.coverage import coverage_of
from indexer.embedding import BuildEncoder
from indexer.errors import DamagedError, SourceError
from indexer.generation import Generation, open_generation
from indexer.keyword_query import Word
from indexer.manifest import damage
from indexer.records import Filters
from indexer.source import SourceItem, lines_of
from indexer.store_layers import CHANGES_NAME
from tests.indexer.test_build import HashEncoder
from tests.torture.test_model import InProcessPool

HISTORIES = int(os.environ.get("TORTURE_HISTORIES", "2"))
CHANGES = 25  # in one history

LONG = " ".join(
    f"In week {n} the panel saw paper {n * 7} about street {n * 13}." for n in range(60)
)
TEXTS = (
    LONG,
    LONG.replace(". ", ".\n\n"),
    LONG.replace("week 59", "the last week"),
    LONG.replace("week 58", "another week").replace("week 57", "some week"),
    "The Open Data User Group (ODUG) met. Nothing else was said.",
    "The Office of Daily Use of Glue Board (ODUG) met. It stuck.",
    "The group met in June and went home.",
    "Body: Police Board\nThe Police Board (PB) agreed £4m.",
    "Body: Transport Board\nThe Transport Board (TB) noted the Transport Badge (TB).",
    "",
)
NAMES = (
    *(
        "a first.txt",
        "b minutes.txt",
        "b minutes.md",
        "ODUG minutes.txt",
        "Police Board papers.txt",
    ),
    *("sub/c.txt", "sub/d.md", "Transport Board agenda.txt", "z.txt"),
)
QUERIES = ("panel", "odug", "board", "glue", "june", "changed")


@pytest.fixture(scope="module")
def fake(encoder: BuildEncoder) -> HashEncoder:
    return HashEncoder(encoder.spec.name)


@pytest.fixture(autouse=True)
def _in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.outcomes.LoadingPool", InProcessPool)


def update(source: Path, index_dir: Path, encoder: BuildEncoder) -> BuildReport:
    return build(source, index_dir, encoder, update_from=0, allow_empty=True)


def seen(opened: Generation) -> dict[str, Any]:
    """All that a reader can see, but for the numbers of rows and what depends on frequencies."""
    store = opened.store
    documents = {one.document_id: one for one in store.documents()}
    passages = {
        id_: [(replace(one, row=0), digest) for one, digest in store.passages_of(id_)]
        for id_ in documents
    }
    found: dict[str, Any] = {
        "documents": documents,
        "texts": {id_: opened.document_text(id_) for id_ in documents},
        "readings": {id_: store.reading(one) for id_, one in documents.items()},
        "passages": passages,
        "definitions": {id_: store.definitions_of(id_) for id_ in documents},
        "files": list(store.files()),
        "counts": opened.counts,
        "copies": {id_: opened.copies_of(id_) for id_ in documents},
        "former": list(store.former_documents()),
        "names": sorted(store.names()),
        "problems": opened.owner_problems(),
        "coverage": coverage_of(opened).to_json() | {"generation": ""},
    }
    found["abbreviations"] = [
        (replace(one, row=None), one.row is None or opened.passages([one.row])[0].start)
        for one in opened.abbreviations(["ODUG", "PB", "TB", "odug"])
    ]
    for query in QUERIES:
        hits, total = opened.keyword_ranking(Word(query), 1000, Filters())
        ids = [one.passage_id for one in opened.passages([hit.row for hit in hits])]
        assert len(ids) == total
        found[f"words {query}"] = sorted(ids)
        rows = [hit.row for hit in hits]
        hit_documents = opened.documents_of(rows)
        assert {one.document_id for one in hit_documents} == {
            name.partition(":")[0] for name in ids
        }
        assert opened.labels_of("date", rows) == [one.date for one in hit_documents]
    for id_, held in passages.items():
        rows = [one.row for one, _ in store.passages_of(id_)]
        for row, vector, (one, _) in zip(rows, opened.row_vectors(rows), held, strict=True):
            best = opened.vector_ranking(vector[None], 5, Filters())
            same = {hit.row for hit in best if hit.score > best[0].score - 1e-5}
            assert row in same or len(same) == 5, one
            found[f"vector {one.passage_id}"] = vector.tolist()
    return found


def check_against_scratch(
    source: Path, index_dir: Path, fake: HashEncoder, history: str = ""
) -> None:
    scratch = index_dir.with_name("scratch")
    shutil.rmtree(scratch, ignore_errors=True)
    build(source, scratch, fake, allow_empty=True)
    changed, anew = seen(open_generation(index_dir)), seen(open_generation(scratch))
    changed_former, anew_former = changed.pop("former"), anew.pop("former")
    assert anew_former == []
    live = set(changed["documents"])
    assert all(one.successor_id in live | {""} for one in changed_former)
    assert changed == anew, history


class History:
    """Random changes to a folder."""

    def __init__(self, source: Path, seed: int) -> None:
        self.source = source
        self.random = random.Random(seed)
        self.number = 0

    def step(self) -> str:
        change: Callable[[], str] = self.random.choice(
            [self.write, self.write, self.write, self.remove, self.rename, self.lines, self.box]
        )
        return change()

    def _files(self) -> list[Path]:
        return sorted(path for path in self.source.rglob("*") if path.is_file())

    def _text(self) -> str:
        text = self.random.choice(TEXTS)
        if self.random.random() < 0.3:
            self.number += 1
            text += f" It changed {self.number} times."
        return text

    def write(self) -> str:
        path = self.source / self.random.choice(NAMES)
        path.parent.mkdir(exist_ok=True)
        path.write_text(self._text())
        return f"write {path.name}"

    def remove(self) -> str:
        files = self._files()
        if len(files) < 2:
            return ""
        path = self.random.choice(files)
        path.unlink()
        return f"remove {path.name}"

    def rename(self) -> str:
        path = self.random.choice(self._files())
        if path.suffix in (".jsonl", ".zip"):
            return ""
        to = self.source / self.random.choice(NAMES)
        to.parent.mkdir(exist_ok=True)
        path.rename(to)
        return f"rename {path.name} {to}"

    def lines(self) -> str:
        count = self.random.randrange(5)
        lines = [
            {
                "_id": str(self.random.randrange(6)),
                "title": self.random.choice(["Police Board in May", "Minutes", "ODUG"]),
                "body": self.random.choice(["", "Police Board", "PB"]),
                "text": self._text(),
            }
            for _ in range(count)
        ]
        written = [*map(json.dumps, lines), "{", ""]
        written = self.random.choices(written, k=self.random.randrange(7))  # some of them twice
        (self.source / "lines.jsonl").write_text("\n".join(written))
        return f"lines {written}"

    def box(self) -> str:
        with zipfile.ZipFile(self.source / "box.zip", "w") as archive:
            for name in self.random.sample(NAMES, self.random.randrange(4)):
                archive.writestr(name, self._text())
        return "box"


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_whatever_happened_an_update_is_what_a_build_from_scratch_is(
    tmp_path: Path, fake: HashEncoder, seed: int
) -> None:
    source, index_dir = tmp_path / "source", tmp_path / "index"
    source.mkdir()
    history = History(source, seed)
    history.write()
    build(source, index_dir, fake, allow_empty=True)
    done = []
    updates = 0
    for _ in range(CHANGES):
        for _ in range(history.random.choice([1, 1, 2, 4])):
            done.append(history.step())
        report = update(source, index_dir, fake)
        updates += (open_generation(index_dir).folder / CHANGES_NAME).exists()
        check_against_scratch(source, index_dir, fake, f"{report} after {done}")
        assert not update(source, index_dir, fake).published, done
    assert updates


@pytest.fixture
def archive(tmp_path: Path, fake: HashEncoder) -> Path:
    """Three reports, indexed."""
    source = tmp_path / "source"
    source.mkdir()
    for name, text in zip("abc", TEXTS[4:7], strict=True):
        (source / f"{name}.txt").write_text(text)
    build(source, tmp_path / "index", fake)
    return source


def test_an_update_shares_what_stays_and_changes_no_file_of_the_generation_before(
    tmp_path: Path, archive: Path, fake: HashEncoder
) -> None:
    index_dir = tmp_path / "index"
    before = open_generation(index_dir)
    (archive / "b.txt").write_text("Only this changed.")
    assert update(archive, index_dir, fake).embedded == 1
    after = open_generation(index_dir)
    assert damage(before.folder, before.manifest) == []
    shared = {
        name
        for name in after.manifest.files
        if (before.folder / name).exists()
        and (before.folder / name).stat().st_ino == (after.folder / name).stat().st_ino
    }
    assert {"store.sqlite", "vectors.faiss", "encoder/encoder.json"} <= shared
    assert any(name.startswith("keyword/") and name.endswith(".term") for name in shared)
    old, new = (one.keyword_ranking(Word("stuck"), 5, Filters())[1] for one in (before, after))
    assert (old, new) == (1, 0)


def test_a_change_of_many_files_is_written_whole(
    tmp_path: Path, archive: Path, fake: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.build._FEW_FILES", 1)
    for name in "bc":
        (archive / f"{name}.txt").write_text(f"Now {name} is another.")
    update(archive, tmp_path / "index", fake)
    assert not (open_generation(tmp_path / "index").folder / CHANGES_NAME).exists()
    check_against_scratch(archive, tmp_path / "index", fake)


def test_many_holes_are_closed_by_writing_all_anew(
    tmp_path: Path, archive: Path, fake: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.build._FEW_ROWS", 1)
    rows = []
    for number in range(4):
        (archive / "b.txt").write_text(f"Version {number}.")
        update(archive, tmp_path / "index", fake)
        rows.append(len(open_generation(tmp_path / "index").store.document_positions))
    assert rows == [4, 5, 3, 4]


def test_an_owners_table_that_changes_is_applied_to_all(
    tmp_path: Path, archive: Path, fake: HashEncoder
) -> None:
    (archive / "metadata.csv").write_text("file,body\nc.txt,Glue Board\nd.txt,Police Board\n")
    update(archive, tmp_path / "index", fake)
    (archive / "d.txt").write_text("It is there now.")  # what could not be used now can
    assert update(archive, tmp_path / "index", fake).published
    assert (open_generation(tmp_path / "index").folder / CHANGES_NAME).exists()
    check_against_scratch(archive, tmp_path / "index", fake)


def test_damage_that_keeps_size_and_time_is_found_by_a_build_that_verifies(
    tmp_path: Path, archive: Path, fake: HashEncoder
) -> None:
    index_dir = tmp_path / "index"
    path = open_generation(index_dir).folder / "store.sqlite"
    was = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    with pytest.raises(DamagedError):
        open_generation(index_dir)
    assert not update(archive, index_dir, fake).published
    assert build(archive, index_dir, fake, update_from=0, verify=True).published
    check_against_scratch(archive, index_dir, fake)


@pytest.mark.parametrize("left", [[], ["empty.txt"]])
def test_an_archive_that_would_hold_no_report_is_refused_by_an_update_too(
    tmp_path: Path, archive: Path, fake: HashEncoder, left: list[str]
) -> None:
    for path in archive.iterdir():
        path.unlink()
    for name in left:
        (archive / name).touch()
    with pytest.raises(SourceError, match="The index is as it was"):
        build(archive, tmp_path / "index", fake, update_from=0)
    assert open_generation(tmp_path / "index").counts.documents == 3


def test_a_line_that_has_the_name_of_a_part_is_told_apart_as_in_a_whole_build(
    tmp_path: Path, archive: Path, fake: HashEncoder
) -> None:
    lines = [{"_id": name, "text": f"The text of {name}."} for name in ("1", "1!/2")]
    (archive / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)))
    update(archive, tmp_path / "index", fake)
    check_against_scratch(archive, tmp_path / "index", fake)


def test_only_lines_that_are_new_or_changed_are_decoded(
    tmp_path: Path, archive: Path, fake: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.dumps({"_id": str(number), "text": f"The text of {number}."}) for number in "123"]
    (archive / "lines.jsonl").write_text("\n".join(lines))
    build(archive, tmp_path / "index", fake)
    decoded: list[bytes] = []
    name_of = source_module._name_of

    def noted(line: bytes, number: int) -> tuple[str, str]:
        decoded.append(line)
        return name_of(line, number)

    monkeypatch.setattr(source_module, "_name_of", noted)
    more = ["{", lines[1], lines[2].replace("text of", "words of"), lines[1], lines[0]]
    (archive / "lines.jsonl").write_text("\n".join(more))
    update(archive, tmp_path / "index", fake)
    assert decoded == [more[0].encode(), more[2].encode()]
    check_against_scratch(archive, tmp_path / "index", fake)


def test_a_file_that_is_named_as_a_line_would_be_stays_when_the_lines_change(
    tmp_path: Path, archive: Path, fake: HashEncoder
) -> None:
    line = json.dumps({"_id": "1", "text": "The text of a line."})
    (archive / "lines.jsonl").write_text(line)
    (archive / "lines.jsonl#2.txt").write_text(line)
    build(archive, tmp_path / "index", fake)
    (archive / "lines.jsonl").write_text(f"{line}\n{line.replace('1', '3')}")
    update(archive, tmp_path / "index", fake)
    check_against_scratch(archive, tmp_path / "index", fake)


@pytest.mark.parametrize("as_source", [False, True])
def test_lines_that_could_not_be_read_for_a_moment_are_read_by_the_next_build(
    tmp_path: Path, archive: Path, fake: HashEncoder, as_source: bool
) -> None:
    path, index_dir = archive / "lines.jsonl", tmp_path / "lines-index"
    lines = [{"_id": str(number), "text": f"The text of {number}."} for number in range(9)]
    source = path if as_source else archive
    path.write_text("\n".join(map(json.dumps, lines[:8])))
    build(source, index_dir, fake)
    path.write_text("\n".join(map(json.dumps, lines)))
    time.sleep(2.1)  # so that its stamp is trusted

    def failing(path: Path, prefix: str, names: Mapping[str, str]) -> Iterator[SourceItem]:
        yield from itertools.islice(lines_of(path, prefix, names), 4)
        yield SourceItem(prefix.rstrip("#") or path.name, path, "", 0, problem="I/O error")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("indexer.source.lines_of", failing)
        update(source, index_dir, fake)
    assert update(source, index_dir, fake).published
    check_against_scratch(source, index_dir, fake)
