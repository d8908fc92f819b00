"""search_api.defining: what an abbreviation stands for, by the reports that say so."""

from pathlib import Path

import pytest

from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.generation import Generation, open_generation
from indexer.records import Filters
from search_api.defining import defining_quotes
from search_api.live import LiveArchive
from search_api.query import parse
from search_api.retrieval import retrieve
from search_api.service import SearchService

REPORTS = {
    "teams.txt": "Staffing\n\nThe Outer Borough Team (OBT) met in May. The OBT has officers.",
    "costs.txt": "Costs\n\nThe OBT cost more than was planned. It stands in for the night shift.",
    "heading.txt": "Kestrel Joint Fund - KJF\n\nThe KJF paid for two posts, and its board met.",
}


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> Path:
    folder = tmp_path_factory.mktemp("defining")
    source = folder / "reports"
    source.mkdir()
    for name, text in REPORTS.items():
        (source / name).write_text(text, encoding="utf-8")
    build(source, folder / "index", encoder=encoder)
    return folder / "index"


@pytest.fixture(scope="module")
def reader(index_dir: Path) -> Generation:
    return open_generation(index_dir)


@pytest.fixture(scope="module")
def service(index_dir: Path) -> SearchService:
    archive = LiveArchive(index_dir)
    archive.refresh()
    return SearchService(archive)


def test_the_sentence_that_writes_it_out_is_quoted_at_its_place(reader: Generation) -> None:
    (found,) = defining_quotes(reader, "What does OBT stand for?")
    assert found.text == "The Outer Borough Team (OBT) met in May."
    document = reader.document_text(found.passage.document_id)
    assert document.text[found.start : found.end] == found.text


def test_a_heading_that_writes_it_out_is_quoted_itself(reader: Generation) -> None:
    (found,) = defining_quotes(reader, "KJF meaning")
    assert found.text == "Kestrel Joint Fund - KJF"


def test_what_no_report_defines_and_what_is_not_asked_gives_nothing(reader: Generation) -> None:
    assert list(defining_quotes(reader, "What does XYZ stand for?")) == []
    assert list(defining_quotes(reader, "what did the team cost?")) == []
    (found,) = defining_quotes(reader, "OBT report: what does KJF stand for?")
    assert found.text == "Kestrel Joint Fund - KJF"


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What does OBT stand for?", "The Outer Borough Team (OBT) met in May."),
        ("KJF meaning", "Kestrel Joint Fund - KJF"),
    ],
)
def test_an_answer_begins_with_the_definition(
    service: SearchService, question: str, first: str
) -> None:
    found = service.answer(question, Filters())
    assert found.status == "answered"
    assert found.sentences[0].text == first
    assert found.citations[0].quote == first


def test_a_definition_outside_the_filters_is_not_quoted(service: SearchService) -> None:
    found = service.answer("What does OBT stand for?", Filters(date_from="2030-01-01"))
    assert found.sentences == ()
    excluded = service.answer("What does OBT stand for? -officers", Filters())
    assert all("Outer Borough Team" not in one.text for one in excluded.sentences)


def test_of_several_abbreviations_the_rarest_is_asked_for(reader: Generation) -> None:
    # Both are defined; the OBT stands in two passages, the KJF in one.
    (found,) = defining_quotes(reader, "OBT KJF meaning")
    assert found.text == "Kestrel Joint Fund - KJF"


def test_a_search_finds_the_definition_first(reader: Generation) -> None:
    question = "What does OBT stand for in the costs of the night shift?"
    best = retrieve(reader, parse(question), Filters()).candidates[0]
    assert reader.documents_of([best.row])[0].source_id == "teams.txt"
    plain = retrieve(reader, parse("OBT costs of the night shift"), Filters()).candidates[0]
    assert reader.documents_of([plain.row])[0].source_id == "costs.txt"
