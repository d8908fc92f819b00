"""indexer.owner_table: an owner's word wins, and what is wrong with it is named by line."""

from pathlib import Path

import pytest

from indexer.owner_table import OwnerTable, read_owner_table
from indexer.records import Document

REPORT = Document(
    "d", "files/a.pdf", "", "pdf", "Found", date="2011-03-17", body="MPA", origins={"title": "text"}
)


def table(folder: Path, content: str | bytes, name: str = "metadata.csv") -> OwnerTable:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_owner_table(folder)


def test_a_folder_without_a_table_changes_nothing(tmp_path: Path) -> None:
    found = read_owner_table(tmp_path)
    assert found == OwnerTable()
    assert found.applied(REPORT) is REPORT


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.csv", 'file,title,date,type\nfiles/a.pdf,"A, title",2010-07,letter\n'),
        (
            "metadata.csv",
            "\ufefffile;title;date;type\r\n./files/a.pdf;A, title;2010-07;letter",
        ),
        (
            "metadata.csv",
            "File\tTitle\tDate\tType\nfiles\\a.pdf\tA, title\t2010-07\tletter\n",
        ),
        (
            "metadata.toml",
            '["files/a.pdf"]\ntitle = "A, title"\ndate = "2010-07"\ntype = "letter"\n',
        ),
    ],
)
def test_what_the_owner_says_wins_and_says_so(tmp_path: Path, name: str, content: str) -> None:
    found = table(tmp_path, content, name)
    assert found.problems == ()
    described = found.applied(REPORT)
    assert (described.title, described.date, described.doc_type) == (
        "A, title",
        "2010-07",
        "letter",
    )
    assert described.body == "MPA"
    assert described.origins == dict.fromkeys(("title", "date", "doc_type"), "owner's table")


def test_an_empty_cell_leaves_a_value_and_a_dash_takes_it_away(tmp_path: Path) -> None:
    described = table(tmp_path, "file,date,body\nfiles/a.pdf,,-\n").applied(REPORT)
    assert (described.date, described.body) == ("2011-03-17", "")
    assert described.origins["body"] == "owner's table"


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("title,date\nx,2011\n", 1, "no column `file`"),
        ("file,colour\nfiles/a.pdf,red\n", 2, "unknown column 'colour': 'red'; expected title"),
        (
            "file,date\nfiles/a.pdf,2010\nfiles/b.pdf,17/3/2011\n",
            3,
            "is no date; expected 2011",
        ),
        ("file,date\nfiles/a.pdf,2011-02-30\n", 2, "'2011-02-30' is no date"),
        ("file,title\nfiles/a.pdf,A\nfiles/a.pdf,B\n", 3, "is described in line 2 already"),
        ("file,title\n,A\n", 2, "no file named in this line"),
        ("file,title\nfiles/a.pdf,A,B\n", 2, "'more cells than columns': 'B'"),
        ("file,url\nfiles/a.pdf,javascript:alert(1)\n", 2, "is no address; expected http"),
        ('file,title\nfiles/a.pdf,"' + "x" * 200_000 + '"\n', 2, "not a table (field larger"),
        (f"file,title\nfiles/a.pdf,{'x' * 3000}\n", 2, "title has 3000 characters"),
    ],
)
def test_what_is_wrong_is_named_by_line(tmp_path: Path, content: str, line: int, said: str) -> None:
    (problem,) = table(tmp_path, content).problems
    assert (problem.file, problem.line) == ("metadata.csv", line)
    assert said in problem.problem


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ('["a.pdf"]\ntitle = "x', 2, "not TOML"),
        ('["b.pdf"]\ntitle = "x"\n["a.pdf"]\ndate = "soon"\n', 3, "'soon' is no date"),
        ('title = "x"\n', 0, "'title' is no table"),
    ],
)
def test_a_toml_table_is_named_by_line_too(
    tmp_path: Path, content: str, line: int, said: str
) -> None:
    (problem,) = table(tmp_path, content, "metadata.toml").problems
    assert (problem.line, problem.file) == (line, "metadata.toml")
    assert said in problem.problem


def test_the_rest_of_a_table_counts_where_a_part_of_it_is_wrong(tmp_path: Path) -> None:
    found = table(tmp_path, "file,date,title\nfiles/a.pdf,soon,Better\n,x,y\n")
    assert found.applied(REPORT).title == "Better"
    assert found.applied(REPORT).date == "2011-03-17"
    assert [problem.line for problem in found.problems] == [2, 3]


def test_rows_for_what_is_not_a_report_are_told(tmp_path: Path) -> None:
    found = table(tmp_path, "file,title\nfiles/a.pdf,A\nA.PDF,B\nelse.txt,C\ncopy.pdf,D\n")
    held = {"files/a.pdf": "", "copy.pdf": "same content as files/a.pdf"}
    problems = {problem.line: problem.problem for problem in found.unused(held)}
    assert list(problems) == [3, 4, 5]
    assert "did you mean 'files/a.pdf'?" in problems[3]
    assert "did you mean" not in problems[4]
    assert "same content as files/a.pdf; describe that one" in problems[5]


def test_of_two_tables_one_counts_and_that_is_told(tmp_path: Path) -> None:
    table(tmp_path, '["files/a.pdf"]\ntitle = "from toml"\n', "metadata.toml")
    found = table(tmp_path, "file,title\nfiles/a.pdf,from csv\n")
    assert found.applied(REPORT).title == "from csv"
    assert [problem.file for problem in found.problems] == ["metadata.toml"]


def test_another_version_of_the_table_has_another_digest(tmp_path: Path) -> None:
    one = table(tmp_path, "file,title\nfiles/a.pdf,A\n").digest
    assert one
    assert one != table(tmp_path, "file,title\nfiles/a.pdf,B\n").digest


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"file\n" * 3, b"\x80,\n\x81", b'"'])
def test_no_table_stops_a_build(tmp_path: Path, content: bytes) -> None:
    for name in ("metadata.csv", "metadata.toml"):
        found = table(tmp_path, content, name)
        assert found.applied(REPORT).source_id == "files/a.pdf"
