"""Build: what changed in SOURCE becomes the next generation.

Unchanged files keep their text, passages and vectors; nothing that was embedded before is embedded
again, neither after a change elsewhere nor after a build that was killed. The keyword index is
written anew each time (0.1 ms a passage), so that a keyword ranking depends on what the
archive holds and not on the order in which it came to hold it. Vectors made by a small build and
by a large one agree to a cosine of .9999 (see `BuildEncoder.encode_few`).
"""

import hashlib
import logging
import shutil
import sqlite3
import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from indexer import keyword_index, vector_index
from indexer.chunking import PassageLimits
from indexer.digests import Digests
from indexer.embedding import BuildEncoder, Vectors, token_starts
from indexer.errors import (
    EmptySourceError,
    FormatError,
    InaccessibleError,
    IndexerError,
    SourceError,
)
from indexer.generation import Generation, encoder_folder, open_generation
from indexer.intake import Cutter, Intake
from indexer.known_vectors import KnownVectors, find_known_vectors, known_vectors_of
from indexer.loading import end_if_starting
from indexer.manifest import FORMAT_VERSION, FileEntry, Manifest, entries_of, read_manifest
from indexer.outcomes import load, outcomes, until
from indexer.owner_table import read_owner_table
from indexer.passage_store import Counts, PassageStore
from indexer.plan import Plan, plan
from indexer.publishing import (
    KEPT_GENERATIONS,
    building_folder,
    current_id,
    generation_folder,
    generation_ids,
    link_or_copy,
    named_in_current,
    prune,
    publish,
    write_lock,
)
from indexer.records import FileRecord
from indexer.row_sets import Rows
from indexer.row_vectors import fill
from indexer.saved_vectors import SavedVectors
from indexer.source import SourceFile, SourceItem, items_in, list_files
from indexer.touched import Reach
from indexer.update import Update
from indexer.vector_file import VectorFile
from indexer.wanted import DIGEST_BYTES, WantedRows

logger = logging.getLogger(__name__)

# Counts up when a file is read or cut differently: every file is then read again, and only texts
# that are new are embedded.
LOADER_VERSION = 5
# Up to so many new texts a build does not load torch: about 3 s here, and 4 to 8 s to load it.
FEW_TEXTS = 128
# A smaller index is written whole each time, in 5 s or less without embedding: its keyword ranking
# then depends on what the archive holds, and not on the order in which it came to hold it.
UPDATE_FROM = 50_000
# More touched files than this, and the index is written whole.
_TOUCHED_SHARE = 0.05
_FEW_FILES = 100
# More rows than this are gone, and the index is written whole.
_HOLES_SHARE = 0.2
_FEW_ROWS = 1000
_NAMED = 3  # of the reports that are held no longer

# Called with (phase, done, total) while a build runs.
Progress = Callable[[str, int, int], None]
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `seconds` by phase; `embedded` counts texts, not passages."""

    generation_id: str
    published: bool
    documents: int
    passages: int
    embedded: int
    unread: int
    seconds: dict[str, float]


def build(
    source: Path,
    index_dir: Path,
    encoder: BuildEncoder,
    *,
    limits: PassageLimits | None = None,
    progress: Progress = lambda phase, done, total: None,
    allow_empty: bool = False,
    retry: bool = False,
    verify: bool = False,
    update_from: int = UPDATE_FROM,
) -> BuildReport:
    """Index SOURCE into INDEX_DIR and publish a new generation, unless nothing has changed.

    A SOURCE without one report that can be read is more often a disk that is not mounted than an
    archive that was emptied: `allow_empty` says that it was. A file that could not be read is left
    alone until it changes, for one that takes too long would do so each time; `retry` reads such
    files again. A file of SOURCE, or of a large generation, whose size, times and inode are as they
    were is taken to be the same; `verify` reads all of them. An index of `update_from` passages or
    more is not written anew after a small change: the change is written beside it.

    Raises SourceError, IndexDirError (BuildLockedError) or another IndexerError; then the live
    generation is what it was.
    """
    end_if_starting()
    limits = limits or PassageLimits(window=encoder.spec.window)
    try:
        with write_lock(index_dir):
            return _Build(
                source,
                index_dir,
                encoder,
                limits,
                progress,
                allow_empty=allow_empty,
                retry=retry,
                verify=verify,
                update_from=update_from,
            ).run()
    except (OSError, sqlite3.Error) as error:
        what = getattr(error, "strerror", None) or error
        raise IndexerError(
            f"{index_dir}: the build stopped ({what}). The index is as it was. "
            "Free space or mend the disk, then run the same command: it goes on where it stopped"
        ) from error


class _Build:
    """One run: the state that its phases hand on."""

    def __init__(
        self,
        source: Path,
        index_dir: Path,
        encoder: BuildEncoder,
        limits: PassageLimits,
        progress: Progress,
        *,
        allow_empty: bool,
        retry: bool,
        verify: bool,
        update_from: int,
    ) -> None:
        self._source = source
        self._index_dir = index_dir
        self._encoder = encoder
        self._limits = limits
        self._progress = progress
        self._allow_empty = allow_empty
        self._retry = retry
        self._verify = verify
        self._update_from = update_from
        self._owner = read_owner_table(source)
        self._work = building_folder(index_dir) / "generation"
        self._spool = building_folder(index_dir) / "spool"
        self._before = self._open_before()
        self._previous = self._of_this_encoder(self._before)
        known = {} if verify or self._before is None else self._before.store.stamps()
        self._digests = Digests(known)
        self._files: list[SourceFile] = []
        self._saved_vectors = SavedVectors(building_folder(index_dir), encoder.spec.fingerprint)
        self._seconds: dict[str, float] = {}

    def run(self) -> BuildReport:
        started = time.perf_counter()
        self._files = self._timed("scan", lambda: list_files(self._source, self._index_dir))
        update = self._find_update()
        if update is None:
            planned = self._timed("plan", self._plan)
            changed = not self._leaves(planned)
        else:
            changed = not update.is_empty
        if not changed:
            assert self._previous is not None  # compared with it
            self._tidy(published=False)  # where the last build was killed before it could
            self._seconds["all"] = time.perf_counter() - started
            live = self._previous
            return self._report(live.generation_id, live.counts, published=False, embedded=0)
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(parents=True)
        with (
            _emptied(self._spool),
            closing(WantedRows(self._spool / "texts")) as wanted,
        ):
            gone = None
            if update is None:
                self._write_all(planned, wanted)
            else:
                gone = self._write_update(update, wanted)
            embedded = self._write_vectors(wanted, gone)
        self._timed("query encoder", self._write_encoder)
        store = PassageStore(self._work)
        generation_id = self._timed("publish", lambda: self._publish(store))
        self._tell_withdrawn(store)
        self._tidy(published=True)
        self._seconds["all"] = time.perf_counter() - started
        return self._report(generation_id, store.counts(), published=True, embedded=embedded)

    def _tell_withdrawn(self, store: PassageStore) -> None:
        """Warn of reports that are held no longer: a folder that is not mounted deletes nothing."""
        if self._before is None:
            return
        known = {former.document_id for former in self._before.store.former_documents()}
        gone = [
            former.source_id
            for former in store.former_documents()
            if not former.successor_id and former.document_id not in known
        ]
        if gone:
            more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
            logger.warning(
                "%s: %d of the reports held before are gone: %s%s. If that was not meant "
                "(is a folder not mounted?), put them back and build again",
                self._source,
                len(gone),
                ", ".join(sorted(gone)[:_NAMED]),
                more,
            )

    def _find_update(self) -> Update | None:
        """Return what changed, None where all is better written anew."""
        live = self._previous
        if live is None or not (self._is_live() and self._reads_alike()):
            return None
        if (
            live.counts.passages < self._update_from
            or live.store.owner_digest() != self._owner.digest
            or not self._files  # refused, or emptied on purpose
            or _has_holes(live)
            or vector_index.worth_rewriting(live.folder)
        ):
            return None
        reach = Reach(self._files, live.store, self._digests)
        self._timed("plan", lambda: reach.begin(retry=self._retry))
        touched = len(reach.touched.items.keys() | reach.touched.records.keys())
        if touched > max(_FEW_FILES, _TOUCHED_SHARE * live.counts.files):
            return None
        names = [file.source_id for file in self._files]
        if any("!/" in name for name in (*names, *reach.touched.items)):
            return None  # who has the name of a part of another is told of all names
        exported = self._exported_encoder()
        if exported is not None and reach.touched.items:
            self._encoder.prepare_few(exported)  # while children read what changed
        found = self._timed(
            "read",
            lambda: Update(
                live, reach, self._owner, self._cutter(), self._progress, retry=self._retry
            ),
        )
        return found if found.documents else None

    def _write_update(self, update: Update, wanted: WantedRows) -> Rows:
        """Write what changed since the last generation, but for the vectors; return rows gone."""
        assert self._previous is not None  # an update is one of it
        previous = self._previous.folder
        gone = self._timed("store", lambda: update.write(self._work, self._digests))
        self._timed("keyword index", lambda: self._update_keywords(update, previous, gone))
        wanted.extend(update.wanted)
        return gone

    def _update_keywords(self, update: Update, previous: Path, gone: Rows) -> None:
        before, now = (folder / keyword_index.FOLDER_NAME for folder in (previous, self._work))
        for path in before.iterdir():
            link_or_copy(path, now / path.name)
        store = PassageStore(self._work)
        rows = [*gone.tolist(), *update.redescribed_rows(store).tolist()]
        keyword_index.update(now, rows, update.keywords(store))

    def _plan(self) -> Plan:
        return plan(self._scan(), self._known_files(), retry=self._retry)

    def _leaves(self, planned: Plan) -> bool:
        """True where the live generation is what this build would publish."""
        live = self._previous
        return (
            live is not None
            and self._is_live()
            and self._reads_alike()
            and planned.leaves(self._known_files())
            and live.store.owner_digest() == self._owner.digest
        )

    def _write_all(self, planned: Plan, wanted: WantedRows) -> None:
        """Write everything anew, but for the vectors."""
        self._timed("read", lambda: self._write_store(planned, wanted))
        store = PassageStore(self._work)
        if not wanted and not self._allow_empty:
            raise SourceError(self._nothing_readable(store))
        self._timed("keyword index", lambda: self._write_keywords(store))

    def _tidy(self, *, published: bool) -> None:
        """Delete what is not needed any more; what cannot be deleted, the next build deletes."""
        try:
            # Pruning reads every file of what it keeps.
            if published or len(generation_ids(self._index_dir)) > KEPT_GENERATIONS:
                for removed in prune(self._index_dir):
                    logger.info("pruned generation %s", removed)
            self._saved_vectors.delete()
            for folder in (self._work, self._spool):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError as error:
            logger.warning("%s: not tidied up after the build (%s)", self._index_dir, error)

    def _scan(self) -> list[SourceItem]:
        try:
            return items_in(self._source, self._files, self._digests)
        except EmptySourceError as error:
            if self._allow_empty:
                return []
            if self._before is None:
                raise
            raise SourceError(
                f"{self._source}: holds no reports now, and the index holds "
                f"{self._before.counts.documents}. Is a disk not mounted? The index is as it was. "
                "To empty it too: python -m indexer build --allow-empty SOURCE INDEX_DIR"
            ) from error

    def _open_before(self) -> Generation | None:
        """Return the last good generation, None where there is none."""
        if not generation_ids(self._index_dir):
            return None
        try:
            return open_generation(self._index_dir, verified=self._verified())
        except FormatError as error:
            logger.warning("rebuilding an index of another version: %s", error)
        except InaccessibleError:
            raise  # another day it is read again: nothing of it is given up
        except IndexerError as error:
            logger.warning("building from scratch: %s", error)
        return None

    def _verified(self) -> Container[FileEntry] | None:
        """Return which files of the last generation need not be read to open it.

        Those of a large one are taken to be as their builder left them where nothing was written to
        them; who serves it, and `check`, read all of them.
        """
        if self._verify:
            return ()
        with suppress(IndexerError):
            live = generation_folder(self._index_dir, current_id(self._index_dir))
            if read_manifest(live).passages >= self._update_from:
                return None
        return ()

    def _of_this_encoder(self, generation: Generation | None) -> Generation | None:
        """Return `generation` where its vectors are those of this build's encoder, else None."""
        if generation is None:
            return None
        if generation.manifest.encoder.fingerprint != self._encoder.spec.fingerprint:
            logger.info("building from scratch: another encoder")
            return None
        return generation

    @cached_property
    def _known_vectors(self) -> KnownVectors | None:
        if self._previous is not None:
            return known_vectors_of(self._previous)
        return find_known_vectors(self._index_dir, self._encoder.spec)

    def _reads_alike(self) -> bool:
        """True where the last generation read its files as this build would: they can be kept."""
        if self._previous is None:
            return False
        manifest = self._previous.manifest
        return manifest.loader_version == LOADER_VERSION and manifest.limits == self._limits

    def _is_live(self) -> bool:
        """False where the last good generation stands in for a live one that is damaged."""
        if self._previous is None:
            return False
        return self._previous.generation_id == named_in_current(self._index_dir)

    def _known_files(self) -> Iterator[FileRecord]:
        return self._previous.store.files() if self._previous and self._reads_alike() else iter(())

    def _write_store(self, planned: Plan, wanted: WantedRows) -> None:
        intake = Intake(self._work, self._owner, self._cutter(), wanted)
        store = self._previous.store if self._previous else None
        loaded = load(planned.changed, planned.moved, store)
        files = outcomes(planned, lambda name: until(name, loaded), intake, store, self._progress)
        stamps = self._digests.stamps(file.source_id for file in self._files)
        intake.finish(files, stamps, self._before.store if self._before else None)

    def _cutter(self) -> Cutter:
        starts = token_starts(self._encoder.tokenizer_file)
        return Cutter(starts, self._limits, self._known_vectors, _digest)

    def _write_keywords(self, store: PassageStore) -> None:
        keyword_index.write(
            (
                (document, passage)
                for document in store.documents()
                for passage, _ in store.passages_of(document.document_id)
            ),
            self._work / keyword_index.FOLDER_NAME,
        )

    def _write_vectors(self, wanted: WantedRows, gone: Rows | None) -> int:
        """Write the vector index; return how many texts had to be embedded.

        It is appended to that of the last generation where rows of that, some or none, are `gone`.
        """
        shape = (len(wanted), self._encoder.spec.dimension)
        with closing(VectorFile(self._spool / "vectors", shape)) as vectors:
            given = (vectors, wanted, self._known_vectors, self._saved_vectors)
            embedded = self._timed("embed", lambda: fill(*given, self._encode, self._progress))
            self._timed("vector index", lambda: self._write_vector_index(vectors, gone))
        return embedded

    def _write_vector_index(self, vectors: VectorFile, gone: Rows | None) -> None:
        if gone is None:
            vector_index.write(vectors, self._work)
        else:
            assert self._previous is not None  # they are rows of it
            vector_index.append(self._previous.folder, self._work, gone, vectors)

    def _encode(self, texts: Sequence[str], is_all: bool) -> Iterator[tuple[int, Vectors]]:
        """Yield (position, vectors) of consecutive slices of `texts`."""
        exported = self._exported_encoder()
        if exported is not None and is_all and len(texts) <= FEW_TEXTS:
            yield 0, self._encoder.encode_few(texts, exported)
        else:
            yield from self._encoder.encode_passages(texts)

    def _write_encoder(self) -> None:
        """Carry the query encoder over from the last generation, or export it."""
        target = encoder_folder(self._work)
        exported = self._exported_encoder()
        if exported is None:
            self._encoder.export(target)
            return
        for path in sorted(exported.iterdir()):
            link_or_copy(path, target / path.name)

    def _exported_encoder(self) -> Path | None:
        return None if self._known_vectors is None else self._known_vectors.encoder_folder

    def _publish(self, store: PassageStore) -> str:
        counts = store.counts()
        before = self._previous.manifest.files.values() if self._previous else ()
        entries = entries_of(self._work, before)
        created = datetime.now(UTC)
        content = hashlib.sha256("".join(entry.sha256 for entry in entries.values()).encode())
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            generation_id=f"{created:%Y%m%dT%H%M%S}{created.microsecond // 1000:03d}Z-"
            f"{content.hexdigest()[:8]}",
            created_at=created.isoformat(timespec="seconds"),
            loader_version=LOADER_VERSION,
            analyzer=keyword_index.ANALYZER,
            limits=self._limits,
            encoder=self._encoder.spec,
            documents=counts.documents,
            passages=counts.passages,
            files=entries,
        )
        Generation(self._work, manifest)  # what cannot be opened is not published
        publish(self._index_dir, self._work, manifest)
        return manifest.generation_id

    def _nothing_readable(self, store: PassageStore) -> str:
        reasons = [f"{record.source_id}: {record.reason}" for record in store.files()]
        return (
            f"{self._source}: none of its {len(reasons)} files could be read "
            f"({'; '.join(reasons[:3])}). The index is as it was"
        )

    def _timed(self, phase: str, work: Callable[[], _Result]) -> _Result:
        started = time.perf_counter()
        result = work()
        self._seconds[phase] = time.perf_counter() - started
        logger.info("%s: %.1f s", phase, self._seconds[phase])
        return result

    def _report(
        self, generation_id: str, counts: Counts, *, published: bool, embedded: int
    ) -> BuildReport:
        return BuildReport(
            generation_id=generation_id,
            published=published,
            documents=counts.documents,
            passages=counts.passages,
            embedded=embedded,
            unread=counts.unread,
            seconds=self._seconds,
        )


def _has_holes(generation: Generation) -> bool:
    """True where much of what is stored is gone."""
    rows = len(generation.store.document_positions)
    return rows - generation.counts.passages > max(_FEW_ROWS, _HOLES_SHARE * rows)


def _digest(embedded: str) -> bytes:
    return hashlib.sha256(embedded.encode()).digest()[:DIGEST_BYTES]


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """An empty folder for what is too much to hold in memory, gone again afterwards."""
    shutil.rmtree(folder, ignore_errors=True)  # of a build that was killed
    folder.mkdir()
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
