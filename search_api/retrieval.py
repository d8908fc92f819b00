"""One retrieval for search and for answers: two rankings of passages, merged into one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.embedding import Vectors
from indexer.keyword_query import Group, Node
from indexer.ranking import Ranking, best_first
from indexer.records import Document, Filters
from indexer.row_sets import Rows
from search_api.asked_dates import dates_in, report_fits
from search_api.candidates import Candidate, Candidates, ranks_in
from search_api.defining import definitions
from search_api.expansion import expand
from search_api.fusion import convex_scores, towards, vector_weight
from search_api.phases import phase
from search_api.query import ParsedQuery
from search_api.question import Kind, kind_of
from search_api.reader import ArchiveReader
from search_api.responses import Mode

# Hits per list before fusion. More changes nothing in the first hundred documents of our sets.
DEPTH = 300
# Of the passages that the vector side alone brings, so many of the best are scored by words too.
# More, or half as many, change no nDCG@10 on five sets, and R@100 by .0006 at most.
SCORED = 100
# A query that names what must match is answered out of at most this many matching passages.
CONSTRAINED_DEPTH = 5000
# Passages that the question is moved towards before the lists are merged for good. Three at a fifth
# of the question's weight gain .002 to .007 nDCG@10 on seven of our eight sets (cisi lost .006) and
# move one of 110 archive questions; more weight gains more there and loses more here.
FEEDBACK = 3
# Weight of a report's date against all else, where the question names a time: found@1 of
# archive_questions .77 -> .82, found@5 .93 -> .95; .04 to .13 do about as well.
DATE_WEIGHT = 0.09
_READ_AT_ONCE = 16  # documents: a page shows ten of hundreds


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The merged ranking, best first, and how many passages the words match in all."""

    query: ParsedQuery
    candidates: Candidates
    total: int


@dataclass(frozen=True, slots=True)
class DocumentHit:
    """A document by its best passage; `others` are the places of its further passages."""

    document: Document
    best: Candidate
    others: tuple[int, ...]


def retrieve(
    reader: ArchiveReader,
    query: ParsedQuery,
    filters: Filters,
    mode: Mode = "hybrid",
    depth: int = DEPTH,
) -> Retrieved:
    """Return the merged ranking of a query (or one list alone), equal scores ordered by row.

    The query that comes back with it has what the archive adds to it: see `expansion`.
    """
    query = expand(reader, query)
    with phase("words"):
        by_words, total = reader.keyword_ranking(query.node, depth, filters)
    if mode == "keyword":
        return Retrieved(query, Candidates.by_words(by_words), total)
    if not query.question:
        return Retrieved(query, Candidates.by_words(by_words[:0]), total)
    with phase("encode"):
        vector = reader.encode_query(query.question)
    with phase("meaning"):
        by_meaning = _constrained_vector_ranking(reader, query, vector, depth, filters)
    if mode == "vector":
        return Retrieved(query, Candidates.by_meaning(by_meaning), total)
    rows: Rows = np.union1d(by_words.rows, by_meaning.rows)
    vectors = reader.row_vectors(rows)
    cosines = (vectors @ vector[0]).astype(np.float64)
    # A passage that the vector side alone brings has a keyword score too: asking for it keeps the
    # two scores of those that compete for the first places comparable.
    others = by_meaning.rows[~np.isin(by_meaning.rows, by_words.rows)][:SCORED]
    scores = np.zeros(len(rows))
    for one in (by_words, reader.keyword_scores(query.node, others)):
        scores[np.searchsorted(rows, one.rows)] = one.scores
    weight = vector_weight(len(query.terms))
    best = best_first(rows, convex_scores(scores, cosines, weight))[:FEEDBACK]
    nearer = (vectors @ towards(vector[0], vectors[best])).astype(np.float64)
    merged = convex_scores(scores, nearer, weight)
    if asked := dates_in(query.question):
        fits = [report_fits(asked, dated) for dated in reader.labels_of("date", rows)]
        merged = (1 - DATE_WEIGHT) * merged + DATE_WEIGHT * np.array(fits)
    if kind_of(query.question) is Kind.STANDS_FOR:
        defines = np.isin(rows, [row for row, _ in definitions(reader, query.question)])
        # Before all others: found@1 of eight such questions .50 -> .88.
        merged = (merged + defines) / 2 if defines.any() else merged
    ranks = (ranks_in(rows, by_words), ranks_in(rows, by_meaning))
    found = Candidates(rows, merged, scores, cosines, *ranks)
    return Retrieved(query, found.taken(best_first(rows, merged)), total)


def _constrained_vector_ranking(
    reader: ArchiveReader, query: ParsedQuery, vector: Vectors, depth: int, filters: Filters
) -> Ranking:
    """Rank by meaning, but only passages that meet what the query demands."""
    constraint = query.constraint
    if constraint is None:
        return reader.vector_ranking(vector, depth, filters)
    if constraint.must:
        # The query itself matches no other passages than the constraint, best first.
        matching, _ = reader.keyword_ranking(query.node, CONSTRAINED_DEPTH, filters)
        return reader.vector_ranking(vector, depth, filters, matching.rows)
    found = reader.vector_ranking(vector, depth, filters)
    unwanted: Node = Group(should=constraint.must_not)
    excluded = reader.keyword_scores(unwanted, found.rows)
    kept = ~np.isin(found.rows, excluded.rows)
    return Ranking(found.rows[kept], found.scores[kept])


def by_document(reader: ArchiveReader, candidates: Candidates) -> list[list[int]]:
    """Group a ranking by document, in the order of each document's best passage.

    Each group holds the places of a document's passages in the ranking, from 0, best first.
    """
    groups: dict[int, list[int]] = {}
    for place, document in enumerate(reader.positions_of(candidates.rows)):
        groups.setdefault(document, []).append(place)
    return list(groups.values())


def with_documents(
    reader: ArchiveReader, candidates: Candidates, groups: Sequence[Sequence[int]]
) -> Iterator[DocumentHit]:
    """Yield each group with its document; they are read as far as they are asked for."""
    for start in range(0, len(groups), _READ_AT_ONCE):
        some = groups[start : start + _READ_AT_ONCE]
        documents = reader.documents_of(candidates.rows[[places[0] for places in some]])
        for document, (best, *others) in zip(documents, some, strict=True):
            yield DocumentHit(document, candidates[best], tuple(others))
