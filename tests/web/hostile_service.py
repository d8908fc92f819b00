"""A service whose every text is an attack: what the pages do with it, they do with any report."""

from collections.abc import Sequence
from typing import Literal

from indexer.records import Filters
from search_api.errors import UnknownDocumentError
from search_api.requests import SearchRequest
from search_api.responses import (
    AlsoAs,
    AnswerResponse,
    AnswerSentence,
    BlockView,
    Citation,
    Confidence,
    CoverageResponse,
    DocumentResponse,
    Expansion,
    FacetValue,
    FileReport,
    Gap,
    MetadataProblem,
    OcrQuality,
    PassagePlace,
    QueryReading,
    Recognised,
    ResultScore,
    Searched,
    SearchResponse,
    SearchResult,
    Snippet,
    Status,
    Total,
    UnreadReason,
)

ATTACK = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
DOCUMENT_ID = "0123456789abcdef"
YEARS = [str(year) for year in range(2000, 2013)]
URL = f"/reports/{DOCUMENT_ID}?start=0&end=7#b1"
KINDS: Sequence[Literal["heading", "paragraph", "list_item", "table_row", "boilerplate"]] = (
    "boilerplate",
    "heading",
    "paragraph",
    "list_item",
    "table_row",
)


class HostileService:
    """Answers like SearchService, out of nothing."""

    def __init__(
        self, status: Status = "answered", source_url: str = "javascript:alert(3)"
    ) -> None:
        self._status = status
        self._source_url = source_url

    def search(self, request: SearchRequest) -> SearchResponse:
        return SearchResponse(
            query=self._reading(request.q),
            generation=ATTACK,
            mode="hybrid",
            total=Total(value=1),
            results=(self._result(),),
            facets={
                name: tuple(FacetValue(value=value, count=1) for value in (ATTACK, *YEARS))
                for name in ("body", "committee", "doc_type", "year")
            },
            next="more",
            took_ms=1.0,
        )

    def pinned(self, answer_id: str) -> AnswerResponse:
        return self.answer("x", Filters())

    def answer(self, q: str, filters: Filters) -> AnswerResponse:
        found = self._status != "not_found"
        return AnswerResponse(
            status=self._status,
            question=q,
            query=self._reading(q),
            confidence=Confidence(value=0.5, band="medium", calibrated_on=ATTACK),
            sentences=(AnswerSentence(text=ATTACK, citation=0),) if found else (),
            citations=(self._citation(),) if found else (),
            searched=Searched(
                documents=7,
                date_from="2009-09-10",
                date_to="2011-03-17",
                bodies=(ATTACK,),
                terms=(ATTACK, "funding"),
                expanded=(self._expansion(),),
                unreadable=2,
            ),
            generation=ATTACK,
            answer_id="a",
            permalink="/v1/answers/a",
            took_ms=1.0,
        )

    def document(self, document_id: str) -> DocumentResponse:
        if document_id != DOCUMENT_ID:
            raise UnknownDocumentError(f"No report has the id {document_id}")
        length = len(ATTACK)
        blocks = tuple(
            BlockView(
                start=position * (length + 1),
                end=position * (length + 1) + length,
                kind=kind,
                text=ATTACK,
                section=(ATTACK,),
                paragraph="1",
                page=1,
                anchor=f"b{position + 1}",
            )
            for position, kind in enumerate(KINDS)
        )
        return DocumentResponse(
            document_id=DOCUMENT_ID,
            source_id=ATTACK,
            title=ATTACK,
            date="2011-03-17",
            body=ATTACK,
            committee=ATTACK,
            doc_type=ATTACK,
            report_number=ATTACK,
            author=ATTACK,
            source_url=self._source_url,
            archived_url=self._source_url,
            origins={"title": ATTACK, ATTACK: "text"},
            also=self._also(),
            format="txt",
            source_sha256="0" * 64,
            pages=1,
            characters=blocks[-1].end,
            url=f"/reports/{DOCUMENT_ID}",
            citation=ATTACK,
            generation=ATTACK,
            blocks=blocks,
        )

    def coverage(self) -> CoverageResponse:
        files = (FileReport(file=ATTACK, reason=ATTACK, help=ATTACK),)
        return CoverageResponse(
            generation=ATTACK,
            held=3,
            searchable=1,
            duplicate=1,
            unread=1,
            documents=1,
            passages=5,
            date_from="2011-03-17",
            date_to="2011-03-17",
            unread_files=files,
            duplicate_files=files,
            by_body=(FacetValue(value=ATTACK, count=1),),
            by_month=(FacetValue(value=ATTACK, count=1),),
            by_type=(FacetValue(value=ATTACK, count=1),),
            near_duplicates=1,
            unread_reasons=(UnreadReason(reason=ATTACK, help=ATTACK, count=1),),
            gaps=(Gap(body=ATTACK, first=ATTACK, last="2011-03", months=2, usual=1.5),),
            ocr=OcrQuality(documents=2, mean_confidence=0.7, poor=1),
            metadata_problems=(MetadataProblem(file=ATTACK, line=3, problem=ATTACK),),
            containers=1,
            incomplete_files=(FileReport(file=ATTACK, reason=ATTACK, help=ATTACK),),
            by_help=(FacetValue(value=ATTACK, count=1),),
            recognised=(Recognised(file=ATTACK, confidence=0.5),),
        )

    def _reading(self, q: str) -> QueryReading:
        return QueryReading(
            q=q,
            understood=ATTACK,
            repaired=ATTACK,
            did_you_mean=ATTACK,
            expanded=(self._expansion(),),
        )

    def _expansion(self) -> Expansion:
        return Expansion.model_validate(
            {
                "from": ATTACK,
                "to": ATTACK,
                "source": {
                    "document_id": ATTACK,
                    "title": ATTACK,
                    "start": 0,
                    "end": 1,
                    "url": f"/reports/{ATTACK}",
                    "documents": 1,
                },
            }
        )

    def _result(self) -> SearchResult:
        return SearchResult(
            rank=1,
            document_id=DOCUMENT_ID,
            source_id=ATTACK,
            title=ATTACK,
            body=ATTACK,
            committee=ATTACK,
            date="2011-03-17",
            doc_type=ATTACK,
            passage=PassagePlace(
                id="p", paragraph=ATTACK, page=1, section=(ATTACK,), start=0, end=7
            ),
            snippet=Snippet(text=ATTACK, marks=((3, 11), (12, 17))),
            matched_by=("keyword",),
            score=ResultScore(fused=1.0, keyword_rank=1, vector_rank=None),
            more_in_document=2,
            url=URL,
            source_url=self._source_url,
            citation=ATTACK,
            also=self._also(),
        )

    def _also(self) -> tuple[AlsoAs, ...]:
        copy = AlsoAs(file=ATTACK, relation="same text", document_id="d", url=URL)
        return (copy,)

    def _citation(self) -> Citation:
        return Citation(
            number=1,
            document_id=DOCUMENT_ID,
            file=ATTACK,
            title=ATTACK,
            body=ATTACK,
            date="2011-03-17",
            section=(ATTACK,),
            paragraph=ATTACK,
            page=1,
            quote=ATTACK,
            start=0,
            end=7,
            source_sha256="0" * 64,
            url=URL,
        )
