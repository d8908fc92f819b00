"""search_api.folding: a report in several files is one result, and all its files are listed."""

from pathlib import Path

import pytest

from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.generation import Generation, open_generation
from indexer.records import Filters
from search_api.batch import trec_run
from search_api.live import LiveArchive
from search_api.requests import SearchRequest
from search_api.responses import SearchResponse
from search_api.service import SearchService

LONG = " ".join(f"In week {n} the panel saw paper {n * 7} on street {n * 13}." for n in range(60))


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> Path:
    folder = tmp_path_factory.mktemp("folding")
    source = folder / "source"
    source.mkdir()
    page = "---\ntitle: {}\nbody: {}\ndate: 2011-0{}-01\n---\n{}\n"
    draft = LONG.replace("week 59", "the last week")
    (source / "a.md").write_text(page.format("Minutes", "Our Panel", 3, LONG))
    (source / "a copy.md").write_text(page.format("Minutes", "Our Panel", 3, LONG))
    (source / "b.md").write_text(page.format("Minutes", "Our Board", 2, draft))
    (source / "c.md").write_text(page.format("Agenda", "Our Panel", 1, "The panel will meet."))
    build(source, folder / "index", encoder)
    return folder / "index"


@pytest.fixture(scope="module")
def service(index_dir: Path) -> SearchService:
    archive = LiveArchive(index_dir)
    archive.refresh()
    return SearchService(archive)


@pytest.fixture
def reader(index_dir: Path) -> Generation:
    return open_generation(index_dir)


def search(
    service: SearchService,
    filters: Filters | None = None,
    limit: int = 10,
    group: str = "document",
) -> SearchResponse:
    asked = SearchRequest(
        "panel", "keyword", filters or Filters(), limit=limit, group=group, facets=("body",)
    )
    return service.search(asked)


def files(found: SearchResponse) -> list[str]:
    return [result.source_id for result in found.results]


def test_what_is_nearly_the_same_is_one_result_with_all_its_files(service: SearchService) -> None:
    found = search(service)
    assert len(found.results) == 2
    first = next(result for result in found.results if result.source_id != "c.md")
    others = {"a.md": "same content", "b.md": "nearly the same text"}
    if first.source_id == "b.md":
        others = {"a copy.md": "nearly the same text", "a.md": "nearly the same text"}
    assert {copy.file: copy.relation for copy in first.also} == others
    assert all(copy.url == f"/reports/{copy.document_id}" for copy in first.also)


def test_a_report_is_found_by_the_filters_of_each_of_its_files(service: SearchService) -> None:
    assert files(search(service, filters=Filters(body="Our Board"))) == ["b.md"]
    by_panel = files(search(service, filters=Filters(body="Our Panel")))
    assert sorted(by_panel) == ["a copy.md", "c.md"]


def test_facets_count_every_report_and_pages_tile_the_folded_list(service: SearchService) -> None:
    counts = {facet.value: facet.count for facet in search(service).facets["body"]}
    assert counts == {"Our Panel": 2, "Our Board": 1}
    assert search(service, limit=1).next is not None
    assert search(service, limit=2).next is None


def test_passages_are_not_folded(service: SearchService) -> None:
    found = search(service, group="passage", limit=50)
    assert {"a copy.md", "b.md"} <= set(files(found))


def test_a_report_says_where_its_values_were_found_and_which_files_hold_it(
    service: SearchService, reader: Generation
) -> None:
    document = reader.store.document_of_source("a.md")
    assert document is not None
    found = service.document(document.document_id)
    assert found.source_id == "a copy.md"
    assert found.origins["title"] == "front matter"
    assert [(copy.file, copy.relation) for copy in found.also] == [
        ("a.md", "same content"),
        ("b.md", "nearly the same text"),
    ]


def test_a_run_names_every_file_of_a_report(reader: Generation) -> None:
    lines = list(trec_run(reader, "q", "panel", "keyword", 10))
    found = [line.split(" Q0 ")[1].rsplit(" ", 3)[0] for line in lines]
    assert sorted(found) == ["a copy.md", "a.md", "b.md", "c.md"]
    assert found.index("a.md") == found.index("a copy.md") + 1
    assert len(list(trec_run(reader, "q", "panel", "keyword", 2))) == 2
