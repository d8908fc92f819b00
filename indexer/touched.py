"""What of an archive does a change touch? Files that changed, and all that depend on them.

What becomes of a file depends on others: on those with the same bytes or the same words, and, in a
container, on what lies beside it. Everything else stays as it is, and is not looked at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from indexer.digests import Digests
from indexer.passage_store import PassageStore
from indexer.plan import may_be_read_now, repeated
from indexer.records import FileRecord, FileStatus, Relation
from indexer.source import CLASHING, SourceFile, SourceItem, is_lines, items_of


@dataclass(slots=True)
class Touched:
    """What has to be planned anew: `items` of SOURCE by name, and what the last build made of them.

    `records` holds that, by name, also of what is in SOURCE no longer. `stamps` names the files
    whose stamps are to be written anew.
    """

    items: dict[str, SourceItem] = field(default_factory=dict)
    records: dict[str, FileRecord] = field(default_factory=dict)
    stamps: set[str] = field(default_factory=set)


class Reach:
    """Follows a change of `files` through the archive that `store` holds."""

    def __init__(self, files: Iterable[SourceFile], store: PassageStore, digests: Digests) -> None:
        self._files = {file.source_id: file for file in files}
        self._store = store
        self._digests = digests
        self._reached: set[str] = set()
        self.touched = Touched()

    def begin(self, *, retry: bool) -> None:
        """Touch what is not as its stamp and digest were, and what may be read now."""
        known = self._digests.known or self._store.stamps()  # none, to have all files read
        names: set[str] = set()
        for name, file in self._files.items():
            before, stamp = known.get(name, ("", None))
            if file.stamp is not None and file.stamp == stamp and self._digests.known:
                continue
            self.touched.stamps.add(name)
            if before and before == self._digest(file):
                continue
            if is_lines(file.place):
                self._take_lines(name, file)
            else:
                names.add(name)
        for name in known.keys() - self._files.keys():
            self.touched.stamps.add(name)
            if is_lines(name):
                self._take_lines(name, None)
            else:
                names.add(name)
        for record in self._store.files_not_read():
            name = _item_of(record)
            holder = self._files.get(name) or self._files.get("")  # SOURCE may be one file
            if holder is None or not may_be_read_now(record, retry):
                continue
            if is_lines(holder.place):
                self._take_lines(holder.source_id, holder)
            else:
                names.add(name)
        self.extend(names)

    def extend(self, names: Iterable[str]) -> bool:
        """Touch the items `names`, and all that depend on them; return False if all were."""
        found = set(names) - self._reached
        if not found:
            return False
        while found:
            self._reached |= found
            chosen = sorted(found)
            records = self._store.files_where("source_id", chosen)
            records += self._store.files_where("container", chosen)
            self.touched.records.update((record.source_id, record) for record in records)
            shas = {record.sha256 for record in records if not record.container}
            for name in found & self._files.keys():
                (item,) = items_of(self._files[name], self._digests)
                self.touched.items[name] = item
                shas.add(item.sha256)
            found = (self._same_bytes(shas - {""}) | self._related(records)) - self._reached
        return True

    def items_of(self, names: Sequence[str]) -> set[str]:
        """Return the names of the items that hold the files `names` of the last build."""
        return {_item_of(record) for record in self._store.files_where("source_id", names)}

    def in_order(self, records: Iterable[FileRecord]) -> list[FileRecord]:
        """Return records of the last build in the order in which they were read."""
        return self._store.files_where("source_id", [record.source_id for record in records])

    def _digest(self, file: SourceFile) -> str:
        try:
            return self._digests.of(file.source_id, file.path, file.stamp) if file.stamp else ""
        except OSError:
            return ""

    def _take_lines(self, name: str, file: SourceFile | None) -> None:
        """Touch the lines of a file that changed, and no others: none depends on another.

        `file` is None where it is gone.
        """
        prefix = f"{name}#" if name else ""
        known = [
            found
            for found in self._store.digests_under(prefix)
            if found[0].removesuffix(CLASHING) not in self._files  # files may have such names
        ]
        before = {one: sha256 for one, sha256, _ in known}
        names = {sha256: one.removeprefix(prefix) for one, sha256, was_read in known if was_read}
        changed = [name]
        for item in items_of(file, self._digests, names) if file else ():
            sha256 = before.pop(item.source_id, None)
            if sha256 != item.sha256 or item.problem:
                self.touched.items[item.source_id] = item
                changed.append(item.source_id)
        for record in self._store.files_where("source_id", [*changed, *before]):
            self.touched.records[record.source_id] = record

    def _same_bytes(self, shas: Iterable[str]) -> set[str]:
        found = self._store.files_where("sha256", sorted(shas))
        names = {record.source_id for record in found if not record.container}
        return {name for name in names & self._files.keys() if not is_lines(name)}

    def _related(self, records: Sequence[FileRecord]) -> set[str]:
        """Return the items whose files repeat one of these, or are repeated by one."""
        repeats = [record for record in records if record.status is FileStatus.DUPLICATE]
        originals = sorted({repeated(record)[1] for record in repeats})
        reasons = [
            f"{relation} {record.source_id}"
            for record in records
            for relation in (Relation.CONTENT, Relation.TEXT)
        ]
        repeating = self._store.files_where("reason", reasons)
        return self.items_of(originals) | {_item_of(record) for record in repeating}


def _item_of(record: FileRecord) -> str:
    return record.container or record.source_id
