"""The words of all passages: a BM25 ranking with tantivy. Owner of tantivy.

Scores: for each field, BM25 with k1 = 1.2 and b = 0.75, which tantivy fixes itself; the fields'
scores are added up with the weights below. Lengths above 40 tokens are stored rounded.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import tantivy
from tantivy import FieldType, Filter, Occur, Query, SchemaBuilder, TextAnalyzerBuilder, Tokenizer

from indexer.errors import DamagedError
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
from indexer.ranking import Ranking, SomeRows
from indexer.records import Document, Filters, Passage
from indexer.words import composed, joined, joined_compounds

FOLDER_NAME = "keyword"
# Written into the manifest: an index made by another analysis is refused.
ANALYZER = (
    "words, 64 characters at most, composed, lower case, accents folded, English stems, compounds "
    "also joined; version 2"
)
_MAX_TOKEN_BYTES = 64
# One thread: with four, equal scores came back in another order on each build.
_WRITER_THREADS = 1
_WRITER_MEMORY_BYTES = 256_000_000
# More terms than a person types; a pasted page does not keep the engine busy for seconds.
MAX_TERMS = 512
_RECENT = 64  # queries that are kept compiled
# A pair of words that are both in more of the passages than this (and in so many at least) adds
# nothing: left out, hybrid nDCG@10 of six sets moves by -.001 to .003. It also costs most: at a
# million passages up to 27 ms, all other pairs 2.5 ms at most.
_COMMON_SHARE = 0.02
_COMMON_AT_LEAST = 20
_LARGEST_DATE = 99_999_999
_JOINED = "joined"  # "cooperation" for each "co-operation": apart, for the text's length is its own
_FIELDS_OF = {
    Field.BODY: "body_words",
    Field.COMMITTEE: "committee_words",
    Field.TYPE: "type_words",
}


@dataclass(frozen=True, slots=True)
class FieldWeights:
    """What a match in each field counts, relative to one in the text."""

    title: float = 0.5
    heading: float = 0.25
    text: float = 1.0


DEFAULT_WEIGHTS = FieldWeights()

_T = TypeVar("_T")


def _analyzer(*, stemmed: bool) -> tantivy.TextAnalyzer:
    builder = (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(_MAX_TOKEN_BYTES))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
    )
    return builder.filter(Filter.stemmer("english")).build() if stemmed else builder.build()


def _schema() -> tantivy.Schema:
    builder = SchemaBuilder()
    for name in ("title", "heading", "text", _JOINED):
        builder.add_text_field(name, tokenizer_name="stemmed")
    for name in ("exact", "exact_title"):
        builder.add_text_field(name, tokenizer_name="exact")
    for name in _FIELDS_OF.values():
        builder.add_text_field(name, tokenizer_name="stemmed")
    for name in ("body", "committee", "doc_type"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    # The first and the last day that a date may be, 20110300 to 20110399 for a month; 0 if unknown.
    builder.add_unsigned_field("date", indexed=True, fast=True)
    builder.add_unsigned_field("last_date", indexed=True, fast=True)
    builder.add_unsigned_field("row", indexed=True, fast=True)
    schema: tantivy.Schema = builder.build()
    return schema


def write(pairs: Iterable[tuple[Document, Passage]], folder: Path) -> int:
    """Write an index over passages, given with their documents in order of rows; return how many.

    `folder` must be empty. Raises OSError where it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return _commit(lambda: tantivy.Index(_schema(), str(folder)), folder, (), pairs)


def update(folder: Path, gone: Iterable[int], pairs: Iterable[tuple[Document, Passage]]) -> None:
    """Take the rows `gone` out of the index in `folder`, and add `pairs`.

    No file is written to, so that `folder` may share its files with another; new ones are added.
    In the frequencies of words what is gone goes on counting, until the engine merges the file
    that holds it. Raises OSError where it cannot be written.
    """
    _commit(lambda: tantivy.Index.open(str(folder)), folder, gone, pairs)


def _commit(
    opened: Callable[[], tantivy.Index],
    folder: Path,
    gone: Iterable[int],
    pairs: Iterable[tuple[Document, Passage]],
) -> int:
    count = 0
    try:
        index = opened()
        index.register_tokenizer("stemmed", _analyzer(stemmed=True))
        index.register_tokenizer("exact", _analyzer(stemmed=False))
        writer = index.writer(_WRITER_MEMORY_BYTES, _WRITER_THREADS)
        if rows := list(gone):
            # By query: a number that is deleted by term is not found.
            writer.delete_documents_by_query(Query.term_set_query(index.schema, "row", rows))
        for document, passage in pairs:
            writer.add_document(_entry(document, passage))
            count += 1
        writer.commit()
        writer.wait_merging_threads()
    except ValueError as error:  # how the engine reports a full or a failing disk
        raise OSError(f"keyword index: {error}") from error
    for lock in folder.glob(".tantivy-*.lock"):
        lock.unlink()
    return count


def _entry(document: Document, passage: Passage) -> tantivy.Document:
    entry = tantivy.Document()
    entry.add_text("title", composed(document.title))
    entry.add_text("exact_title", composed(document.title))
    entry.add_text("heading", composed("\n".join(passage.section)))
    entry.add_text("text", composed(passage.text))
    entry.add_text("exact", composed(passage.text))
    entry.add_text(_JOINED, joined_compounds(document.title, *passage.section, passage.text))
    entry.add_text("body_words", composed(document.body))
    entry.add_text("committee_words", composed(document.committee))
    entry.add_text("type_words", composed(document.doc_type))
    for name in ("body", "committee", "doc_type"):
        entry.add_text(name, getattr(document, name))
    entry.add_unsigned("date", _date_number(document.date, "0000"))
    entry.add_unsigned("last_date", _date_number(document.date, "9999"))
    entry.add_unsigned("row", passage.row)
    return entry


class KeywordIndex:
    """Opened read-only; safe to search from several threads."""

    def __init__(self, folder: Path, weights: FieldWeights = DEFAULT_WEIGHTS) -> None:
        index = _guarded(lambda: tantivy.Index.open(str(folder)), f"{folder}: cannot be opened")
        self._searcher = index.searcher()
        self._schema = index.schema
        self._weights = asdict(weights)
        self._recent: dict[Node, Query | None] = {}
        self._stemmed = _analyzer(stemmed=True)
        self._exact = _analyzer(stemmed=False)

    @property
    def count(self) -> int:
        """How many passages it holds."""
        return int(self._searcher.num_docs)

    def stems(self, text: str) -> list[str]:
        """Return the terms that `text` is searched by, in order."""
        return list(self._stemmed.analyze(composed(text)))

    def exact_terms(self, text: str) -> list[str]:
        """Return the words of `text` in lower case without accents, as phrases are compared."""
        return list(self._exact.analyze(composed(text)))

    def document_frequency(self, stem: str) -> int:
        """Return how many passages hold `stem` in their text."""
        return int(self._searcher.doc_freq("text", stem))

    def words(self, prefix: str = "") -> list[tuple[str, int]]:
        """Return the words of all texts that begin with `prefix`, most frequent first.

        In lower case, without accents, each with the number of passages that hold it.
        """
        return _guarded(lambda: self._searcher.terms_with_prefix("exact", prefix), "words")

    def words_of_length(self, length: int) -> Mapping[str, int]:
        """Return the words of all texts that have so many letters, each with its passages.

        As `words` has them. All (19,777 for 760 files, 50 ms) are kept once they were asked for.
        """
        return self._by_length.get(length, {})

    @cached_property
    def _by_length(self) -> dict[int, dict[str, int]]:
        found: dict[int, dict[str, int]] = {}
        for word, count in self.words():
            found.setdefault(len(word), {})[word] = count
        return found

    def search(
        self, query: Node, depth: int, filters: Filters | None = None
    ) -> tuple[Ranking, int]:
        """Return the `depth` best passages and the exact number of all that match.

        Equal scores are ordered by row.
        """
        compiled = self._with_filters(self._compiled(query), filters)
        if compiled is None:
            return Ranking.of(()), 0
        result = _guarded(
            lambda: self._searcher.search(
                compiled, limit=min(max(depth, 1), max(self.count, 1)), count=True
            ),
            "search",
        )
        return self._ranking(result.hits[:depth]), int(result.count)  # type: ignore[attr-defined]

    def scores(self, query: Node, rows: SomeRows) -> Ranking:
        """Return those of `rows` that match `query`, with their scores."""
        compiled = self._compiled(query)
        if compiled is None or not len(rows):
            return Ranking.of(())
        # Not a term_set_query: it walks the dictionary of rows, 3.5 ms where this takes .8.
        any_of = [(Occur.Should, Query.term_query(self._schema, "row", int(row))) for row in rows]
        chosen = Query.const_score_query(Query.boolean_query(any_of), 0.0)
        both = Query.boolean_query([(Occur.Must, compiled), (Occur.Must, chosen)])
        result = _guarded(
            lambda: self._searcher.search(both, limit=len(rows), count=False), "scores"
        )
        return self._ranking(result.hits)

    def _ranking(self, found: list[tuple[float, tantivy.DocAddress]]) -> Ranking:
        rows = self._searcher.fast_field_values("row", [address for _, address in found])
        scores = np.array([score for score, _ in found], np.float64)
        return Ranking.best_first(np.array(rows, np.int64), scores)

    def _compiled(self, query: Node) -> Query | None:
        """Compile a whole query once: it is ranked, then asked for scores of more passages."""
        recent = self._recent
        if query not in recent:
            if len(recent) >= _RECENT:
                recent = self._recent = {}  # not cleared: another thread may be reading it
            recent[query] = self._compile(query)
        return recent[query]

    def _compile(self, node: Node) -> Query | None:
        """Return the engine's query, None where nothing is left to look for."""
        compiled = self._compile_scored(node)
        if compiled is not None and not isinstance(node, Group | Either | Dated | Pair):
            return Query.const_score_query(compiled, 0.0) if node.field.is_known else compiled
        return compiled

    def _compile_scored(self, node: Node) -> Query | None:
        match node:
            case Word():
                return self._word(node)
            case Phrase():
                return self._phrase(node)
            case Pair():
                return self._pair(node)
            case Prefix():
                return self._prefix(node)
            case Wildcard():
                return self._wildcard(node)
            case Fuzzy():
                return self._fuzzy(node)
            case Dated():
                return self._dated(node.first, node.last)
            case Either():
                return self._best_of(node)
            case Group():
                return self._group(node)

    def _group(self, group: Group) -> Query | None:
        clauses = [
            (occur, compiled)
            for occur, nodes in (
                (Occur.Must, group.must),
                (Occur.Should, group.should[:MAX_TERMS]),
                (Occur.MustNot, group.must_not),
            )
            for node in nodes
            if (compiled := self._compile(node)) is not None
        ]
        if not clauses or all(occur == Occur.MustNot for occur, _ in clauses):
            return None
        return Query.boolean_query(clauses)

    def _fields(self, field: Field) -> list[tuple[str, float]]:
        if field is Field.ANY:
            return list(self._weights.items())
        return [(_FIELDS_OF.get(field, field.value), 1.0)]

    def _word(self, word: Word) -> Query | None:
        terms = self.stems(word.text)[:MAX_TERMS]
        if not terms:
            return None
        alternatives = [self._side_by_side(name, terms) for name, _ in self._fields(word.field)]
        weights = [weight for _, weight in self._fields(word.field)]
        if (
            word.field is Field.ANY
            and len(terms) == 1
            and self._searcher.doc_freq(_JOINED, terms[0])
        ):
            # "cooperation" is also written "co-operation"; a passage with both counts one.
            also = Query.term_query(self._schema, _JOINED, terms[0])
            alternatives[-1] = Query.disjunction_max_query([alternatives[-1], also])
        as_one = self.stems(joined(word.text))
        if len(terms) > 1 and len(as_one) == 1:  # "co-operation" is also written "cooperation"
            for name, weight in self._fields(word.field):
                alternatives.append(Query.term_query(self._schema, name, as_one[0]))
                weights.append(weight)
        return _either(alternatives, [weight * word.weight for weight in weights])

    def _phrase(self, phrase: Phrase) -> Query | None:
        if phrase.field.is_known:  # a name: side by side, but in any inflection
            return self._word(Word(phrase.text, phrase.field))
        terms = self.exact_terms(phrase.text)[:MAX_TERMS]
        if not terms:
            return None
        names = _exact_fields(phrase.field)
        alternatives = [self._side_by_side(name, terms) for name in names]
        return _either(alternatives, [phrase.weight] * len(names))

    def _pair(self, pair: Pair) -> Query | None:
        terms = self.stems(pair.text)[:MAX_TERMS]
        common = max(_COMMON_AT_LEAST, _COMMON_SHARE * self.count)
        if not terms or min(map(self.document_frequency, terms)) > common:
            return None
        return _either([self._side_by_side(pair.field.value, terms)], [pair.weight])

    def _prefix(self, prefix: Prefix) -> Query | None:
        terms = self.exact_terms(prefix.text)
        if not terms:
            return None
        names = _exact_fields(prefix.field)
        *whole, last = terms
        forms = self._of_form(names, re.escape(last) + ".*")
        alternatives = [
            Query.boolean_query(
                [
                    *((Occur.Must, Query.term_query(self._schema, name, term)) for term in whole),
                    (Occur.Must, form),
                ]
            )
            for name, form in zip(names, forms, strict=True)
        ]
        return _either(alternatives, [prefix.weight] * len(names))

    def _wildcard(self, wildcard: Wildcard) -> Query | None:
        pieces = [
            piece if piece in "*?" else "".join(self.exact_terms(piece))
            for piece in re.split(r"([*?])", wildcard.text)
        ]
        if not pieces[0]:
            return None  # a dictionary is never walked from end to end
        pattern = "".join({"*": ".*", "?": "."}.get(piece, re.escape(piece)) for piece in pieces)
        names = _exact_fields(wildcard.field)
        return _either(self._of_form(names, pattern), [wildcard.weight] * len(names))

    def _of_form(self, names: list[str], pattern: str) -> list[Query]:
        """Match words of these fields that have a form; none where the engine finds it too long."""
        try:
            return [Query.regex_query(self._schema, name, pattern) for name in names]
        except ValueError:  # dozens of "*" and "?", which no word has
            return [Query.empty_query() for _ in names]

    def _fuzzy(self, fuzzy: Fuzzy) -> Query | None:
        terms = self.exact_terms(fuzzy.text)
        if len(terms) != 1:
            return None
        names = _exact_fields(fuzzy.field)
        found = [
            Query.fuzzy_term_query(self._schema, name, terms[0], min(max(fuzzy.distance, 1), 2))
            for name in names
        ]
        return _either(found, [fuzzy.weight] * len(names))

    def _dated(self, first: str, last: str) -> Query:
        """Match reports whose date, a day or a month or a year of days, may lie in the range."""
        earliest = _date_number(first, "0000") or 1  # no date is in no range
        latest = _date_number(last, "9999") or _LARGEST_DATE
        both = Query.boolean_query(
            [
                (Occur.Must, self._between("last_date", earliest, _LARGEST_DATE)),
                (Occur.Must, self._between("date", 0, latest)),
            ]
        )
        return Query.const_score_query(both, 0.0)

    def _best_of(self, either: Either) -> Query | None:
        options = [
            found
            for option in either.options[:MAX_TERMS]
            if (found := self._compile(option)) is not None
        ]
        return Query.disjunction_max_query(options) if options else None

    def _side_by_side(self, field_name: str, terms: list[str]) -> Query:
        if len(terms) == 1:
            return Query.term_query(self._schema, field_name, terms[0])
        return Query.phrase_query(self._schema, field_name, list(terms))

    def _with_filters(self, query: Query | None, filters: Filters | None) -> Query | None:
        if query is None or filters is None:
            return query
        clauses = []
        for name in ("body", "committee", "doc_type"):
            value = getattr(filters, name)
            if value:
                clauses.append(Query.term_query(self._schema, name, value))
        if filters.date_from or filters.date_to:
            clauses.append(self._dated(filters.date_from, filters.date_to))
        conditions = [(Occur.Must, Query.const_score_query(clause, 0.0)) for clause in clauses]
        return Query.boolean_query([(Occur.Must, query), *conditions]) if clauses else query

    def _between(self, name: str, least: int, most: int) -> Query:
        return Query.range_query(self._schema, name, FieldType.Unsigned, least, most)


def _either(queries: list[Query], weights: list[float]) -> Query:
    boosted = [
        query if weight == 1.0 else Query.boost_query(query, weight)
        for query, weight in zip(queries, weights, strict=True)
        if weight > 0
    ]
    if len(boosted) == 1:
        return boosted[0]
    return Query.boolean_query([(Occur.Should, query) for query in boosted])


def _exact_fields(field: Field) -> list[str]:
    if field.is_known:
        return [_FIELDS_OF[field]]
    return {
        Field.TITLE: ["exact_title"],
        Field.TEXT: ["exact"],
    }.get(field, ["exact", "exact_title"])


def _date_number(date: str, padding: str) -> int:
    """Return 20110317 for 2011-03-17, padded where a date is a month or a year; 0 for no date."""
    digits = date.replace("-", "")
    return int((digits + padding)[:8]) if len(digits) in (4, 6, 8) and digits.isdigit() else 0


def _guarded(call: Callable[[], _T], what: str) -> _T:
    """Run a call into the engine; a panic in it is a BaseException that must not escape."""
    try:
        return call()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise DamagedError(
            f"keyword index: {what} ({error}). Check the index: python -m indexer check INDEX_DIR"
        ) from error
