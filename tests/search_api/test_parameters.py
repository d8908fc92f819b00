"""search_api.parameters: each bound, each message."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.records import Filters
from search_api.errors import BadRequestError
from search_api.parameters import (
    SEARCH_NAMES,
    UnknownParameterError,
    read_answer,
    read_nothing,
    read_search,
)
from search_api.requests import SearchRequest, sendable


def refused(*given: tuple[str, str]) -> BadRequestError:
    with pytest.raises(BadRequestError) as caught:
        read_search([("q", "gangs"), *given])
    return caught.value


def filters(*given: tuple[str, str]) -> Filters:
    return read_answer([("q", "gangs"), *given])[1]


def test_a_query_alone_is_a_search_with_the_defaults() -> None:
    assert read_search([("q", "gangs")]) == SearchRequest(
        q="gangs",
        mode="hybrid",
        filters=Filters(),
        sort="relevance",
        limit=10,
        group="document",
        facets=(),
        cursor="",
    )


def test_every_parameter_is_read() -> None:
    assert read_search(
        [
            ("q", " gangs "),
            ("mode", "vector"),
            ("body", " MPA "),
            ("committee", "CEP"),
            ("doc_type", "report"),
            ("date_from", "2010"),
            ("date_to", "2011-02"),
            ("sort", "-date"),
            ("limit", "100"),
            ("facets", "body, year,body"),
            ("group", "passage"),
            ("cursor", "abc"),
        ]
    ) == SearchRequest(
        q=" gangs ",
        mode="vector",
        filters=Filters("2010-01-01", "2011-02-28", "MPA", "CEP", "report"),
        sort="-date",
        limit=100,
        group="passage",
        facets=("body", "year"),
        cursor="abc",
    )


@pytest.mark.parametrize(
    ("date", "first", "last"),
    [
        ("2011", "2011-01-01", "2011-12-31"),
        ("2012-02", "2012-02-01", "2012-02-29"),
        ("2011-03-17", "2011-03-17", "2011-03-17"),
        ("0001", "0001-01-01", "0001-12-31"),
    ],
)
def test_a_year_or_a_month_means_its_first_or_its_last_day(
    date: str, first: str, last: str
) -> None:
    assert filters(("date_from", date)) == Filters(date_from=first)
    assert filters(("date_to", date)) == Filters(date_to=last)


@pytest.mark.parametrize(
    "date",
    ["2011-02-29", "2011-13", "2011-00", "17/03/2011", "0000", "2011-3", "11", "today", "２０１１"],
)
@pytest.mark.parametrize("name", ["date_from", "date_to"])
def test_what_is_no_date_is_refused_with_the_forms_that_are(name: str, date: str) -> None:
    error = refused((name, date))
    assert (error.param, error.value) == (name, date)
    assert "2011-03-17, 2011-03 or 2011" in str(error)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    error = refused(("date_from", "2011-03"), ("date_to", "2010"))
    assert error.param == "date_from"
    assert str(error) == "later than date_to, which is 2010-12-31"
    assert filters(("date_from", "2011"), ("date_to", "2011")) == Filters(
        "2011-01-01", "2011-12-31"
    )


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5", "²", "9" * 200])
def test_a_limit_outside_one_to_a_hundred_is_refused(limit: str) -> None:
    error = refused(("limit", limit))
    assert (error.param, str(error)) == ("limit", "expected a whole number from 1 to 100")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mode", "hybrid, keyword, vector"),
        ("sort", "relevance, date, -date"),
        ("group", "document, passage"),
        ("facets", "body, committee, doc_type, year"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused_with_those_that_do(
    name: str, expected: str
) -> None:
    error = refused((name, "best"))
    assert (error.param, error.value) == (name, "best")
    assert expected in str(error)


def test_a_query_of_a_thousand_characters_is_read_and_a_longer_one_refused() -> None:
    assert read_search([("q", "x" * 1000)]).q == "x" * 1000
    with pytest.raises(BadRequestError, match="1001 characters; expected 1000 at most") as caught:
        read_search([("q", "x" * 1001)])
    assert caught.value.value == "x" * 64


@pytest.mark.parametrize("given", [[], [("q", "")], [("q", " \t\n")]])
def test_a_search_for_nothing_is_refused(given: list[tuple[str, str]]) -> None:
    for read in (read_search, read_answer):
        with pytest.raises(BadRequestError, match="empty; expected words") as caught:
            read(given)
        assert caught.value.param == "q"


def test_a_parameter_given_twice_is_refused() -> None:
    assert str(refused(("q", "youth"))) == "given twice; expected once"


def test_a_value_of_hundreds_of_characters_is_refused() -> None:
    error = refused(("body", "x" * 301))
    assert (error.param, str(error)) == ("body", "301 characters; expected 300 at most")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("limt", "limit"), ("query", "q"), ("date_form", "date_from"), ("Committee", "committee")],
)
def test_an_unknown_parameter_names_the_nearest_known_one(name: str, nearest: str) -> None:
    error = refused((name, "1"))
    assert isinstance(error, UnknownParameterError)
    assert error.entry["param"] == name
    hint = f"did you mean {nearest!r}?"
    assert hint in str(error) or f"known are: {', '.join(SEARCH_NAMES)}" in str(error)


def test_an_answer_takes_no_limit_and_a_report_takes_nothing() -> None:
    with pytest.raises(UnknownParameterError):
        read_answer([("q", "gangs"), ("limit", "3")])
    with pytest.raises(UnknownParameterError, match="known are: none"):
        read_nothing([("q", "gangs")])
    read_nothing([])


def test_half_characters_become_question_marks() -> None:
    assert read_answer([("q", "a\ud800b")])[0] == "a?b"
    assert sendable("£ \udcff é") == "£ ? é"


@given(st.lists(st.tuples(st.sampled_from([*SEARCH_NAMES, "x"]), st.text(max_size=20))))
def test_parameters_are_read_or_refused_and_nothing_else(given: list[tuple[str, str]]) -> None:
    with suppress(BadRequestError):
        found = read_search(given)
        assert 1 <= found.limit <= 100
        assert found.q.strip()
