"""What the API, the pages and the command line ask: search, answer, document, coverage."""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TypeVar
from weakref import WeakKeyDictionary

from indexer.abbreviations import Abbreviation
from indexer.coverage import coverage_of
from indexer.records import Document, Filters, Passage
from indexer.row_sets import Rows
from search_api import answering, citing, confidence, tokens
from search_api.conflicts import disagreements
from search_api.documents import document_of
from search_api.figures import Figure
from search_api.folding import all_also_as, also_as, folded
from search_api.gate import Gate
from search_api.matching import Stem, Stemmer, Term, snippet, terms_of
from search_api.phases import phase
from search_api.query import ParsedQuery, parse
from search_api.reader import Archive, ArchiveReader
from search_api.requests import Facet, SearchRequest
from search_api.responses import (
    AlsoAs,
    AnswerResponse,
    AnswerSentence,
    BlockView,
    Citation,
    Conflict,
    ConflictingFigure,
    CoverageResponse,
    DefinedIn,
    DocumentResponse,
    Expansion,
    FacetValue,
    PassagePlace,
    QueryReading,
    ResultScore,
    Searched,
    SearchResponse,
    SearchResult,
    Snippet,
    Total,
)
from search_api.retrieval import DocumentHit, by_document, retrieve, with_documents
from search_api.scorer import InContext, SentenceScorer, TrainedScorer
from search_api.spelling import did_you_mean

logger = logging.getLogger(__name__)
_T = TypeVar("_T")

_AT_ONCE = 1000  # where nobody says how many searches may run at once
_LISTED = 5000  # of each list of coverage
_KEPT = 2  # generations whose coverage is kept: the live one, and a pinned answer's
_NEAREST = 3
_SHOWN_TERMS = 12
_SHOWN_BODIES = 10
_SHOWN_EXPANSIONS = 12


class SearchService:
    """Answers requests from one generation each; safe from any thread."""

    def __init__(
        self, archive: Archive, gate: Gate | None = None, scorer: SentenceScorer | None = None
    ) -> None:
        self._archive = archive
        self._gate = gate or Gate(_AT_ONCE)
        self._given_scorer = scorer
        self._coverage: dict[str, CoverageResponse] = {}
        self._stemmers: WeakKeyDictionary[ArchiveReader, Stemmer] = WeakKeyDictionary()

    @cached_property
    def _scorer(self) -> SentenceScorer:
        """Loaded where none was given by `load` or the first answer: no search waits for it."""
        return self._given_scorer or TrainedScorer()

    def load(self) -> None:
        """Load what the first answer would wait for, 1.5 s."""
        self._scorer.scores("Who?", [InContext("Nobody.", "", "")])

    def search(self, request: SearchRequest) -> SearchResponse:
        """Return a page of the merged ranking."""
        with self._gate:
            return self.search_in(self._archive.current(), request)

    def search_in(self, reader: ArchiveReader, request: SearchRequest) -> SearchResponse:
        """Return a page of the merged ranking of one generation."""
        started = time.perf_counter()
        offset = tokens.offset_of(request, reader.generation_id)
        found = retrieve(reader, parse(request.q), request.filters, request.mode)
        query = found.query
        groups = by_document(reader, found.candidates)
        best = found.candidates.rows[[places[0] for places in groups]]
        facets: dict[str, tuple[FacetValue, ...]] = {
            name: _facet(reader, best, name) for name in request.facets
        }
        if request.group == "passage":
            single = [(place,) for place in range(len(found.candidates))]
            ordered = with_documents(reader, found.candidates, single)
        else:
            ordered = folded(reader, with_documents(reader, found.candidates, groups))
        if request.sort != "relevance":
            ordered = _by_date(ordered, newest_first=request.sort == "-date")
        page = list(islice(ordered, offset, offset + request.limit))
        more = next(ordered, None) is not None
        with phase("snippets"):
            results = self._results(reader, query, page, offset)
        return SearchResponse(
            query=_reading(reader, query),
            generation=reader.generation_id,
            mode=request.mode,
            total=Total(value=found.total),
            results=results,
            facets=facets,
            next=tokens.cursor(request, reader.generation_id, offset + request.limit)
            if more
            else None,
            took_ms=_milliseconds(started),
        )

    def answer(self, q: str, filters: Filters) -> AnswerResponse:
        """Return the sentences that answer, or what was searched in vain."""
        with self._gate:
            return self._answer(self._archive.current(), q, filters)

    def _answer(self, reader: ArchiveReader, q: str, filters: Filters) -> AnswerResponse:
        started = time.perf_counter()
        found = retrieve(reader, parse(q), filters)
        query = found.query
        chosen = found.candidates[: answering.PASSAGES]
        documents = reader.documents_of([candidate.row for candidate in chosen])
        stem = self.stemmer(reader)
        with phase("quotes"):
            selection = answering.select(reader, found, documents, stem, self._scorer)
        certainty = confidence.confidence_of(selection)
        status = confidence.status_of(
            certainty, selection, found_exactly=bool(query.phrases) and found.total > 0
        )
        rows = [quote.candidate.row for quote in selection.quotes]
        by_row = dict(zip(rows, reader.documents_of(rows), strict=True))
        quotes = answering.shown(selection, by_row) if status != "not_found" else ()
        with phase("citations"):
            sentences, citations = _cited(reader, quotes, by_row)
        nearest: tuple[SearchResult, ...] = ()
        if status == "not_found":
            groups = by_document(reader, found.candidates)
            hits = folded(reader, with_documents(reader, found.candidates, groups))
            nearest = self._results(reader, query, list(islice(hits, _NEAREST)), 0)
        answer_id = tokens.answer_id(q, filters, reader.generation_id)
        return AnswerResponse(
            status=status,
            question=q,
            query=_reading(reader, query),
            confidence=confidence.described(certainty),
            sentences=sentences,
            citations=citations,
            conflicts=_conflicts(sentences, stem),
            searched=self._searched(reader, selection.terms, query),
            nearest=nearest,
            generation=reader.generation_id,
            answer_id=answer_id,
            permalink=f"/v1/answers/{answer_id}",
            took_ms=_milliseconds(started),
        )

    def pinned(self, answer_id: str) -> AnswerResponse:
        """Return the answer of that id again, byte for byte but for `took_ms`.

        Raises UnknownAnswerError, or GoneError once its generation is kept no longer.
        """
        generation_id, q, filters = tokens.read_answer_id(answer_id)
        with self._gate:
            return self._answer(self._archive.kept(generation_id), q, filters)

    def document(self, document_id: str) -> DocumentResponse:
        """Return one report with its text.

        Raises UnknownDocumentError, MovedDocumentError or WithdrawnDocumentError.
        """
        reader = self._archive.current()
        document = document_of(reader, document_id)
        text = reader.document_text(document_id)
        return DocumentResponse(
            document_id=document_id,
            source_id=document.source_id,
            title=document.title,
            date=document.date,
            body=document.body,
            committee=document.committee,
            doc_type=document.doc_type,
            report_number=document.report_number,
            author=document.author,
            source_url=document.source_url,
            archived_url=document.archived_url,
            language=document.language,
            ocr_confidence=document.ocr_confidence,
            origins=document.origins,
            also=also_as(reader, document_id, len(reader.copies_of(document_id))),
            format=document.format,
            source_sha256=document.sha256,
            pages=len(text.page_starts),
            characters=len(text.text),
            url=citing.report_url(document_id),
            citation=citing.citation_of(document),
            generation=reader.generation_id,
            blocks=tuple(
                BlockView(
                    start=block.start,
                    end=block.end,
                    kind=block.kind.value,
                    text=text.text[block.start : block.end],
                    section=block.section,
                    paragraph=block.paragraph,
                    page=text.page_at(block.start),
                    anchor=citing.anchor_of(block),
                )
                for block in text.blocks
            ),
        )

    def coverage(self) -> CoverageResponse:
        """Return what the archive holds, and each file that cannot be read."""
        return self._coverage_of(self._archive.current())

    def _coverage_of(self, reader: ArchiveReader) -> CoverageResponse:
        known = self._coverage.get(reader.generation_id)
        if known is None:
            told = coverage_of(reader).to_json()
            lengths = {name: len(value) for name, value in told.items() if isinstance(value, list)}
            known = CoverageResponse.model_validate(
                {
                    name: value[:_LISTED] if isinstance(value, list) else value
                    for name, value in told.items()
                }
                | {"shortened": {name: one for name, one in lengths.items() if one > _LISTED}}
            )
            self._coverage = _latest(self._coverage) | {reader.generation_id: known}
        return known

    def stemmer(self, reader: ArchiveReader) -> Stemmer:
        """Return the stems of one generation, which are remembered."""
        found = self._stemmers.get(reader)
        if found is None:
            found = self._stemmers[reader] = Stemmer(reader)
        return found

    def _results(
        self, reader: ArchiveReader, query: ParsedQuery, hits: Sequence[DocumentHit], offset: int
    ) -> tuple[SearchResult, ...]:
        passages = reader.passages([hit.best.row for hit in hits])
        terms = terms_of(reader, query)
        stem = self.stemmer(reader)
        others = all_also_as(reader, [hit.document.document_id for hit in hits])
        return tuple(
            _result(reader, hit, passage, terms, stem, offset + position, others)
            for position, (hit, passage) in enumerate(zip(hits, passages, strict=True), start=1)
        )

    def _searched(
        self, reader: ArchiveReader, terms: Sequence[Term], query: ParsedQuery
    ) -> Searched:
        coverage = self._coverage_of(reader)  # of the generation that answers, not the newest
        bodies = [value.value for value in coverage.by_body if value.value]
        return Searched(
            documents=reader.counts.documents,
            date_from=reader.counts.date_from,
            date_to=reader.counts.date_to,
            bodies=tuple(bodies[:_SHOWN_BODIES]),
            terms=tuple(term.text for term in terms[:_SHOWN_TERMS]),
            expanded=_expansions(reader, query),
            unreadable=reader.counts.unread,
        )


def _result(
    reader: ArchiveReader,
    hit: DocumentHit,
    passage: Passage,
    terms: Sequence[Term],
    stem: Stemmer,
    rank: int,
    others: Mapping[str, tuple[AlsoAs, ...]],
) -> SearchResult:
    document = hit.document
    piece = snippet(passage, terms, stem)
    offset = passage.start + piece.start
    start, end = offset + piece.marks[0][0], offset + piece.marks[-1][1]
    block, page = reader.block_at(document.document_id, start)
    lists = (("keyword", hit.best.keyword_rank), ("vector", hit.best.vector_rank))
    return SearchResult(
        rank=rank,
        document_id=document.document_id,
        source_id=document.source_id,
        title=document.title,
        body=document.body,
        committee=document.committee,
        date=document.date,
        doc_type=document.doc_type,
        passage=PassagePlace(
            id=passage.passage_id,
            paragraph=block.paragraph if block else "",
            page=page,
            section=block.section if block else (),
            start=passage.start,
            end=passage.end,
        ),
        snippet=Snippet(
            text=piece.text, marks=piece.marks, cut_start=piece.cut_start, cut_end=piece.cut_end
        ),
        matched_by=tuple(name for name, found in lists if found is not None),  # type: ignore[misc]
        score=ResultScore(
            fused=round(hit.best.score, 6),
            keyword_rank=hit.best.keyword_rank,
            vector_rank=hit.best.vector_rank,
        ),
        more_in_document=len(hit.others),
        url=citing.place_url(document.document_id, start, end, citing.anchor_of(block)),
        source_url=document.source_url,
        citation=citing.citation_of(document),
        also=others.get(document.document_id, ()),
    )


def _cited(
    reader: ArchiveReader, quotes: Sequence[answering.Quote], documents: dict[int, Document]
) -> tuple[tuple[AnswerSentence, ...], tuple[Citation, ...]]:
    """Return quotes as sentences with citations; a quote that is not in the text is left out."""
    numbers: dict[str, int] = {}
    sentences: list[AnswerSentence] = []
    citations: list[Citation] = []
    for quote in quotes:
        document = documents[quote.candidate.row]
        text = reader.document_text(document.document_id)
        # The promise of the project: what is shown stands in the report, at the place it cites.
        if text.text[quote.start : quote.end] != quote.text:
            logger.error("left out: no such quote at %d in %s", quote.start, document.document_id)
            continue
        section, paragraph, page = citing.place_of(text, quote.start)
        sentences.append(AnswerSentence(text=quote.text, citation=len(citations)))
        citations.append(
            Citation(
                number=numbers.setdefault(document.document_id, len(numbers) + 1),
                document_id=document.document_id,
                file=document.source_id,
                title=document.title,
                body=document.body,
                date=document.date,
                section=section,
                paragraph=paragraph,
                page=page,
                quote=quote.text,
                start=quote.start,
                end=quote.end,
                source_sha256=document.sha256,
                url=citing.place_url(
                    document.document_id,
                    quote.start,
                    quote.end,
                    citing.anchor_at(text, quote.start),
                ),
                also=also_as(reader, document.document_id),
            )
        )
    return tuple(sentences), tuple(citations)


def _conflicts(sentences: Sequence[AnswerSentence], stem: Stem) -> tuple[Conflict, ...]:
    texts = [sentence.text for sentence in sentences]
    return tuple(
        Conflict(
            kind=found.first_figure.kind,
            unit=found.first_figure.unit,
            figures=(
                _as_stated(sentences[found.first], found.first_figure),
                _as_stated(sentences[found.second], found.second_figure),
            ),
        )
        for found in disagreements(texts, stem)
    )


def _as_stated(sentence: AnswerSentence, figure: Figure) -> ConflictingFigure:
    return ConflictingFigure(
        citation=sentence.citation, text=sentence.text[figure.start : figure.end]
    )


def _reading(reader: ArchiveReader, query: ParsedQuery) -> QueryReading:
    return QueryReading(
        q=query.q,
        understood=query.understood,
        repaired=query.repaired,
        did_you_mean=did_you_mean(reader, query),
        expanded=_expansions(reader, query),
    )


def _expansions(reader: ArchiveReader, query: ParsedQuery) -> tuple[Expansion, ...]:
    """Return what else was searched, each abbreviation with the place that defines it."""
    return tuple(
        Expansion.model_validate(
            {
                "from": expansion.written,
                "to": expansion.to,
                "source": _defined_in(reader, expansion.source) if expansion.source else None,
            }
        )
        for expansion in query.expanded[:_SHOWN_EXPANSIONS]
    )


def _defined_in(reader: ArchiveReader, found: Abbreviation) -> DefinedIn | None:
    document = reader.document(found.document_id)
    if document is None:
        return None
    block, _ = reader.block_at(found.document_id, found.start)
    anchor = citing.anchor_of(block)
    return DefinedIn(
        document_id=found.document_id,
        title=document.title,
        start=found.start,
        end=found.end,
        url=citing.place_url(found.document_id, found.start, found.end, anchor),
        documents=found.documents,
    )


def _by_date(hits: Iterable[DocumentHit], *, newest_first: bool) -> Iterator[DocumentHit]:
    """Order by date, the best first within a date; documents without a date come last."""
    listed = list(hits)
    dated = [hit for hit in listed if hit.document.date]
    dated.sort(key=lambda hit: hit.document.date, reverse=newest_first)
    return iter(dated + [hit for hit in listed if not hit.document.date])


def _facet(reader: ArchiveReader, rows: Rows, name: Facet) -> tuple[FacetValue, ...]:
    """Count a field over the reports of the merged ranking, most frequent first."""
    if name == "year":
        values = [date[:4] for date in reader.labels_of("date", rows)]
    else:
        values = reader.labels_of(name, rows)
    counts = Counter(value for value in values if value)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetValue(value=value, count=count) for value, count in ordered)


def _latest(known: dict[str, _T]) -> dict[str, _T]:
    """Return what is kept beside one more."""
    return dict(list(known.items())[1 - _KEPT :])


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)
