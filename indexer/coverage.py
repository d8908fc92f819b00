"""What an archive holds, what of it can be searched, and what cannot and why."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from indexer.passage_store import Counts
from indexer.records import Document, FileRecord, FileStatus


class Counted(Protocol):
    """What coverage needs of an archive; a Generation has it."""

    @property
    def generation_id(self) -> str:
        """The id that responses carry."""

    @property
    def counts(self) -> Counts:
        """How much the archive holds."""

    def documents(self) -> Iterator[Document]:
        """Yield every document."""

    def files(self, status: FileStatus | None = None) -> Iterator[FileRecord]:
        """Yield what became of each file, by name."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """held = searchable + duplicate + unread, in files (or lines of a .jsonl)."""

    generation_id: str
    held: int
    searchable: int
    duplicate: int
    unread: int
    documents: int
    passages: int
    date_from: str
    date_to: str
    unread_files: tuple[FileRecord, ...]
    duplicate_files: tuple[FileRecord, ...]
    by_body: dict[str, int]
    by_month: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return it as the command line and the API show it."""
        return {
            "generation": self.generation_id,
            "held": self.held,
            "searchable": self.searchable,
            "duplicate": self.duplicate,
            "unread": self.unread,
            "documents": self.documents,
            "passages": self.passages,
            "date_from": self.date_from,
            "date_to": self.date_to,
            "unread_files": _files(self.unread_files),
            "duplicate_files": _files(self.duplicate_files),
            "by_body": _values(self.by_body),
            "by_month": _values(self.by_month),
        }


def coverage_of(generation: Counted) -> Coverage:
    """Return the coverage of a generation; "" stands for an unknown body or month."""
    counts = generation.counts
    bodies: Counter[str] = Counter()
    months: Counter[str] = Counter()
    for document in generation.documents():
        bodies[document.body] += 1
        months[document.date[:7]] += 1
    return Coverage(
        generation_id=generation.generation_id,
        held=counts.files,
        searchable=counts.searchable,
        duplicate=counts.duplicate,
        unread=counts.unread,
        documents=counts.documents,
        passages=counts.passages,
        date_from=counts.date_from,
        date_to=counts.date_to,
        unread_files=tuple(generation.files(FileStatus.UNREAD)),
        duplicate_files=tuple(generation.files(FileStatus.DUPLICATE)),
        by_body=dict(sorted(bodies.items(), key=lambda item: (-item[1], item[0]))),
        by_month=dict(sorted(months.items())),
    )


def _files(records: tuple[FileRecord, ...]) -> list[dict[str, str]]:
    return [{"file": record.source_id, "reason": record.reason} for record in records]


def _values(counts: dict[str, int]) -> list[dict[str, object]]:
    return [{"value": value, "count": count} for value, count in counts.items()]
