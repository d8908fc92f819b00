"""indexer.table_rows: a row is one line that says what it means."""

from pathlib import Path

import pytest

from indexer import table_rows
from indexer.errors import UnreadableFileError
from indexer.extraction import extract
from indexer.table_rows import header_position, row_lines, separated


def test_each_cell_carries_the_name_of_its_column() -> None:
    rows = [["Body", "Spend", "2011"], ["MPS", "£4.7m", "3"], ["BTP", "", "4"]]
    assert list(row_lines(rows)) == [
        "Body | Spend | 2011",
        "Body: MPS | Spend: £4.7m | 2011: 3",
        "Body: BTP | 2011: 4",
    ]


def test_titles_above_and_notes_below_a_table_stay_as_they_are() -> None:
    rows = [
        ["Spend of the Authority", "", ""],
        ["Body", "Spend", "Year"],
        ["MPS", "4", "2011"],
        ["Total for London", "", ""],
        ["BTP", "5", "2011"],
    ]
    assert list(row_lines(rows)) == [
        "Spend of the Authority",
        "Body | Spend | Year",
        "Body: MPS | Spend: 4 | Year: 2011",
        "Total for London",
        "Body: BTP | Spend: 5 | Year: 2011",
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [["1", "2"], ["3", "4"], ["5", "6"]],  # no names at all
        [["a", "a"], ["3", "4"], ["5", "6"]],  # one name for two columns
        [["a", "b"], ["3", "4"]],  # one row is no table
        [["a", "b"], ["1", "2", "3"], ["1", "2", "3"]],  # a column without a name
        [["2010", "2011"], ["1", "2"], ["1", "2"]],
        [["1992-12-28 06:15:00", "12:30"], ["1", "2"], ["1", "2"]],
        [["x" * 61, "b"], ["1", "2"], ["1", "2"]],  # a sentence
    ],
)
def test_a_table_without_names_keeps_its_rows_as_they_are(rows: list[list[str]]) -> None:
    assert header_position(rows) is None
    assert list(row_lines(rows)) == [" | ".join(row) for row in rows]


def test_a_date_is_printed_without_its_midnight() -> None:
    assert list(row_lines([["2010-02-01 00:00:00", "x"]])) == ["2010-02-01 | x"]


def test_more_rows_than_anybody_reads_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_rows, "MAX_ROWS", 3)
    with pytest.raises(UnreadableFileError, match="too large: a table of more than 3 rows"):
        list(row_lines([["a"]] * 4))


def test_glued_cells_of_an_rtf_table_are_put_apart() -> None:
    text = "Before\nRow 1 Cell 1\nAfter Row 1 Cell 1"
    assert separated(text, [[["Row 1", "Cell 1"]]]) == "Before\nRow 1 | Cell 1\nAfter Row 1 Cell 1"


def test_lines_that_happen_to_hold_commas_are_no_table(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_text("Lorem, ipsum\ndolor\namet\nadipiscing\n")
    assert extract(path).text == "Lorem, ipsum\ndolor\namet\nadipiscing\n"


def test_a_quote_that_never_closes_loses_no_text(tmp_path: Path) -> None:
    path = tmp_path / "spend.csv"
    path.write_text('Body,Spend\n"MPS,' + "x" * 200_000)
    assert extract(path).text.startswith('Body,Spend\n"MPS,xxx')
