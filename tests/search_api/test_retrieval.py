"""search_api.retrieval over two readers: the real index, and plain Python on the same archive."""

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.build import build
from indexer.embedding import BuildEncoder
from indexer.generation import Generation, open_generation
from indexer.records import Document, Filters, Passage
from search_api.candidates import Candidate
from search_api.fusion import convex_combination, vector_weight
from search_api.gate import Gate
from search_api.query import parse
from search_api.reader import ArchiveReader
from search_api.requests import SearchRequest
from search_api.responses import Mode
from search_api.retrieval import DEPTH, by_document, retrieve, with_documents
from search_api.service import SearchService
from search_api.tools import Tools
from tests.search_api.plain_reader import PlainReader

MODES: tuple[Mode, ...] = ("hybrid", "keyword", "vector")
# Every text is shorter than 40 words: longer lengths are stored rounded by the keyword engine.
LINES = (
    ("gangs", "Gangs in Brent", "2010-03-01", "Council", "Gangs in Brent lost members in 2010."),
    ("youth", "Youth work", "2010-06-01", "Council", "Youth workers met gangs in Harrow."),
    ("plan", "Two year plan", "2011-03-17", "Police", "Operation Connect is a two year plan."),
    ("money", "Budget", "2011-03-17", "Police", "The plan has £4.7m: £2.7m in 2011-12."),
    ("year", "Annual report", "2011-05-01", "Police", "In year two the plan for gangs changed."),
    ("dogs", "Dogs", "", "Council", "Dogs were trained at the kennels near Bromley."),
    ("same-b", "Lighting", "2012-01-01", "Council", "Street lights were mended."),
    ("same-a", "Lighting", "2012-01-01", "Council", "Street lights are mended!"),
    ("coop", "Co-operation", "2012-02-01", "Police", "Cooperation of boroughs on knife crime."),
    ("team", "Teams", "2012-04-01", "Council", "The Outer Borough Team (OBT) met at noon."),
    ("costs", "Costs", "2012-05-01", "Council", "OBT spent £4,700,000 by 17/03/2011."),
    (
        "cafe",
        "Cafe\u0301s",
        "2012-06-01",
        "Council",
        "The re\u0301sume\u0301s of outer borough teams.",
    ),
    (
        "long",
        "Minutes",
        "2012-03-01",
        "Police",
        "A. Gangs\n\n1. Gangs were discussed at length.\n\nB. Knives\n\n2. Knife crime fell by 7%."
        "\n\nC. Dogs\n\n3. The dogs came from Brent.",
    ),
)
QUERIES = (
    "gangs",
    "gangs in Brent",
    "what happened with the two year plan",
    '"two year plan"',
    '"year two" gangs',
    "plan -gangs",
    'plan -"two year plan"',
    "gangs NOT (Brent OR Harrow)",
    "gangs AND Harrow",
    "Brent OR kennels",
    "title:lighting",
    "title:plan money",
    "kenn*",
    "£4.7m",
    "2011-12",
    "co-operation",
    "street lights mended",
    "+dogs Brent",
    "knife crime (Brent OR boroughs) AND fell",
    "cooperation",
    "£4.7 million",
    "17 March 2011",
    "OBT costs",
    "outer borough team costs",
    "+OBT",
    "gangs body:police",
    'body:"police" plan',
    "gangs year:2011",
    "gangs -year:2011",
    "date:2012-01..2012-02",
    "ga?gs",
    "kni*es",
    "kenels~",
    "résumés",
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, encoder: BuildEncoder) -> Generation:
    folder = tmp_path_factory.mktemp("tiny")
    source = folder / "tiny.jsonl"
    names = ("_id", "title", "date", "body", "text")
    source.write_text(
        "".join(json.dumps(dict(zip(names, line, strict=True))) + "\n" for line in LINES)
    )
    build(source, folder / "index", encoder)
    return open_generation(folder / "index")


@pytest.fixture(scope="module")
def plain(tiny: Generation) -> PlainReader:
    rows = range(tiny.counts.passages)
    documents = {document.document_id: document for document in tiny.documents_of(list(rows))}
    return PlainReader(
        stems=tiny.keywords.stems,
        exact=tiny.keywords.exact_terms,
        encode=tiny.encoder.encode,
        texts=[(document, tiny.document_text(name)) for name, document in documents.items()],
        passages=tiny.passages(list(rows)),
        vectors=tiny.vectors.vectors(_array(rows)),
    )


def _array(rows: Sequence[int]) -> npt.NDArray[np.int64]:
    return np.array(list(rows), np.int64)


@pytest.fixture(params=["tiny", "plain"])
def reader(request: pytest.FixtureRequest) -> ArchiveReader:
    found: ArchiveReader = request.getfixturevalue(request.param)
    return found


def rows_of(candidates: Sequence[Candidate]) -> list[int]:
    return [candidate.row for candidate in candidates]


def texts_of(reader: ArchiveReader, candidates: Sequence[Candidate]) -> list[str]:
    """Return title and text of each candidate, in lower case."""
    rows = rows_of(candidates)
    pairs: list[tuple[Document, Passage]] = list(
        zip(reader.documents_of(rows), reader.passages(rows), strict=True)
    )
    return [f"{document.title}\n{passage.text}".lower() for document, passage in pairs]


def names_of(reader: ArchiveReader, candidates: Sequence[Candidate]) -> list[str]:
    return [document.source_id for document in reader.documents_of(rows_of(candidates))]


# --- the two readers agree ----------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("q", QUERIES)
def test_the_plain_reader_and_the_real_index_give_the_same_ranking(
    tiny: Generation, plain: PlainReader, q: str, mode: Mode
) -> None:
    one = retrieve(tiny, parse(q), Filters(), mode)
    other = retrieve(plain, parse(q), Filters(), mode)
    assert one.total == other.total
    assert rows_of(one.candidates) == rows_of(other.candidates)
    for real, computed in zip(one.candidates, other.candidates, strict=True):
        assert real.score == pytest.approx(computed.score, abs=2e-5)
        assert real.keyword_score == pytest.approx(computed.keyword_score, abs=1e-5)
        assert real.cosine == pytest.approx(computed.cosine, abs=1e-5)
        assert (real.keyword_rank, real.vector_rank) == (
            computed.keyword_rank,
            computed.vector_rank,
        )


def test_both_readers_count_the_same_and_stem_the_same(
    tiny: Generation, plain: PlainReader
) -> None:
    assert tiny.counts == plain.counts
    for word in ("gangs", "plan", "dog", "absent"):
        (stem,) = tiny.stems(word)
        assert plain.stems(word) == [stem]
        assert tiny.document_frequency(stem) == plain.document_frequency(stem)


# --- the merged ranking -------------------------------------------------------------------------


def test_the_merged_ranking_holds_what_either_list_holds(reader: ArchiveReader) -> None:
    query = parse("gangs in Brent")
    by_words = retrieve(reader, query, Filters(), "keyword")
    by_meaning = retrieve(reader, query, Filters(), "vector")
    merged = retrieve(reader, query, Filters(), "hybrid")
    assert set(rows_of(merged.candidates)) == set(
        rows_of(by_words.candidates) + rows_of(by_meaning.candidates)
    )
    for candidate in merged.candidates:
        lists = (candidate.keyword_rank, by_words), (candidate.vector_rank, by_meaning)
        for rank, ranking in lists:
            held = rows_of(ranking.candidates)
            assert rank == (held.index(candidate.row) + 1 if candidate.row in held else None)


def test_the_merged_score_is_the_convex_combination_with_the_question_moved(
    reader: ArchiveReader,
) -> None:
    query = parse("two year plan")
    merged = retrieve(reader, query, Filters()).candidates
    rows = sorted(rows_of(merged))
    by_row = {found.row: found for found in merged}
    words = {row: by_row[row].keyword_score for row in rows if by_row[row].keyword_score}
    cosines = {row: by_row[row].cosine for row in rows}
    asked = reader.encode_query(query.question)[0]
    assert [cosines[row] for row in rows] == pytest.approx(
        (reader.row_vectors(rows) @ asked).tolist(), abs=1e-6
    )
    first = convex_combination(words, cosines, vector_weight(3))
    mean = reader.row_vectors([hit.row for hit in first[:3]]).mean(axis=0)
    moved = asked + 0.2 * mean
    nearer = reader.row_vectors(rows) @ (moved / np.linalg.norm(moved))
    expected = convex_combination(
        words, dict(zip(rows, nearer.tolist(), strict=True)), vector_weight(3)
    )
    assert rows_of(merged) == [hit.row for hit in expected]
    assert [one.score for one in merged] == pytest.approx([hit.score for hit in expected])


def test_a_short_list_is_completed_with_the_scores_of_what_the_other_brings(
    reader: ArchiveReader,
) -> None:
    merged = retrieve(reader, parse("gangs"), Filters(), depth=1).candidates
    assert 1 <= len(merged) <= 2
    full = {found.row: found for found in retrieve(reader, parse("gangs"), Filters()).candidates}
    for found in merged:
        assert found.keyword_score == pytest.approx(full[found.row].keyword_score)
        assert found.cosine == pytest.approx(full[found.row].cosine)


@pytest.mark.parametrize("mode", MODES)
def test_best_comes_first_and_equal_scores_are_ordered_by_row(
    reader: ArchiveReader, mode: Mode
) -> None:
    found = retrieve(reader, parse("street lights mended"), Filters(), mode).candidates
    assert list(found) == sorted(found, key=lambda one: (-one.score, one.row))


@pytest.mark.parametrize("mode", MODES)
def test_asking_again_gives_the_same(reader: ArchiveReader, mode: Mode) -> None:
    first = retrieve(reader, parse("knife crime in the boroughs"), Filters(), mode)
    assert retrieve(reader, parse("knife crime in the boroughs"), Filters(), mode) == first


def test_the_total_counts_what_the_words_match_whatever_the_mode_and_depth(
    reader: ArchiveReader,
) -> None:
    totals = {
        retrieve(reader, parse("gangs"), Filters(), mode, depth).total
        for mode in MODES
        for depth in (1, 2, DEPTH)
    }
    (total,) = totals
    assert total == len(retrieve(reader, parse("gangs"), Filters(), "keyword").candidates)


# --- what must match, matches -------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_every_result_of_a_phrase_holds_it_whichever_list_brings_it(
    reader: ArchiveReader, mode: Mode
) -> None:
    found = retrieve(reader, parse('gangs "two year plan"'), Filters(), mode).candidates
    assert names_of(reader, found) == ["plan"]
    assert all("two year plan" in text for text in texts_of(reader, found))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("q", ["plan -gangs", "plan NOT gangs"])
def test_no_result_holds_an_excluded_word(reader: ArchiveReader, q: str, mode: Mode) -> None:
    found = retrieve(reader, parse(q), Filters(), mode).candidates
    assert {"plan", "money"} <= set(names_of(reader, found))
    assert not any("gang" in text for text in texts_of(reader, found))


@pytest.mark.parametrize("mode", MODES)
def test_no_result_holds_an_excluded_phrase(reader: ArchiveReader, mode: Mode) -> None:
    found = retrieve(reader, parse('plan -"two year plan"'), Filters(), mode).candidates
    names = names_of(reader, found)
    assert "plan" not in names
    assert {"money", "year"} <= set(names)


@pytest.mark.parametrize("mode", MODES)
def test_every_result_has_what_title_asks_for(reader: ArchiveReader, mode: Mode) -> None:
    found = retrieve(reader, parse("title:lighting dogs"), Filters(), mode).candidates
    assert sorted(names_of(reader, found)) == ["same-a", "same-b"]


@pytest.mark.parametrize("mode", MODES)
def test_every_result_holds_both_sides_of_and(reader: ArchiveReader, mode: Mode) -> None:
    found = retrieve(reader, parse("gangs AND harrow"), Filters(), mode).candidates
    assert names_of(reader, found) == ["youth"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("q", ["", "!!!", "-gangs", "NOT gangs"])
def test_a_query_that_asks_for_nothing_finds_nothing(
    reader: ArchiveReader, q: str, mode: Mode
) -> None:
    found = retrieve(reader, parse(q), Filters(), mode)
    assert (list(found.candidates), found.total) == ([], 0)


def test_words_that_nothing_holds_still_find_what_is_near_in_meaning(
    reader: ArchiveReader,
) -> None:
    found = retrieve(reader, parse("puppies hounds"), Filters())
    assert found.total == 0
    assert "dogs" in names_of(reader, found.candidates[:3])
    assert all(candidate.keyword_rank is None for candidate in found.candidates)


WORDS = st.sampled_from(
    'gangs plan brent dogs "two year plan" "knife crime" title:lighting knif* -gangs -brent '
    '-"knife crime" +plan AND OR NOT ( )'.split()
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(q=st.lists(WORDS, min_size=1, max_size=6).map(" ".join))
def test_every_result_meets_the_constraint_in_every_mode(
    tiny: Generation, plain: PlainReader, q: str
) -> None:
    query = parse(q)
    for reader in (tiny, plain):
        meeting = None
        if query.constraint is not None and query.constraint.must:
            ranking, _ = reader.keyword_ranking(query.constraint, 100, Filters())
            meeting = {hit.row for hit in ranking}
        for mode in MODES:
            for found in retrieve(reader, query, Filters(), mode).candidates:
                assert meeting is None or found.row in meeting


# --- filters ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("filters", "allowed"),
    [
        (Filters(body="Police"), {"plan", "money", "year", "coop", "long"}),
        (Filters(date_from="2011-03-17", date_to="2011-05-01"), {"plan", "money", "year"}),
        (Filters(date_to="2010-06-01"), {"gangs", "youth"}),
        (
            Filters(body="Council", date_from="2012-01-01"),
            {"same-a", "same-b", *"team costs cafe".split()},
        ),
        (Filters(body="Nobody"), set()),
    ],
)
def test_every_result_passes_the_filters(
    reader: ArchiveReader, filters: Filters, allowed: set[str], mode: Mode
) -> None:
    found = retrieve(reader, parse("gangs plan lights dogs knife"), filters, mode)
    assert set(names_of(reader, found.candidates)) <= allowed
    if mode == "vector":
        assert set(names_of(reader, found.candidates)) == allowed


def test_filters_and_constraints_hold_together(reader: ArchiveReader) -> None:
    found = retrieve(reader, parse("+gangs plan"), Filters(body="Police"), "vector")
    assert set(names_of(reader, found.candidates)) == {"year", "long"}


# --- grouping -----------------------------------------------------------------------------------


def test_a_document_stands_once_by_its_best_passage_with_the_others_counted(
    tiny: Generation,
) -> None:
    candidates = retrieve(tiny, parse("gangs knives dogs"), Filters()).candidates
    hits = list(with_documents(tiny, candidates, by_document(tiny, candidates)))
    names = [hit.document.source_id for hit in hits]
    assert len(names) == len(set(names))
    assert sum(1 + len(hit.others) for hit in hits) == len(candidates)
    place = {candidate.row: at for at, candidate in enumerate(candidates)}
    assert [place[hit.best.row] for hit in hits] == sorted(place[hit.best.row] for hit in hits)
    for hit in hits:
        own = [one for one in candidates if tiny.documents_of([one.row])[0] == hit.document]
        assert [hit.best, *(candidates[place] for place in hit.others)] == own


def test_grouping_nothing_gives_nothing(reader: ArchiveReader) -> None:
    nothing = retrieve(reader, parse(""), Filters()).candidates
    assert (len(nothing), by_document(reader, nothing)) == (0, [])


# --- what the archive adds ----------------------------------------------------------------------


def found_by(reader: ArchiveReader, q: str) -> set[str]:
    return set(names_of(reader, retrieve(reader, parse(q), Filters(), "keyword").candidates))


@pytest.mark.parametrize(
    ("q", "name"),
    [
        ("OBT", "team"),
        ("OBT", "cafe"),
        ("obt", "cafe"),
        ("OBTs", "cafe"),
        ("outer borough teams", "costs"),
        ("+OBT", "cafe"),
        ("OBT AND résumés", "cafe"),
        ("£4.7m", "costs"),
        ("£4.7 million", "costs"),
        ("GBP 4.7m", "costs"),
        ("4700000", "money"),
        ("4,700,000", "money"),
        ("2011/12", "money"),
        ("2011-2012", "money"),
        ("17 March 2011", "costs"),
        ("March 17th, 2011", "costs"),
        ("cooperation", "coop"),
        ("Cooperation", "coop"),
        ("co-operation", "coop"),
        ("cafes", "cafe"),
        ("cafés", "cafe"),
        ("cafe\u0301s", "cafe"),
        ("résumés", "cafe"),
        ("resumes", "cafe"),
        ("Harrow's", "youth"),
        ("Harrow’s", "youth"),
        ("Harrows", "youth"),
        ("ga?gs", "gangs"),
        ("kenels~", "dogs"),
        ("committee:x OR body:police", "plan"),
        ("type:x OR year:2010", "youth"),
        ("date:17/03/2011", "plan"),
    ],
)
def test_a_report_is_found_however_people_type(reader: ArchiveReader, q: str, name: str) -> None:
    assert name in found_by(reader, q)


@pytest.mark.parametrize(
    ("q", "name"),
    [
        ('"OBT"', "cafe"),
        ("gangs -OBT", "costs"),
        ("year:2011", "youth"),
        ("body:police", "gangs"),
        ("gangs body:police", "gangs"),
        ("gangs -year:2010", "youth"),
        ("ga?g", "gangs"),
        ("kenels", "dogs"),
    ],
)
def test_what_was_not_asked_for_is_not_found(reader: ArchiveReader, q: str, name: str) -> None:
    assert name not in found_by(reader, q)


def test_neither_phrases_nor_exclusions_are_expanded(reader: ArchiveReader) -> None:
    for q in ('"OBT"', "gangs -OBT", "gangs NOT OBT", '"outer borough team"', "title:OBT"):
        assert retrieve(reader, parse(q), Filters()).query.expanded == ()


def test_an_expansion_names_what_it_stands_for_and_where_that_is_defined(
    reader: ArchiveReader,
) -> None:
    (found,) = retrieve(reader, parse("outer borough teams met"), Filters()).query.expanded
    assert (found.written, found.to) == ("outer borough teams", "OBT")
    assert found.source is not None
    text = reader.document_text(found.source.document_id).text
    assert text[found.source.start : found.source.end] == "Outer Borough Team (OBT)"


@pytest.mark.parametrize("mode", MODES)
def test_what_is_known_about_a_report_holds_for_both_lists(
    reader: ArchiveReader, mode: Mode
) -> None:
    found = retrieve(reader, parse("gangs body:police year:2011"), Filters(), mode).candidates
    documents = reader.documents_of(rows_of(found))
    assert documents
    assert all((one.body, one.date[:4]) == ("Police", "2011") for one in documents)


# --- another engine -----------------------------------------------------------------------------


class Fixed:
    """An archive of one reader."""

    def __init__(self, reader: ArchiveReader) -> None:
        self._reader = reader

    def current(self) -> ArchiveReader:
        return self._reader

    def kept(self, generation_id: str) -> ArchiveReader:
        assert generation_id == self._reader.generation_id
        return self._reader


def test_the_service_and_its_tools_work_over_any_reader(
    tiny: Generation, plain: PlainReader
) -> None:
    def said(reader: ArchiveReader) -> list[object]:
        gate = Gate(4)
        service = SearchService(Fixed(reader), gate)
        tools = Tools(Fixed(reader), service, gate)
        (gangs, *_) = service.search(SearchRequest(q="gangs in Brent")).results
        answered = service.answer("who met gangs in Harrow?", Filters())
        checked = tools.check_quotes("“Youth workers met gangs in Harrow”")
        return [
            gangs.document_id,
            service.document(gangs.document_id).characters,
            [sentence.text for sentence in answered.sentences],
            service.pinned(answered.answer_id).sentences == answered.sentences,
            service.coverage().by_body,
            [quote.quote for quote in tools.timeline("gangs", Filters(), 50).quotes],
            checked.quotes[0].matches[0].document_id,
            [one.document_id for one in tools.similar(gangs.document_id, 3).results],
            tools.suggest("annual", 5).suggestions,
            [piece.count("\n") for piece in tools.export(SearchRequest("gangs"), "csv", "").pieces],
        ]

    assert said(plain) == said(tiny)


@pytest.mark.parametrize(("time", "first"), [("2011", "year"), ("March 2010", "gangs")])
def test_a_report_of_the_time_that_is_named_ranks_higher(
    reader: ArchiveReader, time: str, first: str
) -> None:
    named = retrieve(reader, parse(f"gangs in {time}"), Filters()).candidates
    assert reader.documents_of([named[0].row])[0].source_id.endswith(first)
    assert all(0 <= one.score <= 1 for one in named)
