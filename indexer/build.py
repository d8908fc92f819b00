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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from indexer import keyword_index, vector_index
from indexer.chunking import PassageLimits
from indexer.embedding import BuildEncoder, Vectors, token_starts
from indexer.errors import (
    EmptySourceError,
    FormatError,
    InaccessibleError,
    IndexerError,
    SourceError,
    UnreadableFileError,
)
from indexer.generation import Generation, encoder_folder, open_generation
from indexer.intake import Intake, Outcome
from indexer.known_vectors import KnownVectors, find_known_vectors, known_vectors_of
from indexer.loading import LoadingPool
from indexer.manifest import FORMAT_VERSION, Manifest, entries_of
from indexer.owner_table import read_owner_table
from indexer.parts import Part, described_again
from indexer.passage_store import Counts, PassageStore
from indexer.plan import Plan, plan, told
from indexer.publishing import (
    KEPT_GENERATIONS,
    building_folder,
    generation_ids,
    link_or_copy,
    named_in_current,
    prune,
    publish,
    write_lock,
)
from indexer.records import (
    FileRecord,
    FileStatus,
)
from indexer.saved_vectors import SavedVectors
from indexer.source import SourceItem, load_line, scan

logger = logging.getLogger(__name__)

# Counts up when a file is read or cut differently: every file is then read again, and only texts
# that are new are embedded.
LOADER_VERSION = 5
# Up to so many new texts a build does not load torch: about 3 s here, and 4 to 8 s to load it.
FEW_TEXTS = 128

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
) -> BuildReport:
    """Index SOURCE into INDEX_DIR and publish a new generation, unless nothing has changed.

    A SOURCE without one report that can be read is more often a disk that is not mounted than an
    archive that was emptied: `allow_empty` says that it was. A file that could not be read is left
    alone until it changes, for one that takes too long would do so each time; `retry` reads such
    files again.

    Raises SourceError, IndexDirError (BuildLockedError) or another IndexerError; then the live
    generation is what it was.
    """
    limits = limits or PassageLimits(window=encoder.spec.window)
    try:
        with write_lock(index_dir):
            return _Build(source, index_dir, encoder, limits, progress, allow_empty, retry).run()
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
        allow_empty: bool,
        retry: bool,
    ) -> None:
        self._source = source
        self._index_dir = index_dir
        self._encoder = encoder
        self._limits = limits
        self._progress = progress
        self._allow_empty = allow_empty
        self._retry = retry
        self._owner = read_owner_table(source)
        self._work = building_folder(index_dir) / "generation"
        self._before = self._open_before()
        self._previous = self._of_this_encoder(self._before)
        self._saved_vectors = SavedVectors(building_folder(index_dir), encoder.spec.fingerprint)
        self._seconds: dict[str, float] = {}

    def run(self) -> BuildReport:
        started = time.perf_counter()
        items = self._timed("scan", self._scan)
        planned = plan(items, self._known_files(), retry=self._retry)
        live = self._previous
        if (
            live is not None
            and self._is_live()
            and self._reads_alike()
            and planned.leaves(self._known_files())
            and live.store.owner_digest() == self._owner.digest
        ):
            self._tidy(published=False)  # where the last build was killed before it could
            return self._report(live.generation_id, live.counts, published=False, embedded=0)
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(parents=True)
        wanted = self._timed("read", lambda: self._write_store(planned))
        store = PassageStore(self._work)
        if not wanted and not self._allow_empty:
            raise SourceError(self._nothing_readable(store))
        self._timed("keyword index", lambda: self._write_keywords(store))
        embedded = self._timed("embed", lambda: self._write_vectors(wanted))
        self._timed("query encoder", self._write_encoder)
        generation_id = self._timed("publish", lambda: self._publish(store))
        self._seconds["all"] = time.perf_counter() - started
        self._tidy(published=True)
        return self._report(generation_id, store.counts(), published=True, embedded=embedded)

    def _tidy(self, *, published: bool) -> None:
        """Delete what is not needed any more; what cannot be deleted, the next build deletes."""
        try:
            # Pruning reads every file of what it keeps.
            if published or len(generation_ids(self._index_dir)) > KEPT_GENERATIONS:
                for removed in prune(self._index_dir):
                    logger.info("pruned generation %s", removed)
            self._saved_vectors.delete()
        except OSError as error:
            logger.warning("%s: not tidied up after the build (%s)", self._index_dir, error)

    def _scan(self) -> list[SourceItem]:
        try:
            return scan(self._source, self._index_dir)
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
            return open_generation(self._index_dir)
        except FormatError as error:
            logger.warning("rebuilding an index of another version: %s", error)
        except InaccessibleError:
            raise  # another day it is read again: nothing of it is given up
        except IndexerError as error:
            logger.warning("building from scratch: %s", error)
        return None

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
        found = find_known_vectors(self._index_dir, self._encoder.spec)
        if found is not None:
            logger.warning("the vectors of %d texts are kept", len(found))
        return found

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

    def _write_store(self, planned: Plan) -> list[tuple[bytes, str | None]]:
        """Write the passage store; return for each row the digest and text to embed.

        The text is None where the last generation has the vector.
        """
        starts = token_starts(self._encoder.tokenizer_file)
        intake = Intake(self._work, self._owner, starts, self._limits, self._known_vectors, _digest)
        records: dict[str, FileRecord] = {}
        loaded = self._load(planned)
        for position, item in enumerate(planned.items):
            self._progress("read", position + 1, len(planned.items))
            for record in planned.records(item):
                outcomes = self._keep(record, intake)
                records[record.source_id] = _came_of(record, outcomes)
            if item.source_id in planned.settled:
                continue
            for part in _until(item.source_id, loaded):
                record = part.record(item.source_id)
                if part.document is not None and part.text is not None:
                    record = _came_of(record, [intake.take(part.document, part.text)])
                records[part.source_id] = record
        files = {name: told(record, records) for name, record in records.items()}
        intake.finish(files, self._before.store if self._before else None)
        return intake.wanted

    def _keep(self, record: FileRecord, intake: Intake) -> list[Outcome]:
        """Add the documents of a file that is as it was."""
        if record.status is not FileStatus.SEARCHABLE or self._previous is None:
            return []
        return [intake.keep(one, self._previous.store) for one in record.document_ids]

    def _load(self, planned: Plan) -> Iterator[Part]:
        """Yield the parts of each changed item, in order; files are read in child processes."""
        files = [
            (item.path, item.source_id, item.sha256)
            for item in planned.changed
            if item.line is None and item.source_id not in planned.moved
        ]
        with LoadingPool(workers=min(2, len(files))) as pool:
            from_files = pool.load_all(files)
            for item in planned.changed:
                record = planned.moved.get(item.source_id)
                if record is not None:
                    yield self._moved(record, item.source_id)
                elif item.line is None:
                    yield from _until(item.source_id, from_files)
                else:
                    part = Part(item.source_id, item.sha256, item.size, FileStatus.SEARCHABLE)
                    try:
                        document, text = load_line(item)
                        yield replace(part, document=document, text=text)
                    except UnreadableFileError as error:
                        yield part.unread(error)

    def _moved(self, record: FileRecord, source_id: str) -> Part:
        """Return what a file held under its old name, described by its new one."""
        part = Part(
            source_id, record.sha256, record.size, record.status, record.reason, record.help
        )
        if not record.document_ids:
            return part
        assert self._previous is not None
        store = self._previous.store
        document = store.document(record.document_ids[0])
        assert document is not None  # the record and the document are of one generation
        text = store.document_text(document.document_id)
        return replace(part, document=described_again(document, text, source_id), text=text)

    def _write_keywords(self, store: PassageStore) -> None:
        keyword_index.write(
            (
                (document, passage)
                for document in store.documents()
                for passage, _ in store.passages_of(document.document_id)
            ),
            self._work / keyword_index.FOLDER_NAME,
        )

    def _write_vectors(self, wanted: Sequence[tuple[bytes, str | None]]) -> int:
        """Write the vector index; return how many texts had to be embedded."""
        dimension = self._encoder.spec.dimension
        vectors: Vectors = np.zeros((len(wanted), dimension), np.float32)
        missing = {digest: text for digest, text in wanted if text is not None}
        resumed = self._saved_vectors.load(dimension)
        # Long texts first: a progress bar that ends sooner than it said, and the largest batch,
        # which decides the memory that is needed, at the start.
        todo = sorted(
            (digest for digest in missing if digest not in resumed),
            key=lambda digest: (-len(missing[digest]), digest),
        )
        done = len(missing) - len(todo)
        self._progress("embed", done, len(missing))
        for start, found in self._encode([missing[digest] for digest in todo]):
            batch = dict(zip(todo[start : start + len(found)], found, strict=True))
            self._saved_vectors.save(batch)
            resumed.update(batch)
            done += len(batch)
            self._progress("embed", done, len(missing))
        copied = [row for row, (digest, _) in enumerate(wanted) if digest not in missing]
        if copied and self._known_vectors is not None:
            vectors[copied] = self._known_vectors.of([wanted[row][0] for row in copied])
        for row, (digest, _) in enumerate(wanted):
            if digest in missing:
                vectors[row] = resumed[digest]
        vector_index.write(vectors, self._work)
        return len(todo)

    def _encode(self, texts: Sequence[str]) -> Iterator[tuple[int, Vectors]]:
        """Yield (position, vectors) of consecutive slices of `texts`."""
        exported = self._exported_encoder()
        if exported is not None and 0 < len(texts) <= FEW_TEXTS:
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
        entries = entries_of(self._work)
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


def _until(source_id: str, parts: Iterator[Part]) -> Iterator[Part]:
    """Yield the parts of one file, the last of which is the file itself."""
    for part in parts:
        yield part
        if part.source_id == source_id:
            return


def _came_of(record: FileRecord, outcomes: Iterable[Outcome]) -> FileRecord:
    """Return the record with what became of its documents, where that is not as it says."""
    for status, reason in outcomes:
        if status is not record.status:
            ids = () if status is FileStatus.UNREAD else record.document_ids
            record = replace(record, status=status, reason=reason, document_ids=ids)
    return record


def _digest(embedded: str) -> bytes:
    return hashlib.sha256(embedded.encode()).digest()[:16]
