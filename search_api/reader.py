"""All that retrieval may ask of an index: an adapter to another engine implements this.

`indexer.generation.Generation` is the implementation that is shipped; the tests hold a second one
in plain Python.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from indexer.abbreviations import Abbreviation
from indexer.embedding import Vectors
from indexer.keyword_query import Node
from indexer.passage_store import Counts
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


class ArchiveReader(Protocol):
    """One generation of an archive: it never changes, and every call is safe from any thread."""

    @property
    def generation_id(self) -> str:
        """The id that responses carry."""

    @property
    def created_at(self) -> str:
        """When it was built, as an ISO time with its zone."""

    @property
    def counts(self) -> Counts:
        """How much the archive holds."""

    def stems(self, text: str) -> list[str]:
        """Return the terms that `text` is searched by, in order."""

    def document_frequency(self, stem: str) -> int:
        """Return how many passages hold `stem` in their text."""

    def words(self, prefix: str = "") -> list[tuple[str, int]]:
        """Return the words of all texts that begin with `prefix`, most frequent first.

        In lower case and without accents, each with the number of passages that hold it.
        """

    def words_of_length(self, length: int) -> Mapping[str, int]:
        """Return the words of all texts that have so many letters, as `words` has them."""

    def keyword_ranking(self, query: Node, depth: int, filters: Filters) -> tuple[Ranking, int]:
        """Return the `depth` best passages by words, and the exact number of all that match."""

    def keyword_scores(self, query: Node, rows: SomeRows) -> Ranking:
        """Return those of `rows` that match `query`, with their scores."""

    def encode_query(self, text: str) -> Vectors:
        """Return the vector of a query (1, dimension)."""

    def vector_ranking(
        self, query: Vectors, depth: int, filters: Filters, rows: SomeRows | None = None
    ) -> Ranking:
        """Return the `depth` nearest passages by cosine, out of `rows` where they are given."""

    def row_vectors(self, rows: SomeRows) -> Vectors:
        """Return the vectors of `rows` (n, dimension), in that order, each of length 1."""

    def passages(self, rows: SomeRows) -> list[Passage]:
        """Return the passages of `rows`, in that order."""

    def positions_of(self, rows: SomeRows) -> list[int]:
        """Return a number of the document of each of `rows`: the same for rows of the same one."""

    def labels_of(self, name: Label, rows: SomeRows) -> list[str]:
        """Return the date, body, committee or type of the document of each of `rows`, "" unknown.

        Of hundreds at once, where `documents_of` would read all that is known of each.
        """

    def documents_of(self, rows: SomeRows) -> list[Document]:
        """Return the document of each of `rows`, in that order."""

    def document(self, document_id: str) -> Document | None:
        """Return one document, None where there is none of that id."""

    def group_of(self, document_ids: Sequence[str]) -> dict[str, str]:
        """Return the group of each of these documents that is held more than once."""

    def copies_of(self, document_id: str) -> list[Copy]:
        """Return the other files of a report: its copies first, then what is nearly the same."""

    def former_document(self, document_id: str) -> FormerDocument | None:
        """Return what became of a document that is gone, None where none ever had that id."""

    def document_text(self, document_id: str) -> DocumentText:
        """Return the text of one document; raises KeyError where there is none of that id."""

    def block_at(self, document_id: str, offset: int) -> tuple[Block | None, int | None]:
        """Return the block of a document that holds `offset`, and its page; see DocumentText.

        Raises KeyError where there is no document of that id.
        """

    def abbreviations(self, forms: Sequence[str]) -> list[Abbreviation]:
        """Return what the archive itself says that these short or long forms stand for.

        A form is a word ("ODUG", also "odug") or a name ("Open Data User Group"; plurals, accents
        and words like "of" do not matter). Best supported first; each names the place that defines
        it, and the row of the passage that holds the place.
        """

    def document_passages(self, document_id: str) -> list[Passage]:
        """Return the passages of one document in order, none where there is no such document."""

    def documents(self) -> Iterator[Document]:
        """Yield every document, in order of rows."""

    def document_ids(self, first: int, count: int) -> list[str]:
        """Return the ids of `count` documents, in order of rows, from the one at `first` (0) on."""

    def files(self, status: FileStatus | None = None) -> Iterator[FileRecord]:
        """Yield what became of each file, by name."""

    def near_duplicates(self) -> int:
        """Return how many documents are nearly the same as another."""

    def owner_problems(self) -> list[dict[str, str | int]]:
        """Return what in the owner's table could not be used."""


class Archive(Protocol):
    """Hands out the generations to answer from."""

    def current(self) -> ArchiveReader:
        """Return the generation to answer with; raises NotReadyError where none is open."""

    def kept(self, generation_id: str) -> ArchiveReader:
        """Return that generation, while it is kept; raises GoneError."""
