"""The state of a report page, which is its URL."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from search_api.errors import BadRequestError
from search_api.requests import MAX_QUERY_CHARS, sendable


@dataclass(frozen=True, slots=True)
class ReportAddress:
    """What the parameters hold, as written: reading them never fails.

    `start` and `end` are the quoted place; `find` is searched within the report and `hit` the
    number of the place to go to; `page` leads to a printed page; `part` is "all" or a part of a
    report that is long; `beside` is "1" where the original is shown beside the text.
    """

    path: str
    start: str = ""
    end: str = ""
    find: str = ""
    hit: str = ""
    page: str = ""
    part: str = ""
    beside: str = ""

    @classmethod
    def of(cls, path: str, query: Mapping[str, str]) -> "ReportAddress":
        """Read the parameters; unknown ones are left alone."""
        known = [field.name for field in fields(cls) if field.name != "path"]
        return cls(path, **{name: sendable(query[name]) for name in known if name in query})

    def quoted(self, characters: int) -> tuple[int, int]:
        """Return [start, end), or (0, 0) where they name no place in a text so long."""
        start, end = number(self.start), number(self.end)
        if start is None or end is None or not start < end <= characters:
            return (0, 0)
        return start, end

    def wanted(self) -> str:
        """Return what is searched within the report; raises BadRequestError where it is long."""
        if len(self.find) > MAX_QUERY_CHARS:
            message = f"{len(self.find)} characters; expected {MAX_QUERY_CHARS} at most"
            raise BadRequestError("find", self.find[:64], message)
        return self.find.strip()

    def url(self, fragment: str = "", **changes: str) -> str:
        """Return the address with some parameters changed."""
        changed = replace(self, **changes)
        given = {
            field.name: value
            for field in fields(self)
            if field.name != "path" and (value := getattr(changed, field.name))
        }
        query = f"?{urlencode(given)}" if given else ""
        return f"{self.path}{query}{'#' if fragment else ''}{fragment}"


def number(written: str) -> int | None:
    """Return a whole number from 0, None for anything else."""
    is_number = written.isascii() and written.isdigit() and len(written) < 12
    return int(written) if is_number else None
