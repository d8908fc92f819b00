"""One retrieval for search and for answers: two rankings of passages, merged into one."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.embedding import Vectors
from indexer.keyword_query import Group, Node
from indexer.records import Document, Filters, Hit, Ranking
from search_api.expansion import expand
from search_api.fusion import convex_combination, towards, vector_weight
from search_api.phases import phase
from search_api.query import ParsedQuery
from search_api.reader import ArchiveReader
from search_api.responses import Mode

# Hits per list before fusion. More changes nothing in the first hundred documents of our sets.
DEPTH = 300
# A query that names what must match is answered out of at most this many matching passages.
CONSTRAINED_DEPTH = 5000
# Passages that the question is moved towards before the lists are merged for good. Three at a fifth
# of the question's weight gain .002 to .007 nDCG@10 on seven of our eight sets (cisi lost .006) and
# move one of 110 archive questions; more weight gains more there and loses more here.
FEEDBACK = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage in the merged ranking. Ranks are None where a list did not bring it."""

    row: int
    score: float
    keyword_score: float
    cosine: float
    keyword_rank: int | None
    vector_rank: int | None


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The merged ranking, best first, and how many passages the words match in all."""

    query: ParsedQuery
    candidates: tuple[Candidate, ...]
    total: int


@dataclass(frozen=True, slots=True)
class DocumentHit:
    """A document by its best passage; `others` are its further passages in the ranking."""

    document: Document
    best: Candidate
    others: tuple[Candidate, ...]


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
        return Retrieved(query, _candidates(by_words, by_words, (), {}, {}), total)
    if not query.question:
        return Retrieved(query, (), total)
    with phase("encode"):
        vector = reader.encode_query(query.question)
    with phase("meaning"):
        by_meaning = _constrained_vector_ranking(reader, query, vector, depth, filters)
    if mode == "vector":
        return Retrieved(query, _candidates(by_meaning, (), by_meaning, {}, {}), total)
    rows = sorted({hit.row for hit in by_words} | {hit.row for hit in by_meaning})
    vectors = reader.row_vectors(rows)
    cosines = dict(zip(rows, (vectors @ vector[0]).tolist(), strict=True))
    # A passage that the vector side alone brings has a keyword score too: asking for it keeps the
    # two scores of every candidate comparable.
    known = {hit.row: hit.score for hit in by_words}
    scores = known | reader.keyword_scores(
        query.node, [hit.row for hit in by_meaning if hit.row not in known]
    )
    weight = vector_weight(len(query.terms))
    merged = convex_combination(scores, cosines, weight)
    at = {row: position for position, row in enumerate(rows)}
    best = vectors[[at[hit.row] for hit in merged[:FEEDBACK]]]
    nearer = vectors @ towards(vector[0], best)
    merged = convex_combination(scores, dict(zip(rows, nearer.tolist(), strict=True)), weight)
    return Retrieved(query, _candidates(merged, by_words, by_meaning, scores, cosines), total)


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
        return reader.vector_ranking(vector, depth, filters, [hit.row for hit in matching])
    found = reader.vector_ranking(vector, depth, filters)
    unwanted: Node = Group(should=constraint.must_not)
    excluded = reader.keyword_scores(unwanted, [hit.row for hit in found])
    return tuple(hit for hit in found if hit.row not in excluded)


def by_document(reader: ArchiveReader, candidates: Sequence[Candidate]) -> list[DocumentHit]:
    """Group a ranking by document, in the order of each document's best passage."""
    documents = reader.documents_of([candidate.row for candidate in candidates])
    groups: dict[str, tuple[Document, list[Candidate]]] = {}
    for document, candidate in zip(documents, candidates, strict=True):
        groups.setdefault(document.document_id, (document, []))[1].append(candidate)
    return [
        DocumentHit(document, found[0], tuple(found[1:])) for document, found in groups.values()
    ]


def _candidates(
    merged: Ranking,
    by_words: Ranking,
    by_meaning: Ranking,
    scores: dict[int, float],
    cosines: dict[int, float],
) -> tuple[Candidate, ...]:
    keyword_ranks = _ranks(by_words)
    vector_ranks = _ranks(by_meaning)
    scores = scores or {hit.row: hit.score for hit in by_words}
    cosines = cosines or {hit.row: hit.score for hit in by_meaning}
    return tuple(
        Candidate(
            row=hit.row,
            score=hit.score,
            keyword_score=scores.get(hit.row, 0.0),
            cosine=cosines.get(hit.row, -1.0),
            keyword_rank=keyword_ranks.get(hit.row),
            vector_rank=vector_ranks.get(hit.row),
        )
        for hit in merged
    )


def _ranks(ranking: Sequence[Hit]) -> dict[int, int]:
    return {hit.row: rank for rank, hit in enumerate(ranking, start=1)}
