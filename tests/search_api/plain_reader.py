"""The second implementation of ArchiveReader: BM25 and cosine in plain Python, for small archives.

It shares nothing with the engines but the analysis of words and the vectors, which it is given.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from math import log

import numpy as np
import numpy.typing as npt

from indexer.embedding import Vectors
from indexer.keyword_index import DEFAULT_WEIGHTS
from indexer.keyword_query import Field, Group, Node, Phrase, Prefix, Word
from indexer.passage_store import Counts
from indexer.records import (
    Document,
    DocumentText,
    FileRecord,
    FileStatus,
    Filters,
    FormerDocument,
    Hit,
    Passage,
    Ranking,
)

K1, B = 1.2, 0.75
WEIGHTS = asdict(DEFAULT_WEIGHTS)

Analyse = Callable[[str], list[str]]


class PlainReader:
    """Holds everything in lists; every score is computed from its definition."""

    def __init__(
        self,
        stems: Analyse,
        exact: Analyse,
        encode: Callable[[Sequence[str]], Vectors],
        texts: Sequence[tuple[Document, DocumentText]],
        passages: Sequence[Passage],
        vectors: Vectors,
    ) -> None:
        self.generation_id = "plain"
        self.created_at = "2026-01-02T03:04:05+00:00"
        self._stems = stems
        self._exact = exact
        self._encode = encode
        self._texts = {document.document_id: (document, text) for document, text in texts}
        self._passages = list(passages)
        self._vectors = vectors
        titles = [self._of(row).title for row in range(len(passages))]
        written = [passage.text for passage in passages]
        headings = ["\n".join(passage.section) for passage in passages]
        self._fields = {
            "title": [stems(title) for title in titles],
            "heading": [stems(heading) for heading in headings],
            "text": [stems(text) for text in written],
            "exact": [exact(text) for text in written],
            "exact_title": [exact(title) for title in titles],
        }
        dates = sorted(document.date for document, _ in texts if document.date)
        self.counts = Counts(
            documents=len(texts),
            passages=len(passages),
            files=len(texts),
            searchable=len(texts),
            duplicate=0,
            unread=0,
            date_from=dates[0] if dates else "",
            date_to=dates[-1] if dates else "",
        )

    def stems(self, text: str) -> list[str]:
        return self._stems(text)

    def document_frequency(self, stem: str) -> int:
        return sum(stem in terms for terms in self._fields["text"])

    def keyword_ranking(self, query: Node, depth: int, filters: Filters) -> tuple[Ranking, int]:
        scores = self._scores(query) or {}
        hits = [Hit(row, score) for row, score in scores.items() if self._passes(row, filters)]
        hits.sort(key=lambda hit: (-hit.score, hit.row))
        return tuple(hits[:depth]), len(hits)

    def keyword_scores(self, query: Node, rows: Sequence[int]) -> dict[int, float]:
        scores = self._scores(query) or {}
        return {row: scores[row] for row in rows if row in scores}

    def encode_query(self, text: str) -> Vectors:
        return self._encode([text])

    def vector_ranking(
        self, query: Vectors, depth: int, filters: Filters, rows: Sequence[int] | None = None
    ) -> Ranking:
        allowed = range(len(self._passages)) if rows is None else rows
        kept = sorted({row for row in allowed if self._passes(row, filters)})
        hits = [
            Hit(row, float(cosine))
            for row, cosine in zip(kept, self.cosines(query, kept), strict=True)
        ]
        return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.row))[:depth])

    def cosines(self, query: Vectors, rows: Sequence[int]) -> npt.NDArray[np.float32]:
        found = [
            sum(float(a) * float(b) for a, b in zip(self._vectors[row], query[0], strict=True))
            for row in rows
        ]
        return np.array(found, np.float32)

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        return [self._passages[row] for row in rows]

    def documents_of(self, rows: Sequence[int]) -> list[Document]:
        return [self._of(row) for row in rows]

    def document(self, document_id: str) -> Document | None:
        found = self._texts.get(document_id)
        return found[0] if found else None

    def former_document(self, document_id: str) -> FormerDocument | None:
        return None

    def document_text(self, document_id: str) -> DocumentText:
        return self._texts[document_id][1]

    def document_passages(self, document_id: str) -> list[Passage]:
        return [one for one in self._passages if one.document_id == document_id]

    def row_vectors(self, rows: Sequence[int]) -> Vectors:
        return self._vectors[list(rows)]

    def documents(self) -> Iterator[Document]:
        return (document for document, _ in self._texts.values())

    def files(self, status: FileStatus | None = None) -> Iterator[FileRecord]:
        for document in self.documents():
            if status in (None, FileStatus.SEARCHABLE):
                yield FileRecord(
                    document.source_id,
                    document.sha256,
                    0,
                    FileStatus.SEARCHABLE,
                    document_ids=(document.document_id,),
                )

    def _of(self, row: int) -> Document:
        return self._texts[self._passages[row].document_id][0]

    def _passes(self, row: int, filters: Filters) -> bool:
        document = self._of(row)
        for name in ("body", "committee", "doc_type"):
            wanted = getattr(filters, name)
            if wanted and getattr(document, name) != wanted:
                return False
        if not filters.date_from and not filters.date_to:
            return True
        after = filters.date_from <= document.date
        before = document.date <= (filters.date_to or "9999")
        return bool(document.date) and after and before

    def _scores(self, node: Node) -> dict[int, float] | None:
        """Return the score of every row that matches; None where nothing is asked for."""
        match node:
            case Word():
                return self._word(node)
            case Phrase():
                names = _exact_names(node.field)
                return self._sum(
                    [(self._side_by_side(n, self._exact(node.text)), 1) for n in names]
                )
            case Prefix():
                return self._prefix(node)
            case Group():
                return self._group(node)

    def _group(self, group: Group) -> dict[int, float] | None:
        must, should, must_not = (
            [found for part in parts if (found := self._scores(part)) is not None]
            for parts in (group.must, group.should, group.must_not)
        )
        if not must and not should:
            return None
        rows = {row for found in (must or should) for row in found}
        return {
            row: sum(found.get(row, 0.0) for found in must + should)
            for row in rows
            if all(row in found for found in must) and not any(row in found for found in must_not)
        }

    def _word(self, word: Word) -> dict[int, float] | None:
        terms = self._stems(word.text)
        if not terms:
            return None
        weights = WEIGHTS if word.field is Field.ANY else {word.field.value: 1.0}
        joined = self._stems(re.sub(r"(?<=\w)[-'’](?=\w)", "", word.text))
        parts = [(self._side_by_side(name, terms), weight) for name, weight in weights.items()]
        if len(terms) > 1 and len(joined) == 1:
            parts += [(self._side_by_side(n, joined), weight) for n, weight in weights.items()]
        return self._sum([(found, weight * word.weight) for found, weight in parts])

    def _prefix(self, prefix: Prefix) -> dict[int, float] | None:
        names = _exact_names(prefix.field)
        parts = [
            {
                row: 1.0
                for row, terms in enumerate(self._fields[name])
                if any(term.startswith(self._exact(prefix.text)[0]) for term in terms)
            }
            for name in names
        ]
        return self._sum([(found, prefix.weight) for found in parts])

    def _side_by_side(self, name: str, terms: Sequence[str]) -> dict[int, float]:
        """Return BM25 of a sequence of terms, counted like one term of their summed rarity."""
        lists = self._fields[name]
        passages = len(lists)
        average = sum(map(len, lists)) / passages
        idf = 0.0
        for term in terms:
            holding = sum(term in found for found in lists)
            idf += log(1 + (passages - holding + 0.5) / (holding + 0.5))
        scores = {}
        for row, found in enumerate(lists):
            count = sum(found[at : at + len(terms)] == list(terms) for at in range(len(found)))
            if count:
                norm = K1 * (1 - B + B * len(found) / average)
                scores[row] = idf * (1 + K1) * count / (count + norm)
        return scores

    def _sum(self, parts: Sequence[tuple[dict[int, float], float]]) -> dict[int, float]:
        summed: dict[int, float] = {}
        for found, weight in parts:
            for row, score in found.items():
                summed[row] = summed.get(row, 0.0) + weight * score
        return summed


def _exact_names(field: Field) -> list[str]:
    return {
        Field.ANY: ["exact", "exact_title"],
        Field.TITLE: ["exact_title"],
        Field.TEXT: ["exact"],
    }[field]
