"""What one does with an archive beyond searching and asking, each from one generation."""

import time
from collections.abc import Sequence
from typing import TypeVar

from indexer.records import Filters
from search_api import citing
from search_api.checked_quotes import QuotesCheckResponse
from search_api.citation_formats import CitationFormat, formatted
from search_api.documents import document_of
from search_api.errors import BadRequestError
from search_api.exporting import Export, ExportFormat, export_of
from search_api.feeding import feed_of
from search_api.finding import FoundInReport, find_in
from search_api.gate import Gate
from search_api.matching import terms_of
from search_api.passage_list import PassagesResponse, passages_of
from search_api.phases import phase
from search_api.query import parse
from search_api.quote_check import check_quotes
from search_api.reader import Archive
from search_api.requests import SearchRequest
from search_api.response_model import ResponseModel
from search_api.responses import BlockView
from search_api.service import SearchService
from search_api.similar import SimilarResponse, similar_to
from search_api.spelling import did_you_mean
from search_api.suggesting import Suggester, SuggestResponse
from search_api.timeline import TimelineResponse, timeline_of

_Model = TypeVar("_Model", bound=ResponseModel)


class Tools:
    """Answers requests beside the service, through the same gate; safe from any thread."""

    def __init__(self, archive: Archive, service: SearchService, gate: Gate) -> None:
        self._archive = archive
        self._service = service
        self._gate = gate
        self._suggester = Suggester()

    def timeline(self, q: str, filters: Filters, limit: int) -> TimelineResponse:
        """Return the dated quotes about a thing, and which figures changed."""
        started = time.perf_counter()
        with self._gate, phase("timeline"):
            reader = self._archive.current()
            stem = self._service.stemmer(reader)
            return _timed(timeline_of(reader, q, filters, limit, stem), started)

    def check_quotes(self, draft: str) -> QuotesCheckResponse:
        """Return which quoted passages of a draft the archive holds."""
        started = time.perf_counter()
        with self._gate, phase("check"):
            return _timed(check_quotes(self._archive.current(), draft), started)

    def suggest(self, typed: str, limit: int) -> SuggestResponse:
        """Return completions of what has been typed."""
        started = time.perf_counter()
        with self._gate, phase("suggest"):
            reader = self._archive.current()
            found = self._suggester.completions(reader).complete(typed, limit)
            meant = did_you_mean(reader, parse(typed)) if not found else ""
        answered = SuggestResponse(
            q=typed,
            suggestions=tuple(found),
            did_you_mean=meant,
            generation=reader.generation_id,
        )
        return _timed(answered, started)

    def export(self, request: SearchRequest, written_as: ExportFormat, base: str) -> Export:
        """Return the whole result of a search, to be read while it is sent."""
        with self._gate:
            return export_of(self._archive.current(), request, written_as, base)

    def feed(self, request: SearchRequest, base: str, address: str) -> tuple[str, str]:
        """Return (generation, the feed of a search)."""
        with self._gate:
            reader = self._archive.current()
            found = self._service.search_in(reader, request)
        return reader.generation_id, feed_of(found, request, reader.created_at, base, address)

    def passages(self, document_id: str, start: int, end: int) -> PassagesResponse:
        """Return the passages of a report in [start, end); raises UnknownDocumentError."""
        reader = self._archive.current()
        document_of(reader, document_id)
        return passages_of(reader, document_id, start, end)

    def similar(self, document_id: str, limit: int) -> SimilarResponse:
        """Return the reports most like one; raises UnknownDocumentError."""
        started = time.perf_counter()
        reader = self._archive.current()
        document_of(reader, document_id)
        with self._gate, phase("similar"):
            return _timed(similar_to(reader, document_id, limit), started)

    def citation(
        self,
        document_id: str,
        written_as: CitationFormat,
        base: str,
        start: int | None = None,
        end: int | None = None,
    ) -> tuple[str, str]:
        """Return (generation, citation of a report, or of a place in it).

        A place without an end is its paragraph, one without a start begins where the report does.
        Raises UnknownDocumentError, or BadRequestError where the report has no such place.
        """
        reader = self._archive.current()
        document, place = document_of(reader, document_id), None
        if start is not None or end is not None:
            text = reader.document_text(document_id)
            first = start or 0
            block = text.block_at(first)
            last = end if end is not None else block.end if block else 0
            if not first < last <= len(text.text):
                raise BadRequestError(
                    "start" if end is None else "end",
                    str(start if end is None else end),
                    f"no place in this report: it has {len(text.text):,} characters",
                )
            place = citing.place_in(text, first, last)
        generation = reader.generation_id
        return generation, formatted(document, written_as, generation, base, place)

    def find(self, blocks: Sequence[BlockView], q: str) -> FoundInReport:
        """Return where the words of a query stand in a report."""
        with self._gate, phase("find"):
            reader = self._archive.current()
            terms = terms_of(reader, parse(q))
            return find_in(blocks, terms, self._service.stemmer(reader))


def _timed(answered: _Model, started: float) -> _Model:
    took_ms = round((time.perf_counter() - started) * 1000, 1)
    return answered.model_copy(update={"took_ms": took_ms})
