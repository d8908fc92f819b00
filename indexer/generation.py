"""One published index: manifest, checksums, atomic publishing, opening, pruning.

    INDEX_DIR/
        CURRENT                    id of the live generation, replaced by an atomic rename
        write.lock                 held, with the holder's pid inside, while a build runs
        building/                  work of a build that has not been published
        generations/<id>/
            manifest.json          written last; names every other file with size and sha256
            store.sqlite, vectors.faiss, keyword/…, encoder/…

Nothing in a generation changes after its manifest is written.
"""

import fcntl
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer import keyword_index, passage_store, vector_index
from indexer.chunking import PassageLimits
from indexer.embedding import EncoderSpec, QueryEncoder, Vectors, open_query_encoder
from indexer.errors import (
    BuildLockedError,
    DamagedError,
    FormatError,
    GenerationError,
    IndexDirError,
)
from indexer.keyword_query import Node
from indexer.records import Document, DocumentText, Filters, Passage, Ranking

logger = logging.getLogger(__name__)

FORMAT_VERSION = 2
KEPT_GENERATIONS = 2  # the live one and the last good one before it

_CURRENT = "CURRENT"
_GENERATIONS = "generations"
_BUILDING = "building"
_LOCK = "write.lock"
_MANIFEST = "manifest.json"
_ENCODER = "encoder"
_OWN_NAMES = {_CURRENT, _GENERATIONS, _BUILDING, _LOCK}


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of a generation as its manifest names it."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is: all that must agree before it is used."""

    format_version: int
    generation_id: str
    created_at: str
    loader_version: int
    analyzer: str
    limits: PassageLimits
    encoder: EncoderSpec
    documents: int
    passages: int
    files: dict[str, FileEntry]

    def to_json(self) -> str:
        """Return the manifest as it is written."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, written: str, folder: Path) -> "Manifest":
        """Read a manifest; raises FormatError for another version, else DamagedError."""
        try:
            found: dict[str, Any] = json.loads(written)
            version = found["format_version"]
            if version != FORMAT_VERSION:
                raise FormatError(
                    f"{folder.name}: format {version}; this code reads {FORMAT_VERSION}. "
                    "Build the index again: python -m indexer build SOURCE INDEX_DIR"
                )
            found["limits"] = PassageLimits(**found["limits"])
            found["encoder"] = EncoderSpec(**found["encoder"])
            found["files"] = {name: FileEntry(**entry) for name, entry in found["files"].items()}
            return cls(**{field.name: found[field.name] for field in fields(cls)})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedError(
                f"{folder.name}: the manifest cannot be read ({error}). "
                "Build the index again: python -m indexer build SOURCE INDEX_DIR"
            ) from error


class Generation:
    """One generation, opened whole: words, vectors, passages and encoder belong together."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        try:
            self.store = passage_store.PassageStore(folder)
            self.keywords = keyword_index.KeywordIndex(folder / keyword_index.FOLDER_NAME)
            self.vectors = vector_index.VectorIndex(folder)
        except GenerationError:
            raise
        except Exception as error:
            raise DamagedError(f"{folder.name}: cannot be opened ({error})") from error
        self.counts = self.store.counts()
        self._check_counts()
        self.document_positions = self.store.document_positions()
        self._encoder: QueryEncoder | None = None

    @property
    def generation_id(self) -> str:
        """The id that responses and permalinks carry."""
        return self.manifest.generation_id

    @property
    def bytes_on_disk(self) -> int:
        """The size of all files that the manifest names."""
        return sum(entry.bytes for entry in self.manifest.files.values())

    @property
    def encoder(self) -> QueryEncoder:
        """The encoder that this generation carries; loaded when first asked for."""
        if self._encoder is None:
            self._encoder = open_query_encoder(self.folder / _ENCODER)
        return self._encoder

    def share_encoder(self, other: "Generation") -> None:
        """Use the encoder that `other` has loaded, where both need the same one."""
        if other.manifest.encoder == self.manifest.encoder:
            self._encoder = other.encoder

    def stems(self, text: str) -> list[str]:
        """Return the terms that `text` is searched by, in order."""
        return self.keywords.stems(text)

    def document_frequency(self, stem: str) -> int:
        """Return how many passages hold `stem` in their text."""
        return self.keywords.document_frequency(stem)

    def keyword_ranking(self, query: Node, depth: int, filters: Filters) -> tuple[Ranking, int]:
        """Return the `depth` best passages by words, and the exact number of all that match."""
        return self.keywords.search(query, depth, filters)

    def keyword_scores(self, query: Node, rows: Sequence[int]) -> dict[int, float]:
        """Return the score of those of `rows` that match `query`."""
        return self.keywords.scores(query, list(rows))

    def encode_query(self, text: str) -> Vectors:
        """Return the vector of a query (1, dimension)."""
        return self.encoder.encode([self.manifest.encoder.query_prefix + text])

    def vector_ranking(
        self, query: Vectors, depth: int, filters: Filters, rows: Sequence[int] | None = None
    ) -> Ranking:
        """Return the `depth` nearest passages by cosine, out of `rows` where they are given."""
        allowed = None if filters == Filters() else self.store.rows_of(filters)
        if rows is not None:
            chosen = np.array(sorted(rows), np.int64)
            allowed = chosen if allowed is None else np.intersect1d(chosen, allowed)
        return self.vectors.search(query, depth, allowed)

    def cosines(self, query: Vectors, rows: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the cosine of the query with each of `rows`."""
        return self.vectors.cosines(query, np.array(rows, np.int64))

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Return the passages of `rows`, in that order."""
        return self.store.passages(rows)

    def documents_of(self, rows: Sequence[int]) -> list[Document]:
        """Return the document of each of `rows`, in that order."""
        return self.store.documents_at([int(self.document_positions[row]) for row in rows])

    def document(self, document_id: str) -> Document | None:
        """Return one document, None where there is none of that id."""
        return self.store.document(document_id)

    def document_text(self, document_id: str) -> DocumentText:
        """Return the text of one document; raises KeyError where there is none of that id."""
        return self.store.document_text(document_id)

    def _check_counts(self) -> None:
        expected = self.manifest.passages
        found = {
            "passage store": self.counts.passages,
            "keyword index": self.keywords.count,
            "vector index": self.vectors.count,
        }
        wrong = [f"{name} holds {count}" for name, count in found.items() if count != expected]
        if self.counts.documents != self.manifest.documents:
            wrong.append(f"passage store holds {self.counts.documents} documents")
        if self.vectors.dimension != self.manifest.encoder.dimension:
            wrong.append(f"vectors have {self.vectors.dimension} dimensions")
        if wrong:
            raise DamagedError(
                f"{self.folder.name}: the manifest names {expected} passages, but "
                f"{', '.join(wrong)}: these parts do not belong together"
            )


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a generation; raises GenerationError where it cannot be used."""
    try:
        written = (folder / _MANIFEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedError(f"{folder.name}: no manifest that can be read ({error})") from error
    manifest = Manifest.from_json(written, folder)
    if manifest.generation_id != folder.name:
        raise DamagedError(
            f"{folder.name}: holds the manifest of generation {manifest.generation_id}"
        )
    if manifest.analyzer != keyword_index.ANALYZER:
        raise FormatError(
            f"{folder.name}: analysed with {manifest.analyzer!r}; this code analyses with "
            f"{keyword_index.ANALYZER!r}. Build the index again"
        )
    return manifest


def damage(folder: Path, manifest: Manifest) -> list[str]:
    """Return what is wrong with the files of a generation, each as one sentence; [] when whole."""
    found = []
    for name, entry in sorted(manifest.files.items()):
        path = folder / name
        try:
            size = path.stat().st_size
            if size != entry.bytes:
                found.append(f"{name}: has {size} bytes, expected {entry.bytes}")
            elif sha256_of(path) != entry.sha256:
                found.append(f"{name}: its content has changed (sha256 differs)")
        except OSError as error:
            found.append(f"{name}: {error.strerror or error}")
    unknown = {_relative(path, folder) for path in _files(folder)} - set(manifest.files)
    found.extend(f"{name}: not named in the manifest" for name in sorted(unknown))
    return found


def open_folder(folder: Path) -> Generation:
    """Verify and open the generation in `folder`; raises GenerationError."""
    manifest = read_manifest(folder)
    problems = damage(folder, manifest)
    if problems:
        raise DamagedError(f"{folder.name}: damaged: {'; '.join(problems[:3])}")
    return Generation(folder, manifest)


def open_generation(index_dir: Path) -> Generation:
    """Open the live generation, or, with a warning, the newest good one before it.

    Raises IndexDirError where INDEX_DIR holds no generation, the GenerationError of the live one
    where none can be used.
    """
    live = current_id(index_dir)
    if not named_in_current(index_dir):
        logger.warning("%s: CURRENT is lost; the newest generation is %s", index_dir, live)
    refused: list[GenerationError] = []
    for generation_id in (live, *(name for name in generation_ids(index_dir) if name != live)):
        try:
            generation = open_folder(generation_folder(index_dir, generation_id))
        except GenerationError as error:
            refused.append(error)
            continue
        if generation_id != live:
            for problem in refused:
                logger.warning("generation refused: %s", problem)
            logger.warning(
                "serving generation %s instead of the live one, %s. Build the index again",
                generation_id,
                live,
            )
        return generation
    if isinstance(refused[0], FormatError):
        raise refused[0]
    raise DamagedError(
        f"{index_dir}: no generation can be used ({refused[0]}). "
        f"Build again: python -m indexer build SOURCE {index_dir}"
    )


def current_id(index_dir: Path) -> str:
    """Return the id of the live generation; raises IndexDirError where there is none."""
    if not index_dir.is_dir():
        raise IndexDirError(
            f"{index_dir}: no such index. Build one: python -m indexer build SOURCE {index_dir}"
        )
    name = named_in_current(index_dir)
    if name:
        return name
    known = generation_ids(index_dir)
    if known:  # a lost CURRENT does not lose the index
        return known[0]
    raise IndexDirError(
        f"{index_dir}: not an index (no file CURRENT and no generation). "
        f"Build one: python -m indexer build SOURCE {index_dir}"
    )


def named_in_current(index_dir: Path) -> str:
    """Return the id in the file CURRENT, "" where it is missing or holds no id."""
    try:
        name = (index_dir / _CURRENT).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if "/" in name or name.startswith(".") or not name.isprintable() else name


def generation_ids(index_dir: Path) -> list[str]:
    """Return the ids of all published generations, newest first."""
    folder = index_dir / _GENERATIONS
    if not folder.is_dir():
        return []
    return sorted((path.name for path in folder.iterdir() if path.is_dir()), reverse=True)


@contextmanager
def write_lock(index_dir: Path) -> Iterator[None]:
    """Hold the right to write to INDEX_DIR, which is made where it is missing.

    Raises BuildLockedError while another process holds it; a killed holder frees it by dying.
    Raises IndexDirError where the folder holds something else than an index.
    """
    _make_index_dir(index_dir)
    with (index_dir / _LOCK).open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise BuildLockedError(
                f"{index_dir}: another build is writing here (process {holder}). "
                "Wait for it to end, then run the command again"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _make_index_dir(index_dir: Path) -> None:
    if index_dir.exists() and not index_dir.is_dir():
        raise IndexDirError(f"{index_dir}: is a file; expected a folder for the index")
    if index_dir.is_dir():
        strangers = [path.name for path in index_dir.iterdir() if path.name not in _OWN_NAMES]
        if strangers and not (index_dir / _GENERATIONS).is_dir():
            raise IndexDirError(
                f"{index_dir}: holds other files ({', '.join(sorted(strangers)[:3])}), and no "
                "index. Name an empty or a new folder, so that nothing of yours is mixed with it"
            )
    try:
        for name in (_GENERATIONS, _BUILDING):
            (index_dir / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexDirError(f"{index_dir}: cannot be written ({error.strerror})") from error


def generation_folder(index_dir: Path, generation_id: str) -> Path:
    """Return where a published generation lies."""
    return index_dir / _GENERATIONS / generation_id


def building_folder(index_dir: Path) -> Path:
    """Return where a build keeps what is not published yet."""
    return index_dir / _BUILDING


def encoder_folder(folder: Path) -> Path:
    """Return where a generation keeps its query encoder."""
    return folder / _ENCODER


def publish(index_dir: Path, work: Path, manifest: Manifest) -> None:
    """Make the finished folder `work` the live generation, or change nothing.

    Every file is on disk before the manifest, the manifest before the rename, the rename before
    CURRENT: a crash at any point leaves the old generation live, or the new one whole.
    """
    for path in _files(work):
        _fsync(path)
    _write_durably(work / _MANIFEST, manifest.to_json())
    for folder in sorted({path.parent for path in _files(work)} | {work}):
        _fsync(folder)
    target = index_dir / _GENERATIONS / manifest.generation_id
    work.rename(target)
    _fsync(target.parent)
    _write_durably(index_dir / (_CURRENT + ".new"), manifest.generation_id + "\n")
    (index_dir / (_CURRENT + ".new")).replace(index_dir / _CURRENT)
    _fsync(index_dir)


def prune(index_dir: Path, keep: int = KEPT_GENERATIONS) -> list[str]:
    """Delete all but the live generation and the newest whole ones before it; return their ids.

    `keep` counts whole generations: a damaged one is deleted, unless it is the live one.
    A process that has a pruned generation open goes on reading it: its files live until closed.
    """
    live = current_id(index_dir)
    others = [name for name in generation_ids(index_dir) if name != live]
    whole = 0
    removed = []
    for name in (live, *others):
        kept = whole < max(1, keep) and _is_whole(generation_folder(index_dir, name))
        whole += kept
        if not kept and name != live:
            removed.append(name)
    for name in removed:
        # The manifest goes first: a half-deleted generation is never taken for a whole one.
        (index_dir / _GENERATIONS / name / _MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(index_dir / _GENERATIONS / name, ignore_errors=True)
    return removed


def _is_whole(folder: Path) -> bool:
    try:
        return not damage(folder, read_manifest(folder))
    except GenerationError:
        return False


def entries_of(folder: Path) -> dict[str, FileEntry]:
    """Return size and sha256 of every file below `folder`, as a manifest names them."""
    return {
        _relative(path, folder): FileEntry(path.stat().st_size, sha256_of(path))
        for path in _files(folder)
    }


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """Let `target` share the bytes of the immutable file `source`; copy where links cannot be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _files(folder: Path) -> list[Path]:
    """Every file that the manifest must name. Lock files of the keyword engine hold nothing."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name != _MANIFEST and not path.name.startswith(".tantivy-")
    )


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
