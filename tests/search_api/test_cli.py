"""python -m search_api: what each command prints, and how it fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.generation import open_generation
from search_api.__main__ import main
from search_api.api_keys import ApiKeys

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "what happened with Operation Connect funding"
ABSENT = 'bobsleigh "zebra stripes"'
CONNECT = "sop-2011-03-17-09-operation-connect.pdf"

Output = pytest.CaptureFixture[str]


def run(capsys: Output, *arguments: str | Path) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def questions(tmp_path: Path, *lines: dict[str, str]) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


# --- search and answer --------------------------------------------------------------------------


def test_search_prints_a_table_best_first(sample_index: Path, capsys: Output) -> None:
    code, out, err = run(capsys, "search", sample_index, QUESTION, "--limit", "3")
    rows = [line.split("\t") for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert rows[0][2:5] == [
        "2011-03-17",
        "Operation Connect: aims, partners and funding",
        CONNECT,
    ]
    assert all(len(row) == 6 for row in rows)


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
def test_search_json_is_what_the_api_answers(sample_index: Path, capsys: Output, mode: str) -> None:
    code, out, _ = run(
        capsys, "search", sample_index, "gangs", "--mode", mode, "--limit", "2", "--json"
    )
    found = json.loads(out)
    assert code == 0
    assert found["mode"] == mode
    assert [result["rank"] for result in found["results"]] == [1, 2]
    assert found["query"] == {
        "q": "gangs",
        "understood": "gangs",
        "repaired": "",
        "did_you_mean": "",
        "expanded": [],
    }


def test_search_that_finds_nothing_says_so_and_succeeds(sample_index: Path, capsys: Output) -> None:
    assert run(capsys, "search", sample_index, "zebra", "--mode", "keyword") == (
        0,
        "",
        "nothing found\n",
    )


def test_answer_prints_status_and_numbered_quotes_with_their_place(
    sample_index: Path, capsys: Output
) -> None:
    code, out, _ = run(capsys, "answer", sample_index, QUESTION)
    first, *quotes = out.splitlines()
    assert code == 0
    assert first.split("\t")[0] == "answered"
    assert 0 <= float(first.split("\t")[1]) <= 1
    place = next(line for line in quotes if "£4.7m" in line and "paragraph 3" in line)
    assert "2011-03-17" in place
    assert "Financial Implications" in place
    assert place.endswith(CONNECT)


def test_answer_json_is_what_the_api_answers(sample_index: Path, capsys: Output) -> None:
    code, out, _ = run(capsys, "answer", sample_index, QUESTION, "--json")
    found = json.loads(out)
    assert (code, found["question"]) == (0, QUESTION)
    assert found["citations"][0]["file"] == CONNECT


def test_answer_says_what_was_searched_in_vain(sample_index: Path, capsys: Output) -> None:
    code, out, _ = run(capsys, "answer", sample_index, ABSENT)
    status, told = out.splitlines()
    assert code == 0
    assert status.startswith("not_found\t")
    assert "searched 18 reports, 2009-09-10 to 2011-03-17, for bobsleigh, zebra stripes" in told


def test_bytes_that_are_no_text_are_searched_as_question_marks(sample_index: Path) -> None:
    finished = subprocess.run(
        [
            os.fsencode(sys.executable),
            *(b"-m", b"search_api", b"search", os.fsencode(sample_index)),
            *(b"gangs \xff\xfe", b"--json"),
        ],
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["query"]["q"] == "gangs ??"


# --- many questions -----------------------------------------------------------------------------


def test_run_prints_trec_lines_for_every_query_in_order(
    sample_index: Path, tmp_path: Path, capsys: Output
) -> None:
    path = questions(
        tmp_path,
        {"_id": "q2", "text": "Operation Connect funding"},
        {"_id": "q1", "text": "community engagement commitment"},
    )
    code, out, err = run(capsys, "run", sample_index, path, "--mode", "hybrid", "--depth", "5")
    lines = [line.split(" ") for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [line[0] for line in lines] == ["q2"] * 5 + ["q1"] * 5
    assert [line[3] for line in lines] == [*"12345", *"12345"]
    assert {(line[1], line[5]) for line in lines} == {("Q0", "archive-search-hybrid")}
    assert lines[0][2] == CONNECT
    for name in ("q1", "q2"):
        scores = [float(line[4]) for line in lines if line[0] == name]
        assert scores == sorted(scores, reverse=True)


def test_answers_prints_one_object_for_each_question(
    sample_index: Path, tmp_path: Path, capsys: Output
) -> None:
    path = questions(
        tmp_path,
        {"id": "connect", "question": QUESTION},
        {"_id": "zebra", "text": ABSENT},
    )
    code, out, _ = run(capsys, "answers", sample_index, path)
    connect, zebra = (json.loads(line) for line in out.splitlines())
    assert code == 0
    assert set(connect) == {"id", "status", "confidence", "sentences", "citations", "took_ms"}
    assert connect["id"] == "connect"
    assert connect["status"] == "answered"
    assert connect["sentences"] == [cited["quote"] for cited in connect["citations"]]
    assert all(
        set(cited) == {"file", "also", "section", "paragraph", "page", "quote", "start", "end"}
        for cited in connect["citations"]
    )
    assert (zebra["id"], zebra["status"]) == ("zebra", "not_found")
    assert (zebra["sentences"], zebra["citations"]) == ([], [])


def test_text_prints_the_stored_text_that_quotes_are_offsets_into(
    sample_index: Path, capsys: Output
) -> None:
    code, out, _ = run(capsys, "text", sample_index, CONNECT)
    store = open_generation(sample_index).store
    document = store.document_of_source(CONNECT)
    assert document is not None
    assert (code, out) == (0, store.document_text(document.document_id).text)


# --- failures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "{absent}", "gangs"),
        ("answer", "{absent}", "gangs"),
        ("run", "{absent}", "{questions}"),
        ("run", "{index}", "{absent}"),
        ("answers", "{index}", "{broken}"),
        ("text", "{index}", "no-such-report.pdf"),
        ("text", "{index}", "\udcff"),
        ("search", "{file}", "gangs"),
    ],
)
def test_a_failure_is_one_line_on_stderr_and_exit_status_one(
    sample_index: Path, tmp_path: Path, capsys: Output, arguments: tuple[str, ...]
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{}\n")
    places = {
        "{absent}": tmp_path / "absent",
        "{index}": sample_index,
        "{questions}": questions(tmp_path, {"id": "a", "text": "gangs"}),
        "{broken}": broken,
        "{file}": broken,
    }
    code, out, err = run(capsys, *(places.get(argument, argument) for argument in arguments))
    assert (code, out) == (1, "")
    assert err.startswith("search_api: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("search",),
        ("search", "index", "q", "--mode", "best"),
        ("run", "i", "q", "--depth", "0"),
    ],
)
def test_wrong_usage_exits_with_two(capsys: Output, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m search_api" in capsys.readouterr().err


def test_a_depth_beyond_all_passages_gives_them_all(
    sample_index: Path, tmp_path: Path, capsys: Output
) -> None:
    asked = tmp_path / "q.jsonl"
    asked.write_text('\ufeff{"_id": "1", "text": "gangs"}\n', encoding="utf-8")
    code, out, _ = run(capsys, "run", sample_index, asked, "--depth", "99999999999999")
    assert code == 0
    assert [int(line.split()[-3]) for line in out.splitlines()] == list(range(1, 19))


def test_a_question_that_is_nested_too_deep_is_one_line(
    sample_index: Path, tmp_path: Path, capsys: Output
) -> None:
    asked = tmp_path / "q.jsonl"
    asked.write_text("[" * 200_000)
    code, _, err = run(capsys, "run", sample_index, asked)
    assert code == 1
    assert err.count("\n") == 1
    assert "line 1: expected an object" in err


def test_a_key_is_shown_once_and_its_limits_are_kept(tmp_path: Path, capsys: Output) -> None:
    keys = tmp_path / "keys.jsonl"
    code, out, _ = run(capsys, "key", keys, "The Daily Paper", "--per-day", "7")
    assert code == 0
    found = ApiKeys(keys).find(out.strip())
    assert found is not None
    assert (found.name, found.per_second, found.per_day) == ("The Daily Paper", 50, 7)
    code, out, err = run(capsys, "key", keys, "The Daily Paper")
    assert (code, out) == (1, "")
    assert "choose another name" in err
