"""search_api.service over the sample archive: pages, facets, places, and grounded quotes."""

import gc
import weakref
from pathlib import Path
from typing import get_args

import pytest

from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.generation import Generation, open_generation
from indexer.records import BlockKind, Filters
from search_api.errors import BadRequestError, UnknownDocumentError
from search_api.live import LiveArchive
from search_api.requests import Facet, SearchRequest
from search_api.responses import AnswerResponse, SearchResponse, SearchResult
from search_api.retrieval import DEPTH
from search_api.scorer import TrainedScorer
from search_api.service import SearchService

QUESTION = "what happened with Operation Connect funding"
ABSENT = "which zebra won the bobsleigh championship in Reykjavik"
QUESTIONS = 40


@pytest.fixture(scope="module")
def archive(sample_index: Path) -> LiveArchive:
    archive = LiveArchive(sample_index)
    archive.refresh()
    return archive


@pytest.fixture(scope="module")
def service(archive: LiveArchive) -> SearchService:
    return SearchService(archive)


@pytest.fixture
def reader(archive: LiveArchive) -> Generation:
    return archive.current()


def pages(service: SearchService, request: SearchRequest) -> list[SearchResponse]:
    """Return every page of a search, following its cursors."""
    found = [service.search(request)]
    while (cursor := found[-1].next) is not None:
        following = SearchRequest(
            q=request.q,
            mode=request.mode,
            sort=request.sort,
            group=request.group,
            limit=request.limit,
            cursor=cursor,
        )
        found.append(service.search(following))
    return found


def results(found: list[SearchResponse]) -> list[SearchResult]:
    return [result for page in found for result in page.results]


def test_the_scorer_is_loaded_by_the_first_answer_and_by_no_search(
    archive: LiveArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def load() -> TrainedScorer:
        loaded.append(TrainedScorer())
        return loaded[-1]

    monkeypatch.setattr("search_api.service.TrainedScorer", load)
    service = SearchService(archive)
    service.search(SearchRequest(q=QUESTION))
    assert not loaded
    for _ in range(2):
        assert service.answer(QUESTION, Filters()).status == "answered"
    assert len(loaded) == 1
    beforehand = SearchService(archive)
    beforehand.load()
    assert len(loaded) == 2
    assert beforehand.answer(QUESTION, Filters()).status == "answered"
    assert len(loaded) == 2


# --- pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", ["document", "passage"])
@pytest.mark.parametrize("sort", ["relevance", "date", "-date"])
def test_pages_tile_the_list(service: SearchService, group: str, sort: str) -> None:
    request = SearchRequest(q="community engagement", group=group, sort=sort, limit=7)
    whole = service.search(SearchRequest(q=request.q, group=group, sort=sort, limit=DEPTH * 2))
    paged = results(pages(service, request))
    assert whole.next is None
    assert [result.rank for result in paged] == list(range(1, len(paged) + 1))
    assert paged == list(whole.results)


def test_the_total_is_the_same_on_every_page_and_in_every_mode(service: SearchService) -> None:
    totals = {
        page.total.value
        for mode in ("hybrid", "keyword", "vector")
        for page in pages(service, SearchRequest(q="gangs", mode=mode, limit=5))
    }
    (total,) = totals
    by_words = service.search(SearchRequest(q="gangs", mode="keyword", group="passage", limit=100))
    assert len(by_words.results) == total


def test_a_cursor_holds_for_its_query_only(service: SearchService) -> None:
    cursor = service.search(SearchRequest(q="gangs", limit=2)).next
    assert cursor is not None
    for other in (
        SearchRequest(q="youth", cursor=cursor),
        SearchRequest(q="gangs", mode="vector", cursor=cursor),
        SearchRequest(q="gangs", sort="date", cursor=cursor),
        SearchRequest(q="gangs", group="passage", cursor=cursor),
        SearchRequest(q="gangs", filters=Filters(body="x"), cursor=cursor),
    ):
        with pytest.raises(BadRequestError, match="made for another query") as caught:
            service.search(other)
        assert caught.value.param == "cursor"
    assert service.search(SearchRequest(q="gangs", limit=5, cursor=cursor)).results[0].rank == 3


@pytest.mark.parametrize("cursor", ["x", "é", "W10", "bnVsbA", "eyJhIjogMX0", "A" * 300, "===="])
def test_what_is_no_cursor_is_refused(service: SearchService, cursor: str) -> None:
    with pytest.raises(BadRequestError, match="not a cursor of this API"):
        service.search(SearchRequest(q="gangs", cursor=cursor))


# --- results ------------------------------------------------------------------------------------


def test_a_result_says_where_it_stands_and_why_it_came(
    service: SearchService, reader: Generation
) -> None:
    for result in service.search(SearchRequest(q=QUESTION)).results:
        text = reader.document_text(result.document_id).text
        assert result.snippet.text in text[result.passage.start : result.passage.end]
        assert result.snippet.marks
        assert all(0 <= a < b <= len(result.snippet.text) for a, b in result.snippet.marks)
        assert result.passage.id.startswith(f"{result.document_id}:{result.passage.start}-")
        ranks = result.score.keyword_rank, result.score.vector_rank
        brought = [name for name, rank in zip(("keyword", "vector"), ranks, strict=True) if rank]
        assert list(result.matched_by) == brought != []
        assert 0 <= result.score.fused <= 1
        assert result.url.startswith(f"/reports/{result.document_id}?start=")


def test_the_best_result_for_operation_connect_is_its_report(service: SearchService) -> None:
    first = service.search(SearchRequest(q=QUESTION)).results[0]
    assert (first.rank, first.source_id, first.date) == (
        1,
        "sop-2011-03-17-09-operation-connect.pdf",
        "2011-03-17",
    )
    assert first.title == "Operation Connect: aims, partners and funding"
    assert first.matched_by == ("keyword", "vector")
    assert first.citation.endswith("17 March 2011.")


def test_a_report_stands_once_and_its_other_passages_are_counted(service: SearchService) -> None:
    request = SearchRequest(q="Operation Connect", limit=100)
    grouped = service.search(request).results
    single = results(
        pages(service, SearchRequest(q="Operation Connect", group="passage", limit=100))
    )
    assert len({result.document_id for result in grouped}) == len(grouped)
    for result in grouped:
        own = [one for one in single if one.document_id == result.document_id]
        assert result.more_in_document == len(own) - 1
        assert own[0].passage == result.passage
        assert all(one.more_in_document == 0 for one in own)


def test_sorting_by_date_puts_reports_without_a_date_last(service: SearchService) -> None:
    for sort, newest_first in (("date", False), ("-date", True)):
        found = service.search(SearchRequest(q="police", sort=sort, limit=100)).results
        dates = [result.date for result in found]
        dated = [date for date in dates if date]
        assert dated == sorted(dated, reverse=newest_first)
        assert dates == dated + [""] * (len(dates) - len(dated))
        assert "" in dates


def test_every_result_passes_the_filters(service: SearchService) -> None:
    found = service.search(
        SearchRequest(q="police", filters=Filters("2011-01-01", "2011-02-28"), limit=100)
    )
    assert {result.date for result in found.results} == {"2011-02-02"}
    islington = service.search(
        SearchRequest(q="police", filters=Filters(body="Islington council"), limit=100)
    )
    assert {result.body for result in islington.results} == {"Islington council"}
    nobody = service.search(SearchRequest(q="police", filters=Filters(body="Nobody")))
    assert (nobody.results, nobody.total.value, nobody.next) == ((), 0, None)


def test_facets_count_the_reports_of_the_merged_list(service: SearchService) -> None:
    names = get_args(Facet)
    found = service.search(SearchRequest(q="police", facets=names, limit=100))
    assert tuple(found.facets) == names
    years = [result.date[:4] for result in found.results if result.date]
    assert {one.value: one.count for one in found.facets["year"]} == {
        year: years.count(year) for year in set(years)
    }
    bodies = [result.body for result in found.results if result.body]
    counted = [(one.value, one.count) for one in found.facets["body"]]
    assert dict(counted) == {body: bodies.count(body) for body in set(bodies)}
    assert counted == sorted(counted, key=lambda pair: (-pair[1], pair[0]))


def test_the_reading_of_the_query_is_told(service: SearchService) -> None:
    reading = service.search(SearchRequest(q='gangs "two year')).query
    assert reading.q == 'gangs "two year'
    assert reading.understood == "gangs two year"
    assert reading.repaired == "ignored a quotation mark that is not closed"


def test_what_was_added_to_the_query_is_told_with_the_place_that_says_so(
    service: SearchService, reader: Generation
) -> None:
    found = service.search(SearchRequest(q="MPS volunteers"))
    (added,) = found.query.expanded
    assert (added.from_, added.to) == ("MPS", "Metropolitan Police Service")
    source = added.source
    assert source is not None
    assert source.documents > 1
    text = reader.document_text(source.document_id).text[source.start : source.end]
    assert "Metropolitan Police Service" in text
    assert "MPS" in text
    assert source.url.startswith(f"/reports/{source.document_id}?")
    answer = service.answer("What does MPS stand for?", Filters())
    assert answer.query.expanded == answer.searched.expanded == (added,)


def test_words_of_the_archive_are_offered_and_never_applied(service: SearchService) -> None:
    found = service.search(SearchRequest(q="Metropoltan budget"))
    assert found.query.did_you_mean == "Metropolitan budget"
    assert found.query.understood == "Metropoltan budget"
    assert service.search(SearchRequest(q="Metropolitan budget")).query.did_you_mean == ""


def test_a_phrase_of_every_report_is_found_in_it(
    service: SearchService, reader: Generation
) -> None:
    for document in reader.store.documents():
        text = reader.document_text(document.document_id)
        paragraph = next(
            block
            for block in text.blocks[::-1]
            if block.kind is BlockKind.PARAGRAPH and block.end - block.start > 60
        )
        words = text.text[paragraph.start : paragraph.end].replace('"', " ").split()[1:9]
        found = service.search(SearchRequest(q=f'"{" ".join(words)}"', limit=100))
        assert document.document_id in {result.document_id for result in found.results}, words


# --- documents and coverage ---------------------------------------------------------------------


def test_a_report_comes_with_its_text_in_blocks(service: SearchService, reader: Generation) -> None:
    document = reader.store.document_of_source("sop-2011-03-17-09-operation-connect.pdf")
    assert document is not None
    found = service.document(document.document_id)
    text = reader.document_text(document.document_id)
    assert (found.title, found.date, found.format) == (document.title, "2011-03-17", "pdf")
    assert found.characters == len(text.text)
    assert found.source_sha256 == document.sha256
    assert found.generation == reader.generation_id
    for view in found.blocks:
        assert view.text == text.text[view.start : view.end]
        assert view.page is not None
        assert 1 <= view.page <= found.pages
        assert view.anchor == f"b{view.start}"


def test_an_unknown_report_is_named(service: SearchService) -> None:
    with pytest.raises(UnknownDocumentError, match="no report has the id 'nothing'"):
        service.document("nothing")


def test_coverage_adds_up(service: SearchService, reader: Generation) -> None:
    found = service.coverage()
    assert found.held == found.searchable + found.duplicate + found.unread == 18
    assert (found.documents, found.passages) == (18, reader.counts.passages)
    assert (found.date_from, found.date_to) == ("2009-09-10", "2011-03-17")
    assert found.generation == reader.generation_id
    assert sum(one.count for one in found.by_body) == 18


# --- answers ------------------------------------------------------------------------------------


def assert_grounded(found: AnswerResponse, reader: Generation) -> None:
    """Every sentence is a quote, every quote stands at its place, numbers name reports."""
    assert len(found.sentences) == len(found.citations) <= 5
    numbers: dict[int, str] = {}
    for position, sentence in enumerate(found.sentences):
        cited = found.citations[sentence.citation]
        assert sentence.citation == position
        assert sentence.text == cited.quote
        text = reader.document_text(cited.document_id)
        assert text.text[cited.start : cited.end] == cited.quote
        block = text.block_at(cited.start)
        assert block is not None
        assert block.kind is not BlockKind.BOILERPLATE
        assert (cited.section, cited.paragraph) == (block.section, block.paragraph)
        assert cited.page == text.page_at(cited.start)
        assert cited.page is None or 1 <= cited.page <= len(text.page_starts)
        document = reader.document(cited.document_id)
        assert document is not None
        assert (cited.file, cited.source_sha256) == (document.source_id, document.sha256)
        assert (cited.title, cited.date) == (document.title, document.date)
        assert numbers.setdefault(cited.number, cited.document_id) == cited.document_id
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert len(set(numbers.values())) == len(numbers)


def test_every_quote_about_every_title_and_heading_is_the_stored_text(
    service: SearchService, reader: Generation
) -> None:
    documents = list(reader.store.documents())
    headings = [
        text.text[block.start : block.end]
        for document in documents
        for text in [reader.document_text(document.document_id)]
        for block in text.blocks
        if block.kind is BlockKind.HEADING
    ]
    asked = list(dict.fromkeys([*(document.title for document in documents), *headings]))
    assert len(asked) >= QUESTIONS
    answered = 0
    for question in asked[:QUESTIONS]:
        found = service.answer(question, Filters())
        assert_grounded(found, reader)
        assert (found.status == "not_found") == (not found.sentences)
        answered += found.status != "not_found"
    assert answered > QUESTIONS // 2


def test_the_money_of_operation_connect_is_quoted_from_its_paragraph(
    service: SearchService, reader: Generation
) -> None:
    found = service.answer(QUESTION, Filters())
    assert found.status == "answered"
    assert_grounded(found, reader)
    (cited,) = (
        cited
        for cited in found.citations
        if all(figure in cited.quote for figure in ("£4.7m", "2011-12", "2012-13"))
        and cited.file == "sop-2011-03-17-09-operation-connect.pdf"
    )
    assert (cited.date, cited.paragraph, cited.page) == ("2011-03-17", "3", 2)
    assert cited.section[-1] == "Financial Implications"


def test_what_the_archive_does_not_say_is_not_found_with_what_was_searched(
    service: SearchService,
) -> None:
    found = service.answer(ABSENT, Filters())
    assert (found.status, found.sentences, found.citations) == ("not_found", (), ())
    assert (found.searched.documents, found.searched.unreadable) == (18, 0)
    assert (found.searched.date_from, found.searched.date_to) == ("2009-09-10", "2011-03-17")
    assert set(found.searched.bodies) == {"Metropolitan Police Authority", "Islington council"}
    assert {"zebra", "bobsleigh", "championship", "Reykjavik"} <= set(found.searched.terms)
    assert 1 <= len(found.nearest) <= 3
    assert [result.rank for result in found.nearest] == list(range(1, len(found.nearest) + 1))


@pytest.mark.parametrize("q", ["???", "-gangs", "\x00"])
def test_a_question_without_words_is_not_found_and_has_nothing_near(
    service: SearchService, q: str
) -> None:
    found = service.answer(q, Filters())
    assert (found.status, found.nearest, found.confidence.value) == ("not_found", (), 0.0)


def test_every_quote_comes_from_what_the_filters_let_through(service: SearchService) -> None:
    found = service.answer("community engagement", Filters("2011-02-01", "2011-02-28"))
    dates = {cited.date for cited in found.citations} | {near.date for near in found.nearest}
    assert dates == {"2011-02-02"}


def test_an_answer_is_named_by_generation_question_and_filters(
    service: SearchService, reader: Generation
) -> None:
    one = service.answer(ABSENT, Filters())
    again = service.answer(ABSENT, Filters())
    other = service.answer(ABSENT, Filters(body="Islington council"))
    assert one.answer_id == again.answer_id != other.answer_id
    assert one.answer_id.startswith(f"{reader.generation_id}.")
    assert one.permalink == f"/v1/answers/{one.answer_id}"
    pinned = service.pinned(one.answer_id)
    assert pinned.model_dump(exclude={"took_ms"}) == one.model_dump(exclude={"took_ms"})
    assert one.model_copy(update={"took_ms": 0}) == again.model_copy(update={"took_ms": 0})


def test_a_generation_that_is_closed_and_opened_again_has_its_stems(
    service: SearchService, sample_index: Path
) -> None:
    opened = open_generation(sample_index)
    assert service.stemmer(opened)("officers") == "offic"
    closed = weakref.ref(opened)
    del opened
    gc.collect()
    assert closed() is None  # nothing that the service remembers keeps it open
    again = open_generation(sample_index)
    assert service.stemmer(again)("constables") == again.stems("constables")[0]


def test_a_list_of_coverage_that_is_cut_says_how_long_it_is(
    tmp_path: Path, encoder: BuildEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reports").mkdir()
    for number in range(5):
        (tmp_path / f"reports/{number}.pdf").write_bytes(b"%PDF-1.4 of which nothing is left")
    (tmp_path / "reports/one.txt").write_text("The lantern was lit by Ada Brown.\n")
    build(tmp_path / "reports", tmp_path / "index", encoder)
    archive = LiveArchive(tmp_path / "index")
    archive.refresh()
    assert len(SearchService(archive).coverage().unread_files) == 5
    assert SearchService(archive).coverage().shortened == {}
    monkeypatch.setattr("search_api.service._LISTED", 3)
    cut = SearchService(archive).coverage()
    assert [one.file for one in cut.unread_files] == ["0.pdf", "1.pdf", "2.pdf"]
    assert (cut.unread, cut.shortened) == (5, {"unread_files": 5})
