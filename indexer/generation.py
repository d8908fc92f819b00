"""One published index, opened whole: its parts are checked, and belong together."""

import logging
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from indexer import keyword_index, passage_store, vector_index
from indexer.abbreviations import Abbreviation
from indexer.embedding import QueryEncoder, Vectors, open_query_encoder
from indexer.errors import DamagedError, FormatError, GenerationError, InaccessibleError
from indexer.keyword_query import Node
from indexer.manifest import FileEntry, Manifest, damage, raise_unless_damaged, read_manifest
from indexer.publishing import current_id, generation_folder, generation_ids, named_in_current
from indexer.ranking import Ranking, SomeRows
from indexer.records import (
    Block,
    Copy,
    Document,
    DocumentText,
    FileRecord,
    FileStatus,
    Filters,
    FormerDocument,
    Label,
    Passage,
)
from indexer.remembered_queries import RememberedQueries
from indexer.row_sets import RowSet

logger = logging.getLogger(__name__)

_ENCODER = "encoder"
_KEPT_DOCUMENTS = 10_000  # about 1.5 KB each: a query finds hundreds, and they come again
_KEPT_FILTERS = 64  # whose rows are remembered; at a million passages up to .3 MB each


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
            raise_unless_damaged(folder, error)
            raise DamagedError(f"{folder.name}: cannot be opened ({error})") from error
        self.counts = self.store.counts()
        self._check_counts()
        self._encoder: QueryEncoder | None = None
        self._documents: dict[int, Document] = {}
        # Neither holds this object: a generation that was replaced is let go at once.
        self._passing = lru_cache(_KEPT_FILTERS)(partial(_passing, self.store, self.vectors))
        self._labels = lru_cache(None)(self.store.labels)

    @property
    def generation_id(self) -> str:
        """The id that responses and permalinks carry."""
        return self.manifest.generation_id

    @property
    def created_at(self) -> str:
        """When it was built, as an ISO time with its zone."""
        return self.manifest.created_at

    @property
    def bytes_on_disk(self) -> int:
        """The size of all files that the manifest names."""
        return sum(entry.bytes for entry in self.manifest.files.values())

    @property
    def encoder(self) -> QueryEncoder:
        """The encoder that this generation carries; loaded when first asked for."""
        if self._encoder is None:
            self._encoder = RememberedQueries(open_query_encoder(self.folder / _ENCODER))
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

    def words(self, prefix: str = "") -> list[tuple[str, int]]:
        """Return the words of all texts that begin with `prefix`, most frequent first."""
        return self.keywords.words(prefix)

    def words_of_length(self, length: int) -> Mapping[str, int]:
        """Return the words of all texts that have so many letters, each with its passages."""
        return self.keywords.words_of_length(length)

    def keyword_ranking(self, query: Node, depth: int, filters: Filters) -> tuple[Ranking, int]:
        """Return the `depth` best passages by words, and the exact number of all that match."""
        return self.keywords.search(query, depth, filters)

    def keyword_scores(self, query: Node, rows: SomeRows) -> Ranking:
        """Return those of `rows` that match `query`, with their scores."""
        return self.keywords.scores(query, rows)

    def encode_query(self, text: str) -> Vectors:
        """Return the vector of a query (1, dimension)."""
        return self.encoder.encode([self.manifest.encoder.query_prefix + text])

    def vector_ranking(
        self, query: Vectors, depth: int, filters: Filters, rows: SomeRows | None = None
    ) -> Ranking:
        """Return the `depth` nearest passages by cosine, out of `rows` where they are given."""
        allowed = None if filters == Filters() else self._passing(filters)
        if rows is not None:
            chosen = self.vectors.row_set(np.array(rows, np.int64))
            allowed = chosen if allowed is None else chosen & allowed
        return self.vectors.search(query, depth, allowed)

    def row_vectors(self, rows: SomeRows) -> Vectors:
        """Return the vectors of `rows` (n, dimension), in that order."""
        return self.vectors.vectors(np.array(rows, np.int64))

    def passages(self, rows: SomeRows) -> list[Passage]:
        """Return the passages of `rows`, in that order."""
        return self.store.passages(rows)

    def positions_of(self, rows: SomeRows) -> list[int]:
        """Return a number of the document of each of `rows`, in that order."""
        return self.store.positions_of(rows)

    def labels_of(self, name: Label, rows: SomeRows) -> list[str]:
        """Return the date, body, committee or type of the document of each of `rows`.

        They are kept once one was asked for: of 40,000 documents they are read in .05 s.
        """
        labels = self._labels(name)
        return [labels[position] for position in self.store.positions_of(rows)]

    def documents_of(self, rows: SomeRows) -> list[Document]:
        """Return the document of each of `rows`, in that order."""
        positions = self.store.positions_of(rows)
        known = self._documents
        found = {one: known.get(one) for one in positions}
        missing = [one for one, document in found.items() if document is None]
        read = dict(zip(missing, self.store.documents_at(missing), strict=True))
        if len(known) + len(read) > _KEPT_DOCUMENTS:
            known.clear()
        known.update(read)
        return [found[one] or read[one] for one in positions]

    def block_at(self, document_id: str, offset: int) -> tuple[Block | None, int | None]:
        """Return the block of a document that holds `offset`, and its page; raises KeyError."""
        return self.store.block_at(document_id, offset)

    def document(self, document_id: str) -> Document | None:
        """Return one document, None where there is none of that id."""
        return self.store.document(document_id)

    def former_document(self, document_id: str) -> FormerDocument | None:
        """Return what an id named once, None where it never named a document."""
        return self.store.former_document(document_id)

    def group_of(self, document_ids: Sequence[str]) -> dict[str, str]:
        """Return the group of each of these documents that is held more than once."""
        return self.store.group_of(document_ids)

    def copies_of(self, document_id: str) -> list[Copy]:
        """Return the other files of a report: its copies first, then what is nearly the same."""
        return self.store.copies_of(document_id)

    def document_text(self, document_id: str) -> DocumentText:
        """Return the text of one document; raises KeyError where there is none of that id."""
        return self.store.document_text(document_id)

    def abbreviations(self, forms: Sequence[str]) -> list[Abbreviation]:
        """Return what the archive says that these short forms, or long forms, stand for."""
        return self.store.abbreviations(forms)

    def document_passages(self, document_id: str) -> list[Passage]:
        """Return the passages of one document in order, none where there is no such document."""
        return [passage for passage, _ in self.store.passages_of(document_id)]

    def documents(self) -> Iterator[Document]:
        """Yield every document, in order of rows."""
        return self.store.documents()

    def document_ids(self, first: int, count: int) -> list[str]:
        """Return the ids of `count` documents from position `first` on, in order of rows."""
        return self.store.document_ids(first, count)

    def files(self, status: FileStatus | None = None) -> Iterator[FileRecord]:
        """Yield what became of each file, by name."""
        return self.store.files(status)

    def near_duplicates(self) -> int:
        """Return how many documents are nearly the same as another."""
        return self.store.near_duplicates()

    def owner_problems(self) -> list[dict[str, str | int]]:
        """Return what in the owner's table could not be used."""
        return self.store.owner_problems()

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


def _passing(
    store: passage_store.PassageStore, vectors: vector_index.VectorIndex, filters: Filters
) -> RowSet:
    return vectors.row_set(store.rows_of(filters))


def open_folder(folder: Path, verified: Container[FileEntry] | None = ()) -> Generation:
    """Verify and open the generation in `folder`; raises GenerationError.

    Files that were `verified` before are not read again to do so; with None those are not that are
    as their builder left them.
    """
    manifest = read_manifest(folder)
    as_built = set(manifest.files.values())
    problems = damage(folder, manifest, as_built if verified is None else verified)
    if problems:
        raise DamagedError(f"{folder.name}: damaged: {'; '.join(problems[:3])}")
    return Generation(folder, manifest)


def open_generation(index_dir: Path, verified: Container[FileEntry] | None = ()) -> Generation:
    """Open the live generation, or, with a warning, the newest good one before it.

    `verified` is that of `open_folder`.
    Raises IndexDirError where INDEX_DIR holds no generation, the GenerationError of the live one
    where none can be used, InaccessibleError where that cannot be found out now.
    """
    live = current_id(index_dir)
    if not named_in_current(index_dir):
        logger.warning("%s: CURRENT is lost; the newest generation is %s", index_dir, live)
    refused: list[GenerationError] = []
    for generation_id in (live, *(name for name in generation_ids(index_dir) if name != live)):
        try:
            generation = open_folder(generation_folder(index_dir, generation_id), verified)
        except InaccessibleError:
            raise
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
        f"Build again: python -m indexer build --verify SOURCE {index_dir}"
    )


def encoder_folder(folder: Path) -> Path:
    """Return where a generation keeps its query encoder."""
    return folder / _ENCODER
