"""indexer.build: whatever happened before, the index is that of the folder as it is now."""

import hashlib
import json
import logging
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fpdf import FPDF

from indexer import publishing
from indexer.build import BuildReport, build
from indexer.chunking import PassageLimits
from indexer.embedding import BuildEncoder, Vectors, normalised
from indexer.errors import BuildLockedError, SourceError
from indexer.generation import Generation, open_generation
from indexer.keyword_query import Group, Word
from indexer.ranking import Ranking
from indexer.records import FileStatus, Filters
from indexer.saved_vectors import SavedVectors
from tests.conftest import CORPUS, ROOT

QUERIES = ("fox dog", "the board agreed", "funding of Operation Connect", "zebra")


class HashEncoder(BuildEncoder):
    """The real tokenizer and sizes; a vector is drawn from the digest of its text."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        matrix = np.zeros((len(texts), self.spec.dimension), np.float32)
        for row, text in enumerate(texts):
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
            matrix[row] = np.random.default_rng(seed).normal(size=self.spec.dimension)
        return normalised(matrix)

    def encode_few(self, texts: Sequence[str], exported: Path) -> Vectors:
        return self.encode(texts)

    def prepare_few(self, exported: Path) -> None:
        """There is nothing to open."""

    def export(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "encoder.json").write_text("{}")


@pytest.fixture(scope="module")
def fake(encoder: BuildEncoder) -> HashEncoder:
    return HashEncoder(encoder.spec.name)


def report(title: str, text: str, date: str = "2011-03-17") -> str:
    return f"---\ntitle: {title}\ndate: {date}\n---\n# {title}\n\n{text}\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three reports of one passage each."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.md").write_text(report("Fox", "1. The fox met the board, the Fox Board (FB)."))
    (folder / "b.md").write_text(report("Dog", "1. The dog agreed £4.7m for 2011-12."))
    (folder / "c.md").write_text(report("Hat", "1. The hat was noted by the board."))
    return folder


@dataclass(frozen=True)
class Content:
    """All that a reader can see of a generation."""

    documents: list[object]
    texts: list[object]
    passages: list[object]
    files: list[object]
    abbreviations: list[object]
    keyword_rankings: list[Ranking]
    vector_rankings: list[Ranking]


def content_of(index_dir: Path, encoder: BuildEncoder) -> Content:
    opened = open_generation(index_dir)
    documents = list(opened.store.documents())
    words = [Group(should=tuple(map(Word, query.split()))) for query in QUERIES]
    vectors = [encoder.encode([query]) for query in QUERIES]
    return Content(
        documents=list(documents),
        texts=[opened.document_text(document.document_id) for document in documents],
        passages=list(opened.passages(range(opened.counts.passages))),
        files=list(opened.store.files()),
        abbreviations=list(opened.abbreviations(["FB"])),
        keyword_rankings=[opened.keyword_ranking(word, 50, Filters())[0] for word in words],
        vector_rankings=[opened.vector_ranking(vector, 50, Filters()) for vector in vectors],
    )


def statuses(index_dir: Path) -> dict[str, tuple[str, str]]:
    files = open_generation(index_dir).store.files()
    return {record.source_id: (record.status.value, record.reason) for record in files}


# --- the same folder -----------------------------------------------------------------------------


def test_two_builds_of_the_sample_give_the_same_passages_and_rankings(
    tmp_path: Path, fake: HashEncoder
) -> None:
    for name in ("one", "two"):
        build(CORPUS, tmp_path / name, fake)
    assert content_of(tmp_path / "one", fake) == content_of(tmp_path / "two", fake)
    one, two = (open_generation(tmp_path / name).manifest.files for name in ("one", "two"))
    for name in ("store.sqlite", "vectors.faiss"):
        assert one[name].sha256 == two[name].sha256


def test_the_sample_is_searchable_and_its_passages_are_slices_of_it(sample_index: Path) -> None:
    opened = open_generation(sample_index)
    assert {record.status for record in opened.store.files()} == {FileStatus.SEARCHABLE}
    for passage in opened.passages(range(opened.counts.passages)):
        text = opened.document_text(passage.document_id)
        assert passage.text == text.text[passage.start : passage.end]
        assert passage.page == text.page_at(passage.start)
        for start, end in passage.sentences:
            assert passage.start <= start < end <= passage.end


def test_a_passage_is_among_the_three_nearest_to_its_own_text(sample_index: Path) -> None:
    opened = open_generation(sample_index)
    rows = range(0, opened.counts.passages, 9)
    vectors = opened.encoder.encode([passage.text for passage in opened.passages(rows)])
    for row, vector in zip(rows, vectors, strict=True):
        nearest = opened.vector_ranking(vector[None], 3, Filters())
        assert row in [hit.row for hit in nearest]


def test_nothing_changed_publishes_nothing(tmp_path: Path, source: Path, fake: HashEncoder) -> None:
    first = build(source, tmp_path / "index", fake)
    second = build(source, tmp_path / "index", fake)
    assert (first.published, first.documents, first.passages, first.embedded) == (True, 3, 3, 3)
    assert (second.published, second.documents, second.passages, second.embedded) == (
        False,
        3,
        3,
        0,
    )
    assert second.generation_id == first.generation_id
    assert publishing.generation_ids(tmp_path / "index") == [first.generation_id]


def test_touching_a_file_is_no_change(tmp_path: Path, source: Path, fake: HashEncoder) -> None:
    build(source, tmp_path / "index", fake)
    os.utime(source / "a.md", (1, 1))
    assert not build(source, tmp_path / "index", fake).published


# --- another folder ------------------------------------------------------------------------------


def _add(source: Path) -> None:
    (source / "sub").mkdir()
    (source / "sub" / "d.md").write_text(report("Cat", "1. A cat was funded."))


def _change(source: Path) -> None:
    (source / "b.md").write_text(report("Dog", "1. The dog refused £4.7m for 2011-12."))


def _change_the_date(source: Path) -> None:
    (source / "b.md").write_text(
        report("Dog", "1. The dog agreed £4.7m for 2011-12.", "2012-01-01")
    )


def _rename(source: Path) -> None:
    (source / "a.md").rename(source / "z.md")


def _swap(source: Path) -> None:
    (source / "a.md").rename(source / "x.md")
    (source / "b.md").rename(source / "a.md")
    (source / "x.md").rename(source / "b.md")


def _delete(source: Path) -> None:
    (source / "b.md").unlink()


def _copy(source: Path) -> None:
    shutil.copyfile(source / "b.md", source / "b copy.md")


def _empty(source: Path) -> None:
    (source / "c.md").write_text("")


def _add_lines(source: Path) -> None:
    lines = [{"_id": str(number), "text": f"Line {number} of the fox"} for number in range(5)]
    (source / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)))


@pytest.mark.parametrize(
    ("step", "embedded", "documents"),
    [
        (_add, 1, 4),
        (_change, 1, 3),
        (_change_the_date, 0, 3),
        (_rename, 0, 3),
        (_swap, 0, 3),
        (_delete, 0, 2),
        (_copy, 0, 3),
        (_empty, 0, 2),
        (_add_lines, 5, 8),
    ],
)
def test_a_changed_folder_gives_the_index_of_a_build_from_scratch(
    tmp_path: Path,
    source: Path,
    fake: HashEncoder,
    step: Callable[[Path], None],
    embedded: int,
    documents: int,
) -> None:
    build(source, tmp_path / "index", fake)
    before = content_of(tmp_path / "index", fake)
    step(source)
    changed = build(source, tmp_path / "index", fake)
    build(source, tmp_path / "scratch", fake)
    after = content_of(tmp_path / "index", fake)
    assert changed.published
    assert (changed.embedded, changed.documents) == (embedded, documents)
    assert after == content_of(tmp_path / "scratch", fake)
    assert after != before
    assert len(after.abbreviations) == 1
    assert not build(source, tmp_path / "index", fake).published


def test_a_deleted_file_is_gone_and_a_restored_one_is_found_again(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    def found() -> int:
        opened = open_generation(tmp_path / "index")
        return opened.keyword_ranking(Word("dog"), 5, Filters())[1]

    build(source, tmp_path / "index", fake)
    whole = content_of(tmp_path / "index", fake)
    written = (source / "b.md").read_text()
    (source / "b.md").unlink()
    build(source, tmp_path / "index", fake)
    assert found() == 0
    (source / "b.md").write_text(written)
    build(source, tmp_path / "index", fake)
    assert found() == 1
    assert content_of(tmp_path / "index", fake) == whole


@pytest.mark.parametrize("update_from", [1, 1000])
def test_what_is_held_no_longer_is_told_once_and_a_rename_is_not(
    tmp_path: Path,
    source: Path,
    fake: HashEncoder,
    caplog: pytest.LogCaptureFixture,
    update_from: int,
) -> None:
    def told() -> list[str]:
        caplog.clear()
        build(source, tmp_path / "index", fake, update_from=update_from)
        return [one for one in caplog.messages if "held before" in one]

    for number in range(5):
        (source / f"old-{number}.txt").write_text(f"Lantern {number} was lit.\n")
    assert told() == []
    (source / "old-0.txt").rename(source / "renamed.txt")
    assert told() == []
    for number in range(1, 5):
        (source / f"old-{number}.txt").unlink()
    (line,) = told()
    assert "4 of the reports held before" in line
    assert "old-1.txt, old-2.txt, old-3.txt and 1 more" in line
    (source / "more.txt").write_text("One more.\n")
    assert told() == []


def test_a_duplicate_takes_over_when_its_original_goes(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    shutil.copyfile(source / "a.md", source / "copy.md")
    build(source, tmp_path / "index", fake)
    assert statuses(tmp_path / "index")["copy.md"] == ("duplicate", "same content as a.md")
    assert open_generation(tmp_path / "index").counts.documents == 3
    (source / "a.md").unlink()
    again = build(source, tmp_path / "index", fake)
    assert (again.documents, again.embedded) == (3, 0)
    assert statuses(tmp_path / "index")["copy.md"] == ("searchable", "")


def test_files_that_cannot_be_read_are_explained_and_the_run_goes_on(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    (source / "empty.txt").touch()
    (source / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing")
    (source / "link.txt").symlink_to("nothing")
    secret = FPDF()
    secret.set_encryption(owner_password="owner", user_password="user")
    secret.add_page()
    secret.set_font("helvetica", size=12)
    secret.cell(text="A secret report about the fox")
    secret.output(str(source / "secret.pdf"))
    done = build(source, tmp_path / "index", fake)
    assert (done.documents, done.unread) == (3, 4)
    found = statuses(tmp_path / "index")
    unread = {name: reason for name, (status, reason) in found.items() if status == "unread"}
    assert set(unread) == {"empty.txt", "broken.pdf", "link.txt", "secret.pdf"}
    assert unread["empty.txt"].startswith("empty")
    assert "password" in unread["secret.pdf"] or "encrypted" in unread["secret.pdf"]
    assert unread["link.txt"] == "cannot be opened: no such file or directory"
    assert all(unread.values())
    assert not build(source, tmp_path / "index", fake).published


def test_other_passage_sizes_mean_another_index(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    build(source, tmp_path / "index", fake)
    limits = PassageLimits(target=8)
    done = build(source, tmp_path / "index", fake, limits=limits)
    assert done.published
    assert done.passages > 3
    assert open_generation(tmp_path / "index").manifest.limits == limits


def test_another_prefix_embeds_every_passage_again(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    build(source, tmp_path / "index", fake)
    other = HashEncoder(fake.spec.name, passage_prefix="passage: ", query_prefix="query: ")
    done = build(source, tmp_path / "index", other)
    assert (done.published, done.embedded) == (True, 3)
    opened = open_generation(tmp_path / "index")
    assert opened.manifest.encoder == other.spec
    passage, _ = opened.store.passages_of(opened.documents_of([0])[0].document_id)[0]
    expected = other.encode([f"passage: Fox\n{passage.text}"])
    assert opened.vectors.vectors(np.array([0], np.int64)).tolist() == expected.tolist()


def test_equal_texts_are_embedded_once(tmp_path: Path, fake: HashEncoder) -> None:
    lines = [{"_id": str(n), "title": "Same", "text": "Same text"} for n in range(10)]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    done = build(path, tmp_path / "index", fake)
    assert (done.documents, done.passages, done.embedded) == (10, 10, 1)


def test_progress_counts_up_to_the_total(tmp_path: Path, source: Path, fake: HashEncoder) -> None:
    seen: list[tuple[str, int, int]] = []
    build(source, tmp_path / "index", fake, progress=lambda *step: seen.append(step))
    assert seen == [
        ("read", 1, 3),
        ("read", 2, 3),
        ("read", 3, 3),
        ("embed", 0, 3),
        ("embed", 3, 3),
    ]


# --- what goes wrong -----------------------------------------------------------------------------


def test_where_nothing_can_be_read_the_old_index_stays(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    first = build(source, tmp_path / "index", fake)
    for path in source.iterdir():
        path.write_text("")
    with pytest.raises(SourceError, match=r"none of its 3 files could be read \(a\.md: empty"):
        build(source, tmp_path / "index", fake)
    shutil.rmtree(source)
    with pytest.raises(SourceError, match="no such folder or file"):
        build(source, tmp_path / "index", fake)
    assert open_generation(tmp_path / "index").generation_id == first.generation_id


def test_an_emptied_folder_does_not_empty_the_index_unless_that_is_said(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    first = build(source, tmp_path / "index", fake)
    for path in source.iterdir():
        path.unlink()
    with pytest.raises(SourceError, match=r"the index holds 3\. Is a disk not mounted\?"):
        build(source, tmp_path / "index", fake)
    assert open_generation(tmp_path / "index").generation_id == first.generation_id
    emptied = build(source, tmp_path / "index", fake, allow_empty=True)
    assert (emptied.published, emptied.documents, emptied.passages) == (True, 0, 0)
    opened = open_generation(tmp_path / "index")
    assert opened.keyword_ranking(Word("fox"), 5, Filters())[1] == 0
    assert len(opened.vector_ranking(fake.encode(["fox"]), 5, Filters())) == 0
    assert not build(source, tmp_path / "index", fake, allow_empty=True).published
    (source / "a.md").write_text(report("Fox", "1. The fox met the board."))
    assert build(source, tmp_path / "index", fake).documents == 1


def test_a_second_build_at_the_same_time_is_refused(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    with (
        publishing.write_lock(tmp_path / "index"),
        pytest.raises(BuildLockedError, match=f"process {os.getpid()}"),
    ):
        build(source, tmp_path / "index", fake)


def damage_live(index_dir: Path) -> str:
    live = publishing.current_id(index_dir)
    (publishing.generation_folder(index_dir, live) / "vectors.faiss").unlink()
    return live


def test_a_damaged_index_is_mended_by_the_next_build_though_nothing_changed(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    build(source, tmp_path / "index", fake)
    older = content_of(tmp_path / "index", fake)
    _add(source)
    build(source, tmp_path / "index", fake)
    damaged = damage_live(tmp_path / "index")
    (source / "sub" / "d.md").unlink()  # the folder is again that of the older, whole generation
    mended = build(source, tmp_path / "index", fake)
    assert mended.published
    assert mended.embedded == 0
    assert open_generation(tmp_path / "index").generation_id == mended.generation_id
    assert damaged not in publishing.generation_ids(tmp_path / "index")
    assert content_of(tmp_path / "index", fake) == older


def test_where_every_generation_is_damaged_the_build_starts_from_scratch(
    tmp_path: Path, source: Path, fake: HashEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    build(source, tmp_path / "index", fake)
    whole = content_of(tmp_path / "index", fake)
    damage_live(tmp_path / "index")
    with caplog.at_level(logging.WARNING):
        mended = build(source, tmp_path / "index", fake)
    assert (mended.published, mended.embedded) == (True, 3)
    assert "building from scratch" in caplog.text
    assert content_of(tmp_path / "index", fake) == whole


def test_a_lost_current_is_written_again(tmp_path: Path, source: Path, fake: HashEncoder) -> None:
    build(source, tmp_path / "index", fake)
    (tmp_path / "index" / "CURRENT").unlink()
    mended = build(source, tmp_path / "index", fake)
    assert (mended.published, mended.embedded) == (True, 0)
    assert (tmp_path / "index" / "CURRENT").read_text() == f"{mended.generation_id}\n"


def test_a_checkpoint_that_cannot_be_read_is_no_obstacle(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    (tmp_path / "index" / "building").mkdir(parents=True)
    checkpoint = tmp_path / "index" / "building" / f"vectors-{fake.spec.fingerprint}.sqlite"
    checkpoint.write_bytes(b"not a database" * 100)
    assert build(source, tmp_path / "index", fake).embedded == 3
    assert list((tmp_path / "index" / "building").iterdir()) == []


def test_a_saved_vector_that_has_changed_on_disk_is_embedded_again(tmp_path: Path) -> None:
    batch = {bytes([number] * 16): np.full(3, number, np.float32) for number in (1, 2, 3)}
    saved = SavedVectors(tmp_path, "x")
    saved.save(batch)
    path = tmp_path / "vectors-x.sqlite"
    content = path.read_bytes()
    place = content.index(batch[bytes([2] * 16)].tobytes())
    path.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
    found = saved.load(3)
    assert {digest: vector.tolist() for digest, vector in found.items()} == {
        bytes([1] * 16): [1.0, 1.0, 1.0],
        bytes([3] * 16): [3.0, 3.0, 3.0],
    }
    assert saved.load(4) == {}


class DyingEncoder(HashEncoder):
    """Stops after the first slice, as a build that is killed does."""

    def encode_passages(
        self, texts: Sequence[str], megabatch: int = 2
    ) -> Iterator[tuple[int, Vectors]]:
        for number, found in enumerate(super().encode_passages(texts, megabatch)):
            if number:
                raise KeyboardInterrupt
            yield found


def test_a_build_that_was_stopped_goes_on_where_it_stopped(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    with pytest.raises(KeyboardInterrupt):
        build(source, tmp_path / "index", DyingEncoder(fake.spec.name))
    assert build(source, tmp_path / "index", fake).embedded == 1
    build(source, tmp_path / "scratch", fake)
    assert content_of(tmp_path / "index", fake) == content_of(tmp_path / "scratch", fake)


def test_what_a_killed_build_left_goes_even_where_nothing_has_to_be_built(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    build(source, tmp_path / "index", fake)
    for name in ("spool/vectors", "generation/store.sqlite"):
        left = tmp_path / "index" / "building" / name
        left.parent.mkdir()
        left.write_text("half")
    assert not build(source, tmp_path / "index", fake).published
    assert list((tmp_path / "index" / "building").iterdir()) == []


# --- a real process, killed or out of space ------------------------------------------------------


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "indexer", *map(str, arguments)]


def run(*arguments: object, file_limit: int | None = None) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        if file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    return subprocess.run(
        command(*arguments), cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=limit
    )


def write_lines(path: Path, count: int) -> None:
    lines = [{"_id": str(n), "text": f"Report {n} on {n % 7} borough(s)"} for n in range(count)]
    path.write_text("\n".join(map(json.dumps, lines)))


def saved_vectors(building: Path) -> int:
    """How many vectors a running build has on disk."""
    for path in building.glob("vectors-*.sqlite"):
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])
        except sqlite3.Error:
            return 0
    return 0


def test_a_killed_build_leaves_the_old_index_live_and_embeds_nothing_twice(
    tmp_path: Path, fake: HashEncoder
) -> None:
    lines, index_dir = tmp_path / "lines.jsonl", tmp_path / "index"
    write_lines(lines, 3)
    live = build(lines, index_dir, fake).generation_id
    write_lines(lines, 1500)
    with subprocess.Popen(
        command("build", lines, index_dir), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        deadline = time.monotonic() + 120
        while not (saved := saved_vectors(index_dir / "building")):
            assert child.poll() is None, "the build ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert publishing.current_id(index_dir) == live
    assert open_generation(index_dir).counts.documents == 3
    assert run("check", index_dir).returncode == 0
    again = run("build", lines, index_dir)
    assert again.returncode == 0, again.stderr
    embedded = re.search(r"documents=1500 passages=1500 embedded=(\d+) ", again.stdout)
    assert embedded is not None
    assert saved >= 1000
    assert int(embedded[1]) <= 1497 - saved
    assert list((index_dir / "building").iterdir()) == []


@pytest.mark.parametrize(
    ("file_limit", "part"),
    [
        (20_000, "disk I/O error"),
        (400_000, "File too large"),
        (301 * 1536, "vector index: File too large"),
    ],
)
def test_a_full_disk_is_one_line_and_leaves_the_old_index_whole(
    tmp_path: Path, encoder: BuildEncoder, file_limit: int, part: str
) -> None:
    lines, index_dir = tmp_path / "lines.jsonl", tmp_path / "index"
    write_lines(lines, 300)
    first = build(lines, index_dir, encoder)
    write_lines(lines, 301)
    full = run("build", lines, index_dir, file_limit=file_limit)
    assert (full.returncode, full.stdout) == (1, "")
    (line,) = full.stderr.splitlines()
    assert line.startswith(f"indexer: {index_dir}: the build stopped (")
    assert part in line
    assert line.endswith("then run the same command: it goes on where it stopped")
    assert run("check", index_dir).returncode == 0
    assert publishing.current_id(index_dir) == first.generation_id


def test_a_report_says_what_the_generation_holds(
    tmp_path: Path, source: Path, fake: HashEncoder
) -> None:
    done = build(source, tmp_path / "index", fake)
    opened: Generation = open_generation(tmp_path / "index")
    assert done == BuildReport(opened.generation_id, True, 3, 3, 3, 0, done.seconds)
    assert set(done.seconds) == {
        "scan",
        "plan",
        "read",
        "keyword index",
        "embed",
        "vector index",
        "query encoder",
        "publish",
        "all",
    }
