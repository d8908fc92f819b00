"""What an archive holds, what of it can be searched, and what cannot and why.

Nothing is left out of the count: held = searchable + duplicate + unread, in files, lines of a
.jsonl and parts of containers. Each duplicate and each unread file has its reason.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Protocol

from indexer.dates import months_between
from indexer.passage_store import Counts
from indexer.records import Document, FileRecord, FileStatus

_MIN_SERIES_MONTHS = 4  # with a report, before a body is taken to report in a series
_POOR_OCR = 0.75  # below this many words are wrong


@dataclass(frozen=True, slots=True)
class Gap:
    """Months in which the archive holds no report of a body, longer than is usual between two.

    `usual` is the median number of months from one month with a report to the next. The body may
    not have met, or not have published; the reports may be undated or not be held.
    """

    body: str
    first: str
    last: str
    months: int
    usual: float


@dataclass(frozen=True, slots=True)
class OcrQuality:
    """How many documents were recognised from pictures, and how sure the recogniser was."""

    documents: int
    mean_confidence: float | None
    poor: int


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

    def near_duplicates(self) -> int:
        """Return how many documents are nearly the same as another."""

    def owner_problems(self) -> list[dict[str, str | int]]:
        """Return what in the owner's table could not be used."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """held = searchable + duplicate + unread: files, lines of a .jsonl, parts of containers.

    Containers that were opened are counted beside. `near_duplicates` are documents that are
    searchable, and nearly the same as one before them. `incomplete_files` can be searched, but not
    all of their pages. `by_help` counts what would help to read the rest. `recognised` are the
    documents whose text was recognised from pictures, and how sure that was, least sure first.
    """

    generation_id: str
    held: int
    searchable: int
    duplicate: int
    unread: int
    documents: int
    passages: int
    near_duplicates: int
    date_from: str
    date_to: str
    unread_files: tuple[FileRecord, ...]
    duplicate_files: tuple[FileRecord, ...]
    by_body: dict[str, int]
    by_type: dict[str, int]
    by_month: dict[str, int]
    gaps: tuple[Gap, ...]
    ocr: OcrQuality
    metadata_problems: tuple[dict[str, str | int], ...]
    containers: int
    incomplete_files: tuple[FileRecord, ...]
    by_help: dict[str, int]
    recognised: tuple[tuple[str, float], ...]

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
            "near_duplicates": self.near_duplicates,
            "date_from": self.date_from,
            "date_to": self.date_to,
            "unread_files": _files(self.unread_files),
            "unread_reasons": self._reasons(),
            "duplicate_files": _files(self.duplicate_files),
            "by_body": _values(self.by_body),
            "by_type": _values(self.by_type),
            "by_month": _values(self.by_month),
            "gaps": [
                {
                    "body": gap.body,
                    "first": gap.first,
                    "last": gap.last,
                    "months": gap.months,
                    "usual": gap.usual,
                }
                for gap in self.gaps
            ],
            "ocr": {
                "documents": self.ocr.documents,
                "mean_confidence": self.ocr.mean_confidence,
                "poor": self.ocr.poor,
            },
            "metadata_problems": list(self.metadata_problems),
            "containers": self.containers,
            "incomplete_files": _files(self.incomplete_files),
            "by_help": _values(self.by_help),
            "recognised": [{"file": name, "confidence": sure} for name, sure in self.recognised],
        }

    def _reasons(self) -> list[dict[str, object]]:
        """Count the unread files by the kind of reason, with what would help."""
        kinds = Counter((_kind_of(one), one.help) for one in self.unread_files)
        return [
            {"reason": kind, "help": help_, "count": count}
            for (kind, help_), count in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
        ]


def coverage_of(generation: Counted) -> Coverage:
    """Return the coverage of a generation; "" stands for an unknown body, type or month."""
    counts = generation.counts
    documents = list(generation.documents())
    unread = tuple(generation.files(FileStatus.UNREAD))
    incomplete = tuple(one for one in generation.files(FileStatus.SEARCHABLE) if one.reason)
    return Coverage(
        generation_id=generation.generation_id,
        held=counts.files,
        searchable=counts.searchable,
        duplicate=counts.duplicate,
        unread=counts.unread,
        documents=counts.documents,
        passages=counts.passages,
        near_duplicates=generation.near_duplicates(),
        date_from=counts.date_from,
        date_to=counts.date_to,
        unread_files=unread,
        duplicate_files=tuple(generation.files(FileStatus.DUPLICATE)),
        by_body=_largest_first(document.body for document in documents),
        by_type=_largest_first(document.doc_type for document in documents),
        by_month=dict(sorted(Counter(document.date[:7] for document in documents).items())),
        gaps=gaps_of(documents),
        ocr=_ocr_of(documents),
        metadata_problems=tuple(generation.owner_problems()),
        containers=counts.containers,
        incomplete_files=incomplete,
        by_help=_largest_first(one.help for one in (*unread, *incomplete) if one.help),
        recognised=tuple(sorted(_recognised(documents), key=lambda one: (one[1], one[0]))),
    )


def gaps_of(documents: Iterable[Document]) -> tuple[Gap, ...]:
    """Return the gaps in the reports of each body that reports in a series, by body and month."""
    months_of: dict[str, set[str]] = {}
    for document in documents:
        if document.body and len(document.date) >= len("2011-03"):
            months_of.setdefault(document.body, set()).add(document.date[:7])
    gaps = []
    for body, months in sorted(months_of.items()):
        if len(months) < _MIN_SERIES_MONTHS:
            continue
        ordered = sorted(months)
        silent = [list(months_between(before, after)) for before, after in pairwise(ordered)]
        usual = float(median(len(missing) + 1 for missing in silent))
        gaps += [
            Gap(body, missing[0], missing[-1], len(missing), usual)
            for missing in silent
            if len(missing) + 1 > usual and missing
        ]
    return tuple(gaps)


def _kind_of(record: FileRecord) -> str:
    """Return what a reason says of any such file: the part before the particulars."""
    reason = record.reason.removesuffix(record.help).strip("; ")
    return reason.partition(":")[0].strip()


def _ocr_of(documents: Iterable[Document]) -> OcrQuality:
    found = [sure for _, sure in _recognised(documents)]
    mean = round(sum(found) / len(found), 3) if found else None
    return OcrQuality(len(found), mean, sum(one < _POOR_OCR for one in found))


def _recognised(documents: Iterable[Document]) -> Iterator[tuple[str, float]]:
    for document in documents:
        if document.ocr_confidence is not None:
            yield document.source_id, document.ocr_confidence


def _largest_first(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _files(records: Iterable[FileRecord]) -> list[dict[str, str]]:
    return [{"file": one.source_id, "reason": one.reason, "help": one.help} for one in records]


def _values(counts: dict[str, int]) -> list[dict[str, object]]:
    return [{"value": value, "count": count} for value, count in counts.items()]
