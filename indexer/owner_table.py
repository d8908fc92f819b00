"""What an owner says of the reports: a table beside them that corrects what was found, and wins.

`metadata.csv` at the top of SOURCE has a line for each report and the column `file` (the name that
`list` prints) with any of the other COLUMNS. An empty cell leaves a value as it was found, "-" says
that it is not known. `metadata.toml` has a table for each report, under the same names. What is
wrong in it is listed by line; the rest of it counts, and the build goes on.
"""

import csv
import hashlib
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from indexer.dates import precise
from indexer.errors import UnreadableFileError
from indexer.plain_text import clean
from indexer.records import Document, Origin
from indexer.text_encoding import decode

FILE_NAMES = ("metadata.csv", "metadata.toml")
COLUMNS = {
    "title": "title",
    "date": "date",
    "body": "body",
    "committee": "committee",
    "type": "doc_type",
    "number": "report_number",
    "author": "author",
    "url": "source_url",
    "archived_url": "archived_url",
    "language": "language",
}
_UNKNOWN = "-"
_MAX_BYTES = 64 * 1024 * 1024
_MAX_CHARS = 2000  # of one value
_MAX_PROBLEMS = 1000  # listed; more say the same


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the table that could not be used; line 0 is the table as a whole."""

    file: str
    line: int
    problem: str

    def to_json(self) -> dict[str, str | int]:
        """Return it as coverage shows it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class OwnerTable:
    """The rows of the table by file. `digest` tells one version of it from another."""

    name: str = ""
    digest: str = ""
    rows: Mapping[str, _Row] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def applied(self, document: Document) -> Document:
        """Return the document with what the owner says of it."""
        row = self.rows.get(document.source_id)
        if row is None:
            return document
        origins = document.origins | {name: str(Origin.OWNER) for name in row.values}
        values: dict[str, Any] = {**row.values, "origins": origins}
        return replace(document, **values)

    def unused(self, held: Mapping[str, str]) -> tuple[Problem, ...]:
        """Return the rows that describe no document; `held` says what became of each file."""
        found = []
        for file, row in self.rows.items():
            if file not in held:
                near = _nearest(file, held)
                wrote = f"; did you mean {near!r}?" if near else ""
                problem = f"no such file: {file!r}{wrote} Write it as `list` prints it"
                found.append(Problem(self.name, row.line, problem))
            elif held[file]:
                problem = f"{file!r} is not a report by itself: {held[file]}; describe that one"
                found.append(Problem(self.name, row.line, problem))
        return tuple(found[:_MAX_PROBLEMS])


def read_owner_table(source: Path) -> OwnerTable:
    """Return the table of a folder of reports, an empty one where there is none."""
    paths = [source / name for name in FILE_NAMES if source.is_dir()]
    present = [path for path in paths if path.is_file()]
    if not present:
        return OwnerTable()
    path, others = present[0], present[1:]
    problems = [
        Problem(other.name, 0, f"not read: {path.name} is there too; keep one of them")
        for other in others
    ]
    digest = ""
    rows: dict[str, _Row] = {}
    try:
        content = path.read_bytes()
        marked = b"\0".join([content, *(other.name.encode() for other in others)])
        digest = hashlib.sha256(marked).hexdigest()
        if len(content) > _MAX_BYTES:
            raise _TableError(0, f"too large: expected at most {_MAX_BYTES // 2**20} MB")
        read = _csv_rows if path.suffix == ".csv" else _toml_rows
        for file, line, cells in read(decode(content)):
            if not file:
                problems.append(Problem(path.name, line, "no file named in this line"))
            elif file in rows:
                first = rows[file].line
                problem = f"{file!r} is described in line {first} already, which counts"
                problems.append(Problem(path.name, line, problem))
            else:
                values, wrong = _values(cells)
                problems += [Problem(path.name, line, one) for one in wrong]
                rows[file] = _Row(line, values)
    except _TableError as error:
        problems.append(Problem(path.name, error.line, str(error)))
    except UnreadableFileError as error:
        problems.append(Problem(path.name, 0, str(error)))
    except OSError as error:
        problems.append(Problem(path.name, 0, f"cannot be opened: {error.strerror or error}"))
    return OwnerTable(path.name, digest, rows, tuple(problems[:_MAX_PROBLEMS]))


class _TableError(Exception):
    """The table cannot be read from `line` on."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


_Cells = Iterator[tuple[str, int, dict[str, str]]]


def _csv_rows(text: str) -> _Cells:
    """Yield (file, line, cells by column) for each line below the one with the names."""
    header, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        names = [name.strip().casefold() for name in next(reader, [])]
        if "file" not in names:
            raise _TableError(
                1,
                "no column `file`; expected a first line such as "
                f"`file,title,date`, with any of {', '.join(COLUMNS)}. "
                "A report of this name: give it another",
            )
        for line in reader:
            if not any(cell.strip() for cell in line):
                continue
            cells = dict(zip(names, map(str.strip, line), strict=False))
            if len(line) > len(names):
                cells["more cells than columns"] = line[len(names)]
            yield _name(cells.pop("file")), reader.line_num, cells
    except csv.Error as error:
        raise _TableError(reader.line_num, f"not a table ({error}); save it as CSV") from error


def _toml_rows(text: str) -> _Cells:
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        match = re.search(r"at line (\d+)", str(error))
        last = text.rstrip().count("\n") + 1  # "at end of document"
        raise _TableError(int(match[1]) if match else last, f"not TOML: {error}") from error
    for file, cells in found.items():
        match = re.search(rf"^\s*\[\s*[\"']?{re.escape(file)}[\"']?\s*\]", text, re.MULTILINE)
        line = text[: match.start()].count("\n") + 1 if match else 0
        if not isinstance(cells, dict):
            raise _TableError(line, f'{file!r} is no table; expected ["name of a file"]')
        yield _name(file), line, {name.casefold(): str(value) for name, value in cells.items()}


def _name(written: str) -> str:
    return written.strip().replace("\\", "/").removeprefix("./")


def _values(cells: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the values of a row by the field they are for, and what is wrong with the others."""
    values: dict[str, str] = {}
    wrong: list[str] = []
    for column, cell in cells.items():
        value = " ".join(clean(cell).split())
        if not value:
            continue
        name = COLUMNS.get(column)
        if name is None:
            expected = ", ".join(COLUMNS)
            wrong.append(f"unknown column {column[:60]!r}: {value[:60]!r}; expected {expected}")
        elif value == _UNKNOWN and name != "title":
            values[name] = ""
        elif name == "date" and not precise(value):
            wrong.append(f"{value[:60]!r} is no date; expected 2011-03-17, 2011-03 or 2011")
        elif name.endswith("_url") and not re.fullmatch(r"https?://\S+", value):
            wrong.append(f"{value[:60]!r} is no address; expected http://… or https://…")
        elif len(value) > _MAX_CHARS:
            wrong.append(f"{column} has {len(value)} characters; expected at most {_MAX_CHARS}")
        else:
            values[name] = value
    return values, wrong


def _nearest(file: str, held: Mapping[str, str]) -> str:
    """Return the one held file with the same last name, "" where there is none or more."""
    last = file.rsplit("/", 1)[-1].casefold()
    found = [name for name in held if name.rsplit("/", 1)[-1].casefold() == last]
    return found[0] if len(found) == 1 else ""
