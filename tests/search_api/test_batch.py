"""search_api.batch: question files in either spelling, and TREC runs."""

from pathlib import Path

import pytest

from indexer.generation import Generation, open_generation
from search_api.batch import read_questions, trec_run
from search_api.errors import SearchError
from search_api.responses import Mode


@pytest.fixture(scope="module")
def reader(sample_index: Path) -> Generation:
    return open_generation(sample_index)


def questions(folder: Path, *lines: str) -> list[tuple[str, str]]:
    path = folder / "questions.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return list(read_questions(path))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"id": "a", "question": "who?"}', ("a", "who?")),
        ('{"_id": "b", "text": "why?"}', ("b", "why?")),
        ('{"id": 7, "text": "why?"}', ("7", "why?")),
        ('{"_id": "c", "question": "who?"}', ("c", "who?")),
        ('{"_id": "d", "text": "the query", "question": "the question"}', ("d", "the query")),
        ('{"id": "e", "text": "the query", "question": "the question"}', ("e", "the question")),
        ('{"id": "f", "question": "half \\ud800"}', ("f", "half ?")),
    ],
)
def test_an_id_and_a_question_are_read_in_either_spelling(
    tmp_path: Path, line: str, expected: tuple[str, str]
) -> None:
    assert questions(tmp_path, line) == [expected]


def test_blank_lines_are_skipped_and_the_order_is_kept(tmp_path: Path) -> None:
    lines = ('{"id": "b", "text": "x"}', "", "  ", '{"id": "a", "text": "y"}')
    assert questions(tmp_path, *lines) == [("b", "x"), ("a", "y")]


@pytest.mark.parametrize(
    "line",
    ["no json", "[]", "3", '{"id": "a"}', '{"text": "x"}', "{", '{"id": "a", "text": null}'],
)
def test_a_line_that_is_no_question_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(SearchError, match=r"questions\.jsonl, line 2: expected an object with id"):
        questions(tmp_path, '{"id": "a", "text": "x"}', line)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match=r"absent\.jsonl: cannot be read"):
        list(read_questions(tmp_path / "absent.jsonl"))


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "binary.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SearchError, match=r"binary\.jsonl: cannot be read"):
        list(read_questions(path))


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
def test_a_run_names_each_document_once_by_its_best_passage(reader: Generation, mode: Mode) -> None:
    lines = [
        line.split() for line in trec_run(reader, "q1", "Operation Connect funding", mode, 100)
    ]
    assert all(
        (name, q0, tag) == ("q1", "Q0", f"archive-search-{mode}")
        for name, q0, _, _, _, tag in lines
    )
    documents = [line[2] for line in lines]
    assert documents[0] == "sop-2011-03-17-09-operation-connect.pdf"
    assert len(documents) == len(set(documents))
    assert [int(line[3]) for line in lines] == list(range(1, len(lines) + 1))
    scores = [float(line[4]) for line in lines]
    assert scores == sorted(scores, reverse=True)


def test_a_run_is_cut_at_its_depth(reader: Generation) -> None:
    full = list(trec_run(reader, "q", "community engagement", "hybrid", 100))
    assert list(trec_run(reader, "q", "community engagement", "hybrid", 3)) == full[:3]


def test_a_question_without_words_has_no_lines(reader: Generation) -> None:
    assert list(trec_run(reader, "q", "???", "hybrid", 10)) == []
