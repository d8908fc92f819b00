"""What changed since the last build? Sorts the items of SOURCE into settled and changed ones."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from indexer import ocr
from indexer.errors import Help
from indexer.records import FileRecord, FileStatus, Relation, document_id_of
from indexer.source import SourceItem


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with each item: `settled` stay as they are, `changed` have to be read.

    Those of the changed that are in `moved` have another name only: what they held is known under
    the record of before, and they are described anew, but not read. Both by source_id.
    `parts` are the records of what lies in each settled container, in the order of reading.
    """

    items: Sequence[SourceItem]
    settled: dict[str, FileRecord]
    changed: list[SourceItem]
    moved: dict[str, FileRecord]
    parts: dict[str, list[FileRecord]]

    def leaves(self, known_files: Iterable[FileRecord]) -> bool:
        """True where the records of the last build stay as they are."""
        records = {record.source_id: record for item in self.items for record in self.records(item)}
        return not self.changed and {record.source_id: record for record in known_files} == {
            name: told(record, records) for name, record in records.items()
        }

    def records(self, item: SourceItem) -> list[FileRecord]:
        """Return what is known of a settled item: of what lies in it, then of itself."""
        found = self.settled.get(item.source_id)
        return [] if found is None else [*self.parts.get(item.source_id, ()), found]


def plan(
    items: Sequence[SourceItem], known_files: Iterable[FileRecord], *, retry: bool = False
) -> Plan:
    """Sort `items` by what `known_files`, the records of the last build, say of them.

    `retry` reads again what could not be read, too.
    """
    known: dict[str, FileRecord] = {}
    parts: dict[str, list[FileRecord]] = {}
    for record in known_files:
        if record.container:
            parts.setdefault(record.container, []).append(record)
        else:
            known[record.source_id] = record
    by_content = {
        (record.sha256, _ending(record.source_id)): record
        for record in known.values()
        # One document, or none and a reason; what holds several is read again.
        if record.sha256
        and record.status in (FileStatus.SEARCHABLE, FileStatus.UNREAD)
        and len(record.document_ids) == (record.status is FileStatus.SEARCHABLE)
        and record.source_id not in parts
        and not may_be_read_now(record, retry)
    }
    settled: dict[str, FileRecord] = {}
    changed: list[SourceItem] = []
    moved: dict[str, FileRecord] = {}
    first_of: dict[str, str] = {}
    kept: dict[str, list[FileRecord]] = {}
    same: set[str] = set()  # names of what holds the words that it held
    for item in items:
        found = known.get(item.source_id)
        original = (
            item.source_id
            if item.problem or item.line is not None
            else first_of.setdefault(item.sha256, item.source_id)
        )
        if item.problem:
            settled[item.source_id] = record_of(item, FileStatus.UNREAD, item.problem)
        elif original != item.source_id:
            settled[item.source_id] = record_of(
                item, FileStatus.DUPLICATE, f"{Relation.CONTENT} {original}", original
            )
            if found is not None and found.sha256 == item.sha256 and original in same:
                same.add(item.source_id)
        elif (
            found is not None
            and found.sha256 == item.sha256
            and _stays([*parts.get(item.source_id, ()), found], same, retry)
        ):
            settled[item.source_id] = found
            kept[item.source_id] = parts.get(item.source_id, [])
            same.update(record.source_id for record in (found, *kept[item.source_id]))
        else:
            changed.append(item)
            before = by_content.get((item.sha256, _ending(item.source_id)))
            if before is not None and item.line is None:
                moved[item.source_id] = before
    return Plan(items, settled, changed, moved, kept)


def may_be_read_now(record: FileRecord, retry: bool) -> bool:
    """Is it worth reading again what could not be read, or not all of it?"""
    if record.help == Help.OCR and ocr.is_installed():
        return True
    is_unread = record.status is FileStatus.UNREAD
    if is_unread and not record.sha256 and not record.container:
        return True  # it could not even be opened
    return retry and (is_unread or bool(record.help))


def _ending(source_id: str) -> str:
    """Return what the name says of the format: a file that is renamed across it is read again."""
    endings = PurePosixPath(source_id.lower()).suffixes
    return "".join(endings[-2:] if endings[-1:] == [".gz"] else endings[-1:])


def _stays(records: Sequence[FileRecord], same: Container[str], retry: bool) -> bool:
    """True where the records of a file and its parts hold as long as the file is as it was.

    What held the words of another still does where that one comes before it and is the `same`. A
    copy of another file's bytes is told by their digests alone.
    """
    names = {record.source_id for record in records}
    for record in records:
        if may_be_read_now(record, retry):
            return False
        if record.status is FileStatus.DUPLICATE:
            relation, original = repeated(record)
            if relation is Relation.CONTENT and not record.container:
                return False
            if original not in same and original not in names:
                return False
    return True


def repeated(record: FileRecord) -> tuple[Relation, str]:
    """Return how a duplicate repeats which file."""
    relation = Relation.TEXT if record.reason.startswith(Relation.TEXT) else Relation.CONTENT
    return relation, record.reason.removeprefix(f"{relation} ")


def told(record: FileRecord, records: Mapping[str, FileRecord]) -> FileRecord:
    """Return what coverage says of a file: the copy of a copy repeats the first of them.

    The copy of an unread file is unread too.
    """
    if record.status is not FileStatus.DUPLICATE:
        return record
    relations, original = set(), record
    while original.status is FileStatus.DUPLICATE:
        relation, name = repeated(original)
        relations.add(relation)
        original = records[name]
    if original.status is FileStatus.UNREAD:
        return replace(
            record,
            status=FileStatus.UNREAD,
            reason=original.reason,
            document_ids=(),
            help=original.help,
        )
    relation = Relation.TEXT if Relation.TEXT in relations else Relation.CONTENT
    return replace(
        record, reason=f"{relation} {original.source_id}", document_ids=original.document_ids
    )


def record_of(
    item: SourceItem, status: FileStatus, reason: str = "", document_of: str = ""
) -> FileRecord:
    """Return the record of `item`; a duplicate's document is set right by `told`."""
    return FileRecord(
        source_id=item.source_id,
        sha256=item.sha256,
        size=item.size,
        status=status,
        reason=reason,
        document_ids=(document_id_of(document_of),) if status is not FileStatus.UNREAD else (),
    )
