"""indexer.passage_store: what is written is what is read."""

import gc
import hashlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.passage_store import Counts, PassageStore
from indexer.records import (
    Block,
    BlockKind,
    Document,
    DocumentText,
    FileRecord,
    FileStatus,
    Filters,
    Passage,
)
from indexer.store_writer import StoreWriter

Item = tuple[Document, DocumentText, list[tuple[Passage, bytes]]]


def item(name: str, text: str, *cuts: int, date: str = "", body: str = "", row: int = 0) -> Item:
    """One document, cut at `cuts`; its first passage has `row`."""
    document = Document(f"id-{name}", name, f"sha-{name}", "txt", f"Title {name}", date, body)
    bounds = [0, *cuts, len(text)]
    blocks = tuple(
        Block(start, end, BlockKind.PARAGRAPH, ("A. “Costs”", f"s{start}"), str(number))
        for number, (start, end) in enumerate(pairwise(bounds), 1)
    )
    passages = [
        (
            Passage(
                row=row + number,
                document_id=document.document_id,
                start=block.start,
                end=block.end,
                text=text[block.start : block.end],
                section=block.section,
                paragraph=block.paragraph,
                page=None if number == 0 else number,
                sentences=((block.start, block.end),) if number else (),
            ),
            hashlib.sha256(f"{name}{number}".encode()).digest()[:16],
        )
        for number, block in enumerate(blocks)
    ]
    return document, DocumentText(text, (0, *cuts), blocks), passages


def store_of(folder: Path, *items: Item, files: tuple[FileRecord, ...] = ()) -> PassageStore:
    writer = StoreWriter(folder)
    for document, text, passages in items:
        writer.add_document(document, text, passages)
    writer.add_files(files)
    writer.close()
    return PassageStore(folder)


FILES = (
    FileRecord("b.pdf", "22", 7, FileStatus.UNREAD, "encrypted: …", ()),
    FileRecord("a.txt", "11", 5, FileStatus.SEARCHABLE, "", ("id-a.txt",)),
    FileRecord("c.txt", "11", 5, FileStatus.DUPLICATE, "same content as a.txt", ("id-a.txt",)),
)
A = item("a.txt", "One. Two. Three.", 5, 10, date="2011-03-17", body="MPA")
B = item("b.txt", "Four.", date="2012-01-01", body="GLA", row=3)
C = item("c.txt", "Five. Six.", 6, body="MPA", row=4)


@pytest.fixture
def store(tmp_path: Path) -> PassageStore:
    return store_of(tmp_path, A, B, C, files=FILES)


def test_documents_come_back_as_they_were_written(store: PassageStore) -> None:
    assert list(store.documents()) == [A[0], B[0], C[0]]
    assert store.document_ids(1, 5) == [B[0].document_id, C[0].document_id]
    assert store.document_ids(0, 1) == [A[0].document_id]
    assert store.document("id-b.txt") == B[0]
    assert store.document_of_source("c.txt") == C[0]
    assert store.document_text("id-a.txt") == A[1]


def test_passages_come_back_in_the_order_that_is_asked_for(store: PassageStore) -> None:
    wanted = [C[2][1][0], A[2][0][0], C[2][1][0], B[2][0][0]]
    assert store.passages([5, 0, 5, 3]) == wanted
    assert store.passages([]) == []
    assert store.passages_of("id-a.txt") == A[2]
    assert store.passages_of("absent") == []


def test_what_is_not_there_is_none_or_a_key_error(store: PassageStore) -> None:
    assert store.document("absent") is None
    assert store.document_of_source("absent") is None
    with pytest.raises(KeyError):
        store.document_text("absent")
    with pytest.raises(KeyError):
        store.block_at("absent", 0)
    with pytest.raises(KeyError):
        store.passages([0, 99])


def test_each_row_knows_its_document(store: PassageStore) -> None:
    positions = store.document_positions
    assert positions.tolist() == [0, 0, 0, 1, 2, 2]
    assert store.documents_at([2, 0, 2]) == [C[0], A[0], C[0]]
    assert store.labels("date") == [written[0].date for written in (A, B, C)]


def test_digests_lead_to_a_row_with_that_text(store: PassageStore) -> None:
    digests = [digest for written in (A, B, C) for _, digest in written[2]]
    assert store.embedded_digests() == {digest: row for row, digest in enumerate(digests)}


def test_counts_say_how_much_is_held(store: PassageStore) -> None:
    assert store.counts() == Counts(
        documents=3,
        passages=6,
        files=3,
        searchable=1,
        duplicate=1,
        unread=1,
        date_from="2011-03-17",
        date_to="2012-01-01",
    )


def test_an_empty_store_counts_nothing(tmp_path: Path) -> None:
    store = store_of(tmp_path)
    assert store.counts() == Counts(0, 0, 0, 0, 0, 0, "", "")
    assert store.document_positions.tolist() == []
    assert store.rows_of(Filters()).tolist() == []


def test_files_are_listed_by_name_and_by_status(store: PassageStore) -> None:
    unread, searchable, duplicate = FILES
    assert list(store.files()) == [searchable, unread, duplicate]
    assert list(store.files(FileStatus.UNREAD)) == [FILES[0]]


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        (Filters(), [0, 1, 2, 3, 4, 5]),
        (Filters(body="MPA"), [0, 1, 2, 4, 5]),
        (Filters(body="mpa"), []),
        (Filters(date_from="2011-03-17"), [0, 1, 2, 3]),
        (Filters(date_from="2011-03-18"), [3]),
        (Filters(date_to="2011-03-17"), [0, 1, 2]),
        (Filters(date_to="2011-03-16"), []),
        (Filters(date_from="2011-01-01", date_to="2012-12-31", body="GLA"), [3]),
        (Filters(date_from="2013-01-01", date_to="2010-01-01"), []),
        (Filters(doc_type="minutes"), []),
        (Filters(committee="'; DROP TABLE passages; --"), []),
    ],
)
def test_rows_of_filters_leave_unknown_dates_outside_any_range(
    store: PassageStore, filters: Filters, rows: list[int]
) -> None:
    assert store.rows_of(filters).tolist() == rows


def test_more_rows_than_one_statement_takes(tmp_path: Path) -> None:
    text = "x" * 1300
    document, document_text, passages = item("long.txt", text, *range(1, 1300))
    store = store_of(tmp_path, (document, document_text, passages))
    rows = list(reversed(range(1300)))
    assert store.passages(rows) == [passage for passage, _ in reversed(passages)]
    assert store.documents_at([0] * 1300) == [document] * 1300


_TEXT = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
    | st.sampled_from("🙂👩‍👩‍👧é\u0301\ufeff\u200b\r\n£’"),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(text=_TEXT, data=st.data())
def test_a_passage_is_the_slice_of_its_document_whatever_the_letters(
    text: str, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text)), max_size=4)) - {len(text)})
    written = item("x.txt", text, *cuts)
    with tempfile.TemporaryDirectory() as folder:
        store = store_of(Path(folder), written)
        found = store.passages(range(len(cuts) + 1))
        read_back = store.document_text("id-x.txt")
        placed = [store.block_at("id-x.txt", offset) for offset in range(len(text))]
    assert read_back == written[1]
    assert placed == [(read_back.block_at(at), read_back.page_at(at)) for at in range(len(text))]
    assert found == [passage for passage, _ in written[2]]
    assert all(passage.text == read_back.text[passage.start : passage.end] for passage in found)


def test_threads_read_one_store_at_once(store: PassageStore) -> None:
    expected = {
        row: passage for written in (A, B, C) for passage, _ in written[2] for row in [passage.row]
    }

    def read(number: int) -> bool:
        row = number % 6
        passage = store.passages([row])[0]
        text = store.document_text(passage.document_id).text
        return passage == expected[row] and passage.text == text[passage.start : passage.end]

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(read, range(600)))


def test_a_store_stays_readable_after_its_file_is_deleted(tmp_path: Path) -> None:
    store = store_of(tmp_path, A)
    for path in tmp_path.iterdir():
        path.unlink()
    assert store.passages([2]) == [A[2][2][0]]


def test_a_store_that_nobody_holds_closes_its_file_at_once(tmp_path: Path) -> None:
    opened = store_of(tmp_path, item("a", "Still here."))
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("NOT CHECKED: this system does not list the open files of a process")

    def is_open() -> bool:
        links = [path.readlink() for path in descriptors.iterdir() if path.is_symlink()]
        return tmp_path / "store.sqlite" in links

    gc.disable()
    try:
        assert is_open()
        del opened
        assert not is_open()
    finally:
        gc.enable()


def test_two_writings_of_the_same_have_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        store_of(tmp_path / name, A, B, C, files=FILES)
        written.append([path.read_bytes() for path in sorted((tmp_path / name).iterdir())])
    assert written[0] == written[1]
