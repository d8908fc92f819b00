"""What changed since the last build? Sorts the items of SOURCE into settled and changed ones."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from indexer.records import FileRecord, FileStatus, Relation, document_id_of
from indexer.source import SourceItem


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with each item: `settled` stay as they are, `changed` have to be read.

    Those of the changed that are in `moved` have another name only: what they held is known under
    the record of before, and they are described anew, but not read. Both by source_id.
    """

    items: Sequence[SourceItem]
    settled: dict[str, FileRecord]
    changed: list[SourceItem]
    moved: dict[str, FileRecord]

    def leaves(self, known_files: Iterable[FileRecord]) -> bool:
        """True where the records of the last build stay as they are."""
        return not self.changed and list(known_files) == [
            told(self.settled[source_id], self.settled) for source_id in sorted(self.settled)
        ]


def plan(items: Sequence[SourceItem], known_files: Iterable[FileRecord]) -> Plan:
    """Sort `items` by what `known_files`, the records of the last build, say of them."""
    known = {record.source_id: record for record in known_files}
    by_content = {
        (record.sha256, _ending(record.source_id)): record
        for record in known.values()
        # One document, or none and a reason; what holds several is read again.
        if record.sha256 and len(record.document_ids) == (record.status is FileStatus.SEARCHABLE)
    }
    settled: dict[str, FileRecord] = {}
    changed: list[SourceItem] = []
    moved: dict[str, FileRecord] = {}
    first_of: dict[str, str] = {}
    for item in items:
        record = known.get(item.source_id)
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
        elif (
            record is not None
            and record.sha256 == item.sha256
            and (record.status is not FileStatus.DUPLICATE or _still_repeats(record, settled))
            and not (record.status is FileStatus.UNREAD and not record.sha256)
        ):
            settled[item.source_id] = record
        else:
            changed.append(item)
            before = by_content.get((item.sha256, _ending(item.source_id)))
            if before is not None and item.line is None:
                moved[item.source_id] = before
    return Plan(items, settled, changed, moved)


def _ending(source_id: str) -> str:
    """Return what the name says of the format: a file that is renamed across it is read again."""
    endings = PurePosixPath(source_id.lower()).suffixes
    return "".join(endings[-2:] if endings[-1:] == [".gz"] else endings[-1:])


def _still_repeats(record: FileRecord, settled: Mapping[str, FileRecord]) -> bool:
    """True for a file that held the words of another one, which comes before it and is as it was.

    A copy of another file's bytes is told by their digests alone.
    """
    relation, original = repeated(record)
    return relation is Relation.TEXT and original in settled


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
        return replace(record, status=FileStatus.UNREAD, reason=original.reason, document_ids=())
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
