"""Which groups of copies does a change touch, and how are they made up now?

Whether two documents are nearly the same does not depend on a third, unless through others that
are like both: what can be reached over shared bands of the sketches is grouped anew, as if it were
the whole archive, and everything else stays as it is.
"""

from collections.abc import Sequence

import numpy as np

from indexer.duplicates import BAND_BYTES
from indexer.owner_table import OwnerTable
from indexer.passage_store import PassageStore
from indexer.readings import Archive
from indexer.records import Copy, FileStatus, Relation

# Beyond so many documents that are linked to each other all are grouped anew: that takes 0.1 ms for
# each document, and a step from one of them to the next goes over the bands of all.
_MOST_LINKED = 500


def regrouped(
    before: PassageStore,
    now: PassageStore,
    gone: Sequence[str],
    touched: Sequence[str],
    files: Sequence[str],
) -> tuple[set[str], list[tuple[str, Copy]]]:
    """Return the groups that are no more, and (group, file) for each file of those that are.

    `gone` are the ids of documents that were taken out, `touched` of those that are new or whose
    copies may be others, `files` the names of files of which something else became.
    """
    sketches = [before.reading(one).sketch for id_ in gone if (one := before.document(id_))]
    sketches += [now.reading(one).sketch for id_ in touched if (one := now.document(id_))]
    linked = now.documents_at(_linked(now, [one for one in sketches if one]))
    ids = {*touched, *(one.document_id for one in linked)}
    groups = set(before.group_of(sorted({*ids, *gone})).values())
    copies = [copy for id_ in ids for copy in before.copies_of(id_)]
    names = {copy.source_id for copy in copies if copy.relation is not Relation.NEARLY}
    records = now.files_where("source_id", sorted(names.union(files)))
    repeating = {
        record.source_id: record
        for record in records
        if record.status is FileStatus.DUPLICATE and record.document_ids[0] in ids
    }
    documents = {one.source_id: one for id_ in sorted(ids) if (one := now.document(id_))}
    archive = Archive(OwnerTable())
    for record in now.files_where("source_id", sorted(documents)):
        archive.add(now.reading(documents[record.source_id]))
    return groups, archive.copies(repeating)


def _linked(store: PassageStore, sketches: Sequence[bytes]) -> list[int]:
    """Return the positions of the documents that share a band with these, or with one that does."""
    if not sketches:
        return []
    positions, joined = store.sketches()
    kind = f"V{BAND_BYTES}"
    bands = np.frombuffer(joined, kind).reshape(-1, len(sketches[0]) // BAND_BYTES)
    reached = np.zeros(len(positions), bool)
    waiting = [np.frombuffer(one, kind) for one in sketches]
    while waiting:
        found = (bands == waiting.pop()).any(axis=1) & ~reached
        reached |= found
        waiting.extend(bands[found])
        if reached.sum() > _MOST_LINKED:
            return positions
    return [positions[at] for at in np.flatnonzero(reached)]
