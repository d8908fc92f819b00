"""indexer.generation: a reader gets one whole generation, or is told why not."""

import dataclasses
import errno
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import generation, keyword_index, publishing, vector_index
from indexer.chunking import PassageLimits
from indexer.embedding import EncoderSpec
from indexer.errors import (
    BuildLockedError,
    DamagedError,
    FormatError,
    GenerationError,
    InaccessibleError,
    IndexDirError,
)
from indexer.generation import Generation
from indexer.keyword_query import Phrase, Word
from indexer.manifest import (
    FORMAT_VERSION,
    FileEntry,
    Manifest,
    checksum_of,
    damage,
    entries_of,
    read_manifest,
)
from indexer.records import Block, BlockKind, Document, DocumentText, Filters, Label, Passage
from indexer.store_writer import StoreWriter
from tests.conftest import ROOT

SPEC = EncoderSpec("tiny", "0" * 64, dimension=4, window=256)
FIRST, SECOND, THIRD = "20110101T000000000Z-a", "20110102T000000000Z-b", "20110103T000000000Z-c"


def write_work(index_dir: Path, generation_id: str, *texts: str) -> tuple[Path, Manifest]:
    """Write the files of a generation without an encoder, one passage a document."""
    work = publishing.building_folder(index_dir) / "generation"
    work.mkdir(parents=True)
    (index_dir / "generations").mkdir(exist_ok=True)
    writer = StoreWriter(work)
    pairs = []
    for row, text in enumerate(texts):
        date = f"201{row}-01-01"
        document = Document(f"id{row}", f"{row}.txt", "", "txt", f"Report {row}", date, "MPA")
        passage = Passage(row, f"id{row}", 0, len(text), text, ("A",), "1", 1, ((0, len(text)),))
        block = Block(0, len(text), BlockKind.PARAGRAPH, ("A",), "1")
        digest = f"{row:016}".encode()
        writer.add_document(document, DocumentText(text, (0,), (block,)), [(passage, digest)])
        pairs.append((document, passage))
    writer.close()
    keyword_index.write(pairs, work / keyword_index.FOLDER_NAME)
    vector_index.write(np.eye(4, dtype=np.float32)[: len(texts)], work)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        generation_id=generation_id,
        created_at="2011-01-01T00:00:00+00:00",
        loader_version=1,
        analyzer=keyword_index.ANALYZER,
        limits=PassageLimits(),
        encoder=SPEC,
        documents=len(texts),
        passages=len(texts),
        files=entries_of(work),
    )
    return work, manifest


def publish(index_dir: Path, generation_id: str, *texts: str) -> Path:
    work, manifest = write_work(index_dir, generation_id, *texts)
    publishing.publish(index_dir, work, manifest)
    return publishing.generation_folder(index_dir, generation_id)


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    """An index with two generations; the second is live."""
    publish(tmp_path / "index", FIRST, "the old fox")
    publish(tmp_path / "index", SECOND, "the new fox", "a dog")
    return tmp_path / "index"


def live_folder(index_dir: Path) -> Path:
    return publishing.generation_folder(index_dir, SECOND)


def served(index_dir: Path) -> str:
    return generation.open_generation(index_dir).generation_id


def rewrite_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    written = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(written | {"checksum": checksum_of(written)}))


def test_a_changed_value_in_the_manifest_is_found(index_dir: Path) -> None:
    path = live_folder(index_dir) / "manifest.json"
    written = path.read_text()
    for value in ('"loader_version": 1', '"query_prefix": ""', '"created_at": "2011-01-01'):
        assert value in written
        path.write_text(written.replace(value, value[:-1] + "7" + value[-1]))
        with pytest.raises(DamagedError, match="its checksum differs"):
            generation.open_folder(live_folder(index_dir))


# --- a whole generation --------------------------------------------------------------------------


@given(
    st.builds(
        Manifest,
        format_version=st.just(FORMAT_VERSION),
        generation_id=st.text(max_size=9),
        created_at=st.text(max_size=9),
        loader_version=st.integers(0, 9),
        analyzer=st.text(max_size=9),
        limits=st.builds(PassageLimits),
        encoder=st.builds(EncoderSpec),
        documents=st.integers(0),
        passages=st.integers(0),
        files=st.dictionaries(st.text(max_size=9), st.builds(FileEntry), max_size=3),
    )
)
def test_a_manifest_survives_write_then_read(manifest: Manifest) -> None:
    assert Manifest.from_json(manifest.to_json(), Path("x")) == manifest


def test_an_opened_generation_reads_all_its_parts(index_dir: Path) -> None:
    opened = generation.open_generation(index_dir)
    assert opened.generation_id == SECOND
    assert (opened.counts.documents, opened.counts.passages) == (2, 2)
    ranking, total = opened.keyword_ranking(Word("fox"), 10, Filters())
    assert ([hit.row for hit in ranking], total) == ([0], 1)
    assert opened.keyword_scores(Word("fox"), [0, 1]) == ranking
    query = np.array([[0, 1, 0, 0]], np.float32)
    assert [hit.row for hit in opened.vector_ranking(query, 10, Filters())] == [1, 0]
    assert (opened.row_vectors([1, 0]) @ query[0]).tolist() == [1.0, 0.0]
    assert [passage.text for passage in opened.passages([1, 0])] == ["a dog", "the new fox"]
    for rows in ([1, 0], [0, 1, 0], []):  # some are remembered from the list before
        found = [document.document_id for document in opened.documents_of(rows)]
        assert found == [f"id{row}" for row in rows]
        for name in get_args(Label):
            said = [getattr(one, name) for one in opened.documents_of(rows)]
            assert opened.labels_of(name, rows) == said
    assert opened.positions_of([1, 0, 1]) == [1, 0, 1]
    assert opened.document_text("id1").text == "a dog"
    assert opened.block_at("id1", 0) == (opened.document_text("id1").block_at(0), 1)
    assert dict(opened.words_of_length(3)) == {"dog": 1, "fox": 1, "new": 1, "the": 1}
    assert dict(opened.words_of_length(40)) == {}
    assert (opened.stems("Dogs"), opened.document_frequency("dog")) == (["dog"], 1)


def test_filters_and_rows_limit_the_vector_ranking_together(index_dir: Path) -> None:
    opened = generation.open_generation(index_dir)
    query = np.array([[0.5, 0.4, 0, 0]], np.float32)

    def rows(filters: Filters, chosen: list[int] | None = None) -> list[int]:
        return [hit.row for hit in opened.vector_ranking(query, 10, filters, chosen)]

    assert rows(Filters(body="MPA")) == [0, 1]
    assert rows(Filters(date_from="2011-01-01")) == [1]
    assert rows(Filters(body="GLA")) == []
    assert rows(Filters(), [1]) == [1]
    assert rows(Filters(date_to="2010-12-31"), [0, 1]) == [0]
    assert rows(Filters(date_to="2010-12-31"), [1]) == []
    assert rows(Filters(), []) == []


def test_the_size_on_disk_is_that_of_the_files(index_dir: Path) -> None:
    folder = live_folder(index_dir)
    sizes = [
        p.stat().st_size for p in folder.rglob("*") if p.is_file() and p.name != "manifest.json"
    ]
    assert generation.open_folder(folder).bytes_on_disk == sum(sizes)


# --- damage --------------------------------------------------------------------------------------


def file_names(index_dir: Path) -> list[str]:
    return sorted(read_manifest(live_folder(index_dir)).files)


def damage_each(index_dir: Path, harm: Callable[[Path], None]) -> dict[str, list[str]]:
    """Harm one file after the other, each in a fresh copy; return what is found each time."""
    found = {}
    for name in file_names(index_dir):
        copy = index_dir.parent / "copy" / SECOND
        shutil.copytree(live_folder(index_dir), copy)
        harm(copy / name)
        with pytest.raises(DamagedError, match=f"{SECOND}: damaged: "):
            generation.open_folder(copy)
        found[name] = damage(copy, read_manifest(copy))
        shutil.rmtree(copy.parent)
    assert {"store.sqlite", "vectors.faiss", "keyword/meta.json"} < set(found)
    return found


def test_a_changed_byte_in_any_file_is_found(index_dir: Path) -> None:
    def change(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    found = damage_each(index_dir, change)
    assert found == {name: [f"{name}: its content has changed (sha256 differs)"] for name in found}


def test_a_truncated_file_is_found(index_dir: Path) -> None:
    sizes = {name: (live_folder(index_dir) / name).stat().st_size for name in file_names(index_dir)}
    found = damage_each(index_dir, lambda path: os.truncate(path, path.stat().st_size - 1))
    assert found == {
        name: [f"{name}: has {size - 1} bytes, expected {size}"] for name, size in sizes.items()
    }


def test_a_removed_file_is_found(index_dir: Path) -> None:
    found = damage_each(index_dir, Path.unlink)
    assert found == {name: [f"{name}: No such file or directory"] for name in found}


def test_a_file_that_the_manifest_does_not_name_is_found(index_dir: Path) -> None:
    found = damage_each(index_dir, lambda path: path.with_name("stray.bin").touch())
    assert {tuple(problems) for problems in found.values()} == {
        ("stray.bin: not named in the manifest",),
        ("keyword/stray.bin: not named in the manifest",),
    }


@pytest.mark.parametrize("name", ["store.sqlite", "vectors.faiss"])
def test_a_file_of_another_generation_is_refused(index_dir: Path, name: str) -> None:
    other = publishing.generation_folder(index_dir, FIRST)
    shutil.copyfile(other / name, live_folder(index_dir) / name)
    with pytest.raises(DamagedError, match=name):
        generation.open_folder(live_folder(index_dir))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("store.sqlite", "names 2 passages, but passage store holds 1"),
        ("vectors.faiss", "names 2 passages, but vector index holds 1"),
    ],
)
def test_parts_that_hold_different_counts_do_not_belong_together(
    index_dir: Path, name: str, message: str
) -> None:
    folder = live_folder(index_dir)
    shutil.copyfile(publishing.generation_folder(index_dir, FIRST) / name, folder / name)
    manifest = read_manifest(folder)
    mixed = dataclasses.replace(manifest, files=entries_of(folder))
    with pytest.raises(DamagedError, match=message):
        Generation(folder, mixed)


def test_vectors_of_another_length_do_not_belong_to_the_encoder(index_dir: Path) -> None:
    folder = live_folder(index_dir)
    manifest = read_manifest(folder)
    other = dataclasses.replace(manifest, encoder=dataclasses.replace(SPEC, dimension=5))
    with pytest.raises(DamagedError, match="vectors have 4 dimensions"):
        Generation(folder, other)


def test_a_manifest_under_another_name_is_refused(index_dir: Path) -> None:
    folder = live_folder(index_dir)
    other = publishing.generation_folder(index_dir, THIRD)
    folder.rename(other)
    with pytest.raises(DamagedError, match=f"{THIRD}: holds the manifest of generation {SECOND}"):
        generation.open_folder(other)


@pytest.mark.parametrize("version", [0, 1, 2, 3, "4", None])
def test_another_format_is_refused_and_the_next_step_named(
    index_dir: Path, version: object
) -> None:
    rewrite_manifest(live_folder(index_dir), format_version=version)
    with pytest.raises(FormatError, match=r"this code reads 4\. Build the index again: python -m"):
        generation.open_folder(live_folder(index_dir))


def test_another_analysis_is_refused(index_dir: Path) -> None:
    rewrite_manifest(live_folder(index_dir), analyzer="other")
    with pytest.raises(FormatError, match="analysed with 'other'"):
        generation.open_folder(live_folder(index_dir))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"format_version": 4}', b"\xff"])
def test_a_manifest_that_cannot_be_read_is_damage(index_dir: Path, content: bytes) -> None:
    (live_folder(index_dir) / "manifest.json").write_bytes(content)
    with pytest.raises(DamagedError, match="manifest"):
        generation.open_folder(live_folder(index_dir))


def test_a_folder_that_cannot_be_listed_is_never_taken_for_an_empty_one(
    index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.scandir

    def refuse(path: str | Path) -> object:
        if str(path).endswith("keyword"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        entries_of(live_folder(index_dir))
    with pytest.raises(InaccessibleError):
        generation.open_folder(live_folder(index_dir))


# --- which generation is served ------------------------------------------------------------------


def test_a_damaged_generation_gives_way_to_the_last_good_one_with_a_warning(
    index_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (live_folder(index_dir) / "vectors.faiss").unlink()
    with caplog.at_level(logging.WARNING):
        opened = generation.open_generation(index_dir)
    assert opened.generation_id == FIRST
    assert opened.passages([0])[0].text == "the old fox"
    assert [record.getMessage() for record in caplog.records] == [
        f"generation refused: {SECOND}: damaged: vectors.faiss: No such file or directory",
        f"serving generation {FIRST} instead of the live one, {SECOND}. Build the index again",
    ]


def test_where_none_is_whole_the_error_is_that_of_the_live_one(
    index_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for generation_id in (FIRST, SECOND):
        (publishing.generation_folder(index_dir, generation_id) / "vectors.faiss").unlink()
    with pytest.raises(GenerationError, match=SECOND), caplog.at_level(logging.WARNING):
        generation.open_generation(index_dir)
    assert caplog.records == []  # the error says it: one line, not three


def test_a_whole_generation_opens_without_a_warning(
    index_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert served(index_dir) == SECOND
    assert caplog.records == []


@pytest.mark.parametrize(
    "content", [None, b"", b"\n", b"../../etc", b".", b"\xff\xfe", b"\x00\x01"]
)
def test_a_lost_current_does_not_lose_the_index(
    index_dir: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    (index_dir / "CURRENT").unlink()
    if content is not None:
        (index_dir / "CURRENT").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert served(index_dir) == SECOND
    assert [record.getMessage() for record in caplog.records] == [
        f"{index_dir}: CURRENT is lost; the newest generation is {SECOND}"
    ]


def test_a_current_that_names_no_generation_gives_way_to_the_last_good_one(index_dir: Path) -> None:
    (index_dir / "CURRENT").write_text("20990101T000000000Z-x\n")
    assert served(index_dir) == SECOND


def test_a_folder_that_is_no_index_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IndexDirError, match=r"no such index\. Build one: python -m indexer build"):
        generation.open_generation(tmp_path / "absent")
    with pytest.raises(IndexDirError, match="not an index"):
        generation.open_generation(tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "store.sqlite", "keyword/meta.json"])
def test_a_generation_that_cannot_be_read_now_is_not_taken_for_damaged(
    index_dir: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    opened = Path.open

    def refuse(path: Path, *arguments: object, **named: object) -> object:
        if path == live_folder(index_dir) / name:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))
        return opened(path, *arguments, **named)  # type: ignore[call-overload]

    publish(index_dir, THIRD, "the third fox")
    (index_dir / "CURRENT").write_text(f"{SECOND}\n")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(InaccessibleError, match=r"Too many open files.*It may well be whole"):
            generation.open_generation(index_dir)
        (index_dir / "CURRENT").write_text(f"{THIRD}\n")
        assert publishing.prune(index_dir) == [FIRST]
    assert publishing.generation_ids(index_dir) == [THIRD, SECOND]


# --- publishing ----------------------------------------------------------------------------------


def test_publishing_makes_the_new_generation_live_and_keeps_the_old_one(index_dir: Path) -> None:
    folder = publish(index_dir, THIRD, "the third fox")
    assert (index_dir / "CURRENT").read_text() == f"{THIRD}\n"
    assert served(index_dir) == THIRD
    assert publishing.generation_ids(index_dir) == [THIRD, SECOND, FIRST]
    assert not (publishing.building_folder(index_dir) / "generation").exists()
    assert damage(folder, read_manifest(folder)) == []


def test_a_crash_before_the_manifest_leaves_the_old_generation_live(index_dir: Path) -> None:
    write_work(index_dir, THIRD, "the third fox")
    assert served(index_dir) == SECOND


def test_a_crash_before_the_rename_leaves_the_old_generation_live(index_dir: Path) -> None:
    work, manifest = write_work(index_dir, THIRD, "the third fox")
    (work / "manifest.json").write_text(manifest.to_json())
    assert served(index_dir) == SECOND


@pytest.mark.parametrize("left_over", [False, True])
def test_a_crash_before_current_is_replaced_leaves_the_old_generation_live(
    index_dir: Path, left_over: bool
) -> None:
    publish(index_dir, THIRD, "the third fox")
    (index_dir / "CURRENT").write_text(f"{SECOND}\n")
    if left_over:
        (index_dir / "CURRENT.new").write_text(THIRD)
    assert served(index_dir) == SECOND
    publish(index_dir, "20110104T000000000Z-d", "the fourth fox")
    assert served(index_dir) == "20110104T000000000Z-d"


def test_a_generation_without_a_manifest_is_never_served(index_dir: Path) -> None:
    work, _ = write_work(index_dir, THIRD, "the third fox")
    work.rename(publishing.generation_folder(index_dir, THIRD))
    (index_dir / "CURRENT").write_text(f"{THIRD}\n")
    assert served(index_dir) == SECOND


# --- pruning -------------------------------------------------------------------------------------


def test_pruning_keeps_the_live_generation_and_the_newest_before_it(index_dir: Path) -> None:
    publish(index_dir, THIRD, "the third fox")
    assert publishing.prune(index_dir) == [FIRST]
    assert publishing.generation_ids(index_dir) == [THIRD, SECOND]
    assert publishing.prune(index_dir) == []
    assert publishing.prune(index_dir, keep=1) == [SECOND]
    assert publishing.prune(index_dir, keep=0) == []
    assert served(index_dir) == THIRD


def test_pruning_keeps_the_live_generation_even_if_newer_ones_lie_there(index_dir: Path) -> None:
    (index_dir / "CURRENT").write_text(f"{FIRST}\n")
    assert publishing.prune(index_dir, keep=1) == [SECOND]
    assert served(index_dir) == FIRST


def test_pruning_deletes_damaged_generations_and_keeps_the_last_good_one(index_dir: Path) -> None:
    (live_folder(index_dir) / "vectors.faiss").unlink()
    publish(index_dir, THIRD, "the third fox")
    assert publishing.prune(index_dir) == [SECOND]
    assert publishing.generation_ids(index_dir) == [THIRD, FIRST]


def test_pruning_never_deletes_the_only_good_generation(index_dir: Path) -> None:
    (live_folder(index_dir) / "vectors.faiss").unlink()
    assert publishing.prune(index_dir, keep=1) == []
    assert served(index_dir) == FIRST


def test_a_pruned_generation_stays_readable_for_who_has_it_open(index_dir: Path) -> None:
    (index_dir / "CURRENT").write_text(f"{FIRST}\n")
    opened = generation.open_generation(index_dir)
    (index_dir / "CURRENT").write_text(f"{SECOND}\n")
    assert publishing.prune(index_dir, keep=1) == [FIRST]
    assert opened.passages([0])[0].text == "the old fox"
    assert opened.keyword_ranking(Phrase("old fox"), 5, Filters())[1] == 1
    query = np.array([[1, 0, 0, 0]], np.float32)
    assert [hit.row for hit in opened.vector_ranking(query, 5, Filters())] == [0]


# --- one writer ----------------------------------------------------------------------------------

_HOLD = """
import sys, time
from pathlib import Path
from indexer.publishing import write_lock
with write_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_told_who_writes_and_a_killed_one_frees_the_lock(
    tmp_path: Path,
) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(BuildLockedError, match=rf"\(process {holder.pid}\)\. Wait for it"),
            publishing.write_lock(tmp_path),
        ):
            pytest.fail("two writers")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with publishing.write_lock(tmp_path):
        assert (tmp_path / "write.lock").read_text() == str(os.getpid())
    with publishing.write_lock(tmp_path):
        pass


def test_a_folder_that_holds_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with (
        pytest.raises(IndexDirError, match=r"holds other files \(thesis\.txt\), and no index"),
        publishing.write_lock(tmp_path),
    ):
        pytest.fail("mixed with the files of another")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("mine")
    with (
        pytest.raises(IndexDirError, match="is a file; expected a folder"),
        publishing.write_lock(tmp_path / "index"),
    ):
        pytest.fail("written over")
    with (
        pytest.raises(IndexDirError, match=r"cannot be written \(Not a directory\)"),
        publishing.write_lock(tmp_path / "index" / "below"),
    ):
        pytest.fail("written below a file")


def test_links_share_bytes_and_where_they_cannot_the_file_is_copied(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    publishing.link_or_copy(tmp_path / "a", tmp_path / "deep" / "b")
    assert (tmp_path / "deep" / "b").samefile(tmp_path / "a")
    (tmp_path / "c").write_text("in the way")
    publishing.link_or_copy(tmp_path / "a", tmp_path / "c")
    assert (tmp_path / "c").read_text() == "x"
