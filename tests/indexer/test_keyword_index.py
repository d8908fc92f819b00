"""indexer.keyword_index: tantivy gives what the BM25 formula gives."""

import math
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import keyword_index
from indexer.errors import DamagedError
from indexer.keyword_index import FieldWeights, KeywordIndex
from indexer.keyword_query import (
    EVERYTHING,
    Field,
    Group,
    Node,
    Pair,
    Phrase,
    Prefix,
    Wildcard,
    Word,
)
from indexer.ranking import Hit, Ranking
from indexer.records import Document, Filters, Passage
from tests.conftest import ROOT


@dataclass(frozen=True)
class Entry:
    """One passage with what is known of its document."""

    text: str
    title: str = ""
    heading: str = ""
    date: str = ""
    body: str = ""


@contextmanager
def index_over(
    *entries: Entry | str, weights: FieldWeights = keyword_index.DEFAULT_WEIGHTS
) -> Iterator[KeywordIndex]:
    made = [Entry(entry) if isinstance(entry, str) else entry for entry in entries]
    with tempfile.TemporaryDirectory() as folder:
        count = keyword_index.write(
            (
                (
                    Document(
                        f"d{row}", f"{row}.txt", "", "txt", entry.title, entry.date, entry.body
                    ),
                    Passage(
                        row,
                        f"d{row}",
                        0,
                        len(entry.text),
                        entry.text,
                        (entry.heading,) if entry.heading else (),
                    ),
                )
                for row, entry in enumerate(made)
            ),
            Path(folder),
        )
        assert count == len(made)
        yield KeywordIndex(Path(folder), weights)


def as_list(found: tuple[Ranking, int]) -> tuple[list[Hit], int]:
    return list(found[0]), found[1]


def rows_found(index: KeywordIndex, query: Node, filters: Filters | None = None) -> list[int]:
    ranking, total = index.search(query, 100, filters)
    assert total == len(ranking)
    return sorted(hit.row for hit in ranking)


# --- scores --------------------------------------------------------------------------------------

# Words that are their own English stem, so that the plain version needs no stemmer.
_VOCABULARY = ["fox", "dog", "hat", "london", "met", "fund"]
_SENTENCES = st.lists(st.sampled_from(_VOCABULARY), max_size=40).map(" ".join)
_HEADINGS = st.lists(st.sampled_from(_VOCABULARY), max_size=5).map(" ".join)
_ENTRIES = st.lists(
    st.builds(Entry, text=_SENTENCES, title=_HEADINGS, heading=_HEADINGS), min_size=1, max_size=12
)


def bm25(texts: list[str], row: int, words: list[str]) -> float:
    """Score one text by its words, with k1 = 1.2, b = 0.75: the formula, written out."""
    lengths = [len(text.split()) for text in texts]
    average = sum(lengths) / len(texts)
    score = 0.0
    for word in words:
        frequency = texts[row].split().count(word)
        holding = sum(word in text.split() for text in texts)
        if frequency:
            idf = math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
            norm = 1.2 * (1 - 0.75 + 0.75 * lengths[row] / average)
            score += idf * frequency * 2.2 / (frequency + norm)
    return score


@settings(max_examples=40, deadline=None)
@given(
    entries=_ENTRIES,
    words=st.lists(st.sampled_from(_VOCABULARY), min_size=1, max_size=4, unique=True),
)
def test_scores_are_those_of_the_formula_added_up_over_fields(
    entries: list[Entry], words: list[str]
) -> None:
    expected = {}
    for row in range(len(entries)):
        score = (
            3.0 * bm25([entry.title for entry in entries], row, words)
            + 0.5 * bm25([entry.heading for entry in entries], row, words)
            + 1.0 * bm25([entry.text for entry in entries], row, words)
        )
        if score:
            expected[row] = score
    with index_over(*entries, weights=FieldWeights(title=3.0, heading=0.5, text=1.0)) as index:
        ranking, total = index.search(Group(should=tuple(map(Word, words))), 100)
    assert total == len(expected)
    assert {hit.row: hit.score for hit in ranking} == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert [hit.score for hit in ranking] == sorted((hit.score for hit in ranking), reverse=True)


def test_the_title_and_the_text_count_more_than_the_headings() -> None:
    weights = keyword_index.DEFAULT_WEIGHTS
    assert 0 < weights.heading < min(weights.title, weights.text)
    entries = (Entry("dog", heading="fox"), Entry("fox", heading="dog"))
    with index_over(*entries) as index:
        text_hit, heading_hit = index.search(Word("fox"), 2)[0]
    assert (text_hit.row, heading_hit.row) == (1, 0)
    ratio = weights.heading / weights.text
    assert heading_hit.score == pytest.approx(ratio * text_hit.score, rel=1e-6)


def test_a_phrase_scores_by_its_count_and_the_rarity_of_all_its_words() -> None:
    texts = ["red fox red fox dog", "fox red", "dog dog", "red hat"]

    def idf(holding: int) -> float:
        return math.log(1 + (4 - holding + 0.5) / (holding + 0.5))

    average = (5 + 2 + 2 + 2) / 4
    norm = 1.2 * (0.25 + 0.75 * 5 / average)
    with index_over(*texts) as index:
        ((hit,), total) = index.search(Phrase("red fox"), 10)
    assert (hit.row, total) == (0, 1)
    assert hit.score == pytest.approx((idf(3) + idf(2)) * 2 * 2.2 / (2 + norm), rel=1e-6)


def test_the_weight_of_a_word_multiplies_its_score() -> None:
    with index_over("fox hat", "dog") as index:
        ((single,), _) = index.search(Word("fox"), 10)
        ((double,), _) = index.search(Word("fox", weight=2.0), 10)
    assert double.score == pytest.approx(2 * single.score, rel=1e-6)


def test_the_weights_of_fields_can_be_chosen() -> None:
    entries = (Entry("dog", title="fox"), Entry("fox", title="dog"))
    with index_over(*entries, weights=FieldWeights(title=3, heading=0, text=1)) as index:
        assert [hit.row for hit in index.search(Word("fox"), 2)[0]] == [0, 1]
    with index_over(*entries, weights=FieldWeights(title=1, heading=0, text=3)) as index:
        assert [hit.row for hit in index.search(Word("fox"), 2)[0]] == [1, 0]


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.sampled_from(["fox", "fox dog", "dog fox", "hat"]), min_size=1, max_size=150),
    depth=st.integers(1, 160),
)
def test_equal_scores_are_ordered_by_row_wherever_the_list_is_cut(
    texts: list[str], depth: int
) -> None:
    with index_over(*texts) as index:
        whole, total = index.search(Word("fox"), 1000)
        part, same_total = index.search(Word("fox"), depth)
    assert list(whole) == sorted(whole, key=lambda hit: (-hit.score, hit.row))
    assert part == whole[:depth]
    assert total == same_total == sum("fox" in text for text in texts)


@settings(max_examples=25, deadline=None)
@given(entries=_ENTRIES, words=st.lists(st.sampled_from(_VOCABULARY), min_size=1, max_size=3))
def test_the_score_of_a_row_is_the_one_that_search_gives(
    entries: list[Entry], words: list[str]
) -> None:
    query = Group(should=tuple(map(Word, words)))
    with index_over(*entries) as index:
        ranking, _ = index.search(query, 100)
        scores = index.scores(query, list(range(len(entries))))
        single = index.scores(query, [0])
    assert dict(scores) == pytest.approx(dict(ranking), rel=1e-6)
    assert dict(single) == pytest.approx(
        {hit.row: hit.score for hit in ranking if hit.row == 0}, rel=1e-6
    )


def test_a_ranking_has_the_depth_and_the_total_is_exact() -> None:
    with index_over(*["fox"] * 250, *["dog"] * 50) as index:
        ranking, total = index.search(Word("fox"), 10)
        assert [hit.row for hit in ranking] == list(range(10))
        assert total == 250
        assert as_list(index.search(Word("fox"), 0)) == ([], 250)
        assert index.count == 300


# --- words, phrases, groups ----------------------------------------------------------------------


def test_a_word_matches_its_inflections_and_a_phrase_does_not() -> None:
    with index_over("The boards were funding it", "The board funds it") as index:
        assert rows_found(index, Word("board")) == [0, 1]
        assert rows_found(index, Word("FUNDED")) == [0, 1]
        assert rows_found(index, Phrase("board")) == [1]
        assert rows_found(index, Phrase("the board funds")) == [1]
        assert rows_found(index, Phrase("funds board")) == []


def test_a_phrase_is_also_looked_for_in_the_title() -> None:
    entries = (Entry("text", title="Operation Connect"), Entry("Operation Connect began"))
    with index_over(*entries) as index:
        assert rows_found(index, Phrase("operation connect")) == [0, 1]
        assert rows_found(index, Phrase("operation connect", Field.TITLE)) == [0]
        assert rows_found(index, Phrase("operation connect", Field.TEXT)) == [1]


def test_a_word_can_be_limited_to_the_title_or_the_text() -> None:
    entries = (Entry("dog", title="fox"), Entry("fox"), Entry("dog", heading="Fox"))
    with index_over(*entries) as index:
        assert rows_found(index, Word("fox")) == [0, 1, 2]
        assert rows_found(index, Word("fox", Field.TITLE)) == [0]
        assert rows_found(index, Word("fox", Field.TEXT)) == [1]


def test_a_prefix_matches_words_as_they_are_written() -> None:
    entries = (
        Entry("policing"),
        Entry("police"),
        Entry("the pole"),
        Entry("x", title="Polic Plan"),
    )
    with index_over(*entries) as index:
        assert rows_found(index, Prefix("polic")) == [0, 1, 3]
        assert rows_found(index, Prefix("POLICI")) == [0]
        assert rows_found(index, Prefix("polic", Field.TITLE)) == [3]
        assert rows_found(index, Prefix("the pol")) == [2]
        assert rows_found(index, Prefix("...")) == []


def test_a_pair_adds_to_the_score_unless_both_of_its_words_are_common() -> None:
    words = Group(should=(Word("fox"), Word("dog")))
    pair = Group(should=(*words.should, Pair("fox dog", weight=0.5)))
    with index_over("fox dog", "dog fox", *["fox"] * 40) as index:
        with_pair, without = (dict(index.search(query, 2)[0]) for query in (pair, words))
        assert with_pair[0] > without[0]
        assert with_pair[1] == without[1]
    with index_over(*["fox dog"] * 21, "cat") as index:
        assert index.search(pair, 30) == index.search(words, 30)


def test_must_should_and_must_not_mean_what_they_say() -> None:
    with index_over("fox", "fox dog", "fox hat", "dog hat", "fox dog hat") as index:
        fox, dog, hat = Word("fox"), Word("dog"), Word("hat")
        assert rows_found(index, Group(must=(fox,))) == [0, 1, 2, 4]
        assert rows_found(index, Group(must=(fox, dog))) == [1, 4]
        assert rows_found(index, Group(must=(fox,), must_not=(dog,))) == [0, 2]
        assert rows_found(index, Group(should=(dog, hat))) == [1, 2, 3, 4]
        assert rows_found(index, Group(should=(dog, hat), must_not=(fox,))) == [3]
        assert rows_found(index, Group(must=(fox,), should=(dog,))) == [0, 1, 2, 4]
        assert index.search(Group(must=(fox,), should=(dog,)), 1)[0][0].row == 1
        either = Group(should=(dog, hat))
        assert rows_found(index, Group(must=(fox, either))) == [1, 2, 4]
        assert rows_found(index, Group(must=(fox,), must_not=(Phrase("fox dog"),))) == [0, 2]


def test_a_group_without_words_matches_nothing() -> None:
    with index_over("fox") as index:
        for query in (EVERYTHING, Group(must_not=(Word("dog"),)), Group(must=(Word("?!"),))):
            assert as_list(index.search(query, 10)) == ([], 0)
            assert len(index.scores(query, [0])) == 0
        assert rows_found(index, Group(must=(Word("?!"), Word("fox")))) == [0]


# --- how reports write ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("2011-12", "in 2011-12 the"),
        ("2011-12", "in 2011–12 the"),
        ("2011/12", "in 2011-12 the"),
        ("£4.7m", "costs of £4.7m were"),
        ("4.7m", "costs of £4.7m were"),
        ("co-operation", "their co-operation is"),
        ("co-operation", "their cooperation is"),
        ("co‑operation", "their co-operation is"),
        ("Mayor's", "the Mayor’s plan"),
        ("Mayor’s", "the Mayor's plan"),
        ("Mayor's", "the Mayor plans"),
        ("O’Brien", "Cllr. O'Brien said"),
        ("café", "the cafe was"),
        ("cafe", "the café was"),
        ("STRASSE", "the straße was"),
        ("§5", "under § 5 of"),
        ("No.5", "agenda item no. 5 was"),
        ("MPA/01/2011", "ref MPA/01/2011 of"),
        ("A.B.C.", "the A.B.C. of"),
        ("３", "paragraph 3 of"),
    ],
)
def test_a_word_as_typed_finds_it_as_written(typed: str, written: str) -> None:
    with index_over("nothing of the sort 12 2011 7m 4 operation", written) as index:
        assert rows_found(index, Word(typed)) == [1]


def test_the_parts_of_a_number_must_stand_side_by_side() -> None:
    with index_over("2011-12", "12 of 2011", "2011 and 12", "20112") as index:
        assert rows_found(index, Word("2011-12")) == [0]


def test_terms_show_how_a_text_is_read() -> None:
    with index_over("fox", "foxes") as index:
        assert index.stems("The Boards’ £4.7m, naïve") == ["the", "board", "4", "7m", "naiv"]
        assert index.exact_terms("The Boards’ £4.7m") == ["the", "boards", "4", "7m"]
        assert index.document_frequency("fox") == 2
        assert index.document_frequency("cat") == 0


# --- filters -------------------------------------------------------------------------------------

_DATED = (
    Entry("fox", date="2011-03-17", body="MPA"),
    Entry("fox", date="2011-03-18", body="MPA"),
    Entry("fox", date="", body="GLA"),
    Entry("fox", date="2009-12-31", body="Greater London Authority"),
)


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        (Filters(), [0, 1, 2, 3]),
        (Filters(body="MPA"), [0, 1]),
        (Filters(body="mpa"), []),
        (Filters(body="Greater London Authority"), [3]),
        (Filters(date_from="2011-03-18"), [1]),
        (Filters(date_to="2011-03-17"), [0, 3]),
        (Filters(date_from="2011-03-17", date_to="2011-03-17"), [0]),
        (Filters(date_from="2009-01-01", date_to="2011-03-17", body="MPA"), [0]),
        (Filters(date_from="2012-01-01", date_to="2011-01-01"), []),
        (Filters(committee="Finance"), []),
        (Filters(doc_type="minutes"), []),
    ],
)
def test_filters_keep_what_they_say_and_unknown_dates_are_outside(
    filters: Filters, rows: list[int]
) -> None:
    with index_over(*_DATED) as index:
        assert rows_found(index, Word("fox"), filters) == rows


def test_filters_do_not_change_scores() -> None:
    with index_over(*_DATED) as index:
        whole = {hit.row: hit.score for hit in index.search(Word("fox"), 10)[0]}
        kept = index.search(Word("fox"), 10, Filters(body="MPA", date_from="2000-01-01"))[0]
        assert {hit.row: hit.score for hit in kept} == {0: whole[0], 1: whole[1]}


# --- odd input -----------------------------------------------------------------------------------

_ODD = st.text(max_size=40) | st.sampled_from(
    [
        '"unclosed',
        "C++ (part",
        "a AND",
        "NOT",
        "*",
        "\\",
        "[a TO b]",
        "field:x",
        "~2",
        "\x00",
        "\ud800",
    ]
)
_NODES: st.SearchStrategy[Node] = st.recursive(
    st.builds(Word, _ODD, st.sampled_from(Field))
    | st.builds(Phrase, _ODD, st.sampled_from(Field))
    | st.builds(Prefix, _ODD, st.sampled_from(Field))
    | st.builds(Pair, _ODD),
    lambda nodes: st.builds(
        Group,
        st.lists(nodes, max_size=2).map(tuple),
        st.lists(nodes, max_size=2).map(tuple),
        st.lists(nodes, max_size=2).map(tuple),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def small_index() -> Iterator[KeywordIndex]:
    with index_over("fox dog", Entry("C++ part", title="[a TO b]")) as index:
        yield index


@settings(max_examples=300, deadline=None)
@given(query=_NODES)
def test_no_query_raises(small_index: KeywordIndex, query: Node) -> None:
    ranking, total = small_index.search(query, 10)
    assert len(ranking) == total <= 2
    assert ranking == small_index.scores(query, [0, 1])


def test_a_pasted_page_is_searched_by_its_first_words() -> None:
    page = " ".join(f"word{number}" for number in range(5000))
    with index_over("word1 word2", "fox") as index:
        assert rows_found(index, Group(should=tuple(map(Word, page.split())))) == [0]
        assert rows_found(index, Word(page)) == rows_found(index, Phrase(page)) == []


def test_an_index_over_no_passages_finds_nothing() -> None:
    with index_over() as index:
        assert index.count == 0
        assert as_list(index.search(Word("fox"), 10)) == ([], 0)
        assert len(index.scores(Word("fox"), [0])) == 0


def test_a_pattern_too_long_for_the_engine_matches_nothing_and_the_rest_is_found() -> None:
    endless = Wildcard("fo" + "*?" * 60)
    with index_over("a fox") as index:
        assert rows_found(index, endless) == []
        assert rows_found(index, Group(should=(endless, Word("fox")))) == [0]
        assert rows_found(index, Wildcard("fo?")) == [0]


def test_a_passage_without_a_word_is_held_and_never_found() -> None:
    with index_over("", "fox") as index:
        assert index.count == 2
        assert rows_found(index, Word("fox")) == [1]


# --- files ---------------------------------------------------------------------------------------


def test_threads_search_one_index_at_once() -> None:
    texts = [f"fox word{row}" for row in range(200)]
    with index_over(*texts) as index, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: rows_found(index, Word(f"word{row}")), range(200)))
    assert found == [[row] for row in range(200)]


def test_a_folder_without_an_index_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match="python -m indexer check"):
        KeywordIndex(tmp_path / "absent")


def test_a_written_index_leaves_no_lock_files(tmp_path: Path) -> None:
    document = Document("d", "d.txt", "", "txt", "Title")
    keyword_index.write([(document, Passage(0, "d", 0, 3, "fox"))], tmp_path)
    assert [path.name for path in tmp_path.glob(".tantivy-*.lock")] == []
    ranking, _ = KeywordIndex(tmp_path).search(Word("fox"), 1)
    assert ranking[0] == Hit(0, ranking[0].score)


_WRITE = """
import sys
from pathlib import Path
from indexer import keyword_index
from indexer.records import Document, Passage
document = Document("d", "d.txt", "", "txt", "Title")
texts = (" ".join(f"w{row * 50 + n}" for n in range(50)) for row in range(500))
try:
    keyword_index.write(
        ((document, Passage(row, "d", 0, 9, text)) for row, text in enumerate(texts)),
        Path(sys.argv[1]),
    )
except OSError as error:
    print(error)
"""


def test_a_full_disk_is_an_os_error_with_its_reason(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _WRITE, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)),
    )
    assert child.stdout.startswith("keyword index: ")
    assert "File too large" in child.stdout
