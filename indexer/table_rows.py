"""How are spreadsheets and .csv files read?

One line a row, so that a row is found and quoted as a whole. Where a table names its columns, each
cell carries the name of its column: "Body: MPS | Amount: £40". A row then says what it means
wherever it is found, and empty cells need not be printed.
"""

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from indexer.errors import Help, UnreadableFileError
from indexer.plain_text import TextBuilder, clean, table_row
from indexer.records import Extraction
from indexer.text_encoding import decode

MAX_ROWS = 200_000
_MAX_HEADER_CHARS = 60  # a longer one is a sentence, and would drown what is in the row
_HEADER_WITHIN = 10  # rows: titles and notes may stand above the names of the columns
_MAX_HEADERS_CHARS = 600  # of all columns together: each row would repeat them
_YEAR = re.compile(r"(?:19|20)\d\d(?:[-/–]\d{2,4})?")
_MIDNIGHT = re.compile(r"(?<=\d{4}-\d\d-\d\d) 00:00:00$")  # a date as spreadsheets store it


def read_csv(path: Path) -> Extraction:
    """Return the rows of a .csv or .tsv file."""
    source = clean(decode(path.read_bytes()))
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(source[:8192], ",;\t|")
    except csv.Error:
        dialect = csv.excel_tab if path.suffix.lower() == ".tsv" else csv.excel
    builder = TextBuilder()
    try:
        rows = list(itertools.islice(csv.reader(io.StringIO(source), dialect), MAX_ROWS + 1))
    except csv.Error:  # a quote that never closes, or a field over 128 KB
        return Extraction(source, "csv")
    if 2 * sum(len(row) == 1 for row in rows) > len(rows):
        return Extraction(source, "csv")  # lines of text that happen to hold commas
    for line in row_lines(rows):
        builder.add_line(line)
    return Extraction(builder.text, "csv")


def row_lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield one line for each row of a table.

    Raises UnreadableFileError for more rows than anybody reads.
    """
    if len(rows) > MAX_ROWS:
        raise UnreadableFileError(
            f"too large: a table of more than {MAX_ROWS:,} rows; so many are read", Help.SPLIT
        )
    found = header_position(rows)
    names: Sequence[str] = () if found is None else [_one_line(cell) for cell in rows[found]]
    for position, row in enumerate(rows):
        if found is None or position <= found:
            yield table_row(map(_one_line, row))
        else:
            yield _named(row, names)


def header_position(rows: Sequence[Sequence[str]]) -> int | None:
    """Return which row names the columns, None where no row surely does.

    It is the first row that fills all columns of those below it, with short, different texts (or
    years), and at least two rows that fill more than one column follow it.
    """
    for position, row in enumerate(rows[:_HEADER_WITHIN]):
        cells = [_one_line(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) < 2 or not _are_names(cells):
            continue
        below = rows[position + 1 : position + 101]
        if any(_one_line(cell) for row in below for cell in row[len(cells) :]):
            continue
        full = sum(sum(bool(_one_line(cell)) for cell in row) > 1 for row in below)
        if full >= 2 and 2 * full >= len(below):
            return position
    return None


def _are_names(cells: Sequence[str]) -> bool:
    return (
        all(0 < len(cell) <= _MAX_HEADER_CHARS for cell in cells)
        and sum(map(len, cells)) <= _MAX_HEADERS_CHARS
        and all(re.search(r"[^\W\d_]", cell) or _YEAR.fullmatch(cell) for cell in cells)
        and not all(_YEAR.fullmatch(cell) for cell in cells)
        and len({cell.casefold() for cell in cells}) == len(cells)
    )


def _named(row: Sequence[str], names: Sequence[str]) -> str:
    cells = [_one_line(cell) for cell in row]
    if sum(map(bool, cells)) < 2:  # a heading between the rows, or a note below them
        return table_row(cells)
    return table_row(
        f"{name.rstrip(' :')}: {cell}"
        for name, cell in itertools.zip_longest(names, cells, fillvalue="")
        if cell
    )


def _one_line(cell: str) -> str:
    return _MIDNIGHT.sub("", " ".join(clean(cell).split()))


def separated(text: str, tables: Iterable[Sequence[Sequence[str]]]) -> str:
    """Return `text` with the cells of its tables apart where they were glued with a space.

    kreuzberg writes the rows of a .rtf table like any other line, and lists the cells beside it.
    """
    apart = {
        " ".join(cells): table_row(cells)
        for rows in tables
        for row in rows
        if len(cells := [_one_line(cell) for cell in row]) > 1
    }
    return "\n".join(apart.get(line.strip(), line) for line in text.split("\n"))
