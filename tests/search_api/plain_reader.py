"""The second implementation of ArchiveReader: BM25 and cosine in plain Python, for small archives.

It shares nothing with the engines but the analysis of words and the vectors, which it is given.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from math import log

import numpy as np

from indexer.abbreviations import Abbreviation, definitions, key_of
from indexer.embedding import Vectors
from indexer.keyword_index import DEFAULT_WEIGHTS
from indexer.keyword_query import (
    Dated,
    Either,
    Field,
    Fuzzy,
    Group,
    Node,
    Pair,
    Phrase,
    Prefix,
    Wildcard,
    Word,
)
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
from indexer.words import joined, joined_compounds

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
            "joined": [
                stems(joined_compounds(self._of(row).title, *passage.section, passage.text))
                for row, passage in enumerate(passages)
            ],
            "body": [stems(self._of(row).body) for row in range(len(passages))],
            "committee": [stems(self._of(row).committee) for row in range(len(passages))],
            "type": [stems(self._of(row).doc_type) for row in range(len(passages))],
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

    def words(self, prefix: str = "") -> list[tuple[str, int]]:
        counts = Counter(word for terms in self._fields["exact"] for word in set(terms))
        found = [(word, count) for word, count in counts.items() if word.startswith(prefix)]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def words_of_length(self, length: int) -> Mapping[str, int]:
        return {word: count for word, count in self.words() if len(word) == length}

    def keyword_ranking(self, query: Node, depth: int, filters: Filters) -> tuple[Ranking, int]:
        scores = self._scores(query) or {}
        hits = [(row, score) for row, score in scores.items() if self._passes(row, filters)]
        return Ranking.of(hits)[:depth], len(hits)

    def keyword_scores(self, query: Node, rows: SomeRows) -> Ranking:
        scores = self._scores(query) or {}
        return Ranking.of((row, scores[row]) for row in rows if row in scores)

    def encode_query(self, text: str) -> Vectors:
        return self._encode([text])

    def vector_ranking(
        self, query: Vectors, depth: int, filters: Filters, rows: SomeRows | None = None
    ) -> Ranking:
        allowed = range(len(self._passages)) if rows is None else rows
        kept = sorted({row for row in allowed if self._passes(row, filters)})
        return Ranking.of(zip(kept, self._cosines(query, kept), strict=True))[:depth]

    def row_vectors(self, rows: SomeRows) -> Vectors:
        return np.array([self._vectors[row] for row in rows], np.float32).reshape(
            len(rows), self._vectors.shape[1]
        )

    def _cosines(self, query: Vectors, rows: SomeRows) -> list[float]:
        return [
            sum(float(a) * float(b) for a, b in zip(self._vectors[row], query[0], strict=True))
            for row in rows
        ]

    def passages(self, rows: SomeRows) -> list[Passage]:
        return [self._passages[row] for row in rows]

    def positions_of(self, rows: SomeRows) -> list[int]:
        ids = list(self._texts)
        return [ids.index(self._of(row).document_id) for row in rows]

    def labels_of(self, name: Label, rows: SomeRows) -> list[str]:
        return [str(getattr(self._of(row), name)) for row in rows]

    def documents_of(self, rows: SomeRows) -> list[Document]:
        return [self._of(row) for row in rows]

    def document(self, document_id: str) -> Document | None:
        found = self._texts.get(document_id)
        return found[0] if found else None

    def group_of(self, document_ids: Sequence[str]) -> dict[str, str]:
        return {}  # it holds no copies

    def copies_of(self, document_id: str) -> list[Copy]:
        return []

    def former_document(self, document_id: str) -> FormerDocument | None:
        return None

    def document_text(self, document_id: str) -> DocumentText:
        return self._texts[document_id][1]

    def block_at(self, document_id: str, offset: int) -> tuple[Block | None, int | None]:
        text = self.document_text(document_id)
        return text.block_at(offset), text.page_at(offset)

    def abbreviations(self, forms: Sequence[str]) -> list[Abbreviation]:
        keys = {key_of(form) for form in forms} | {form.casefold() for form in forms}
        return [
            Abbreviation(one.short, one.long, 1, document.document_id, one.start, one.end)
            for document, text in self._texts.values()
            for one in definitions(text.text)
            if one.short.casefold() in keys or key_of(one.long) in keys
        ]

    def document_passages(self, document_id: str) -> list[Passage]:
        return [one for one in self._passages if one.document_id == document_id]

    def documents(self) -> Iterator[Document]:
        return (document for document, _ in self._texts.values())

    def document_ids(self, first: int, count: int) -> list[str]:
        return [*self._texts][first : first + count]

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

    def near_duplicates(self) -> int:
        return 0

    def owner_problems(self) -> list[dict[str, str | int]]:
        return []

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
        after = filters.date_from <= document.date + "-99-99"[len(document.date) - 4 :]
        before = document.date <= (filters.date_to or "9999")
        return bool(document.date) and after and before

    def _scores(self, node: Node) -> dict[int, float] | None:
        """Return the score of every row that matches; None where nothing is asked for."""
        match node:
            case Word() | Pair():  # of a few passages no word is common
                return self._word(node)
            case Phrase(field=Field.BODY | Field.COMMITTEE | Field.TYPE):
                return self._word(Word(node.text, node.field))
            case Phrase():
                names = _exact_names(node.field)
                return self._sum(
                    [(self._side_by_side(n, self._exact(node.text)), 1) for n in names]
                )
            case Prefix():
                start = self._exact(node.text)[0]
                return self._matching(node, lambda term: term.startswith(start))
            case Wildcard():
                form = re.compile(
                    node.text.casefold().replace("*", ".*").replace("?", "."), re.DOTALL
                )
                return self._matching(node, lambda term: bool(form.fullmatch(term)))
            case Fuzzy():
                word = node.text.casefold()
                return self._matching(node, lambda term: edits(word, term) <= node.distance)
            case Dated():
                days = range(len(self._passages))
                return {row: 0.0 for row in days if node.first <= self._of(row).date <= node.last}
            case Either():
                options = [
                    found for one in node.options if (found := self._scores(one)) is not None
                ]
                rows = {row for found in options for row in found}
                best = {row: max(found.get(row, 0.0) for found in options) for row in rows}
                return best if options else None
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

    def _word(self, word: Word | Pair) -> dict[int, float] | None:
        terms = self._stems(word.text)
        if not terms:
            return None
        weights = WEIGHTS if word.field is Field.ANY else {word.field.value: 1.0}
        as_one = self._stems(joined(word.text))
        parts = [(self._side_by_side(name, terms), weight) for name, weight in weights.items()]
        if word.field is Field.ANY and len(terms) == 1:
            also = self._side_by_side("joined", terms)
            text, _ = parts.pop()
            best = {
                row: max(text.get(row, 0), also.get(row, 0)) for row in text.keys() | also.keys()
            }
            parts.append((best, WEIGHTS["text"]))
        if len(terms) > 1 and len(as_one) == 1:
            parts += [(self._side_by_side(n, as_one), weight) for n, weight in weights.items()]
        counted = 0.0 if word.field.is_known else word.weight
        return self._sum([(found, weight * counted) for found, weight in parts])

    def _matching(
        self, node: Prefix | Wildcard | Fuzzy, matches: Callable[[str], bool]
    ) -> dict[int, float]:
        """Return a score of 1 for each field that holds a word of that form."""
        parts = [
            {
                row: 1.0
                for row, terms in enumerate(self._fields[name])
                if any(matches(term) for term in terms)
            }
            for name in _exact_names(node.field)
        ]
        return self._sum([(found, node.weight) for found in parts])

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


def edits(one: str, other: str) -> int:
    """Return how many letters to add, drop, change or swap (neighbours) turn one into the other."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, against in enumerate(other, start=1):
            row.append(min(row[-1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (letter != against)))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                row[-1] = min(row[-1], rows[-2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]
