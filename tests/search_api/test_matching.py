"""search_api.matching: what is marked is what matched, and every snippet shows something."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.generation import Generation, open_generation
from indexer.records import Passage
from search_api.expansion import expand
from search_api.matching import (
    SNIPPET_CHARS,
    Piece,
    Stemmer,
    Term,
    matches,
    merged,
    occurrences,
    snippet,
    stemmed_words,
    terms_of,
)
from search_api.query import parse


@pytest.fixture(scope="module")
def reader(sample_index: Path) -> Generation:
    return open_generation(sample_index)


def passage(text: str) -> Passage:
    return Passage(row=0, document_id="d", start=0, end=len(text), text=text)


def marked(reader: Generation, q: str, text: str) -> list[str]:
    """Return the pieces of a text that a query marks in it."""
    terms = terms_of(reader, expand(reader, parse(q)))
    piece = snippet(passage(text), terms, Stemmer(reader))
    assert piece.text == text[piece.start :][: len(piece.text)]
    return marked_in(piece)


def marked_in(piece: Piece) -> list[str]:
    return [piece.text[start:end] for start, end in piece.marks]


# --- marks --------------------------------------------------------------------------------------


def test_all_inflections_of_a_word_are_marked(reader: Generation) -> None:
    text = "Gang members met; the gangs' budget, a Gang budgeting."
    assert marked(reader, "gang budget", text) == ["Gang", "gangs", "budget", "Gang", "budgeting"]


def test_a_figure_is_marked_as_one_piece_and_its_digits_elsewhere_are_not(
    reader: Generation,
) -> None:
    text = "Of 4 bids, 7 cost £4.7m and 4 cost £2.7m; 47 more, item 4, 7m."
    assert marked(reader, "£4.7m", text) == ["4.7m", "4, 7m"]
    assert marked(reader, "2011-12", "In 2011 and 12: 2011-12, 2012-11.") == ["2011-12"]


def test_a_phrase_is_marked_where_its_words_stand_side_by_side(reader: Generation) -> None:
    text = "A plan for two years. The two year plan: a year, two plans."
    assert marked(reader, '"two year plan"', text) == ["two year plan"]


def test_accents_and_capitals_do_not_hide_a_word(reader: Generation) -> None:
    assert marked(reader, "cafe", "A CAFÉ in Brent.") == ["CAFÉ"]


@pytest.mark.parametrize(
    ("q", "text", "pieces"),
    [
        ("cooperation", "The co-operation of boroughs.", ["co-operation"]),
        ("co-operation", "Cooperation is co-operation.", ["Cooperation", "co-operation"]),
        ("£4.7m", "It cost £4.7 million, or £4,700,000.", ["4.7 million", "4,700,000"]),
        ("17 March 2011", "Met on 17/03/2011 at noon.", ["17/03/2011"]),
        ("2011-2012", "The 2011/12 budget.", ["2011/12"]),
        ("résumés", "Two re\u0301sume\u0301s came.", ["re\u0301sume\u0301s"]),
        ("strateg*", "A strategy of strategic aims; strata.", ["strategy", "strategic"]),
        ("fun?ing", "The funding of ends.", ["funding"]),
        ("fundnig~", "The funding of finding.", ["funding"]),
    ],
)
def test_what_is_written_otherwise_is_marked_too(
    reader: Generation, q: str, text: str, pieces: list[str]
) -> None:
    assert marked(reader, q, text) == pieces


def test_the_other_form_of_an_abbreviation_meets_every_word_that_it_stands_for() -> None:
    terms = [
        Term("Outer", ("outer",), 1.0, (("ot",),)),
        Term("Team", ("team",), 1.0, (("ot",),)),
        Term("OT", ("ot",), 1.0, (("outer", "team"),)),
    ]
    assert list(matches(terms, ["the", "ot", "met"])) == [(0, 1, 2), (1, 1, 2), (2, 1, 2)]
    assert list(matches(terms, ["outer", "team"])) == [(0, 0, 1), (2, 0, 2), (1, 1, 2)]


def test_neighbouring_terms_are_marked_apart_and_overlapping_ones_as_one(
    reader: Generation,
) -> None:
    assert marked(reader, "two year", "The two year plan.") == ["two", "year"]
    assert marked(reader, '"two year" "year plan"', "The two year plan.") == ["two year plan"]


def test_where_no_word_occurs_the_first_sentence_is_marked(reader: Generation) -> None:
    assert marked(reader, "zebra", "Dogs were trained. Cats were not.") == ["Dogs were trained."]


def test_a_short_passage_is_shown_whole(reader: Generation) -> None:
    text = "Dogs were trained. Cats were not."
    piece = snippet(passage(text), terms_of(reader, parse("cats")), Stemmer(reader))
    assert piece.text == text
    assert (piece.cut_start, piece.cut_end) == (False, False)


def test_a_long_passage_is_shown_where_most_words_stand(reader: Generation) -> None:
    text = (
        "Gangs were met. " + "Nothing else was said here. " * 30 + "The gangs of Brent spent £2m."
    )
    piece = snippet(passage(text), terms_of(reader, parse("gangs Brent")), Stemmer(reader))
    assert piece.text.endswith("The gangs of Brent spent £2m.")
    assert marked_in(piece) == ["gangs", "Brent"]
    assert (piece.cut_start, piece.cut_end) == (False, False)


def test_a_word_deep_inside_a_long_sentence_is_shown_from_the_start_of_a_word(
    reader: Generation,
) -> None:
    text = "and so on, " * 60 + "Brent too, " + "and so on, " * 60
    piece = snippet(passage(text), terms_of(reader, parse("Brent")), Stemmer(reader))
    assert marked_in(piece) == ["Brent"]
    assert piece.text.split()[0] in ("and", "so", "on,")
    assert (piece.cut_start, piece.cut_end) == (True, True)


def test_a_piece_that_ends_within_a_sentence_says_so(reader: Generation) -> None:
    text = "Brent is named first. " + "and so on, " * 60
    piece = snippet(passage(text), terms_of(reader, parse("Brent")), Stemmer(reader))
    assert (piece.start, piece.cut_start, piece.cut_end) == (0, False, True)


# --- terms --------------------------------------------------------------------------------------


def test_a_rare_term_weighs_more_than_a_frequent_one(reader: Generation) -> None:
    weights = {term.text: term.weight for term in terms_of(reader, parse("zebra police Brent"))}
    assert weights["zebra"] == pytest.approx(1.0)
    assert 0 < weights["police"] < weights["Brent"] < 1


def test_a_term_weighs_as_its_rarest_word(reader: Generation) -> None:
    phrase, word = terms_of(reader, parse('"police Brent" Brent'))[::-1]
    assert phrase.stems == ("polic", "brent")
    assert phrase.weight == word.weight


def test_what_holds_no_letter_or_digit_is_no_term(reader: Generation) -> None:
    assert terms_of(reader, parse('"_" __ !!!')) == ()


# --- laws ---------------------------------------------------------------------------------------

SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda pair: (pair[0], sum(pair))),
    max_size=12,
)
TEXT = st.lists(
    st.sampled_from("gangs Brent. £4.7m \n\n plan é x 2011-12 a, No. 5 ".split(" ")), min_size=1
).map(" ".join)


@given(SPANS)
def test_merged_spans_cover_the_same_places_and_never_touch(spans: list[tuple[int, int]]) -> None:
    result = merged(spans)
    covered = {at for start, end in spans for at in range(start, end)}
    assert {at for start, end in result for at in range(start, end)} == covered
    assert all(one[1] < other[0] for one, other in pairwise(result))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_words_are_found_where_they_stand(text: str) -> None:
    spans, stems = stemmed_words(text, str.casefold)
    standing = [text[start:end] for start, end in spans]
    # Two words with a hyphen or an apostrophe between them are also one word.
    assert [re.sub(r"[\W_]", "", one).casefold() for one in standing] == [
        re.sub(r"[\W_]", "", stem) for stem in stems
    ]


@settings(deadline=None)
@given((TEXT.map(lambda text: text * 40) | st.text(max_size=2000)).filter(str.strip), st.booleans())
def test_a_snippet_is_verbatim_short_and_marked(text: str, known: bool) -> None:
    terms = [Term("gangs", ("gangs",), 1.0), Term("4.7m", ("4", "7m"), 1.0)] if known else []
    piece = snippet(passage(text), terms, str.casefold)
    marks = piece.marks
    assert piece.text == text[piece.start :][: len(piece.text)]
    assert 0 < len(piece.text) <= SNIPPET_CHARS
    assert marks
    assert all(0 <= start < end <= len(piece.text) for start, end in marks)
    assert list(marks) == sorted(marks)
    if known:
        own, stems = stemmed_words(piece.text, str.casefold)
        for start, end in occurrences(terms, own, stems):
            assert any(a <= start and end <= b for a, b in marks)
